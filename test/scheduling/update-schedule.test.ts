import type { ClusterFacts } from '../../lib/facts/cluster-facts';
import { Cluster } from '../../lib/facts/cluster';
import { readYaml } from '../../lib/manifest/yaml';
import { Resources } from '../../lib/resources/resources';
import { scheduleUpdate, type UpdateSchedule } from '../../lib/scheduling/update-schedule';

const CONTROL_PLANE = { name: 'cp', roles: ['control-plane'] };
const W1 = { name: 'w1' };
const W2 = { name: 'w2' };
const W3 = { name: 'w3' };
const TWO = [CONTROL_PLANE, W1, W2];
const THREE = [CONTROL_PLANE, W1, W2, W3];

const SPREAD =
  'maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: web}}';
const APART =
  'affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: web}}}]}}';
const NO_SURGE = 'canary: {maxSurge: 0, maxUnavailable: 1}';

interface Shape {
  readonly kind?: string;
  readonly replicas?: number;
  readonly strategy?: string;
  readonly pod?: string;
  readonly container?: string;
  readonly more?: string;
}

function workload({ kind = 'Rollout', replicas = 2, strategy = 'canary: {}', pod = '', container = '', more = '' }: Shape): string {
  return `apiVersion: ${kind === 'Rollout' ? 'argoproj.io/v1alpha1' : 'apps/v1'}
kind: ${kind}
metadata: {name: web, namespace: blog}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: web}}
  ${kind === 'StatefulSet' ? 'updateStrategy' : 'strategy'}: {${strategy}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: "web:1"${container === '' ? '' : `, ${container}`}}]
      ${pod}
${more}`;
}

function schedule(yaml: string, facts: ClusterFacts | NonNullable<ClusterFacts['nodes']>): UpdateSchedule {
  const { documents, problems } = readYaml(yaml, 'example.yaml');
  expect(problems).toEqual([]);
  const resources = new Resources(documents);
  const cluster = new Cluster('length' in facts ? { nodes: facts } : facts);
  const found = resources.workloads.find(({ name }) => name === 'web');
  const answer = found === undefined ? undefined : scheduleUpdate(found, cluster, resources);
  if (answer === undefined) throw new Error('nothing to schedule');
  return answer;
}

/** `verdict: step stable+canary(-pending) …` */
function told({ verdict, steps }: UpdateSchedule): string {
  return `${verdict}: ${steps.map(({ step, stable, canary, pending }) => `${step} ${stable}+${canary}${pending === 0 ? '' : `-${pending}`}`).join(', ')}`;
}

