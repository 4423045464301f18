/** Rules that nearly allow a denied flow. */
import { cnp, Scenario, TWO_NAMESPACES } from './scenario';

const DB = 'endpointSelector: {matchLabels: {app: db}}';
const SERVICE =
  '---\napiVersion: v1\nkind: Service\nmetadata: {name: pg, namespace: a}\nspec: {selector: {app: db}, ports: [{port: 80, targetPort: 5432}]}\n';

function nearMisses(policies: string, from: string, to: string, port: number) {
  const scenario = new Scenario(TWO_NAMESPACES + SERVICE + policies);
  return scenario.network
    .nearMisses(scenario.flow(from, to, port))
    .map(({ policy, rule, miss, words }) => [policy.name, rule, miss, words]);
}

test('a rule with the port of the Service', () => {
  const policy = cnp(
    'p',
    `{${DB}, ingress: [{fromEndpoints: [{matchLabels: {app: web}}], toPorts: [{ports: [{port: "80", protocol: TCP}]}]}]}`,
  );
  expect(nearMisses(policy, 'a/web', 'a/Service/pg', 80)).toEqual([
    ['p', '/spec/ingress/0', 'port', 'allows this peer on TCP 80, not on TCP 5432; policies see the port of the pod, behind the Service'],
  ]);
});

test('a selector that means the namespace of its policy', () => {
  const policy = cnp('p', `{${DB}, ingress: [{fromEndpoints: [{}]}, {fromEndpoints: [{matchLabels: {app: web}}]}]}`);
  expect(nearMisses(policy, 'b/c', 'a/db', 5432)).toEqual([
    ['p', '/spec/ingress/1', 'namespace', 'allows pods app=web of namespace a; the peer has these labels, but is in namespace b'],
  ]);
});

test('neither peer nor port, and flows that are allowed, have none', () => {
  const policy = cnp(
    'p',
    `{${DB}, ingress: [{fromEndpoints: [{matchLabels: {app: x}}], toPorts: [{ports: [{port: "80"}]}]}, {fromEntities: [world]}]}`,
  );
  expect(nearMisses(policy, 'a/web', 'a/db', 5432)).toEqual([]);
  expect(nearMisses(policy, '1.2.3.4', 'a/db', 5432)).toEqual([]);
});
