/** A static site and the gate to its backends: nginx in a Rollout. */
import { Duration, Size } from 'cdk8s';
import { Construct } from 'constructs';
import type { ConfigMap } from '../../imports/kubernetes';
import { defineObject } from '../kube/define';
import { NGINX_CAPABILITIES, UNPRIVILEGED_PORT } from '../lessons/nginx-capabilities';
import { Connections, type IConnectable } from './connections';
import { allowFromGateways, IngressExposure } from './exposure';
import { Input } from './input';
import { Isolation } from './isolation';
import { HEALTH_PATH, type NginxBackend, nginxConfig, SCRATCH } from './nginx-config';
import { clusterOf, namespaceOf } from './platform';
import { CONFIG_HASH_ANNOTATION, configHash, defineRollout, type PodSpec, type RolloutProps, splitRolloutProps } from './rollout';

/** A workload with a Service in front of it, such as `Was`. */
export interface IServed extends IConnectable {
  readonly serviceName: string;
  readonly servicePort: number;
}

export interface Backend {
  readonly target: IServed;
  /** @default 5 seconds */
  readonly connectTimeout?: Duration;
  /** Between two reads of an answer. @default 60 seconds */
  readonly readTimeout?: Duration;
}

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
  /** User id of the unprivileged preset. @default 101, nginx in its official images */
  readonly user?: number;
  /** Largest request body. @default 10 MiB */
  readonly maxBody?: Size;
  /** Port of the Service. @default 80 */
  readonly servicePort?: number;
  /** Name of the ConfigMap with nginx.conf. @default '<name>-nginx-config' */
  readonly configName?: string;
}

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
    const { common, own } = splitRolloutProps(props);
    const {
      host,
      aliases,
      exposure,
      ingressClass,
      ingressName,
      tlsSecret,
      gateways,
      backends,
      preset = 'unprivileged',
      user = 101,
      maxBody,
      servicePort,
      configName,
      ...unknown
    } = own;
    input.unknown(unknown);
    this.name = input.dnsLabel('name', common.name ?? id);
    this.serviceName = input.dnsLabel('serviceName', common.serviceName ?? this.name);
    this.servicePort = input.port('servicePort', servicePort ?? 80);
    const port = preset === 'unprivileged' ? UNPRIVILEGED_PORT : 80;
    const inMesh = clusterOf(this).injects(namespaceOf(this));
    this.connections = new Connections(this, { name: this.name, namespace: namespaceOf(this), ports: [{ number: port }], inMesh, input });
    const hosts = [...(host === undefined ? [] : [host]), ...(aliases ?? [])].map((each) => input.host('host', each));

    this.nginxConfig = nginxConfig({
      port,
      preset,
      maxBodyMebibytes: input.mebibytes('maxBody', maxBody ?? Size.mebibytes(10)),
      backends: this.connect(input, backends ?? {}),
    });
    const config = configName ?? `${this.name}-nginx-config`;
    defineObject<ConfigMap>(this, 'config', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: config },
      data: { 'nginx.conf': this.nginxConfig },
    });

    const way = exposure ?? (hosts.length > 0 ? 'ingress' : 'none');
    if (way !== 'none' && hosts.length === 0) input.reject('exposure', way, 'there is no host to expose: give host');
    if (way === 'gateway' && (gateways ?? []).length === 0)
      input.reject('gateways', gateways ?? [], 'name the Istio Gateway that serves the host, as namespace/name');
    defineRollout(this, input, common, {
      name: this.name,
      servicePort: this.servicePort,
      portName: 'http',
      podAnnotations: { [CONFIG_HASH_ANNOTATION]: configHash(this.nginxConfig) },
      podSpec: podSpec({ image: common.image, port, preset, user: input.wholeNumber('user', user, 1), config }),
      progressDeadlineSeconds: 300,
      ...(way === 'gateway' ? { gateway: { gateways: gateways ?? [], hosts } } : {}),
    });
    if (way === 'ingress' && hosts.length > 0) {
      new IngressExposure(this, 'exposure', {
        name: ingressName ?? `${this.name}-ingress`,
        hosts,
        ingressClass: ingressClass ?? 'nginx',
        service: this.serviceName,
        servicePort: this.servicePort,
        tlsSecret,
        connections: this.connections,
      });
    }
    if (way === 'gateway') allowFromGateways(this, this.connections, hosts);
    new Isolation(this, 'isolation', { connections: this.connections });
  }

  /** Declares the connections to the backends and says how nginx reaches them. */
  private connect(input: Input, backends: Readonly<Record<string, IServed | Backend>>): NginxBackend[] {
    return Object.entries(backends).flatMap(([path, given]) => {
      const backend: Backend = 'target' in given ? given : { target: given };
      const sound = input.text(
        'backends path',
        path,
        /^\/[A-Za-z0-9._~/-]*$/,
        '/invalid',
        'begin with / and use letters, digits and . _ ~ / -',
      );
      if (sound !== path) return [];
      const { target, connectTimeout = Duration.seconds(5), readTimeout = Duration.seconds(60) } = backend;
      this.connections.allowTo(target, undefined, `proxies ${path}`);
      const { namespace } = target.connections;
      return [
        {
          path,
          host: namespace === this.connections.namespace ? target.serviceName : `${target.serviceName}.${namespace}.svc`,
          port: target.servicePort,
          connectTimeoutSeconds: connectTimeout.toSeconds(),
          readTimeoutSeconds: readTimeout.toSeconds(),
        },
      ];
    });
  }
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