describe('a hard spread over hostnames', () => {
  const spread = (extra = ''): string => `topologySpreadConstraints: [{${SPREAD}${extra}}]`;

  test('waits for ever where the tainted control plane counts as an empty domain: the incident', () => {
    const strategy = 'canary: {steps: [{setWeight: 20}, {pause: {}}, {setWeight: 50}]}';
    const answer = schedule(workload({ strategy, pod: spread() }), TWO);
    expect(told(answer)).toBe('pending: start 2+0, setWeight 20 2+1-1');
    expect(answer.steps.at(-1)).toMatchObject({
      path: '/spec/strategy/canary/steps/0',
      reason:
        "0/3 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, 2 node(s) didn't match pod topology spread constraints.",
      nodes: [
        { name: 'cp', pods: 0, refuses: 'node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }' },
        { name: 'w1', pods: 1, stable: 1, canary: 0, refuses: "node(s) didn't match pod topology spread constraints" },
        { name: 'w2', pods: 1 },
      ],
    });
  });

  test.each([
    ['with nodeTaintsPolicy Honor', ', nodeTaintsPolicy: Honor', TWO, 2],
    ['with a wider skew', ', maxSkew: 2', TWO, 2],
    ['with a free worker', '', THREE, 2],
    ['without a control plane', '', [W1, W2], 2],
    ['with an untainted control plane', '', [{ ...CONTROL_PLANE, taints: [] }, W1, W2], 2],
    [
      'with a control plane that only discourages',
      '',
      [{ ...CONTROL_PLANE, taints: [{ key: 'x', effect: 'PreferNoSchedule' as const }] }, W1, W2],
      2,
    ],
    ['where minDomains asks for as many domains as there are', ', nodeTaintsPolicy: Honor, minDomains: 2', TWO, 4],
  ])('fits %s', (_, extra, nodes, replicas) => {
    const pod = spread(extra).replace(/maxSkew: 1, (.*), maxSkew: 2/, 'maxSkew: 2, $1');
    expect(schedule(workload({ replicas, pod }), nodes).verdict).toBe('fits');
  });

  test('keeps the third of three pods waiting on two workers', () => {
    expect(told(schedule(workload({ replicas: 3, pod: spread() }), TWO))).toBe('pending: start 3+0-1');
  });

  test('takes cordoned nodes for empty domains as well', () => {
    const answer = schedule(workload({ pod: spread() }), [W1, W2, { ...W3, unschedulable: true }]);
    expect(told(answer)).toBe('pending: start 2+0, promotion 2+1-1');
    expect(answer.steps.at(-1)?.reason).toContain('1 node(s) were unschedulable');
  });

  test('waits where minDomains asks for more domains than there are', () => {
    expect(told(schedule(workload({ replicas: 2, pod: spread(', nodeTaintsPolicy: Honor, minDomains: 3') }), TWO))).toBe(
      'pending: start 2+0, promotion 2+1-1',
    );
  });

  test('leaves out nodes that the selector refuses, unless nodeAffinityPolicy says otherwise', () => {
    const nodes = [{ name: 'w1', labels: { disk: 'ssd' } }, { name: 'w2', labels: { disk: 'ssd' } }, W3];
    const pod = (extra: string): string => `nodeSelector: {disk: ssd}\n      ${spread(extra)}`;
    expect(schedule(workload({ pod: pod('') }), nodes).verdict).toBe('fits');
    expect(told(schedule(workload({ pod: pod(', nodeAffinityPolicy: Ignore') }), nodes))).toBe('pending: start 2+0, promotion 2+1-1');
  });

  test('spreads each revision on its own by the hash of its kind, and by no other', () => {
    const keyed = (key: string): string => spread(`, matchLabelKeys: [${key}]`);
    expect(schedule(workload({ pod: keyed('rollouts-pod-template-hash') }), TWO).verdict).toBe('fits');
    expect(schedule(workload({ pod: keyed('pod-template-hash') }), TWO).verdict).toBe('pending');
    expect(schedule(workload({ kind: 'Deployment', strategy: '', pod: keyed('pod-template-hash') }), TWO).verdict).toBe('fits');
  });

  test('refuses nodes without the label of its domains', () => {
    const pod = `topologySpreadConstraints: [{${SPREAD.replace('kubernetes.io/hostname', 'topology.kubernetes.io/zone')}}]`;
    const answer = schedule(workload({ pod }), TWO);
    expect(told(answer)).toBe('pending: start 2+0-2');
    expect(answer.steps[0]?.reason).toContain("2 node(s) didn't match pod topology spread constraints (missing required label)");
  });

  test('counts domains, not nodes', () => {
    const zone = (name: string): Record<string, string> => ({ 'topology.kubernetes.io/zone': name });
    const nodes = [
      { ...CONTROL_PLANE, labels: zone('a') },
      { ...W1, labels: zone('a') },
      { ...W2, labels: zone('b') },
    ];
    const pod = `topologySpreadConstraints: [{${SPREAD.replace('kubernetes.io/hostname', 'topology.kubernetes.io/zone')}}]`;
    expect(schedule(workload({ replicas: 5, pod }), nodes).verdict).toBe('fits');
    const alone = [{ ...CONTROL_PLANE, labels: zone('c') }, ...nodes.slice(1)];
    expect(told(schedule(workload({ replicas: 2, pod }), alone))).toBe('pending: start 2+0, promotion 2+1-1');
  });

  test.each([
    ['an empty selector', SPREAD.replace('{matchLabels: {app: web}}', '{}')],
    ['no selector', SPREAD.replace(', labelSelector: {matchLabels: {app: web}}', '')],
    ['a selector for others', SPREAD.replace('app: web', 'app: other')],
    ['ScheduleAnyway', SPREAD.replace('DoNotSchedule', 'ScheduleAnyway')],
  ])('never waits for %s', (_, constraint) => {
    expect(schedule(workload({ replicas: 5, pod: `topologySpreadConstraints: [{${constraint}}]` }), TWO).verdict).toBe('fits');
  });

  test('is no certainty where pods of another workload count too', () => {
    const other = `---
apiVersion: apps/v1
kind: Deployment
metadata: {name: other, namespace: blog}
spec: {selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: a, image: "a:1"}]}}}
`;
    expect(schedule(workload({ pod: spread(), more: other }), TWO).verdict).not.toBe('pending');
    expect(schedule(workload({ pod: spread(), more: other.replace('namespace: blog', 'namespace: elsewhere') }), TWO).verdict).toBe(
      'pending',
    );
  });

  test('of a Deployment goes on where an old pod may go first', () => {
    const shape = { kind: 'Deployment', replicas: 2, pod: spread() };
    expect(told(schedule(workload({ ...shape, strategy: '' }), TWO))).toBe('pending: start 2+0, update 2+1-1');
    expect(schedule(workload({ ...shape, strategy: 'rollingUpdate: {maxSurge: 0, maxUnavailable: 1}' }), TWO).verdict).toBe('fits');
    expect(schedule(workload({ ...shape, strategy: 'rollingUpdate: {maxSurge: 1, maxUnavailable: 1}' }), TWO).verdict).toBe('fits');
    expect(schedule(workload({ ...shape, strategy: 'type: Recreate' }), TWO).verdict).toBe('fits');
  });

  test('of a StatefulSet asks only for the pods that it has', () => {
    expect(told(schedule(workload({ kind: 'StatefulSet', strategy: '', pod: spread() }), TWO))).toBe('fits: start 2+0, update 0+2');
    expect(told(schedule(workload({ kind: 'StatefulSet', replicas: 3, strategy: '', pod: spread() }), TWO))).toBe('pending: start 3+0-1');
    expect(told(schedule(workload({ kind: 'StatefulSet', strategy: 'type: OnDelete', pod: spread() }), TWO))).toBe('fits: start 2+0');
  });
});

