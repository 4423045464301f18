/** One small cluster, for the engine as JSON and for the evaluator as resources. */
import { Cluster } from '../lib/facts/cluster';
import type { Document } from '../lib/manifest/document';
import { Field } from '../lib/manifest/field';
import { readYaml } from '../lib/manifest/yaml';
import { CILIUM_ENTITIES } from '../lib/network/cilium-entities';
import type { Endpoint } from '../lib/network/endpoint';
import { POLICY_KINDS } from '../lib/network/known-flows';
import { containerPorts } from '../lib/network/named-ports';
import { Network } from '../lib/network/network';
import type { Protocol } from '../lib/network/traffic-port';
import type { Resource } from '../lib/resources/resource';
import { Resources } from '../lib/resources/resources';
import { Random } from '../test/network/random';
import { ADDRESSES, HOSTS, randomCluster, type RandomCluster } from '../test/network/random-cluster';

export interface EngineCase {
  readonly id: string;
  readonly enforcement: string;
  readonly clusterName: string;
  readonly localOnly: boolean;
  readonly policies: readonly unknown[];
  readonly services: readonly unknown[];
  readonly parties: readonly EngineParty[];
  readonly queries: readonly EngineQuery[];
}

export interface EngineParty {
  readonly kind: 'pod' | 'reserved' | 'address' | 'fqdn';
  readonly name?: string;
  readonly [key: string]: unknown;
}

export interface EngineQuery {
  readonly from: number;
  readonly to: number;
  readonly port: number;
  readonly protocol: Protocol;
}

export interface EngineResult {
  readonly id: string;
  readonly rejected: readonly { readonly index: number; readonly error: string }[];
  readonly verdicts: readonly (readonly [string, string])[];
  readonly unresolved: Readonly<Record<string, string>>;
}

/** The result that `main.go` writes, read without trusting it. */
export function readResult(json: unknown): EngineResult {
  const field = new Field(json);
  const verdicts = field.at('verdicts').items.map((pair): readonly [string, string] => [pair.at(0).string ?? '', pair.at(1).string ?? '']);
  const rejected = field
    .at('rejected')
    .items.map((item) => ({ index: item.at('index').number ?? -1, error: item.at('error').string ?? '' }));
  return { id: field.at('id').string ?? '', rejected, verdicts, unresolved: field.at('unresolved').texts };
}

export interface PreparedCase {
  readonly input: EngineCase;
  readonly network: Network;
  readonly policies: readonly Resource[];
  readonly endpoints: readonly Endpoint[];
}

const RESERVED = ['host', 'remote-node', 'ingress'];

/** The case that a seed and an index always give. */
export function randomCase(seed: number, index: number): PreparedCase {
  const numbers = new Random(seed * 1_000_003 + index);
  return caseOf(`seed ${seed} case ${index}`, randomCluster(numbers), numbers);
}

function caseOf(id: string, { objects, policies }: RandomCluster, random: Random): PreparedCase {
  const enforcement = random.chance(0.05) ? 'always' : 'default';
  const localOnly = random.chance(0.1) && policies.every((policy) => policy['kind'] !== 'NetworkPolicy');
  return prepare(id, [...objects, ...policies].map(documentOf), enforcement, localOnly, random);
}

/** @returns undefined for a folder without policies */
export function fixtureCase(folder: string, texts: readonly string[]): PreparedCase | undefined {
  const documents = texts.flatMap((text) => readYaml(text, folder).documents);
  const prepared = prepare(folder, documents, 'default', false, new Random(1));
  return prepared.policies.length === 0 || prepared.endpoints.length === 0 ? undefined : prepared;
}

