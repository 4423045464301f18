import type { ClusterFacts } from '../../lib/facts/cluster-facts';
import { Cluster } from '../../lib/facts/cluster';
import { rolloutSurgeUnschedulable } from '../../lib/lessons/rollout-surge-unschedulable';
import type { Document } from '../../lib/manifest/document';
import { Resources } from '../../lib/resources/resources';
import { documentsOf, judged, mended } from './judged';

const TWO_WORKERS: ClusterFacts = { nodes: [{ name: 'cp', roles: ['control-plane'] }, { name: 'w1' }, { name: 'w2' }] };
const SPREAD = `      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: DoNotSchedule
          labelSelector: {matchLabels: {app: web}}
`;

function deployment(name: string, pod: string, container = ''): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}, namespace: blog}
spec:
  replicas: 2
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec:
${pod.replaceAll('app: web', `app: ${name}`)}      containers: [{name: web, image: "web:1.0"${container}}]
`;
}

function findings(yaml: string, facts: ClusterFacts = TWO_WORKERS) {
  return judged(rolloutSurgeUnschedulable, yaml, facts).findings;
}

test('tells the incident node by node, with the step and the constraint', () => {
  const [finding] = findings(deployment('web', SPREAD));
  expect(finding).toMatchObject({
    severity: 'error',
    path: '/spec/template/spec/topologySpreadConstraints/0/whenUnsatisfiable',
    location: { line: 13 },
    related: [{ message: 'the step: update' }],
    fix: { edits: [{ path: '/spec/template/spec/topologySpreadConstraints/0/nodeTaintsPolicy', value: 'Honor' }] },
  });
  expect(finding?.message).toBe(
    'Deployment blog/web: its update stands still: of 2 stable and 1 new pods 1 stays Pending: 0/3 nodes are available: ' +
      "1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, 2 node(s) didn't match pod topology spread constraints. " +
      'Its pods never run on cp, which yet counts as an empty domain (nodeTaintsPolicy is Ignore unless it says Honor), so that no domain may ever have more pods than maxSkew. ' +
      "Node by node: cp (0 pods): node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }; w1 (1 pod): node(s) didn't match pod topology spread constraints; " +
      "w2 (1 pod): node(s) didn't match pod topology spread constraints",
  );
});

describe('the edits of its fix let the update through', () => {
  const zone = SPREAD.replace('kubernetes.io/hostname', 'topology.kubernetes.io/zone');
  test.each([
    ['by Honor', SPREAD, TWO_WORKERS, { nodeTaintsPolicy: 'Honor', whenUnsatisfiable: 'DoNotSchedule' }],
    ['by ScheduleAnyway where no node has the label', zone, TWO_WORKERS, { whenUnsatisfiable: 'ScheduleAnyway' }],
    [
      'by ScheduleAnyway where Honor is unknown yet',
      SPREAD,
      { ...TWO_WORKERS, kubernetesVersion: '1.25' },
      { whenUnsatisfiable: 'ScheduleAnyway' },
    ],
    [
      'without minDomains, which only goes with a hard constraint',
      `${SPREAD}          nodeTaintsPolicy: Honor\n          minDomains: 3\n`,
      TWO_WORKERS,
      { whenUnsatisfiable: 'ScheduleAnyway', nodeTaintsPolicy: 'Honor' },
    ],
  ])('%s', (_, pod, facts, expected) => {
    const documents = documentsOf(deployment('web', pod));
    const after = mended(documents, judged(rolloutSurgeUnschedulable, documents, facts));
    const rest = {
      maxSkew: 1,
      topologyKey: /zone/.test(pod) ? 'topology.kubernetes.io/zone' : 'kubernetes.io/hostname',
      labelSelector: { matchLabels: { app: 'web' } },
    };
    expect(constraintOf(after[0])).toEqual({ ...rest, ...expected });
    expect(judged(rolloutSurgeUnschedulable, after, facts).findings).toEqual([]);
  });
});

test('blames both constraints where neither alone is enough', () => {
  const soft = `${SPREAD}        - {maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: web}}}\n`;
  const [finding, ...others] = findings(deployment('web', soft));
  expect(others).toEqual([]);
  expect(finding?.fix?.edits?.map(({ path }) => path)).toEqual([
    '/spec/template/spec/topologySpreadConstraints/0/nodeTaintsPolicy',
    '/spec/template/spec/topologySpreadConstraints/1/nodeTaintsPolicy',
  ]);
});

test('doubts what is requested on the nodes where the running pods may be in it', () => {
  const nodes = (cpu: string) => ({ nodes: ['w1', 'w2'].map((name) => ({ name, allocatable: { cpu: '2' }, requested: { cpu } })) });
  const request = ', resources: {requests: {cpu: 500m}}';
  expect(findings(deployment('web', '', request), nodes('900m')).map(({ severity }) => severity)).toEqual([]);
  const [doubtful] = findings(deployment('web', '', request), nodes('1400m'));
  expect(doubtful).toMatchObject({ severity: 'warning', path: '/spec/template/spec/containers/0/resources/requests/cpu' });
  expect(doubtful?.message).toMatch(/then there is room$/);
  expect(findings(deployment('web', '', request), nodes('1900m')).map(({ severity }) => severity)).toEqual(['error']);
});

test('is skipped without nodes for what asks for nodes, and for nothing else', () => {
  const { findings: found, skipped } = judged(rolloutSurgeUnschedulable, `${deployment('web', SPREAD)}---\n${deployment('free', '')}`);
  expect(found).toEqual([]);
  expect(skipped).toEqual([{ lesson: 'rollout-surge-unschedulable', needs: ['nodes'], resources: 1 }]);
});

test('reports every workload of a cluster without nodes', () => {
  expect(findings(deployment('web', ''), { nodes: [] }).map(({ message }) => message)).toEqual([
    'Deployment blog/web: 2 pods of 2 stay Pending for ever: no nodes available to schedule pods ',
  ]);
});

test('leaves alone what other schedulers place, what names its node, and what is broken', () => {
  const yaml = [
    deployment('other', `      schedulerName: volcano\n${SPREAD}`),
    deployment('bound', `      nodeName: w1\n${SPREAD}`),
    deployment('broken', SPREAD).replace('replicas: 2', 'replicas: -1.5'),
    deployment(
      'empty',
      '      nodeSelector: null\n      topologySpreadConstraints: none\n      affinity: [1]\n      tolerations: {a: 1}\n',
    ),
  ].join('---\n');
  expect(findings(yaml)).toEqual([]);
});

test('costs as much for each workload however many there are', () => {
  const seconds = [250, 1000].map((count) => {
    const nodes = Array.from({ length: 30 }, (_, index) => ({ name: `w${index}` }));
    const documents = documentsOf(
      Array.from({ length: count }, (_, index) => deployment(`app-${index}`, index % 2 === 0 ? SPREAD : '')).join('---\n'),
    );
    const cluster = new Cluster({ nodes });
    const resources = new Resources(documents);
    const before = performance.now();
    const context = { resources, cluster, repository: { remotes: [], files: new Set<string>() } };
    expect([...rolloutSurgeUnschedulable.violations(context)]).toEqual([]);
    return (performance.now() - before) / count;
  });
  expect(seconds[1]).toBeLessThan(4 * (seconds[0] ?? 0));
});

function constraintOf(document: Document | undefined): unknown {
  return document === undefined ? undefined : new Resources([document]).workloads[0]?.podSpec.at('topologySpreadConstraints', 0).value;
}
