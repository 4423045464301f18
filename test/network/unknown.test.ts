/** What manifests cannot tell is unknown, with the reason. */
import type { ClusterFacts } from '../../lib/facts/cluster-facts';
import { cnp, pod, Scenario, TWO_NAMESPACES } from './scenario';

const DB = 'endpointSelector: {matchLabels: {app: db}}';

test('labels of a namespace that is not declared', () => {
  const policy = cnp('p', `{${DB}, ingress: [{fromEndpoints: [{matchLabels: {io.cilium.k8s.namespace.labels.team: blue}}]}]}`);
  const { ingress } = new Scenario(TWO_NAMESPACES + pod('d', 'x', 'app: x') + policy).flow('d/x', 'a/db', 5432);
  expect(ingress).toMatchObject({
    verdict: 'unknown',
    because: [{ effect: 'unknown', words: expect.stringContaining('labels that the manifests do not tell') }, { effect: 'default-deny' }],
  });
  const known = new Scenario(TWO_NAMESPACES + pod('d', 'x', 'app: x') + policy, { namespaces: [{ name: 'd', labels: { team: 'blue' } }] });
  expect(known.flow('d/x', 'a/db', 5432).ingress.verdict).toBe('allow');
});

test('labels that the mesh adds to pods of its namespaces', () => {
  const policy = cnp('p', `{${DB}, ingress: [{fromEndpoints: [{matchLabels: {security.istio.io/tlsMode: istio}}]}]}`);
  const meshed: ClusterFacts = { mesh: { kind: 'istio', injectedNamespaces: ['a'] } };
  expect(new Scenario(TWO_NAMESPACES + policy, meshed).flow('a/web', 'a/db', 5432).ingress.verdict).toBe('unknown');
  expect(new Scenario(TWO_NAMESPACES + policy).flow('a/web', 'a/db', 5432).ingress.verdict).toBe('deny');
});

test('labels that controllers add, with values of their own', () => {
  const job =
    '---\napiVersion: batch/v1\nkind: CronJob\nmetadata: {name: backup, namespace: a}\nspec: {jobTemplate: {spec: {template: {metadata: {labels: {app: backup}}, spec: {containers: [{name: x, image: x}]}}}}}\n';
  const verdict = (expression: string) =>
    new Scenario(TWO_NAMESPACES + job + cnp('p', `{${DB}, ingress: [{fromEndpoints: [{matchExpressions: [${expression}]}]}]}`)).flow(
      'a/backup',
      'a/db',
      5432,
    ).ingress.verdict;
  expect(verdict('{key: job-name, operator: Exists}')).toBe('allow');
  expect(verdict('{key: job-name, operator: In, values: [backup-1]}')).toBe('unknown');
  expect(verdict('{key: job-name, operator: DoesNotExist}')).toBe('deny');
});

test('a policy whose subject is uncertain restricts perhaps, and its deny denies perhaps', () => {
  const scenario = (sections: string) =>
    new Scenario(TWO_NAMESPACES + cnp('p', `{endpointSelector: {matchLabels: {security.istio.io/tlsMode: istio}}, ${sections}}`), {
      mesh: { kind: 'istio', injectedNamespaces: ['a'] },
    });
  expect(scenario('ingress: [{fromEndpoints: [{}]}]').flow('b/c', 'a/db', 5432).ingress.verdict).toBe('unknown');
  expect(scenario('ingress: [{fromEndpoints: [{}]}]').flow('a/web', 'a/db', 5432).ingress.verdict).toBe('unknown');
  expect(
    scenario('ingressDeny: [{fromEntities: [world]}], enableDefaultDeny: {ingress: false}').flow('1.2.3.4', 'a/db', 5432).ingress.verdict,
  ).toBe('unknown');
});