describe('required anti-affinity', () => {
  test('leaves no room for a surge on as many workers as replicas', () => {
    const answer = schedule(workload({ replicas: 3, pod: APART }), THREE);
    expect(told(answer)).toBe('pending: start 3+0, promotion 3+1-1');
    expect(answer.steps.at(-1)?.reason).toContain("3 node(s) didn't match pod anti-affinity rules");
    expect(schedule(workload({ replicas: 3, strategy: NO_SURGE, pod: APART }), THREE).verdict).toBe('fits');
    expect(schedule(workload({ replicas: 2, pod: APART }), THREE).verdict).toBe('fits');
  });

  test('waits only once the canary outgrows the free workers where the mesh splits the traffic', () => {
    const strategy = 'canary: {trafficRouting: {istio: {}}, steps: [{setWeight: 50}, {setWeight: 100}]}';
    expect(told(schedule(workload({ strategy, pod: APART }), THREE))).toBe('pending: start 2+0, setWeight 50 2+1, setWeight 100 2+2-1');
    expect(schedule(workload({ strategy, pod: APART }), [...THREE, { name: 'w4' }]).verdict).toBe('fits');
  });

  test('of the Rollout itself keeps revisions apart, not the pods of one', () => {
    const strategy = 'canary: {antiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {}}}';
    const answer = schedule(workload({ replicas: 1, strategy }), [W1]);
    expect(told(answer)).toBe('pending: start 1+0, promotion 1+1-1');
    expect(schedule(workload({ replicas: 1, strategy }), [W1, W2]).verdict).toBe('fits');
    expect(told(schedule(workload({ replicas: 2, strategy }), [W1, W2]))).toMatch(/^unknown: start/);
  });

  test('by revision lets a canary stand beside stable pods', () => {
    const keyed = APART.replace('labelSelector', 'matchLabelKeys: [rollouts-pod-template-hash], labelSelector');
    expect(schedule(workload({ replicas: 3, pod: keyed }), THREE).verdict).toBe('fits');
  });

  test('passes nodes without its label', () => {
    expect(schedule(workload({ replicas: 9, pod: APART.replace('kubernetes.io/hostname', 'rack') }), TWO).verdict).toBe('fits');
  });

  test('towards others is left to others', () => {
    expect(schedule(workload({ replicas: 9, pod: APART.replace('app: web', 'app: db') }), TWO).verdict).toBe('fits');
  });
});

