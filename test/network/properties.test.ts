/** What must hold for every set of policies, tried on random small clusters that a seed repeats. */
import { Cluster } from '../../lib/facts/cluster';
import { Network } from '../../lib/network/network';
import type { Endpoint } from '../../lib/network/endpoint';
import { missingRules } from '../../lib/network/missing-rule';
import type { Verdict } from '../../lib/network/verdict';
import { Resources } from '../../lib/resources/resources';
import { Random } from './random';
import { ADDRESSES, HOSTS, type Json, randomAllowRule, randomCluster } from './random-cluster';

const CASES = 25;
/** What narrows other rules by design: requirements, and whatever cannot be merged. */
const NARROWING = ['fromRequires', 'toRequires', 'authentication', 'toPorts'];
const ENTITIES = ['host', 'remote-node', 'world', 'ingress', 'kube-apiserver'] as const;
const TRAFFIC = [[80, 'TCP'], [5432, 'TCP'], [53, 'UDP'], [8, 'ICMP']] as const; // prettier-ignore

function networkOf(objects: readonly Json[]): Network {
  const cluster = new Cluster({ nodes: [{ name: 'cp', roles: ['control-plane'] }, { name: 'w1' }] });
  return new Network(
    new Resources(objects.map((content) => ({ content, source: 'random', locate: () => ({ construct: 'random' }) }))),
    cluster,
  );
}

/** Every verdict of a network, in an order that does not depend on that of the files. */
function verdicts(network: Network): Map<string, Verdict> {
  const pods = network.resources.workloads.map((workload): [string, Endpoint] => [workload.name, { kind: 'workload', workload }]);
  const others = [
    ...ENTITIES.map((entity): [string, Endpoint] => [entity, { kind: 'entity', entity }]),
    ...ADDRESSES.map((cidr): [string, Endpoint] => [cidr, { kind: 'cidr', cidr }]),
    ...HOSTS.map((name): [string, Endpoint] => [name, { kind: 'fqdn', name }]),
  ];
  const all = [...pods, ...others];
  const result = new Map<string, Verdict>();
  for (const [fromName, from] of all) {
    for (const [toName, to] of all) {
      for (const [port, protocol] of TRAFFIC)
        result.set(`${fromName} ${toName} ${port} ${protocol}`, network.verdict(from, to, port, protocol).verdict);
    }
  }
  return result;
}

function casesOf(salt: number): [number, Random][] {
  return Array.from({ length: CASES }, (_, index) => [index, new Random(salt * 10_007 + index)]);
}

test.each(casesOf(1))('case %i: an added allow rule takes no allowed flow away', (_, random) => {
  const { objects, policies } = randomCluster(random);
  const before = verdicts(networkOf([...objects, ...policies]));
  const direction = random.pick<'ingress' | 'egress'>(['ingress', 'egress']);
  const rule = without(randomAllowRule(random, direction), NARROWING);
  const spec = { endpointSelector: {}, [direction]: [rule], enableDefaultDeny: { ingress: false, egress: false } };
  const added = { apiVersion: 'cilium.io/v2', kind: 'CiliumNetworkPolicy', metadata: { name: 'added', namespace: 'a' }, spec };
  const after = verdicts(networkOf([...objects, ...policies, added]));
  const lost = [...before].filter(([flow, verdict]) => verdict === 'allow' && after.get(flow) !== 'allow');
  expect(lost).toEqual([]);
});

test.each(casesOf(2))('case %i: a policy split into one for each rule says the same', (_, random) => {
  const { objects, policies } = randomCluster(random);
  const split = policies.flatMap((policy, index) =>
    splitPolicy(policy, index, new Set(networkOf([...objects, policy]).rejected.map(({ policy: { name } }) => name))),
  );
  expect(verdicts(networkOf([...objects, ...split]))).toEqual(verdicts(networkOf([...objects, ...policies])));
});

