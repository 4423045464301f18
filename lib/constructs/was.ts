/** An application server on the JVM: Spring Boot in a Rollout. */
import { Duration, Size } from 'cdk8s';
import { Construct } from 'constructs';
import type { ConfigMap } from '../../imports/kubernetes';
import { defineObject } from '../kube/define';
import { Connections, type IConnectable } from './connections';
import { Input } from './input';
import { Isolation } from './isolation';
import type { Peer } from './peer';
import { clusterOf, namespaceOf } from './platform';
import { CONFIG_HASH_ANNOTATION, configHash, defineRollout, type RolloutProps, splitRolloutProps } from './rollout';
import { type SecretRef } from './secret-ref';
import type { IServed } from './blog-web';

/** A database that a workload signs in to, such as `Mysql`. */
export interface IDatabase extends IConnectable {
  /** `jdbc:` URL of the schema, without credentials. */
  readonly jdbcUrl: string;
  readonly user: string;
  readonly password: SecretRef;
}

/** Where traces and metrics are sent. */
export interface Otlp {
  /** URL of the collector, such as `http://otel-collector.monitoring.svc:4318`. */
  readonly endpoint: string;
  /** Who stands behind it: the policies follow from it. */
  readonly collector: IConnectable | Peer;
  /** Port of the collector's pods. @default - the endpoint's */
  readonly podPort?: number;
}

export interface WasProps extends RolloutProps {
  /** Database of `SPRING_DATASOURCE_*`. @default - none */
  readonly database?: IDatabase;
  /** Settings by environment variable, kept in a ConfigMap. @default - none */
  readonly config?: Readonly<Record<string, string>>;
  /** Secrets by environment variable. @default - none */
  readonly secrets?: Readonly<Record<string, SecretRef>>;
  /** Collector of traces and metrics. @default - none */
  readonly otlp?: Otlp;
  /** How long a start may take before it counts as failed. @default 4 minutes */
  readonly startupBudget?: Duration;
  /** How long pulling the image may take, besides. @default 3 minutes */
  readonly pullBudget?: Duration;
  /** How long requests in flight may take when a pod stops. @default 25 seconds */
  readonly shutdownGrace?: Duration;
  /** Paths of the probes. @default - those of Spring Boot Actuator */
  readonly health?: { readonly liveness: string; readonly readiness: string };
  /** Port that the application listens on. @default 8080 */
  readonly port?: number;
  /** Name of the container. @default 'spring-boot' */
  readonly containerName?: string;
  /** User id it runs as; never root. @default 10001 */
  readonly user?: number;
  /** Memory, requested and limited alike: the heap takes three quarters of it. @default 1 GiB */
  readonly memory?: Size;
  /** Processor time requested, in thousandths of a core. There is no limit: a JVM starts several times slower under one. @default 250 */
  readonly cpuMillis?: number;
  /** How long one request may take in all. @default 60 seconds */
  readonly timeout?: Duration;
  /** Name of the ConfigMap. @default '<name>-config' */
  readonly configName?: string;
}

export class Was extends Construct implements IServed {
  readonly name: string;
  readonly connections: Connections;
  readonly serviceName: string;
  readonly servicePort: number;

