/** The mend of a denied flow: what is missing, where, and the rule to paste. */
import type { Protocol } from '../../lib/network/traffic-port';
import { missingRules } from '../../lib/network/missing-rule';
import { cnp, netpol, pod, Scenario, TWO_NAMESPACES } from './scenario';

const DB = 'endpointSelector: {matchLabels: {app: db}}';

function missing(policies: string, from: string, to: string, port = 5432, protocol: Protocol = 'TCP') {
  const scenario = new Scenario(TWO_NAMESPACES + policies);
  return missingRules(scenario.flow(from, to, port, protocol), scenario.network).map(({ words, into, policy }) => ({
    words,
    into: into && { policy: into.policy.toString(), path: into.path, value: into.value },
    policy,
  }));
}

test('a rule is appended to the policy that is about the pod', () => {
  expect(missing(cnp('p', `{${DB}, ingress: [{fromEndpoints: [{matchLabels: {app: x}}]}]}`), 'b/c', 'a/db')).toMatchObject([
    {
      words: 'no ingress rule of CiliumNetworkPolicy a/p allows a/db from b/c on TCP 5432',
      into: {
        policy: 'CiliumNetworkPolicy a/p',
        path: '/spec/ingress/-',
        value: {
          fromEndpoints: [{ matchLabels: { app: 'web', 'k8s:io.kubernetes.pod.namespace': 'b' } }],
          toPorts: [{ ports: [{ port: '5432', protocol: 'TCP' }] }],
        },
      },
    },
  ]);
});

test('a list that is not there is made', () => {
  const policy = cnp('p', `{${DB}, egressDeny: [{toEntities: [world]}]}`);
  expect(missing(policy, 'a/db', 'a/web', 80)).toMatchObject([
    {
      into: {
        path: '/spec/egress',
        value: [{ toEndpoints: [{ matchLabels: { app: 'web' } }], toPorts: [{ ports: [{ port: '80', protocol: 'TCP' }] }] }],
      },
    },
  ]);
});

test('a NetworkPolicy gets a rule in its own words', () => {
  const policy = netpol(
    'p',
    '{podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress], ingress: [{from: [{podSelector: {matchLabels: {app: x}}}]}]}',
  );
  expect(missing(policy, 'b/c', 'a/db')).toMatchObject([
    {
      into: {
        path: '/spec/ingress/-',
        value: {
          from: [
            { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'b' } }, podSelector: { matchLabels: { app: 'web' } } },
          ],
          ports: [{ protocol: 'TCP', port: 5432 }],
        },
      },
    },
  ]);
});

test('where only a policy for all pods restricts, the mend is a policy of its own', () => {
  expect(missing(cnp('deny-all', '{endpointSelector: {}, ingress: [{}]}'), 'a/web', 'a/db')).toEqual([
    {
      words: 'no ingress rule of CiliumNetworkPolicy a/deny-all allows a/db from a/web on TCP 5432',
      into: undefined,
      policy: {
        apiVersion: 'cilium.io/v2',
        kind: 'CiliumNetworkPolicy',
        metadata: { name: 'db-from-web-5432', namespace: 'a' },
        spec: {
          endpointSelector: { matchLabels: { app: 'db' } },
          ingress: [{ fromEndpoints: [{ matchLabels: { app: 'web' } }], toPorts: [{ ports: [{ port: '5432', protocol: 'TCP' }] }] }],
        },
      },
    },
  ]);
});

test('both sides may lack a rule', () => {
  const policies =
    cnp('p', `{${DB}, ingress: [{fromEndpoints: [{matchLabels: {app: x}}]}]}`) +
    cnp('q', '{endpointSelector: {matchLabels: {app: web}}, egress: [{toEntities: [world]}]}');
  expect(missing(policies, 'a/web', 'a/db').map(({ into }) => into?.path)).toEqual(['/spec/egress/-', '/spec/ingress/-']);
});

test.each([
  ['1.2.3.4', { toCIDR: ['1.2.3.4/32'] }],
  ['10.0.0.0/8', { toCIDR: ['10.0.0.0/8'] }],
  ['entity:kube-apiserver', { toEntities: ['kube-apiserver'] }],
  ['fqdn:api.example.org', { toFQDNs: [{ matchName: 'api.example.org' }] }],
])('egress to %s', (to, peers) => {
  const [mend] = missing(cnp('p', `{${DB}, egress: [{toEndpoints: [{matchLabels: {app: x}}]}]}`), 'a/db', to, 443);
  expect(mend?.into?.value).toMatchObject(peers);
});

