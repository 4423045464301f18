/** An application server on the JVM: Spring Boot in a Rollout. */
import { Duration, Size } from 'cdk8s';
import { Construct } from 'constructs';
import type { ConfigMap } from '../../imports/kubernetes';
import { defineObject } from '../kube/define';
import type { IServed } from './backends';
import { Connections, type IConnectable, isConnectable } from './connections';
import { Input, type PropNames } from './input';
import { Isolation } from './isolation';
import type { Peer } from './peer';
import { CONFIG_HASH_ANNOTATION, configHash, defineRollout, ROLLOUT_PROPS, type RolloutProps } from './rollout';
import type { SecretRef } from './secret-ref';
import { urlPort } from './url-port';
import { wasPod } from './was-pod';
import { wasEnvironment } from './was-settings';

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
  /** Further ports of its pods by name, for `connections`, such as `{ management: 8081 }`. @default - none */
  readonly morePorts?: Readonly<Record<string, number>>;
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

const WAS_PROPS: PropNames<WasProps> = {
  ...ROLLOUT_PROPS,
  database: true,
  config: true,
  secrets: true,
  otlp: true,
  startupBudget: true,
  pullBudget: true,
  shutdownGrace: true,
  health: true,
  port: true,
  morePorts: true,
  containerName: true,
  user: true,
  memory: true,
  cpuMillis: true,
  timeout: true,
  configName: true,
};
const OTLP_PROPS: PropNames<Otlp> = { endpoint: true, collector: true, podPort: true };

export class Was extends Construct implements IServed {
  readonly name: string;
  readonly connections: Connections;
  readonly serviceName: string;
  readonly servicePort: number;

  constructor(scope: Construct, id: string, props: WasProps) {
    super(scope, id);
    const input = new Input(this);
    input.known(props, WAS_PROPS);
    const { name = id, port = 8080, morePorts = {}, user = 10001, memory = Size.gibibytes(1), cpuMillis = 250, health = ACTUATOR } = props;
    this.name = input.dnsLabel('name', name);
    this.serviceName = input.serviceName('serviceName', props.serviceName ?? this.name);
    this.servicePort = input.port('port', port);
    const ports = [{ name: 'http', number: this.servicePort }, ...furtherPorts(input, this.servicePort, morePorts)];
    this.connections = new Connections(this, { name: this.name, ports: ports.map(({ number }) => ({ number })), input });
    const database = databaseOf(input, props.database);
    if (database !== undefined) this.connections.allowTo(database, undefined, 'database');
    const otlp = collectorOf(input, props.otlp);
    if (otlp !== undefined) this.connections.allowTo(otlp.collector, otlp.podPort ?? urlPort(new URL(otlp.endpoint)), 'traces and metrics');

    const seconds = {
      startup: input.seconds('startupBudget', props.startupBudget ?? Duration.minutes(4)),
      pull: input.seconds('pullBudget', props.pullBudget ?? Duration.minutes(3)),
      grace: input.seconds('shutdownGrace', props.shutdownGrace ?? Duration.seconds(25)),
      timeout: input.seconds('timeout', props.timeout ?? Duration.seconds(60)),
    };
    const { config = {}, secrets = {} } = props;
    const { settings, env } = wasEnvironment(input, {
      name: this.name,
      port: this.servicePort,
      graceSeconds: seconds.grace,
      database,
      otlp,
      config,
      secrets,
    });
    const configMap = input.objectName('configName', props.configName ?? `${this.name}-config`);
    defineObject<ConfigMap>(this, 'config', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: configMap },
      data: { ...settings },
    });
    defineRollout(this, input, props, {
      name: this.name,
      serviceName: this.serviceName,
      servicePort: this.servicePort,
      portName: 'http',
      podAnnotations: {
        [CONFIG_HASH_ANNOTATION]: configHash(JSON.stringify(settings)),
        // The first requests of the application go out through the sidecar: it has to be there.
        ...(this.connections.inMesh ? { 'proxy.istio.io/config': '{"holdApplicationUntilProxyStarts": true}' } : {}),
      },
      podSpec: wasPod({
        ...probePaths(input, health),
        image: input.image('image', props.image),
        containerName: input.dnsLabel('containerName', props.containerName ?? 'spring-boot'),
        ports,
        configMap,
        env,
        userId: input.wholeNumber('user', user, 1),
        memory: input.quantity('memory', memory),
        cpu: `${input.wholeNumber('cpuMillis', cpuMillis, 1)}m`,
        startupSeconds: seconds.startup,
        graceSeconds: seconds.grace,
      }),
      progressDeadlineSeconds: seconds.pull + seconds.startup + 60,
      timeoutSeconds: seconds.timeout,
      retries: { attempts: 2, perTryTimeoutSeconds: seconds.timeout },
    });
    new Isolation(this, 'isolation', { connections: this.connections });
  }
}

const ACTUATOR = { liveness: '/actuator/health/liveness', readiness: '/actuator/health/readiness' };

function databaseOf(input: Input, database: IDatabase | undefined): IDatabase | undefined {
  if (database === undefined || isConnectable(database)) return database;
  input.reject('database', database, 'give a construct that is one, such as Mysql');
  return undefined;
}

function collectorOf(input: Input, otlp: Otlp | undefined): Otlp | undefined {
  if (otlp === undefined) return undefined;
  input.known(otlp, OTLP_PROPS, 'otlp');
  const mend = 'give a URL of scheme and host, such as http://otel-collector.monitoring.svc:4318';
  if (typeof otlp.endpoint === 'string' && /^https?:\/\/[^\s"'\\@]+$/.test(otlp.endpoint) && URL.canParse(otlp.endpoint)) return otlp;
  const told = typeof otlp.endpoint === 'string' ? otlp.endpoint.replace(/\/\/.*@/, '//…@') : otlp.endpoint;
  input.reject('otlp.endpoint', told, mend);
  return undefined;
}

function furtherPorts(input: Input, served: number, ports: Readonly<Record<string, number>>) {
  const taken = new Map([[served, 'port']]);
  return Object.entries(ports).flatMap(([name, number]) => {
    const prop = `morePorts.${name}`;
    const isNamed = input.text('morePorts', name, /^(?!http$)(?=.{1,15}$)[a-z0-9]*[a-z]([a-z0-9-]*[a-z0-9])?$/, 'x', PORT_NAME) === name;
    if (input.port(prop, number) !== number || !isNamed) return [];
    const other = taken.get(number);
    if (other !== undefined) input.reject(prop, number, `${other} has that number as well: remove one`);
    taken.set(number, prop);
    return other === undefined ? [{ name, number }] : [];
  });
}

const PORT_NAME = 'name it by at most 15 lower case letters, digits and hyphens, a letter among them, and not http, which is port';
const PROBE_PATH = /^\/[A-Za-z0-9._~%?=&/-]*$/;

function probePaths(input: Input, health: NonNullable<WasProps['health']>) {
  input.known(health, { liveness: true, readiness: true }, 'health');
  const { liveness, readiness } = health;
  const mend = 'begin with / and use no spaces or quotes, such as /health';
  return {
    liveness: input.text('health.liveness', liveness, PROBE_PATH, '/', mend),
    readiness: input.text('health.readiness', readiness, PROBE_PATH, '/', mend),
  };
}
