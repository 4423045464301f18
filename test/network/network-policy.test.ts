/** NetworkPolicy, as Cilium reads it and as Kubernetes means it. */
import type { ClusterFacts } from '../../lib/facts/cluster-facts';
import { cnp, EVERYONE, namespace, netpol, pod, Scenario, TWO_NAMESPACES } from './scenario';

const DB = 'podSelector: {matchLabels: {app: db}}';
const [WEB, C, WORLD, HOST, NODE] = EVERYONE;
const CALICO: ClusterFacts = { network: { engine: 'other' } };

type Row = readonly [string, string, readonly (string | undefined)[], ClusterFacts];

const ROWS: readonly Row[] = [
  ['without policyTypes it isolates ingress', `{${DB}}`, [HOST], {}],
  ['a missing podSelector is every pod', '{policyTypes: [Ingress]}', [HOST], {}],
  ['without policyTypes egress rules isolate both', `{${DB}, egress: [{}]}`, [HOST], {}],
  ['policyTypes Egress leaves ingress open', `{${DB}, policyTypes: [Egress]}`, EVERYONE, {}],
  ['an empty rule allows everything', `{${DB}, ingress: [{}]}`, EVERYONE, {}],
  ['an empty list of peers is everybody', `{${DB}, ingress: [{from: []}]}`, EVERYONE, {}],
  ['an empty podSelector is the namespace', `{${DB}, ingress: [{from: [{podSelector: {}}]}]}`, [WEB, HOST], {}],
  ['an empty namespaceSelector is every pod', `{${DB}, ingress: [{from: [{namespaceSelector: {}}]}]}`, [WEB, C, HOST], {}],
  [
    'both selectors in one peer are ANDed',
    `{${DB}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: blue}}, podSelector: {matchLabels: {app: db}}}]}]}`,
    [HOST],
    {},
  ],
  [
    'in two peers they are ORed',
    `{${DB}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: blue}}}, {podSelector: {matchLabels: {app: web}}}]}]}`,
    [WEB, C, HOST],
    {},
  ],
  [
    'a namespace by its name',
    `{${DB}, ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: b}}}]}]}`,
    [C, HOST],
    {},
  ],
  ['an ipBlock is outside addresses', `{${DB}, ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}`, [WORLD, HOST], {}],
  ['an ipBlock with an exception', `{${DB}, ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0, except: [1.2.0.0/16]}}]}]}`, [HOST], {}],
  [
    'a negative namespaceSelector also matches world and nodes under Cilium',
    `{${DB}, ingress: [{from: [{namespaceSelector: {matchExpressions: [{key: team, operator: DoesNotExist}]}}]}]}`,
    [WEB, WORLD, HOST, NODE],
    {},
  ],
  [
    'and only pods elsewhere',
    `{${DB}, ingress: [{from: [{namespaceSelector: {matchExpressions: [{key: team, operator: DoesNotExist}]}}]}]}`,
    [WEB, HOST],
    CALICO,
  ],
  [
    'Cilium enforces rules of a direction that policyTypes leaves out',
    `{${DB}, policyTypes: [Egress], ingress: [{from: [{podSelector: {}}]}]}`,
    [WEB, HOST],
    {},
  ],
  ['Kubernetes ignores them', `{${DB}, policyTypes: [Egress], ingress: [{from: [{podSelector: {}}]}]}`, EVERYONE, CALICO],
];

test.each(ROWS)('%s', (_, spec, expected, facts) => {
  const labelled = TWO_NAMESPACES.replace(namespace('b'), namespace('b', 'team: blue'));
  expect(new Scenario(labelled + netpol('p', spec), facts).enters('a/db', EVERYONE, 5432)).toEqual(expected);
});

test.each([
  ['no protocol is TCP', '{port: 53}', ['53/TCP']],
  ['no port is every port of TCP', '{}', ['53/TCP', '5432/TCP', '8080/TCP']],
  ['a protocol alone is every port of it', '{protocol: UDP}', ['53/UDP']],
  ['a name is the pod’s port', '{port: pg}', ['5432/TCP']],
  ['a range', '{port: 5000, endPort: 8080}', ['5432/TCP', '8080/TCP']],
])('ports: %s', (_, port, expected) => {
  const scenario = new Scenario(TWO_NAMESPACES + netpol('p', `{${DB}, ingress: [{ports: [${port}]}]}`));
  const asked = [['53', 'TCP'], ['53', 'UDP'], ['5432', 'TCP'], ['8080', 'TCP']] as const; // prettier-ignore
  const entering = asked.filter(
    ([number, protocol]) => scenario.flow('a/web', 'a/db', Number(number), protocol).ingress.verdict === 'allow',
  );
  expect(entering.map((one) => one.join('/'))).toEqual(expected);
});

test('no ports let ICMP in, and any port keeps it out', () => {
  const verdict = (rule: string) =>
    new Scenario(TWO_NAMESPACES + netpol('p', `{${DB}, ingress: [${rule}]}`)).flow('a/web', 'a/db', 8, 'ICMP').ingress.verdict;
  expect(verdict('{from: [{podSelector: {}}]}')).toBe('allow');
  expect(verdict('{from: [{podSelector: {}}], ports: [{}]}')).toBe('deny');
});

test('another engine does not know Cilium’s policies', () => {
  const policy = cnp('p', '{endpointSelector: {}, ingress: [{}]}');
  expect(new Scenario(TWO_NAMESPACES + policy, CALICO).enters('a/db', EVERYONE, 5432)).toEqual(EVERYONE);
});

test('whether an ipBlock means pods is up to another engine', () => {
  const scenario = new Scenario(TWO_NAMESPACES + netpol('p', `{${DB}, ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}`), CALICO);
  expect(scenario.flow('a/web', 'a/db', 5432).ingress.verdict).toBe('unknown');
  expect(scenario.flow('1.2.3.4', 'a/db', 5432).ingress.verdict).toBe('allow');
});

test('an invalid NetworkPolicy never reaches the cluster', () => {
  const scenario = new Scenario(TWO_NAMESPACES + netpol('p', `{${DB}, ingress: [{from: [{}]}]}`));
  expect(scenario.enters('a/db', EVERYONE, 5432)).toEqual(EVERYONE);
  expect(scenario.network.rejected.map(({ policy, rejections }) => [policy.name, rejections[0]?.path])).toEqual([
    ['p', '/spec/ingress/0/from/0'],
  ]);
});

test('2 a policy is about pods of its own namespace', () => {
  const twin = pod('b', 'db', 'app: db');
  expect(new Scenario(TWO_NAMESPACES + twin + netpol('p', `{${DB}, policyTypes: [Ingress]}`)).enters('b/db', EVERYONE, 5432)).toEqual(
    EVERYONE,
  );
});
