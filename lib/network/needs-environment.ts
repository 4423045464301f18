/**
 * Addresses in the environment of a container: URLs and connection strings, and hosts with their ports in variables beside.
 *
 * Values from ConfigMaps are read where they stand; values from Secrets are not looked at.
 */
import type { Field } from '../manifest/field';
import type { JsonPointer } from '../manifest/json-pointer';
import type { Container } from '../resources/container';
import type { Resource } from '../resources/resource';
import type { Resources } from '../resources/resources';
import type { Workload } from '../resources/workload';
import type { Address, FoundAddress, NeedSource } from './need';
import { addressesOf, defaultPort, hostPorts, plainHost } from './needs-address';

export interface EnvironmentValue {
  readonly name: string;
  readonly value: string;
  readonly resource: Resource;
  readonly path: JsonPointer;
}

/** The variables of a container whose values are declared, `$(OTHER)` replaced; a later one of the same name wins. */
export function environmentValues(workload: Workload, container: Container, resources: Resources): ReadonlyMap<string, EnvironmentValue> {
  const values = new Map<string, EnvironmentValue>();
  const configMap = (name: string | undefined): Resource | undefined =>
    name === undefined ? undefined : resources.find('', 'ConfigMap', workload.namespace, name);
  for (const source of container.at('envFrom').items) {
    const resource = configMap(source.at('configMapRef', 'name').string);
    const prefix = source.at('prefix').string ?? '';
    for (const [key, field] of resource?.at('data').entries ?? []) add(values, prefix + key, field, resource);
  }
  for (const { name, value, valueFrom, field } of container.env) {
    if (value !== undefined) add(values, name, field.at('value'), workload.resource);
    const reference = valueFrom.at('configMapKeyRef');
    const resource = configMap(reference.at('name').string);
    if (resource !== undefined) add(values, name, resource.at('data', reference.at('key').string ?? ''), resource);
  }
  return values;
}

/** Variables that tell others where to find this pod, or whom to trust, or where to listen. */
const NOT_PEERS =
  /(^|_)(IMAGE|LISTEN|LISTENER|LISTENERS|BIND|ADVERTISED?|ALLOWED|CORS|ORIGINS?|NO_PROXY|COOKIE|ISSUER|AUDIENCE|REDIRECT|CALLBACK|ROLE|ARN|VERSION|DOMAIN)(_|$)/;
/** How a pod calls itself in its traces and metrics: often the name of its Service, and never a place to connect to. */
const OWN_NAME = /^(OTEL|JAEGER|ZIPKIN|ELASTIC_APM)_SERVICE_NAME$|^DD_SERVICE$/;
/** Names of the outside that are most often the pod's own public address. */
const OWN_ADDRESS =
  /(^|_)(PUBLIC|SITE|BASE|ROOT|FRONTEND|EXTERNAL|CANONICAL|HOME|APP|SELF|SERVER|WEB|DOCS?|HELP|SUPPORT)_?(URL|URI|HOST|ADDRESS|ENDPOINT)$/;
const HOST_VARIABLE = /^(.*?)_?(HOST|HOSTNAME|HOSTS|SERVER|SERVERS|ADDRESS|ADDR|ENDPOINT|ENDPOINTS|SERVICE_NAME|SERVICE)$/;

export function environmentAddresses(workload: Workload, container: Container, resources: Resources): FoundAddress[] {
  const values = environmentValues(workload, container, resources);
  return [...values.values()].flatMap((variable) => {
    if (NOT_PEERS.test(variable.name.toUpperCase()) || OWN_NAME.test(variable.name.toUpperCase())) return [];
    return addressesOfVariable(variable, values).flatMap((address): FoundAddress[] => {
      const isOwn = OWN_ADDRESS.test(variable.name.toUpperCase()) && address.host.includes('.') && !address.host.includes('.svc');
      return isOwn ? [] : [{ ...address, source: sourceOf(variable, address, container) }];
    });
  });
}

function addressesOfVariable(variable: EnvironmentValue, values: ReadonlyMap<string, EnvironmentValue>): Address[] {
  const whole = addressesOf(variable.value);
  const isHostVariable = HOST_VARIABLE.exec(variable.name.toUpperCase());
  const isUrl = variable.value.includes('://') || variable.value.includes('(');
  if (whole.length > 0 && (isUrl || isHostVariable !== null || hostPorts(variable.value).length > 0)) return whole;
  const host = isHostVariable === null ? undefined : plainHost(variable.value);
  if (host === undefined || isHostVariable === null) return [];
  const prefix = isHostVariable[1] ?? '';
  const port = portBeside(prefix, values);
  return [{ host, port: port ?? defaultPort(engineOf(prefix)) }];
}

/** The value of `X_PORT` beside `X_HOST`. */
function portBeside(prefix: string, values: ReadonlyMap<string, EnvironmentValue>): number | undefined {
  const wanted = prefix === '' ? 'PORT' : `${prefix}_PORT`;
  const beside = [...values.values()].find(
    ({ name }) => name.toUpperCase() === wanted || name.toUpperCase() === wanted.replace('_PORT', 'PORT'),
  );
  return beside !== undefined && /^\d{1,5}$/.test(beside.value.trim()) ? Number(beside.value) : undefined;
}

function engineOf(prefix: string): string | undefined {
  const words = prefix.toLowerCase();
  const engines = [['mysql', 'mysql'], ['mariadb', 'mysql'], ['postgres', 'postgres'], ['pg', 'postgres'], ['redis', 'redis'], ['valkey', 'redis'], ['rabbitmq', 'amqp'],
    ['amqp', 'amqp'], ['mongo', 'mongodb'], ['kafka', 'kafka'], ['nats', 'nats'], ['memcached', 'memcached'], ['elasticsearch', 'elasticsearch']] as const; // prettier-ignore
  return engines.find(([word]) => words === word || words.startsWith(`${word}_`) || words.endsWith(`_${word}`))?.[1];
}

function add(values: Map<string, EnvironmentValue>, name: string, field: Field, resource: Resource | undefined): void {
  const text = field.text;
  if (text === undefined || resource === undefined) return;
  const value = text.replaceAll(/\$\(([A-Za-z_][A-Za-z0-9_]*)\)/g, (reference, other: string) => values.get(other)?.value ?? reference);
  values.set(name, { name, value, resource, path: field.path });
}

function sourceOf({ name, resource, path }: EnvironmentValue, { host, port }: Address, container: Container): NeedSource {
  return { resource, path, words: `${name} of container ${container.name} names ${host}${port === undefined ? '' : `:${port}`}` };
}