test('required affinity keeps pods in the domain of the first', () => {
  const together = APART.replace('podAntiAffinity', 'podAffinity');
  const nodes = ['w1', 'w2'].map((name) => ({ name, allocatable: { pods: 2 } }));
  expect(schedule(workload({ replicas: 1, pod: together }), nodes).verdict).toBe('fits');
  const answer = schedule(workload({ replicas: 2, pod: together }), nodes);
  expect(told(answer)).toBe('pending: start 2+0, promotion 2+1-1');
  expect(answer.steps.at(-1)?.reason).toBe("0/2 nodes are available: 1 Too many pods, 1 node(s) didn't match pod affinity rules.");
});

describe('the steps of a Rollout', () => {
  const room = (pods: number): NonNullable<ClusterFacts['nodes']> => [{ name: 'w1', allocatable: { pods } }];

  test('with dynamicStableScale need less than twice the pods', () => {
    const canary = (more: string): string =>
      `canary: {trafficRouting: {istio: {}}${more}, steps: [{setWeight: 25}, {setWeight: 50}, {setWeight: 75}]}`;
    expect(told(schedule(workload({ replicas: 4, strategy: canary('') }), room(7)))).toBe(
      'pending: start 4+0, setWeight 25 4+1, setWeight 50 4+2, setWeight 75 4+3, promotion 4+4-1',
    );
    expect(told(schedule(workload({ replicas: 4, strategy: canary(', dynamicStableScale: true') }), room(5)))).toBe(
      'fits: start 4+0, setWeight 25 3+1, setWeight 50 2+2, setWeight 75 1+3, promotion 0+4',
    );
  });

  test('follow setCanaryScale until it matches the traffic again', () => {
    const steps = '[{setCanaryScale: {replicas: 3}}, {setWeight: 50}, {setCanaryScale: {matchTrafficWeight: true}}]';
    const strategy = `canary: {trafficRouting: {istio: {}}, steps: ${steps}}`;
    expect(told(schedule(workload({ replicas: 4, strategy }), room(9)))).toBe(
      'fits: start 4+0, setCanaryScale 4+3, setWeight 50 4+3, setCanaryScale 4+2, promotion 0+4',
    );
    expect(told(schedule(workload({ replicas: 4, strategy }), room(6)))).toBe('pending: start 4+0, setCanaryScale 4+3-1');
  });

  test('ignore setCanaryScale and minPodsPerReplicaSet without traffic routing', () => {
    const strategy = 'canary: {minPodsPerReplicaSet: 4, maxSurge: 1, steps: [{setCanaryScale: {replicas: 9}}, {setWeight: 25}]}';
    expect(told(schedule(workload({ replicas: 4, strategy }), room(5)))).toBe('fits: start 4+0, setWeight 25 3+1, promotion 0+4');
  });

  test('lift the canary to minPodsPerReplicaSet', () => {
    const strategy = 'canary: {trafficRouting: {nginx: {}}, minPodsPerReplicaSet: 2, steps: [{setWeight: 0}, {setWeight: 10}]}';
    expect(told(schedule(workload({ replicas: 4, strategy }), room(8)))).toBe(
      'fits: start 4+0, setWeight 0 4+0, setWeight 10 4+2, promotion 0+4',
    );
  });

  test('of blueGreen need all pods twice, or the preview first', () => {
    expect(told(schedule(workload({ replicas: 3, strategy: 'blueGreen: {}' }), room(5)))).toBe('pending: start 3+0, promotion 3+3-1');
    expect(told(schedule(workload({ replicas: 3, strategy: 'blueGreen: {previewReplicaCount: 1}' }), room(6)))).toBe(
      'fits: start 3+0, previewReplicaCount 1 3+1, promotion 0+3',
    );
    expect(told(schedule(workload({ replicas: 3, strategy: 'blueGreen: {previewReplicaCount: 1}' }), room(3)))).toBe(
      'pending: start 3+0, previewReplicaCount 1 3+1-1',
    );
  });

  test('are those of the Rollout and the pods of the Deployment that it refers to', () => {
    const yaml = `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web, namespace: blog}
spec: {replicas: 2, workloadRef: {apiVersion: apps/v1, kind: Deployment, name: template}, strategy: {canary: {}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: template, namespace: blog}
spec: {replicas: 0, selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {topologySpreadConstraints: [{${SPREAD}}], containers: []}}}
`;
    expect(told(schedule(yaml, TWO))).toBe('pending: start 2+0, promotion 2+1-1');
  });
});

