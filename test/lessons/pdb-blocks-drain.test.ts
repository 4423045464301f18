import { pdbBlocksDrain, refusesEveryEviction } from '../../lib/lessons/pdb-blocks-drain';
import { reportOf } from './told';

test.each([
  [{ minAvailable: 1 }, 1, true],
  [{ minAvailable: 1 }, 2, false],
  [{ minAvailable: '50%' }, 1, true],
  [{ minAvailable: '51%' }, 2, true],
  [{ minAvailable: '50%' }, 2, false],
  [{ minAvailable: '100%' }, 50, true],
  [{ maxUnavailable: 0 }, 50, true],
  [{ maxUnavailable: '0%' }, 50, true],
  [{ maxUnavailable: '1%' }, 1, false],
  [{ minAvailable: 1 }, 0, false],
  [{}, 3, false],
])('of %j over %i pods says that it refuses every eviction: %s', (budget, pods, refuses) => {
  expect(refusesEveryEviction(budget, pods)).toBe(refuses);
});

const SCALED = `apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: api, namespace: blog}
spec: {minAvailable: 2, selector: {matchLabels: {app: api}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: blog}
spec:
  selector: {matchLabels: {app: api}}
  template: {metadata: {labels: {app: api}}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: api, namespace: blog}
spec: {scaleTargetRef: {kind: Deployment, name: api}, minReplicas: 2, maxReplicas: 6}
`;

test('tells of a budget that only the autoscaler makes evictable as information', () => {
  expect(reportOf(pdbBlocksDrain, SCALED).findings.map(({ severity, path }) => [severity, path])).toEqual([['info', '/spec/minAvailable']]);
});

test('warns when even the maximum is not above the budget, and names the workload', () => {
  const { findings } = reportOf(pdbBlocksDrain, SCALED.replace('maxReplicas: 6', 'maxReplicas: 2'));
  expect(findings.map(({ severity, message }) => [severity, message])).toEqual([
    [
      'warning',
      'PodDisruptionBudget blog/api: minAvailable 2 of the 2 pods of Deployment blog/api allows no eviction: a node that runs one of them can never be drained',
    ],
  ]);
  expect(findings[0]?.related.map(({ resource }) => resource.toString())).toEqual(['Deployment blog/api']);
});
