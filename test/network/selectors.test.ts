/** Labels, sources, identities and namespaces of selectors: sections 2, 3, 4 and 5 of the semantics. */
import type { ClusterFacts } from '../../lib/facts/cluster-facts';
import { isIdentityKey } from '../../lib/network/pod-labels';
import { splitKey } from '../../lib/network/selector';
import { cnp, EVERYONE, namespace, pod, Scenario, TWO_NAMESPACES } from './scenario';

const DB = 'endpointSelector: {matchLabels: {app: db}}';
const [WEB, C, WORLD, HOST, NODE] = EVERYONE;

function fromEndpoints(selectors: string, clusterwide = false): string {
  return cnp('p', `{${DB}, ingress: [{fromEndpoints: [${selectors}]}]}`, { clusterwide });
}

type Row = readonly [string, string, readonly (string | undefined)[], ClusterFacts?];

const ROWS: readonly Row[] = [
  ['2.1 a key without a source matches any', fromEndpoints('{matchLabels: {"any:app": web}}'), [WEB, HOST]],
  ['2.1 a key of another source does not match pod labels', fromEndpoints('{matchLabels: {"container:app": web}}'), [HOST]],
  ['2.2 pods carry their service account', fromEndpoints('{matchLabels: {io.cilium.k8s.policy.serviceaccount: default}}'), [WEB, HOST]],
  ['2.2 and their cluster', fromEndpoints('{matchLabels: {io.cilium.k8s.policy.cluster: default}}'), [WEB, HOST]],
  [
    '2.2 whose name is a fact',
    fromEndpoints('{matchLabels: {io.cilium.k8s.policy.cluster: home}}'),
    [WEB, HOST],
    { network: { clusterName: 'home' } },
  ],
  [
    '2.4 NotIn matches pods without the key',
    fromEndpoints('{matchExpressions: [{key: tier, operator: NotIn, values: [front]}]}'),
    [WEB, HOST],
  ],
  ['2.4 DoesNotExist too', fromEndpoints('{matchExpressions: [{key: tier, operator: DoesNotExist}]}'), [WEB, HOST]],
  ['2.4 Exists does not', fromEndpoints('{matchExpressions: [{key: tier, operator: Exists}]}'), [HOST]],
  ['2.6 a list of selectors is ORed', fromEndpoints('{matchLabels: {app: none}}, {matchLabels: {app: web}}'), [WEB, HOST]],
  [
    '2.6 terms of a selector are ANDed',
    fromEndpoints('{matchLabels: {app: web}, matchExpressions: [{key: app, operator: NotIn, values: [web]}]}'),
    [HOST],
  ],
  ['3.3a a reserved key is not scoped to a namespace', fromEndpoints('{matchLabels: {"reserved:remote-node": ""}}'), [HOST, NODE]],
  [
    '3.3b any operator on the namespace label ends the scoping',
    fromEndpoints('{matchExpressions: [{key: "k8s:io.kubernetes.pod.namespace", operator: In, values: [a, b]}]}'),
    [WEB, C, HOST],
  ],
  [
    '3.3c a clusterwide policy means pods, never nodes and world',
    fromEndpoints('{matchExpressions: [{key: app, operator: NotIn, values: [x]}]}', true),
    [WEB, C, HOST],
  ],
  [
    '3.3d a namespace label ends the scoping of a namespaced policy',
    fromEndpoints('{matchLabels: {"k8s:io.cilium.k8s.namespace.labels.team": blue}}'),
    [C, HOST],
  ],
  [
    '3.3e the local cluster is added when a setting says so',
    fromEndpoints('{matchExpressions: [{key: io.kubernetes.pod.namespace, operator: NotIn, values: [b]}]}'),
    [WEB, HOST],
    { network: { defaultLocalCluster: true } },
  ],
  [
    '3.6 a negative namespace label also matches world and nodes',
    fromEndpoints('{matchExpressions: [{key: io.cilium.k8s.namespace.labels.team, operator: DoesNotExist}]}'),
    [WEB, WORLD, HOST, NODE],
  ],
  ['4 an empty rule matches nothing', cnp('p', `{${DB}, ingress: [{}]}`), [HOST]],
  ['4 peers alone mean every port', cnp('p', `{${DB}, ingress: [{fromEntities: [world]}]}`), [WORLD, HOST]],
  [
    '4 an empty list of entities selects nobody',
    cnp('p', `{${DB}, ingress: [{fromEntities: [], toPorts: [{ports: [{port: "5432"}]}]}]}`),
    [HOST],
  ],
  [
    '4 an empty list of addresses selects nobody',
    cnp('p', `{${DB}, ingress: [{fromCIDR: [], toPorts: [{ports: [{port: "5432"}]}]}]}`),
    [HOST],
  ],
  ['4 an empty list beside peers takes them away', cnp('p', `{${DB}, ingress: [{fromEndpoints: [{}], fromCIDRSet: []}]}`), [HOST]],
  ['4 null is absent', cnp('p', `{${DB}, ingress: [{fromEndpoints: null, toPorts: [{ports: [{port: "5432"}]}]}]}`), EVERYONE],
  ['4 an empty list of ports restricts no port', cnp('p', `{${DB}, ingress: [{fromEntities: [world], toPorts: []}]}`), [WORLD, HOST]],
  ['4 an entry without ports allows nothing', cnp('p', `{${DB}, ingress: [{fromEntities: [world], toPorts: [{ports: []}]}]}`), [HOST]],
  ['4 an empty deny rule denies nothing', cnp('p', `{${DB}, ingress: [{fromEntities: [all]}], ingressDeny: [{}]}`), EVERYONE],
  [
    '4 an empty list of nodes selects nobody',
    cnp('p', `{${DB}, ingress: [{fromNodes: [], toPorts: [{ports: [{port: "5432"}]}]}]}`),
    [HOST],
  ],
  ['4 an entry that is empty allows nothing', cnp('p', `{${DB}, ingress: [{fromEntities: [world], toPorts: [{}]}]}`), [HOST]],
  ['5 host means the node of the pod', cnp('p', `{${DB}, ingress: [{fromEntities: [host]}]}`), [HOST]],
  [
    '5 health, init, ingress and unmanaged are none of these',
    cnp('p', `{${DB}, ingress: [{fromEntities: [health, init, ingress, unmanaged]}]}`),
    [HOST],
  ],
  [
    '5 world by its reserved label',
    cnp('p', `{${DB}, ingress: [{fromEndpoints: [{matchLabels: {"reserved:world": ""}}]}]}`),
    [WORLD, HOST],
  ],
  ['5 all means all', cnp('p', `{${DB}, ingress: [{fromEntities: [all]}]}`), EVERYONE],
  ['5 world means outside addresses', cnp('p', `{${DB}, ingress: [{fromEntities: [world]}]}`), [WORLD, HOST]],
  ['5 remote-node means other nodes', cnp('p', `{${DB}, ingress: [{fromEntities: [remote-node]}]}`), [HOST, NODE]],
  ['5 none means nobody', cnp('p', `{${DB}, ingress: [{fromEntities: [none]}]}`), [HOST]],
];