describe('resources', () => {
  const nodes = (allocatable: Record<string, string>, requested: Record<string, string> = {}) =>
    [W1, W2].map((node) => ({ ...node, allocatable, requested }));
  const container = 'resources: {requests: {cpu: 600m, memory: 1Gi}}';

  test('are summed with what runs there, with sidecars and with defaults', () => {
    expect(schedule(workload({ container }), nodes({ cpu: '1200m' })).verdict).toBe('fits');
    const answer = schedule(workload({ container }), nodes({ cpu: '1200m', memory: '8Gi' }, { cpu: '100m' }));
    expect(told(answer)).toBe('pending: start 2+0, promotion 2+1-1');
    expect(answer.steps.at(-1)?.reason).toBe('0/2 nodes are available: 2 Insufficient cpu.');
    const mesh = { kind: 'istio' as const, injectedNamespaces: ['blog'] };
    expect(schedule(workload({ container }), { nodes: nodes({ cpu: '1200m' }), mesh }).verdict).toBe('pending');
    const limits = `---
apiVersion: v1
kind: LimitRange
metadata: {name: limits, namespace: blog}
spec: {limits: [{type: Container, defaultRequest: {cpu: 700m}}]}
`;
    expect(schedule(workload({ more: limits }), nodes({ cpu: '1200m' })).verdict).toBe('pending');
  });

  test('limit nothing where they are not known', () => {
    expect(schedule(workload({ replicas: 50, container }), TWO).verdict).toBe('fits');
    expect(schedule(workload({ container: 'resources: {requests: {example.com/gpu: 1}}' }), nodes({ cpu: '1' })).verdict).toBe('fits');
  });

  test('take limits for requests, and init containers where they need more', () => {
    expect(schedule(workload({ container: 'resources: {limits: {cpu: 600m}}' }), nodes({ cpu: '1' })).verdict).toBe('pending');
    const pod = 'initContainers: [{name: a, image: "a:1", resources: {requests: {cpu: 600m}}}]';
    expect(schedule(workload({ pod }), nodes({ cpu: '1' })).verdict).toBe('pending');
  });

  test('include the ports of the node, one pod each', () => {
    const port = 'ports: [{containerPort: 80, hostPort: 80}]';
    expect(schedule(workload({ replicas: 2, container: port }), TWO).steps.at(-1)?.reason).toContain(
      "2 node(s) didn't have free ports for the requested pod ports",
    );
    expect(schedule(workload({ replicas: 2, container: 'ports: [{containerPort: 80}]', pod: 'hostNetwork: true' }), TWO).verdict).toBe(
      'pending',
    );
    expect(schedule(workload({ replicas: 2, container: 'ports: [{containerPort: 80}]' }), TWO).verdict).toBe('fits');
  });
});

