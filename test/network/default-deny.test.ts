/** When a direction is restricted: sections 1 and 9 of the semantics. */
import type { ClusterFacts } from '../../lib/facts/cluster-facts';
import { cnp, EVERYONE, netpol, Scenario, TWO_NAMESPACES } from './scenario';

const DB = 'endpointSelector: {matchLabels: {app: db}}';
const [WEB, , WORLD, HOST, NODE] = EVERYONE;
const ALLOW_WEB = cnp('allow', `{${DB}, ingress: [{fromEndpoints: [{matchLabels: {app: web}}]}]}`);

type Row = readonly [string, string, readonly (string | undefined)[], ClusterFacts?];

const INGRESS: readonly Row[] = [
  [
    '1.1 with enforcement never, policies mean nothing',
    cnp('p', `{${DB}, ingress: [{}]}`),
    EVERYONE,
    { network: { policyEnforcement: 'never' } },
  ],
  ['1.1 with enforcement always, a pod without a policy is restricted', '', [HOST], { network: { policyEnforcement: 'always' } }],
  ['1.2 egress rules leave ingress open', cnp('p', `{${DB}, egress: [{toEntities: [world]}]}`), EVERYONE],
  [
    '1.4 one rule that asks for default-deny is enough, and the allows of the others count',
    cnp('soft', `{${DB}, ingress: [{fromEndpoints: [{matchLabels: {app: web}}]}], enableDefaultDeny: {ingress: false}}`) +
      cnp('hard', `{${DB}, ingress: [{fromEntities: [remote-node]}]}`),
    [WEB, HOST, NODE],
  ],
  [
    '1.4 when no rule asks for it, everything is allowed and denies still apply',
    cnp(
      'soft',
      `{${DB}, ingress: [{fromEndpoints: [{matchLabels: {app: web}}]}], ingressDeny: [{fromEndpoints: [{matchLabels: {"k8s:io.kubernetes.pod.namespace": b}}]}], enableDefaultDeny: {ingress: false}}`,
    ),
    [WEB, WORLD, HOST, NODE],
  ],
  ['1.5 asking for it without rules has no effect', cnp('p', `{${DB}, egress: [{}], enableDefaultDeny: {ingress: true}}`), EVERYONE],
  ['1.8 an absent list and null leave the direction alone', cnp('p', `{${DB}, ingress: null, egress: [{}]}`), EVERYONE],
  ['1.8 a policy without any rule is rejected', cnp('p', `{${DB}, ingress: []}`), EVERYONE],
  ['1.8 up to 1.17 it is harmless', cnp('p', `{${DB}, ingress: []}`), EVERYONE, { network: { version: '1.17' } }],
  [
    '1.10 spec and specs both count',
    `---\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: p, namespace: a}\nspec: {${DB}, ingress: [{fromEndpoints: [{matchLabels: {app: web}}]}]}\nspecs: [{${DB}, ingress: [{fromEntities: [world]}]}]\n`,
    [WEB, WORLD, HOST],
  ],
  [
    '1.10 one bad element loses the whole policy',
    `---\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: p, namespace: a}\nspecs: [{${DB}, ingress: [{}]}, {${DB}, ingress: [{fromEndpoints: [{}], fromEntities: [host]}]}]\n`,
    EVERYONE,
  ],
  [
    '9.1 a deny wins over an allow of the same peer in another policy',
    ALLOW_WEB + cnp('deny', `{${DB}, ingressDeny: [{fromEndpoints: [{}]}]}`),
    [HOST],
  ],
  [
    '9.1 a narrow deny takes its part out of a wide allow',
    cnp(
      'p',
      `{${DB}, ingress: [{fromEntities: [cluster]}], ingressDeny: [{fromEndpoints: [{matchLabels: {"k8s:io.kubernetes.pod.namespace": b}}]}]}`,
    ),
    [WEB, HOST, NODE],
  ],
  [
    '9.1 a deny of another port leaves this one',
    ALLOW_WEB + cnp('deny', `{${DB}, ingressDeny: [{fromEndpoints: [{}], toPorts: [{ports: [{port: "80", protocol: TCP}]}]}]}`),
    [WEB, HOST],
  ],
  ['9.5 a deny of the node stops probes', ALLOW_WEB + cnp('deny', `{${DB}, ingressDeny: [{fromEntities: [host]}]}`), [WEB]],
  [
    '10 a permissive clusterwide policy widens a strict NetworkPolicy',
    netpol('strict', '{podSelector: {}, policyTypes: [Ingress]}') +
      cnp('wide', `{${DB}, ingress: [{fromEntities: [world]}]}`, { clusterwide: true }),
    [WORLD, HOST],
  ],
  [
    '3.2 a clusterwide policy selects pods of every namespace',
    cnp('p', '{endpointSelector: {}, ingress: [{}]}', { clusterwide: true }),
    [HOST],
  ],
  [
    'policies of other namespaces are about their own pods',
    cnp('p', '{endpointSelector: {}, ingress: [{}]}', { namespace: 'b' }),
    EVERYONE,
  ],
  [
    '3.1 a subject that names another namespace is moved to the policy’s',
    cnp('p', '{endpointSelector: {matchLabels: {app: db, "k8s:io.kubernetes.pod.namespace": b}}, ingress: [{}]}'),
    [HOST],
  ],
  [
    '3.1 as an expression it is asked for beside the policy’s, and nothing is in both',
    cnp(
      'p',
      '{endpointSelector: {matchExpressions: [{key: "k8s:io.kubernetes.pod.namespace", operator: In, values: [b]}]}, ingress: [{}]}',
    ),
    EVERYONE,
  ],
  [
    '3.1 without the source it selects nothing',
    cnp('p', '{endpointSelector: {matchLabels: {app: db, io.kubernetes.pod.namespace: b}}, ingress: [{}]}'),
    EVERYONE,
  ],
];