function prepare(
  id: string,
  documents: readonly Document[],
  enforcement: 'default' | 'always',
  localOnly: boolean,
  random: Random,
): PreparedCase {
  const cluster = new Cluster({
    nodes: [{ name: 'w1' }],
    network: { version: '1.18', policyEnforcement: enforcement, defaultLocalCluster: localOnly },
  });
  const resources = new Resources(documents);
  const refused = new Set(
    new Network(resources, cluster).rejected
      .filter(({ rejections }) => rejections.some(({ by }) => by === 'api-server'))
      .map(({ policy }) => policy),
  );
  const admitted = new Resources(resources.all.filter((resource) => !refused.has(resource)).map(({ document }) => document));
  // The engine decides about what the API server lets through; what it refuses never gets there.
  const policies = POLICY_KINDS.flatMap(([group, kind]) => admitted.ofKind(group, kind));
  const pods = admitted.workloads.filter(({ hostNetwork, namespace }) => !hostNetwork && namespace !== null);
  const endpoints: Endpoint[] = [
    ...pods.map((workload): Endpoint => ({ kind: 'workload', workload })),
    ...CILIUM_ENTITIES.filter((entity) => RESERVED.includes(entity)).map((entity): Endpoint => ({ kind: 'entity', entity })),
    ...ADDRESSES.map((cidr): Endpoint => ({ kind: 'cidr', cidr })),
    ...HOSTS.map((name): Endpoint => ({ kind: 'fqdn', name })),
  ];
  const parties = endpoints.map((endpoint) => partyOf(endpoint, admitted));
  return {
    input: {
      id,
      enforcement,
      clusterName: 'default',
      localOnly,
      policies: policies.map(plain),
      services: admitted.services.map(serviceOf),
      parties,
      queries: queriesOf(pods.length, parties.length, random),
    },
    network: new Network(admitted, cluster),
    policies,
    endpoints,
  };

  function serviceOf({ resource, selector }: (typeof admitted.services)[number]): unknown {
    return { namespace: resource.namespace ?? '', name: resource.name, labels: resource.labels, selector, addresses: [] };
  }
}

function documentOf(content: unknown): Document {
  return { content, source: 'random', locate: () => ({ construct: 'random' }) };
}

function plain(resource: Resource): unknown {
  return resource.document.content;
}

function partyOf(endpoint: Endpoint, resources: Resources): EngineParty {
  switch (endpoint.kind) {
    case 'workload': {
      const { workload } = endpoint;
      const namespace = workload.namespace ?? '';
      const labels = resources.find('', 'Namespace', null, namespace)?.labels ?? {};
      return {
        kind: 'pod',
        name: workload.name,
        namespace,
        labels: workload.podLabels,
        namespaceLabels: { ...labels, 'kubernetes.io/metadata.name': namespace },
        serviceAccount: workload.podSpec.at('serviceAccountName').text ?? 'default',
        ports: [...containerPorts(workload)].map(([key, port]) => ({ name: key.split('/')[0], protocol: key.split('/')[1], port })),
      };
    }
    case 'entity':
      return { kind: 'reserved', name: endpoint.entity };
    case 'cidr':
      return { kind: 'address', address: endpoint.cidr };
    case 'fqdn':
      return { kind: 'fqdn', name: endpoint.name, address: `192.0.2.${endpoint.name.length}` };
    case 'pods':
    case 'service':
      throw new Error('not a party of a case');
  }
}

const TRAFFIC: readonly { readonly port: number; readonly protocol: Protocol }[] = [
  { port: 80, protocol: 'TCP' },
  { port: 5432, protocol: 'TCP' },
  { port: 8080, protocol: 'TCP' },
  { port: 443, protocol: 'TCP' },
  { port: 53, protocol: 'UDP' },
  { port: 80, protocol: 'UDP' },
  { port: 5432, protocol: 'SCTP' },
  { port: 8, protocol: 'ICMP' },
  { port: 13, protocol: 'ICMP' },
];

/** Every pair with a pod at one end at least, on a few ports. */
function queriesOf(pods: number, all: number, random: Random): EngineQuery[] {
  const pairs = Array.from({ length: all * all }, (_, index) => ({ from: Math.floor(index / all), to: index % all }));
  const asked = pairs.filter(({ from, to }) => from !== to && (from < pods || to < pods));
  const few = asked.length > 400 ? asked.filter(() => random.chance(400 / asked.length)) : asked;
  return few.flatMap((pair) => TRAFFIC.filter(() => random.chance(0.5)).map((traffic) => ({ ...pair, ...traffic })));
}
