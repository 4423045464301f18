/** The mend of a denied flow: what is missing, where, and the rule to paste. */
import type { Protocol } from '../../lib/network/traffic-port';
import { missingRules } from '../../lib/network/missing-rule';
import { cnp, netpol, Scenario, TWO_NAMESPACES } from './scenario';

const DB = 'endpointSelector: {matchLabels: {app: db}}';

function missing(policies: string, from: string, to: string, port = 5432, protocol: Protocol = 'TCP') {
  return missingRules(new Scenario(TWO_NAMESPACES + policies).flow(from, to, port, protocol)).map(({ words, into, policy }) => ({
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
        metadata: { name: 'db-ingress', namespace: 'a' },
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
