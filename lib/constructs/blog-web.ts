/** A static site and the gate to its backends: nginx in a Rollout. */
import { Size } from 'cdk8s';
import { Construct } from 'constructs';
import type { ConfigMap, PodSpec } from '../../imports/kubernetes';
import { defineObject } from '../kube/define';
import { NGINX_CAPABILITIES, UNPRIVILEGED_PORT } from '../lessons/nginx-capabilities';
import { type Backend, type IServed, nginxBackends } from './backends';
import { Connections } from './connections';
import { allowFromGateways, IngressExposure } from './exposure';
import { Input, type PropNames } from './input';
import { Isolation } from './isolation';
import { HEALTH_PATH, nginxConfig, SCRATCH } from './nginx-config';
import { CONFIG_HASH_ANNOTATION, configHash, defineRollout, ROLLOUT_PROPS, type RolloutProps } from './rollout';

export interface BlogWebProps extends RolloutProps {
  /** Host that visitors use. @default - not exposed outside of the cluster */
  readonly host?: string;
  /** Further hosts. @default - none */
  readonly aliases?: readonly string[];
  /** How visitors come in. @default 'ingress' when there is a host */
  readonly exposure?: 'ingress' | 'gateway' | 'none';
  /** IngressClass that serves the host. @default 'nginx' */
  readonly ingressClass?: string;
  /** Name of the Ingress. @default '<name>-ingress' */
  readonly ingressName?: string;
  /** Secret with the host's certificate, when the ingress ends TLS. @default - TLS ends further out, as behind a tunnel */
  readonly tlsSecret?: string;
  /** Istio Gateways that serve the host, as `namespace/name`. @default - those of nobody: needed with exposure 'gateway' */
  readonly gateways?: readonly string[];
  /** Backends by path prefix: `{ '/api': api }`. @default - none: a static site */
  readonly backends?: Readonly<Record<string, IServed | Backend>>;
  /**
   * Who nginx runs as. `unprivileged`: a plain user on port 8080 with a read-only root file system. `root-minimal`: root
   * with just the four capabilities that nginx needs to bind port 80 and to give its workers another user.
   * @default 'unprivileged'
   */
  readonly preset?: 'unprivileged' | 'root-minimal';
  /** User id of the unprivileged preset, without the other. @default 101, nginx in its official images */
  readonly user?: number;
  /** Largest request body. @default 10 MiB */
  readonly maxBody?: Size;
  /** Port of the Service. @default 80 */
  readonly servicePort?: number;
  /** Name of the ConfigMap with nginx.conf. @default '<name>-nginx-config' */
  readonly configName?: string;
}

const BLOG_WEB_PROPS: PropNames<BlogWebProps> = {
  ...ROLLOUT_PROPS,
  host: true,
  aliases: true,
  exposure: true,
  ingressClass: true,
  ingressName: true,
  tlsSecret: true,
  gateways: true,
  backends: true,
  preset: true,
  user: true,
  maxBody: true,
  servicePort: true,
  configName: true,
};

/** Sizes of nginx's scratch space: request bodies and proxied answers are buffered on disk. */
const SCRATCH_LIMIT = '256Mi';

export class BlogWeb extends Construct implements IServed {
  readonly name: string;
  readonly connections: Connections;
  readonly serviceName: string;
  readonly servicePort: number;
  /** The configuration that nginx runs with. */
  readonly nginxConfig: string;

  constructor(scope: Construct, id: string, props: BlogWebProps) {
    super(scope, id);
    const input = new Input(this);
    input.known(props, BLOG_WEB_PROPS);
    const { name = id, user = 101, maxBody = Size.mebibytes(10), servicePort = 80 } = props;
    const preset = input.choice('preset', props.preset ?? 'unprivileged', ['unprivileged', 'root-minimal']);
    if (preset === 'root-minimal' && props.user !== undefined)
      input.reject('user', user, "root-minimal runs as root and leaves its workers to the image's nginx: remove it, or the preset");
    this.name = input.dnsLabel('name', name);
    this.serviceName = input.serviceName('serviceName', props.serviceName ?? this.name);
    this.servicePort = input.port('servicePort', servicePort);
    const port = preset === 'unprivileged' ? UNPRIVILEGED_PORT : 80;
    this.connections = new Connections(this, { name: this.name, ports: [{ number: port }], input });

    this.nginxConfig = nginxConfig({
      port,
      preset,
      maxBodyMebibytes: input.mebibytes('maxBody', maxBody),
      backends: nginxBackends(input, this.connections, props.backends ?? {}),
    });
    const config = input.objectName('configName', props.configName ?? `${this.name}-nginx-config`);
    defineObject<ConfigMap>(this, 'config', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: config },
      data: { 'nginx.conf': this.nginxConfig },
    });

    const entrance = entranceOf(input, props);
    const image = input.image('image', props.image);
    defineRollout(this, input, props, {
      name: this.name,
      serviceName: this.serviceName,
      servicePort: this.servicePort,
      portName: 'http',
      podAnnotations: { [CONFIG_HASH_ANNOTATION]: configHash(this.nginxConfig) },
      podSpec: podSpec({ image, port, preset, user: input.wholeNumber('user', user, 1), config }),
      progressDeadlineSeconds: 300,
      ...(entrance.way === 'gateway' ? { gateway: entrance } : {}),
    });
    if (entrance.way === 'ingress') {
      new IngressExposure(this, 'exposure', {
        name: input.objectName('ingressName', props.ingressName ?? `${this.name}-ingress`),
        hosts: entrance.hosts,
        ingressClass: input.objectName('ingressClass', props.ingressClass ?? 'nginx'),
        service: this.serviceName,
        servicePort: this.servicePort,
        tlsSecret: props.tlsSecret === undefined ? undefined : input.objectName('tlsSecret', props.tlsSecret),
        connections: this.connections,
      });
    }
    if (entrance.way === 'gateway') allowFromGateways(this, this.connections, entrance.hosts);
    new Isolation(this, 'isolation', { connections: this.connections });
  }
}