test.each(INGRESS.map(([name, policies, expected, facts = {}]) => [name, policies, expected, facts] as const))(
  '%s',
  (_, policies, expected, facts) => {
    const scenario = new Scenario(TWO_NAMESPACES + policies, facts);
    expect(scenario.enters('a/db', EVERYONE, 5432)).toEqual(expected);
  },
);

test('1.3 a deny rule alone restricts egress, and DNS is cut off with the rest', () => {
  const scenario = new Scenario(TWO_NAMESPACES + cnp('p', `{${DB}, egressDeny: [{toEntities: [world]}]}`));
  expect(scenario.leaves('a/db', EVERYONE, 5432)).toEqual([]);
});

test('1.9 an endpoint without labels is always restricted', () => {
  const scenario = new Scenario(TWO_NAMESPACES);
  expect(scenario.flow('entity:init', 'a/db', 5432).egress.verdict).toBe('deny');
});

test('1.9 nodes have no policy of their own, and one for nodes decides only with the host firewall', () => {
  const policy =
    '---\napiVersion: cilium.io/v2\nkind: CiliumClusterwideNetworkPolicy\nmetadata: {name: p}\nspec: {nodeSelector: {}, egress: [{}]}\n';
  expect(new Scenario(TWO_NAMESPACES).flow('entity:host', 'a/db', 5432).egress.verdict).toBe('allow');
  expect(new Scenario(TWO_NAMESPACES + policy).flow('entity:host', 'a/db', 5432).egress.verdict).toBe('unknown');
});

test('9.5 egress to the node is not exempt', () => {
  const scenario = new Scenario(TWO_NAMESPACES + cnp('p', `{${DB}, egress: [{}]}`));
  expect(scenario.flow('a/db', 'entity:host', 10250).egress.verdict).toBe('deny');
});

test('9.3 a denied side names the rules that restrict it, one for each policy', () => {
  const scenario = new Scenario(TWO_NAMESPACES + ALLOW_WEB + netpol('np', '{podSelector: {}, policyTypes: [Ingress]}'));
  const { verdict, egress, ingress } = scenario.flow('b/c', 'a/db', 5432);
  expect(verdict).toBe('deny');
  expect(egress.because).toEqual([{ policy: null, rule: null, effect: 'no-policy', words: 'no policy restricts what the pod sends' }]);
  expect(ingress.because.map(({ policy, rule, effect }) => [policy?.toString(), rule, effect])).toEqual([
    ['CiliumNetworkPolicy a/allow', '/spec', 'default-deny'],
    ['NetworkPolicy a/np', '/spec', 'default-deny'],
  ]);
});

test('10.3 an allowed side names every rule that allows it, and a denied one the deny rule', () => {
  const twice = cnp('two', `{${DB}, ingress: [{fromEntities: [world]}, {fromEntities: [cluster], toPorts: [{ports: [{port: "5432"}]}]}]}`);
  const allowed = new Scenario(TWO_NAMESPACES + ALLOW_WEB + twice).flow('a/web', 'a/db', 5432).ingress;
  expect(allowed.because.map(({ policy, rule, effect, words }) => [policy?.name, rule, effect, words])).toEqual([
    ['allow', '/spec/ingress/0', 'allow', 'allows pods app=web of namespace a'],
    ['two', '/spec/ingress/1', 'allow', 'allows entity cluster on TCP, UDP and SCTP 5432'],
  ]);
  const denied = new Scenario(TWO_NAMESPACES + ALLOW_WEB + cnp('deny', `{${DB}, ingressDeny: [{fromEndpoints: [{}]}]}`)).flow(
    'a/web',
    'a/db',
    5432,
  ).ingress;
  expect(denied.because.map(({ policy, rule, effect, words }) => [policy?.name, rule, effect, words])).toEqual([
    ['deny', '/spec/ingressDeny/0', 'deny', 'denies pods of namespace a'],
  ]);
});
