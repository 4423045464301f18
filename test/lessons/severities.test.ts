import { longhornReplicasFitNodes, replicaCount } from '../../lib/lessons/longhorn-replicas-fit-nodes';
import { jobWithSidecar } from '../../lib/lessons/job-with-sidecar';
import { policyRejected } from '../../lib/lessons/policy-rejected';
import { rwoRollingUpdate } from '../../lib/lessons/rwo-rolling-update';
import { rwoSharedVolume } from '../../lib/lessons/rwo-shared-volume';
import { singleReplicaDatabase } from '../../lib/lessons/single-replica-database';
import { strictMtlsBlocksIngress } from '../../lib/lessons/strict-mtls-blocks-ingress';
import type { Lesson } from '../../lib/lessons/lesson';
import { Cluster } from '../../lib/facts/cluster';
import { judged } from './judged';

function severities(lesson: Lesson, index: number): string[] {
  const example = lesson.bad[index];
  return judged(lesson, (example?.yaml ?? '').replace(/^# file:.*$/gm, '---'), example?.cluster).findings.map(({ severity }) => severity);
}

test('a database of one replica is a warning without a backup and information with one', () => {
  expect(severities(singleReplicaDatabase, 0)).toEqual(['warning', 'warning']);
  expect(severities(singleReplicaDatabase, 1)).toEqual(['info']);
});

test('scratch space on a claim is a warning, a contested claim an error', () => {
  expect(severities(rwoSharedVolume, 0)).toEqual(['error']);
  expect(severities(rwoSharedVolume, 1)).toEqual(['warning']);
});

test('a count that a values file does not say is a warning, since another file may say it', () => {
  const values = 'defaultSettings: {defaultReplicaCount: 2}\n';
  const report = judged(longhornReplicasFitNodes, values, { nodes: [{ name: 'a' }, { name: 'b' }] });
  expect(report.findings).toMatchObject([
    { severity: 'warning', path: '', message: expect.stringContaining('persistence.defaultClassReplicaCount') },
  ]);
});

test('a rolling update that ends the old pod first is a warning', () => {
  const yaml = (rwoRollingUpdate.bad[0]?.yaml ?? '').replace('type: RollingUpdate', 'rollingUpdate: {maxSurge: 0, maxUnavailable: 1}');
  expect(judged(rwoRollingUpdate, yaml).findings).toMatchObject([{ severity: 'warning' }]);
});

test('node selectors are a warning, because a setting of Cilium decides', () => {
  const yaml =
    'apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: p, namespace: a}\nspec: {endpointSelector: {}, egress: [{toNodes: [{}]}]}\n';
  expect(judged(policyRejected, yaml).findings).toMatchObject([
    { severity: 'warning', message: expect.stringContaining('enable-node-selector-labels') },
  ]);
});

test('what facts would decide is skipped, and says which', () => {
  const longhorn = judged(longhornReplicasFitNodes, longhornReplicasFitNodes.good[3]?.yaml ?? '');
  expect(longhorn.skipped).toEqual([{ lesson: 'longhorn-replicas-fit-nodes', needs: ['nodes'], resources: 1 }]);
  const ingress = judged(strictMtlsBlocksIngress, strictMtlsBlocksIngress.good[7]?.yaml ?? '');
  expect(ingress.skipped).toEqual([{ lesson: 'strict-mtls-blocks-ingress', needs: ['ingressControllers'], resources: 1 }]);
  const job = judged(jobWithSidecar, jobWithSidecar.good[2]?.yaml ?? '');
  expect(job.skipped).toEqual([{ lesson: 'job-with-sidecar', needs: ['mesh'], resources: 1 }]);
});

test.each([
  [[], 1],
  [['a'], 1],
  [['a', 'b'], 2],
  [['a', 'b', 'c', 'd'], 3],
])('%j can hold %i replicas', (names, count) => {
  expect(replicaCount(new Cluster({ nodes: names.map((name) => ({ name })) }))).toBe(count);
});