/** How visitors come in. */
interface Entrance {
  readonly way: 'ingress' | 'gateway' | 'none';
  readonly hosts: readonly string[];
  readonly gateways: readonly string[];
}

const GATEWAY = /^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\/)?[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

function entranceOf(
  input: Input,
  { host, aliases = [], exposure, gateways = [], tlsSecret, ingressClass, ingressName }: BlogWebProps,
): Entrance {
  const named = [...(host === undefined ? [] : [host]), ...input.list('aliases', aliases)];
  const hosts = named.map((each, index) => input.host(index === 0 && host !== undefined ? 'host' : 'aliases', each));
  const repeated = hosts.find((each, index) => hosts.indexOf(each) !== index);
  if (repeated !== undefined) input.reject('aliases', repeated, 'the host is named twice: remove one');
  const way = input.choice('exposure', exposure ?? (hosts.length > 0 ? 'ingress' : 'none'), ['ingress', 'gateway', 'none']);
  if (way !== 'none' && hosts.length === 0) input.reject('exposure', way, 'there is no host to expose: give host');
  if (way === 'none' && hosts.length > 0)
    input.reject('exposure', way, 'a host is given that nobody would serve: remove host, or exposure');
  if (way === 'gateway' && gateways.length === 0)
    input.reject('gateways', gateways, 'name the Istio Gateway that serves the host, as namespace/name');
  if (way !== 'gateway' && gateways.length > 0)
    input.reject('gateways', gateways, "only exposure 'gateway' has gateways: remove it, or give that exposure");
  for (const [prop, value] of Object.entries({ tlsSecret, ingressClass, ingressName }))
    if (way !== 'ingress' && value !== undefined) input.reject(prop, value, `only an Ingress has it, and exposure is '${way}': remove it`);
  return {
    way: hosts.length === 0 ? 'none' : way,
    hosts,
    gateways: input
      .list('gateways', gateways)
      .map((each) => input.text('gateways', each, GATEWAY, 'invalid/invalid', 'give namespace/name')),
  };
}

interface PodProps {
  readonly image: string;
  readonly port: number;
  readonly preset: 'unprivileged' | 'root-minimal';
  readonly user: number;
  readonly config: string;
}

function podSpec({ image, port, preset, user, config }: PodProps): PodSpec {
  const unprivileged = preset === 'unprivileged';
  const probe = { httpGet: { path: HEALTH_PATH, port: 'http' }, timeoutSeconds: 2 };
  return {
    automountServiceAccountToken: false,
    securityContext: {
      seccompProfile: { type: 'RuntimeDefault' },
      ...(unprivileged ? { runAsNonRoot: true, runAsUser: user, runAsGroup: user, fsGroup: user } : {}),
    },
    terminationGracePeriodSeconds: 30,
    containers: [
      {
        name: 'nginx',
        image,
        ports: [{ name: 'http', containerPort: port, protocol: 'TCP' }],
        resources: { requests: { cpu: '50m', memory: '64Mi' }, limits: { memory: '128Mi' } },
        securityContext: {
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'], ...(unprivileged ? {} : { add: [...NGINX_CAPABILITIES] }) },
          ...(unprivileged ? { readOnlyRootFilesystem: true } : {}),
        },
        // Up to a minute to start; a liveness probe alone would count a slow start as a failure.
        startupProbe: { ...probe, periodSeconds: 2, failureThreshold: 30 },
        readinessProbe: { ...probe, periodSeconds: 5, failureThreshold: 2 },
        livenessProbe: { ...probe, periodSeconds: 10, failureThreshold: 3 },
        // Endpoints are taken away while the pod stops: requests that still arrive are answered, then nginx finishes those it has.
        lifecycle: { preStop: { exec: { command: ['sh', '-c', 'sleep 5; nginx -s quit; sleep 10'] } } },
        volumeMounts: [
          { name: 'config', mountPath: '/etc/nginx/nginx.conf', subPath: 'nginx.conf', readOnly: true },
          ...(unprivileged ? [{ name: 'scratch', mountPath: SCRATCH }] : []),
        ],
      },
    ],
    volumes: [
      { name: 'config', configMap: { name: config } },
      ...(unprivileged ? [{ name: 'scratch', emptyDir: { sizeLimit: SCRATCH_LIMIT } }] : []),
    ],
  };
}