  constructor(scope: Construct, id: string, props: WasProps) {
    super(scope, id);
    const input = new Input(this);
    const { common, own } = splitRolloutProps(props);
    const {
      database,
      config = {},
      secrets = {},
      otlp,
      startupBudget = Duration.minutes(4),
      pullBudget = Duration.minutes(3),
      ...pod
    } = own;
    const {
      shutdownGrace = Duration.seconds(25),
      health = ACTUATOR,
      port = 8080,
      containerName = 'spring-boot',
      user = 10001,
      ...sizes
    } = pod;
    const { memory = Size.gibibytes(1), cpuMillis = 250, timeout = Duration.seconds(60), configName, ...unknown } = sizes;
    input.unknown(unknown);

    this.name = input.dnsLabel('name', common.name ?? id);
    this.serviceName = input.dnsLabel('serviceName', common.serviceName ?? this.name);
    this.servicePort = input.port('port', port);
    const inMesh = clusterOf(this).injects(namespaceOf(this));
    this.connections = new Connections(this, {
      name: this.name,
      namespace: namespaceOf(this),
      ports: [{ number: this.servicePort }],
      inMesh,
      input,
    });
    if (database !== undefined) this.connections.allowTo(database, undefined, 'database');
    if (otlp !== undefined) this.connections.allowTo(otlp.collector, otlp.podPort ?? portOf(input, otlp.endpoint), 'traces and metrics');

    const settings = { ...defaults(this.servicePort, shutdownGrace), ...datasource(database), ...telemetry(this.name, otlp), ...config };
    const rendered = JSON.stringify(settings);
    const configMap = configName ?? `${this.name}-config`;
    defineObject<ConfigMap>(this, 'config', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: configMap }, data: settings });
    const env = Object.entries(secrets).map(([variable, secret]) => input.secret(`secrets.${variable}`, secret).toEnv(variable));
    if (database !== undefined) env.push(input.secret('database.password', database.password).toEnv('SPRING_DATASOURCE_PASSWORD'));

    const seconds = { startup: startupBudget.toSeconds(), pull: pullBudget.toSeconds(), grace: shutdownGrace.toSeconds() };
    defineRollout(this, input, common, {
      name: this.name,
      servicePort: this.servicePort,
      portName: 'http',
      podAnnotations: {
        [CONFIG_HASH_ANNOTATION]: configHash(rendered),
        // Without the sidecar an application that starts first finds no network and dies.
        ...(inMesh ? { 'proxy.istio.io/config': '{"holdApplicationUntilProxyStarts": true}' } : {}),
      },
      podSpec: {
        automountServiceAccountToken: false,
        securityContext: {
          runAsNonRoot: true,
          runAsUser: input.wholeNumber('user', user, 1),
          runAsGroup: user,
          fsGroup: user,
          seccompProfile: { type: 'RuntimeDefault' },
        },
        terminationGracePeriodSeconds: DRAIN_SECONDS + seconds.grace + 10,
        containers: [
          {
            name: input.dnsLabel('containerName', containerName),
            image: common.image,
            ports: [{ name: 'http', containerPort: this.servicePort, protocol: 'TCP' }],
            envFrom: [{ configMapRef: { name: configMap } }],
            env,
            resources: resources(input, memory, cpuMillis),
            securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
            startupProbe: {
              ...probe(health.liveness),
              periodSeconds: STARTUP_PERIOD,
              failureThreshold: Math.ceil(seconds.startup / STARTUP_PERIOD),
            },
            readinessProbe: { ...probe(health.readiness), periodSeconds: 5, failureThreshold: 3 },
            livenessProbe: { ...probe(health.liveness), periodSeconds: 10, failureThreshold: 6 },
            // Endpoints are taken away while the pod stops: it goes on answering until they are.
            lifecycle: { preStop: { exec: { command: ['sleep', String(DRAIN_SECONDS)] } } },
            volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
          },
        ],
        volumes: [{ name: 'tmp', emptyDir: { sizeLimit: '512Mi' } }],
      },
      progressDeadlineSeconds: seconds.pull + seconds.startup + 60,
      timeoutSeconds: timeout.toSeconds(),
      retries: { attempts: 2, perTryTimeoutSeconds: timeout.toSeconds() },
    });
    new Isolation(this, 'isolation', { connections: this.connections });
  }
}

const ACTUATOR = { liveness: '/actuator/health/liveness', readiness: '/actuator/health/readiness' };
const STARTUP_PERIOD = 5;
const DRAIN_SECONDS = 5;

function probe(path: string) {
  return { httpGet: { path, port: 'http' }, timeoutSeconds: 3 };
}

function defaults(port: number, grace: Duration): Readonly<Record<string, string>> {
  return {
    SERVER_PORT: String(port),
    SERVER_SHUTDOWN: 'graceful',
    SPRING_LIFECYCLE_TIMEOUT_PER_SHUTDOWN_PHASE: `${grace.toSeconds()}s`,
    MANAGEMENT_ENDPOINT_HEALTH_PROBES_ENABLED: 'true',
    JAVA_TOOL_OPTIONS: '-XX:MaxRAMPercentage=75 -XX:+ExitOnOutOfMemoryError',
  };
}

function datasource(database: IDatabase | undefined): Readonly<Record<string, string>> {
  return database === undefined ? {} : { SPRING_DATASOURCE_URL: database.jdbcUrl, SPRING_DATASOURCE_USERNAME: database.user };
}

function telemetry(name: string, otlp: Otlp | undefined): Readonly<Record<string, string>> {
  return otlp === undefined ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT: otlp.endpoint, OTEL_SERVICE_NAME: name };
}

/** The port that a URL means. */
function portOf(input: Input, endpoint: string): number {
  if (!URL.canParse(endpoint)) {
    input.reject('otlp.endpoint', endpoint, 'give a URL, such as http://otel-collector.monitoring.svc:4318');
    return 4318;
  }
  const { port, protocol } = new URL(endpoint);
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
}

function resources(input: Input, memory: Size, cpuMillis: number) {
  const quantity = input.quantity('memory', memory);
  return { requests: { cpu: `${input.wholeNumber('cpuMillis', cpuMillis, 1)}m`, memory: quantity }, limits: { memory: quantity } };
}