test('ICMP', () => {
  const [mend] = missing(cnp('p', `{${DB}, ingress: [{fromEndpoints: [{matchLabels: {app: x}}]}]}`), 'a/web', 'a/db', 8, 'ICMP');
  expect(mend?.into?.value).toEqual({
    fromEndpoints: [{ matchLabels: { app: 'web' } }],
    icmps: [{ fields: [{ type: 8, family: 'IPv4' }] }],
  });
});

test('a deny rule is not mended by an allow', () => {
  expect(missing(cnp('p', `{${DB}, ingressDeny: [{fromEndpoints: [{}]}]}`), 'a/web', 'a/db')).toEqual([]);
});

test('the rule for a Service has the port of its pods', () => {
  const service =
    '---\napiVersion: v1\nkind: Service\nmetadata: {name: pg, namespace: a}\nspec: {selector: {app: db}, ports: [{port: 80, targetPort: 5432}]}\n';
  const [mend] = missing(service + cnp('p', `{${DB}, ingress: [{fromEndpoints: [{matchLabels: {app: x}}]}]}`), 'a/web', 'a/Service/pg', 80);
  expect(mend?.into?.value).toMatchObject({ toPorts: [{ ports: [{ port: '5432' }] }] });
});

const TIER = TWO_NAMESPACES + pod('a', 'api', 'app: api, tier: back') + pod('a', 'worker', 'app: worker, tier: back');

/** What of all flows between the pods on a port is allowed. */
function allowedOn(port: number, yaml: string): string[] {
  const names = ['a/web', 'a/db', 'a/api', 'a/worker', 'b/c'];
  const scenario = new Scenario(yaml);
  return names.flatMap((from) =>
    names.filter((to) => to !== from && scenario.flow(from, to, port).verdict === 'allow').map((to) => `${from} ${to}`),
  );
}

test.each([
  ['a tier', cnp('back', '{endpointSelector: {matchLabels: {tier: back}}, egress: [{}]}'), 'CiliumNetworkPolicy'],
  [
    'a namespace by its label',
    cnp('back', '{endpointSelector: {matchLabels: {"k8s:io.kubernetes.pod.namespace": a}}, egress: [{}]}', { clusterwide: true }),
    'CiliumNetworkPolicy',
  ],
  ['a tier, for any engine', netpol('back', '{podSelector: {matchLabels: {tier: back}}, policyTypes: [Egress]}'), 'NetworkPolicy'],
  ['a namespace, for any engine', netpol('back', '{podSelector: {}, policyTypes: [Egress]}'), 'NetworkPolicy'],
])('where a policy is about %s, the mend is one of its own that opens this flow and no other', (_, policy, kind) => {
  const scenario = new Scenario(TIER + policy);
  const [mend, ...others] = missingRules(scenario.flow('a/api', 'a/db', 5432), scenario.network);
  expect(others).toEqual([]);
  expect(mend?.into).toBeUndefined();
  expect(mend?.policy).toMatchObject({ kind, metadata: { name: 'api-to-db-5432', namespace: 'a' } });
  const mended = `${TIER}${policy}---\n${JSON.stringify(mend?.policy)}\n`;
  const opened = allowedOn(5432, mended).filter((flow) => !allowedOn(5432, TIER + policy).includes(flow));
  expect(opened).toEqual(['a/api a/db']);
  expect(allowedOn(80, mended)).toEqual(allowedOn(80, TIER + policy));
});

test('a policy about two workloads that one selector means gets the rule itself', () => {
  const twin = pod('a', 'api-canary', 'app: api, tier: back, track: canary');
  const policy = cnp('api', '{endpointSelector: {matchLabels: {app: api}}, egress: [{}]}');
  const scenario = new Scenario(TIER + twin + policy);
  expect(missingRules(scenario.flow('a/api', 'a/db', 5432), scenario.network)[0]?.into?.policy.name).toBe('api');
});

test('what all pods of a policy need may stand in it', () => {
  const policy = cnp('back', '{endpointSelector: {matchLabels: {tier: back}}, egress: [{}]}');
  const scenario = new Scenario(TIER + policy);
  const [mend] = missingRules(scenario.flow('a/api', 'a/db', 5432), scenario.network, { forAll: true });
  expect(mend?.into?.path).toBe('/spec/egress/-');
});

test('mends of different flows have different names', () => {
  const policy = cnp('deny-all', '{endpointSelector: {}, ingress: [{}]}');
  const names = (from: string, port: number) =>
    missing(policy, from, 'a/db', port).map((mend): unknown => Reflect.get(Object(mend.policy?.['metadata']), 'name'));
  expect([names('a/web', 5432), names('a/web', 80), names('10.0.0.0/8', 80), names('entity:world', 80)].flat()).toEqual([
    'db-from-web-5432',
    'db-from-web-80',
    'db-from-10-0-0-0-8-80',
    'db-from-world-80',
  ]);
});