test.each(ROWS.map(([name, policies, expected, facts = {}]) => [name, policies, expected, facts] as const))(
  '%s',
  (_, policies, expected, facts) => {
    const labelled = TWO_NAMESPACES.replace(namespace('b'), namespace('b', 'team: blue'));
    const scenario = new Scenario(labelled + policies, facts);
    expect(scenario.enters('a/db', EVERYONE, 5432)).toEqual(expected);
  },
);

test.each([
  ['app', { source: 'any', key: 'app' }],
  ['k8s:app', { source: 'k8s', key: 'app' }],
  ['k8s:io.kubernetes.pod.namespace', { source: 'k8s', key: 'io.kubernetes.pod.namespace' }],
  ['a:b:c', { source: 'a', key: 'b:c' }],
  [':app', { source: 'any', key: 'app' }],
  ['reserved.host', { source: 'reserved', key: 'host' }],
  ['$host', { source: 'reserved', key: 'host' }],
])('2.1 the key %s', (key, expected) => {
  expect(splitKey(key)).toEqual(expected);
});

test.each([
  ['app', true],
  ['app.kubernetes.io/name', true],
  ['io.kubernetes.pod.namespace', true],
  ['io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name', true],
  ['rollouts-pod-template-hash', true],
  ['example.k8s.io/x', true],
  ['job-name', true],
  ['k8s.io/x', false],
  ['kubernetes.io/x', false],
  ['io.kubernetes.x', false],
  ['statefulset.kubernetes.io/pod-name', false],
  ['apps.kubernetes.io/pod-index', false],
  ['pod-template-hash', false],
  ['controller-revision-hash', false],
  ['beta.kubernetes.io/arch', false],
])('2.3 a selector sees %s: %s', (key, expected) => {
  expect(isIdentityKey(key)).toBe(expected);
});

