import { quotaTooSmall } from '../../lib/lessons/quota-too-small';
import { refusalsOf } from '../../lib/resources/limit-refusals';
import { Field } from '../../lib/manifest/field';
import { containerLimitsOf } from '../../lib/resources/pod-resources';
import { Resource } from '../../lib/resources/resource';
import { readYaml } from '../../lib/manifest/yaml';
import { reportOf, told } from './told';

const RANGE = `apiVersion: v1
kind: LimitRange
metadata: {name: blog, namespace: blog}
spec: {limits: [{type: Container, max: {cpu: "1"}, min: {cpu: 50m}, maxLimitRequestRatio: {cpu: "2.5"}}]}
`;

test('refuses what is above, below and too far apart, to the thousandth', () => {
  const [document] = readYaml(RANGE, 'range.yaml').documents;
  const [limits] = document === undefined ? [] : containerLimitsOf(new Resource(document));
  const refused = (request: bigint, limit: bigint): string[] =>
    limits === undefined
      ? ['no limits']
      : refusalsOf(
          { name: 'x', field: new Field({}), stays: true, requests: new Map([['cpu', request]]), limits: new Map([['cpu', limit]]) },
          limits,
        ).map((refusal) => refusal.limit);
  expect(refused(400n, 1000n)).toEqual([]);
  expect(refused(399n, 1000n)).toEqual(['maxLimitRequestRatio']);
  expect(refused(1001n, 1001n)).toEqual(['max']);
  expect(refused(49n, 60n)).toEqual(['min']);
});

function namespace(quota: string, workload: string): string {
  return `apiVersion: v1
kind: ResourceQuota
metadata: {name: blog, namespace: blog}
spec: {hard: {${quota}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: blog}
spec:
  ${workload}
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, resources: {requests: {cpu: 100m}}}]}}
`;
}

test('fails what is too small for the pods as declared', () => {
  expect(told(quotaTooSmall, namespace('requests.cpu: 250m', 'replicas: 3'))).toEqual([
    'error /spec/hard/requests.cpu: ResourceQuota blog/blog: it allows requests.cpu 250m and 300m are needed for all pods as declared, sidecars included: the pods above it are refused',
  ]);
});

test('fails an update that cannot go on, and warns of one that goes on more slowly', () => {
  expect(told(quotaTooSmall, namespace('pods: 3', 'replicas: 3'))).toEqual([
    'error /spec/hard/pods: ResourceQuota blog/blog: it allows pods 3 and 4 are needed for the update of Deployment blog/web, which waits for pods that are refused, sidecars included: the pods above it are refused',
  ]);
  expect(reportOf(quotaTooSmall, namespace('pods: 4', 'replicas: 4')).findings.map(({ severity }) => severity)).toEqual(['warning']);
  expect(told(quotaTooSmall, namespace('pods: 5', 'replicas: 4'))).toEqual([]);
  expect(told(quotaTooSmall, namespace('pods: 3', 'replicas: 3, strategy: {type: Recreate}'.replace(', ', '\n  ')))).toEqual([]);
});

test('counts the pods of a Rollout once, though its template is in a Deployment', () => {
  const rollout = `---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web, namespace: blog}
spec: {replicas: 2, selector: {matchLabels: {app: web}}, workloadRef: {apiVersion: apps/v1, kind: Deployment, name: web}, strategy: {blueGreen: {activeService: web}}}
`;
  expect(told(quotaTooSmall, namespace('pods: 4', 'replicas: 0') + rollout)).toEqual([]);
  expect(reportOf(quotaTooSmall, namespace('pods: 3', 'replicas: 0') + rollout).findings.map(({ severity }) => severity)).toEqual([
    'error',
  ]);
});

test('counts a DaemonSet on the nodes that take it, and is skipped without them', () => {
  const yaml = namespace('pods: 1', 'updateStrategy: {}').replace('kind: Deployment', 'kind: DaemonSet');
  const nodes = [{ name: 'cp', roles: ['control-plane'] }, { name: 'w1' }];
  expect(reportOf(quotaTooSmall, yaml).skipped).toEqual([{ lesson: 'quota-too-small', needs: ['nodes'], resources: 1 }]);
  expect(told(quotaTooSmall, yaml, { nodes })).toEqual([]);
  expect(reportOf(quotaTooSmall, yaml, { nodes: [...nodes, { name: 'w2' }] }).findings.map(({ path }) => path)).toEqual([
    '/spec/hard/pods',
  ]);
});

test('counts a DaemonSet on no node that its affinity rules out, nor on one whose taint it tolerates by another value', () => {
  const taint = { key: 'team', value: 'blog', effect: 'NoSchedule' } as const;
  const nodes = [{ name: 'w1', labels: { disk: 'ssd' } }, { name: 'w2' }, { name: 'w3', labels: { disk: 'ssd' }, taints: [taint] }];
  const daemon = (pod: string): string =>
    namespace('pods: 1', 'updateStrategy: {}')
      .replace('kind: Deployment', 'kind: DaemonSet')
      .replace('spec: {containers', `spec: {${pod}, containers`);
  const affinity =
    'affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: disk, operator: In, values: [ssd]}]}]}}}';
  const tolerations = (value: string): string => `tolerations: [{key: team, value: ${value}, effect: NoSchedule}]`;
  expect(told(quotaTooSmall, daemon(affinity), { nodes })).toEqual([]);
  expect(told(quotaTooSmall, daemon(`${affinity}, ${tolerations('shop')}`), { nodes })).toEqual([]);
  expect(told(quotaTooSmall, daemon(`${affinity}, ${tolerations('blog')}`), { nodes })).toEqual([
    expect.stringContaining('it allows pods 1 and 2 are needed'),
  ]);
});
