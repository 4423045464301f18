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
import { isShownOnly, namesNoPeer, switchedOff } from './setting-purpose';

export interface EnvironmentValue {
  readonly name: string;
  readonly value: string;
  readonly resource: Resource;
  readonly path: JsonPointer;
}

/** The variables of a container whose values are declared, `$(OTHER)` replaced; a later one of the same name wins. */
export function environmentValues(workload: Workload, container: Container, resources: Resources): ReadonlyMap<string, EnvironmentValue> {
  return resources.view(Environments).of(workload, container);
}

/** What was read once: several inferences start from the same variables. */
class Environments {
  private readonly known = new Map<Container, ReadonlyMap<string, EnvironmentValue>>();

  constructor(private readonly resources: Resources) {}

  of(workload: Workload, container: Container): ReadonlyMap<string, EnvironmentValue> {
    const known = this.known.get(container);
    if (known !== undefined) return known;
    const values = declaredValues(workload, container, this.resources);
    this.known.set(container, values);
    return values;
  }
}

function declaredValues(workload: Workload, container: Container, resources: Resources): ReadonlyMap<string, EnvironmentValue> {
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

const HOST_VARIABLE = /^(.*?)_?(HOST|HOSTNAME|HOSTS|SERVER|SERVERS|ADDRESS|ADDR|ENDPOINT|ENDPOINTS|SERVICE_NAME|SERVICE)$/;

export function environmentAddresses(workload: Workload, container: Container, resources: Resources): FoundAddress[] {
  return settingAddresses([...environmentValues(workload, container, resources).values()], container);
}

/** Addresses in settings that stand beside each other: variables, or the options of a command line. */
export function settingAddresses(values: readonly EnvironmentValue[], container: Container): FoundAddress[] {
  const candidates = values.filter(mayNamePeer);
  if (candidates.length === 0) return [];
  const ports = new Map(
    values.filter(({ name }) => /port$/i.test(name)).map(({ name, value }) => [wordsOf(name).replace(/_?PORT$/, '_PORT'), value]),
  );
  const isOff = switchedOff(values.filter(maySwitch).map(({ name, value }) => ({ words: wordsOf(name), value })));
  return candidates.flatMap((value) => {
    const setting: Setting = { ...value, words: wordsOf(value.name) };
    if (namesNoPeer(setting.words) || isOff(setting.words)) return [];
    return addressesOfSetting(setting, ports).flatMap((address): FoundAddress[] => {
      const isShown = isShownOnly(setting.words) && address.host.includes('.') && !address.host.includes('.svc');
      return isShown ? [] : [{ ...address, source: sourceOf(setting, address, container) }];
    });
  });
}

/** Nearly all settings are told apart by this alone. */
function mayNamePeer({ name, value }: EnvironmentValue): boolean {
  return value.includes(':') || value.includes('@') || /host|server|addr|endpoint|service/i.test(name);
}

function maySwitch({ name }: EnvironmentValue): boolean {
  return /enable|disable|^-*use_/i.test(name);
}

interface Setting extends EnvironmentValue {
  /** Its name as variables are written: `MYSQLD_ADDRESS` for `--mysqld.address`. */
  readonly words: string;
}

function wordsOf(name: string): string {
  return name
    .replace(/^-+/, '')
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll(/[.-]/g, '_')
    .toUpperCase();
}

function addressesOfSetting({ value, words }: Setting, ports: ReadonlyMap<string, string>): Address[] {
  const whole = addressesOf(value);
  const isHost = HOST_VARIABLE.exec(words);
  const isUrl = value.includes('://') || value.includes('(');
  if (whole.length > 0 && (isUrl || isHost !== null || hostPorts(value).length > 0)) return whole;
  const host = isHost === null ? undefined : plainHost(value);
  if (host === undefined || isHost === null) return [];
  const prefix = isHost[1] ?? '';
  return [{ host, port: portBeside(prefix, ports) ?? defaultPort(engineOf(prefix)) }];
}

/** The value of `X_PORT` beside `X_HOST`. */
function portBeside(prefix: string, ports: ReadonlyMap<string, string>): number | undefined {
  const beside = ports.get(`${prefix}_PORT`)?.trim();
  return beside !== undefined && /^\d{1,5}$/.test(beside) ? Number(beside) : undefined;
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
  const value = !text.includes('$(')
    ? text
    : text.replaceAll(/\$\(([A-Za-z_][A-Za-z0-9_]*)\)/g, (reference, other: string) => values.get(other)?.value ?? reference);
  values.set(name, { name, value, resource, path: field.path });
}

function sourceOf({ name, resource, path }: EnvironmentValue, { host, port }: Address, container: Container): NeedSource {
  return { resource, path, words: `${name} of container ${container.name} names ${host}${port === undefined ? '' : `:${port}`}` };
}