test('2.2 a pod cannot forge labels that Cilium adds', () => {
  const forged = pod('a', 'forger', 'app: x, io.cilium.k8s.policy.serviceaccount: admin');
  const scenario = new Scenario(TWO_NAMESPACES + forged + fromEndpoints('{matchLabels: {io.cilium.k8s.policy.serviceaccount: admin}}'));
  expect(scenario.enters('a/db', ['a/forger'], 5432)).toEqual([]);
});

test('2.3 a policy that selects one replica of a StatefulSet by name selects nothing', () => {
  const named = pod('a', 'mysql-0', 'app: mysql, statefulset.kubernetes.io/pod-name: mysql-0');
  const policy = cnp('p', '{endpointSelector: {matchLabels: {statefulset.kubernetes.io/pod-name: mysql-0}}, ingress: [{}]}');
  expect(new Scenario(TWO_NAMESPACES + named + policy).enters('a/mysql-0', EVERYONE, 3306)).toEqual(EVERYONE);
});

test('2.7 a pod on the host network is a node to others, and no selector selects it', () => {
  const exporter = pod('a', 'exporter', 'app: exporter', 'hostNetwork: true');
  const byLabels = cnp('p', `{${DB}, egress: [{toEndpoints: [{matchLabels: {app: exporter}}]}]}`);
  const subject = cnp('q', '{endpointSelector: {matchLabels: {app: exporter}}, ingress: [{}]}');
  const scenario = new Scenario(TWO_NAMESPACES + exporter + byLabels + subject);
  expect(scenario.flow('a/db', 'a/exporter', 9100).egress.verdict).toBe('deny');
  expect(scenario.flow('b/c', 'a/exporter', 9100).ingress.verdict).toBe('allow');
});

test('5.1 the node of a host-network pod decides between host and remote-node', () => {
  const exporter = pod('a', 'exporter', 'app: exporter', 'hostNetwork: true');
  const one = cnp('p', `{${DB}, egress: [{toEntities: [host]}]}`);
  const both = cnp('p', `{${DB}, egress: [{toEntities: [host, remote-node]}]}`);
  expect(new Scenario(TWO_NAMESPACES + exporter + one).flow('a/db', 'a/exporter', 9100).verdict).toBe('unknown');
  expect(new Scenario(TWO_NAMESPACES + exporter + both).flow('a/db', 'a/exporter', 9100).verdict).toBe('allow');
});

const CONTROL_PLANE: ClusterFacts = {
  apiServer: 'https://192.168.1.187:6443',
  nodes: [{ name: 'cp', roles: ['control-plane'] }, { name: 'w1' }],
};
const MANAGED: ClusterFacts = { apiServer: 'https://203.0.113.9', nodes: [{ name: 'w1' }] };