test.each(casesOf(3))('case %i: the order of files does not matter', (_, random) => {
  const { objects, policies } = randomCluster(random);
  const all = [...objects, ...policies];
  const shuffled = all.map((one) => [random.next(), one] as const).sort(([a], [b]) => a - b);
  const sorted = (network: Network) => [...verdicts(network)].sort();
  expect(sorted(networkOf(shuffled.map(([, one]) => one)))).toEqual(sorted(networkOf(all)));
});

test('the rule that is said to be missing allows the flow once it is added', () => {
  let mended = 0;
  for (const [, random] of casesOf(4)) {
    const { objects, policies } = randomCluster(random);
    if (policies.some((policy) => JSON.stringify(policy).includes('Requires'))) continue;
    const network = networkOf([...objects, ...policies]);
    const pods = network.resources.workloads.map((workload): Endpoint => ({ kind: 'workload', workload }));
    for (const [from, to] of pods.flatMap((one) => pods.map((other) => [one, other] as const))) {
      const flow = network.verdict(from, to, 8080, 'TCP');
      const isDeniedByRule = [...flow.egress.because, ...flow.ingress.because].some(({ effect }) => effect === 'deny');
      if (flow.verdict !== 'deny' || isDeniedByRule) continue;
      const added = missingRules(flow, network).flatMap(({ policy }, index) =>
        policy === undefined ? [] : [{ ...policy, metadata: { namespace: namespaceOf(policy), name: `added-${index}` } }],
      );
      const after = networkOf([...objects, ...policies, ...added]);
      expect(after.verdict(find(after, from), find(after, to), 8080, 'TCP').verdict).toBe('allow');
      mended++;
    }
  }
  expect(mended).toBeGreaterThan(30);
});

test.each(casesOf(5))('case %i: no text of a policy makes it throw', (_, random) => {
  const { objects, policies } = randomCluster(random);
  const spoilt = policies.map((policy) => ({ ...policy, spec: spoil(policy['spec'], random, 0.15) }));
  const network = networkOf([...objects, ...spoilt]);
  expect(verdicts(network).size).toBeGreaterThan(0);
});

/** The same with some of its parts replaced by what does not belong there. */
function spoil(value: unknown, random: Random, probability: number): unknown {
  if (random.chance(probability))
    return random.pick<unknown>([null, '', 'world', 7, true, [], {}, [[]], ['world'], { a: null }, -1, { matchLabels: ['x'] }]);
  if (Array.isArray(value)) return value.map((item: unknown) => spoil(item, random, probability));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, spoil(item, random, probability)]));
}

function without(object: Json, keys: readonly string[]): Json {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));
}

function namespaceOf(policy: Json): unknown {
  return Reflect.get(Object(policy['metadata']), 'namespace');
}

function find(network: Network, endpoint: Endpoint): Endpoint {
  if (endpoint.kind !== 'workload') return endpoint;
  const workload = network.resources.workloadsIn(endpoint.workload.namespace).find(({ name }) => name === endpoint.workload.name);
  if (workload === undefined) throw new Error('not there');
  return { kind: 'workload', workload };
}

/** One policy for each element of each section; those of a direction that had rules keep its default-deny. */
function splitPolicy(policy: Json, index: number, rejected: ReadonlySet<string>): Json[] {
  const spec = policy['spec'];
  const metadata: object = Object(policy['metadata']);
  const name: unknown = Reflect.get(metadata, 'name');
  if (policy['kind'] === 'NetworkPolicy' || typeof spec !== 'object' || spec === null || rejected.has(String(name))) return [policy];
  const sections = ['ingress', 'egress', 'ingressDeny', 'egressDeny'].flatMap((key) => {
    const rules: unknown = Reflect.get(spec, key);
    return Array.isArray(rules) ? rules.map((rule: unknown) => ({ key, rule })) : [];
  });
  const rest = without({ ...spec }, ['ingress', 'egress', 'ingressDeny', 'egressDeny']);
  return sections.map(({ key, rule }, part) => ({
    ...policy,
    metadata: { ...metadata, name: `split-${index}-${part}` },
    spec: { ...rest, [key]: [rule] },
  }));
}