test('rules for nodes by label need a setting of Cilium', () => {
  const scenario = new Scenario(TWO_NAMESPACES + cnp('p', `{${DB}, egress: [{toNodes: [{matchLabels: {"node:zone": x}}]}]}`));
  expect(scenario.flow('a/db', 'a/web', 80).egress.verdict).toBe('unknown');
});

test('cloud groups are addresses that are not in the manifests', () => {
  const scenario = new Scenario(TWO_NAMESPACES + cnp('p', `{${DB}, egress: [{toGroups: [{aws: {region: eu-west-1}}]}]}`));
  expect(scenario.flow('a/db', '1.2.3.4', 443).egress.verdict).toBe('unknown');
  expect(scenario.flow('a/db', 'a/web', 443).egress.verdict).toBe('deny');
});

test('manifests that name no namespace are together in one that nobody knows', () => {
  const nowhere = (yaml: string) => yaml.replaceAll(', namespace: a', '');
  const yaml = nowhere(
    pod('a', 'web', 'app: web') + pod('a', 'db', 'app: db') + cnp('p', `{${DB}, ingress: [{fromEndpoints: [{matchLabels: {app: web}}]}]}`),
  );
  const { network } = new Scenario(yaml + pod('b', 'c', 'app: web'));
  const [web, db] = network.resources.workloadsIn(null);
  const [other] = network.resources.workloadsIn('b');
  if (web === undefined || db === undefined || other === undefined) throw new Error('not there');
  expect(network.verdict({ kind: 'workload', workload: web }, { kind: 'workload', workload: db }, 80).ingress.verdict).toBe('allow');
  expect(network.verdict({ kind: 'workload', workload: other }, { kind: 'workload', workload: db }, 80).ingress.verdict).toBe('deny');
});

test('a Rollout takes its pods from the Deployment that it refers to', () => {
  const deployment =
    '---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: was, namespace: a}\nspec: {template: {metadata: {labels: {app: was}}, spec: {containers: [{name: x, image: x}]}}}\n';
  const rollout =
    '---\napiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: was, namespace: a}\nspec: {workloadRef: {apiVersion: apps/v1, kind: Deployment, name: was}}\n';
  const scenario = new Scenario(
    TWO_NAMESPACES + deployment + rollout + cnp('p', '{endpointSelector: {matchLabels: {app: was}}, ingress: [{}]}'),
  );
  expect(scenario.flow('a/web', 'a/Rollout/was', 80).ingress.verdict).toBe('deny');
});

test('which node a pod is on: what is allowed is said apart from what is not', () => {
  const exporter =
    '---\napiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: exporter, namespace: a}\nspec: {template: {metadata: {labels: {app: exporter}}, spec: {hostNetwork: true, containers: [{name: x, image: x}]}}}\n';
  const { verdict, egress } = new Scenario(TWO_NAMESPACES + exporter + cnp('p', `{${DB}, egress: [{toEntities: [host]}]}`)).flow(
    'a/db',
    'a/exporter',
    9100,
  );
  expect(verdict).toBe('unknown');
  expect(egress.because[0]).toEqual({
    policy: null,
    rule: null,
    effect: 'unknown',
    words: 'it depends on which end is met: allow for the same node, deny for another node',
  });
});

test('which pod of a Service answers', () => {
  const twins = pod('a', 'blue', 'app: x, color: blue') + pod('a', 'green', 'app: x, color: green');
  const service =
    '---\napiVersion: v1\nkind: Service\nmetadata: {name: x, namespace: a}\nspec: {selector: {app: x}, ports: [{port: 80}]}\n';
  const policy = cnp('p', '{endpointSelector: {matchLabels: {color: blue}}, ingress: [{}]}');
  const { verdict, ingress } = new Scenario(TWO_NAMESPACES + twins + service + policy).flow('a/web', 'a/Service/x', 80);
  expect(verdict).toBe('unknown');
  expect(ingress.because[0]?.words).toBe('it depends on which end is met: deny for a/blue, allow for a/green');
});