test.each<[string, string, ClusterFacts, string]>([
  ['the entity matches an API server on a node', 'toEntities: [kube-apiserver]', CONTROL_PLANE, 'allow'],
  ['the entity matches one outside', 'toEntities: [kube-apiserver]', MANAGED, 'allow'],
  ['the entity matches one wherever it is', 'toEntities: [kube-apiserver]', {}, 'allow'],
  ['an address never matches one on a node', 'toCIDR: [192.168.1.187/32]', CONTROL_PLANE, 'deny'],
  ['an address matches one outside', 'toCIDR: [203.0.113.9/32]', MANAGED, 'allow'],
  ['remote nodes alone may not be where it is', 'toEntities: [remote-node]', CONTROL_PLANE, 'unknown'],
  ['nodes are where it is', 'toEntities: [host, remote-node]', CONTROL_PLANE, 'allow'],
  ['nodes are not where it is', 'toEntities: [host, remote-node]', MANAGED, 'deny'],
])('5.2 %s', (_, peers, facts, expected) => {
  const scenario = new Scenario(TWO_NAMESPACES + cnp('p', `{${DB}, egress: [{${peers}}]}`), facts);
  expect(scenario.flow('a/db', 'entity:kube-apiserver', 6443).egress.verdict).toBe(expected);
});

test('5.2 the address of the API server is the API server', () => {
  const scenario = new Scenario(TWO_NAMESPACES + cnp('p', `{${DB}, egress: [{toEntities: [kube-apiserver]}]}`), CONTROL_PLANE);
  expect(scenario.flow('a/db', '192.168.1.187', 6443).egress.verdict).toBe('allow');
});

test('5 a clusterwide policy for all endpoints restricts the ingress proxy', () => {
  const policy = cnp('p', '{endpointSelector: {}, egress: [{toEndpoints: [{matchLabels: {app: web}}]}]}', { clusterwide: true });
  const scenario = new Scenario(TWO_NAMESPACES + policy);
  expect(scenario.flow('entity:ingress', 'a/web', 80).egress.verdict).toBe('allow');
  expect(scenario.flow('entity:ingress', 'a/db', 80).egress.verdict).toBe('deny');
});

test.each([
  ['an empty list of names restricts nobody', 'toFQDNs: [], toPorts: [{ports: [{port: "443"}]}]', EVERYONE],
  ['an empty list of Services restricts nobody', 'toServices: [], toPorts: [{ports: [{port: "443"}]}]', EVERYONE],
  ['an empty list of peers beside none of these lets nobody through', 'toEndpoints: [], toPorts: [{ports: [{port: "443"}]}]', []],
])('4 for egress %s', (_, rule, expected) => {
  expect(new Scenario(TWO_NAMESPACES + cnp('p', `{${DB}, egress: [{${rule}}]}`)).leaves('a/db', EVERYONE, 443)).toEqual(expected);
});

test('4 types of ICMP without peers mean every peer, and no other type or port', () => {
  const scenario = new Scenario(TWO_NAMESPACES + cnp('p', `{${DB}, ingress: [{icmps: [{fields: [{type: 8}]}]}]}`));
  expect(scenario.enters('a/db', EVERYONE, 8, 'ICMP')).toEqual(EVERYONE);
  expect(scenario.enters('a/db', EVERYONE, 0, 'ICMP')).toEqual([HOST]);
  expect(scenario.enters('a/db', EVERYONE, 5432)).toEqual([HOST]);
});

test.each(['health', 'init', 'ingress', 'unmanaged'] as const)('5 the entity %s is itself, and part of the cluster', (entity) => {
  const enters = (entities: string) =>
    new Scenario(TWO_NAMESPACES + cnp('p', `{${DB}, ingress: [{fromEntities: [${entities}]}]}`)).flow(`entity:${entity}`, 'a/db', 5432)
      .ingress.verdict;
  expect([enters(entity), enters('cluster'), enters('all'), enters('world')]).toEqual(['allow', 'allow', 'allow', 'deny']);
});
