/** Connections to Services: policies see the pods behind them. */
import type { ClusterFacts } from '../../lib/facts/cluster-facts';
import { cnp, pod, Scenario, TWO_NAMESPACES } from './scenario';

const DB = 'endpointSelector: {matchLabels: {app: db}}';

function service(spec: string, name = 'pg'): string {
  return `---\napiVersion: v1\nkind: Service\nmetadata: {name: ${name}, namespace: a}\nspec: {${spec}}\n`;
}

const PG = service('selector: {app: db}, ports: [{port: 80, targetPort: 5432}]');

test('8.1 a rule with the port of the Service never matches, one with the port of the pod does', () => {
  const rule = (port: number) =>
    cnp('p', `{${DB}, ingress: [{fromEndpoints: [{}], toPorts: [{ports: [{port: "${port}", protocol: TCP}]}]}]}`);
  expect(new Scenario(TWO_NAMESPACES + PG + rule(80)).flow('a/web', 'a/Service/pg', 80).verdict).toBe('deny');
  const allowed = new Scenario(TWO_NAMESPACES + PG + rule(5432)).flow('a/web', 'a/Service/pg', 80);
  expect(allowed.verdict).toBe('allow');
  expect(allowed.targets?.map(({ port, verdict }) => [port, verdict])).toEqual([[5432, 'allow']]);
});

test.each([
  ['the name of a container’s port', 'selector: {app: db}, ports: [{port: 80, targetPort: pg}]', 80, 5432],
  ['its own port when it names none', 'selector: {app: db}, ports: [{port: 5432}]', 5432, 5432],
  ['the port that is dialled when it is headless', 'clusterIP: None, selector: {app: db}, ports: [{port: 80, targetPort: 5432}]', 80, 80],
])('a Service sends to %s', (_, spec, port, expected) => {
  const flow = new Scenario(TWO_NAMESPACES + service(spec)).flow('a/web', 'a/Service/pg', port);
  expect(flow.targets?.map((target) => target.port)).toEqual([expected]);
});

test.each([
  ['a port that it does not offer', 'selector: {app: db}, ports: [{port: 80}]', 'Service a/pg offers no port 443/TCP, only 80/TCP', 443],
  [
    'a port name that its pods lack',
    'selector: {app: db}, ports: [{port: 443, targetPort: https}]',
    'Service a/pg sends to the port named https, which none of its pods has',
    443,
  ],
])('fails to reach a Service on %s', (_, spec, words, port) => {
  const flow = new Scenario(TWO_NAMESPACES + service(spec)).flow('a/web', 'a/Service/pg', port);
  expect(flow).toMatchObject({ verdict: 'deny', egress: { because: [{ effect: 'no-such-port', words }] } });
});

test('a Service without backends is told apart from a denial', () => {
  const flow = new Scenario(TWO_NAMESPACES + service('selector: {app: dbb}, ports: [{port: 80}]')).flow('a/web', 'a/Service/pg', 80);
  expect(flow.verdict).toBe('unknown');
  expect(flow.egress.because).toMatchObject([
    { policy: null, effect: 'no-backends', words: expect.stringContaining('operation not permitted') },
  ]);
});

test('a Service that other hands provide stands for pods that are not here', () => {
  const facts: ClusterFacts = {
    existing: [
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'argocd', namespace: 'argocd' },
        spec: { ports: [{ port: 443, targetPort: 8080 }], selector: { app: 'argocd' } },
      },
    ],
  };
  const rule = (labels: string) =>
    cnp(
      'p',
      `{${DB}, egress: [{toEndpoints: [{matchLabels: {${labels}, io.kubernetes.pod.namespace: argocd}}], toPorts: [{ports: [{port: "8080"}]}]}]}`,
    );
  const verdict = (labels: string) => new Scenario(TWO_NAMESPACES + rule(labels), facts).flow('a/db', 'argocd/Service/argocd', 443).verdict;
  expect(verdict('app: argocd')).toBe('allow');
  expect(verdict('app: other')).toBe('deny');
  expect(verdict('tier: front')).toBe('unknown');
});

test('backends that policies treat differently leave the verdict to chance', () => {
  const second = pod('a', 'db2', 'app: db, role: replica');
  const policy = cnp('p', '{endpointSelector: {matchLabels: {role: replica}}, ingress: [{}]}');
  const flow = new Scenario(TWO_NAMESPACES + second + PG + policy).flow('a/web', 'a/Service/pg', 80);
  expect(flow.verdict).toBe('unknown');
  expect(flow.targets?.map(({ verdict }) => verdict)).toEqual(['allow', 'deny']);
});

test('a Service without a selector leads to its addresses, an ExternalName to the name', () => {
  const endpoints =
    '---\napiVersion: v1\nkind: Endpoints\nmetadata: {name: nas, namespace: a}\nsubsets: [{addresses: [{ip: 192.0.2.9}], ports: [{port: 445}]}]\n';
  const policy = cnp('p', `{${DB}, egress: [{toCIDR: [192.0.2.0/24]}]}`);
  const scenario = new Scenario(
    TWO_NAMESPACES +
      service('ports: [{port: 445}]', 'nas') +
      endpoints +
      service('type: ExternalName, externalName: api.example.org', 'api') +
      policy,
  );
  expect(scenario.flow('a/db', 'a/Service/nas', 445).verdict).toBe('allow');
  expect(scenario.flow('a/db', 'a/Service/api', 443).targets?.[0]?.to).toEqual({ kind: 'fqdn', name: 'api.example.org' });
});