describe('nodes', () => {
  test('have to carry what the pod asks for, and no taint that it does not tolerate', () => {
    const affinity = (expression: string): string =>
      `affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [${expression}]}]}}}`;
    const verdict = (pod: string, nodes: NonNullable<ClusterFacts['nodes']>): string => schedule(workload({ pod }), nodes).verdict;
    const labelled = [{ name: 'w1', labels: { disk: 'ssd', cores: '8' } }];
    expect(verdict('nodeSelector: {disk: ssd}', labelled)).toBe('fits');
    expect(verdict('nodeSelector: {disk: hdd}', labelled)).toBe('pending');
    expect(verdict(affinity('{key: cores, operator: Gt, values: ["4"]}'), labelled)).toBe('fits');
    expect(verdict(affinity('{key: disk, operator: NotIn, values: [ssd]}'), labelled)).toBe('pending');
    expect(verdict('', [CONTROL_PLANE])).toBe('pending');
    expect(
      verdict('tolerations: [{key: node-role.kubernetes.io/control-plane, operator: Exists, effect: NoSchedule}]', [CONTROL_PLANE]),
    ).toBe('fits');
    expect(verdict('tolerations: [{operator: Exists}]', [CONTROL_PLANE])).toBe('fits');
    expect(
      verdict('tolerations: [{key: dedicated, value: db}]', [
        { ...W1, taints: [{ key: 'dedicated', value: 'web', effect: 'NoSchedule' }] },
      ]),
    ).toBe('pending');
  });

  test('carry labels of the kubelet that the facts need not repeat', () => {
    const verdict = (key: string, nodes: NonNullable<ClusterFacts['nodes']>): string =>
      schedule(workload({ pod: `nodeSelector: {${key}: amd64}` }), nodes).verdict;
    expect(verdict('kubernetes.io/arch', [W1])).toBe('fits');
    expect(verdict('kubernetes.io/arch', [{ ...W1, labels: { 'kubernetes.io/arch': 'arm64' } }])).toBe('pending');
    expect(verdict('architecture', [W1])).toBe('pending');
  });

  test('may be none at all', () => {
    const answer = schedule(workload({}), []);
    expect(told(answer)).toBe('pending: start 2+0-2');
    expect(answer.steps[0]?.reason).toBe('no nodes available to schedule pods');
  });
});

test('an autoscaler’s least number of pods is the declared one', () => {
  const more = `---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: blog}
spec: {scaleTargetRef: {apiVersion: argoproj.io/v1alpha1, kind: Rollout, name: web}, minReplicas: 3, maxReplicas: 9}
`;
  expect(told(schedule(workload({ replicas: 1, more }), TWO))).toBe('fits: start 3+0, promotion 0+3');
});

test('a cluster of many unlike nodes is answered in time', () => {
  const nodes = Array.from({ length: 60 }, (_, index) => ({
    name: `w${index}`,
    labels: { zone: `z${index % 5}` },
    allocatable: { cpu: String(2 + (index % 7)) },
  }));
  const pod = `topologySpreadConstraints: [{${SPREAD}}, {${SPREAD.replace('kubernetes.io/hostname', 'zone').replace('maxSkew: 1', 'maxSkew: 2')}}]`;
  const before = performance.now();
  const answer = schedule(workload({ replicas: 80, pod, container: 'resources: {requests: {cpu: 1}}' }), nodes);
  expect(answer.verdict).not.toBe('pending');
  expect(performance.now() - before).toBeLessThan(5_000);
});
