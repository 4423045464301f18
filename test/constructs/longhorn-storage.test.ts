import { LonghornStorage, type LonghornStorageProps } from '../../lib/constructs/longhorn-storage';
import type { ClusterFacts } from '../../lib/facts/cluster-facts';
import { at, BLOG_CLUSTER, blogChart, errorsOf, findingsOf, kindsOf, objectOf } from './blog';

function storage(props: LonghornStorageProps | object = {}, facts: ClusterFacts = BLOG_CLUSTER) {
  const chart = blogChart(facts);
  return { chart, construct: new LonghornStorage(chart, 'longhorn', props) };
}

const workers = (count: number): ClusterFacts => ({
  nodes: [{ name: 'cp', roles: ['control-plane'] }, ...Array.from({ length: count }, (_, index) => ({ name: `w${index}` }))],
});

describe('LonghornStorage', () => {
  test('asks for as many replicas as nodes can hold, in the class and in both places of the chart', () => {
    const { chart, construct } = storage();
    expect(kindsOf(chart)).toEqual(['StorageClass longhorn', 'PrometheusRule longhorn-alerts']);
    expect(at(objectOf(chart, 'StorageClass'), 'parameters', 'numberOfReplicas')).toBe('2');
    expect(construct.chartValues).toEqual({
      defaultSettings: { defaultReplicaCount: 2 },
      persistence: { defaultClass: true, defaultClassReplicaCount: 2 },
      metrics: { serviceMonitor: { enabled: true, additionalLabels: { release: 'kube-prometheus-stack' } } },
    });
  });

  test.each([
    [1, 1],
    [3, 3],
    [7, 3],
  ])('on %d workers makes %d replicas', (count, replicas) => {
    expect(storage({}, workers(count)).construct.replicas).toBe(replicas);
  });

  test('keeps volumes whose claim is deleted, lets them grow, and is the default class', () => {
    expect(objectOf(storage().chart, 'StorageClass')).toMatchObject({
      reclaimPolicy: 'Retain',
      allowVolumeExpansion: true,
      metadata: { annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
    });
  });

  test('leaves the chart’s own class aside when it is called something else', () => {
    expect(storage({ name: 'fast', isDefault: true }).construct.chartValues.persistence.defaultClass).toBe(false);
  });

  test('alerts on volumes, disks, and when nothing is known', () => {
    const rules = at(objectOf(storage().chart, 'PrometheusRule'), 'spec', 'groups', 0, 'rules');
    expect(rules).toMatchObject(
      ['LonghornVolumeDegraded', 'LonghornDiskUnschedulable', 'LonghornDiskFillsUp', 'LonghornMetricsMissing'].map((alert) => ({ alert })),
    );
  });

  test('tells to look where Longhorn is installed', () => {
    const { chart } = storage({}, { ...BLOG_CLUSTER, longhorn: { namespace: 'storage' } });
    const rule = at(objectOf(chart, 'PrometheusRule'), 'spec', 'groups', 0, 'rules', 0);
    expect(JSON.stringify(rule)).toContain('kubectl -n storage get volumes.longhorn.io');
  });

  test('adds nothing that a lesson knows', () => {
    expect(findingsOf(storage().chart)).toEqual([expect.stringMatching(/^info etcd-without-backup /)]);
  });

  test('fails without a worker, naming what to declare', () => {
    expect(errorsOf(storage({}, workers(0)).chart)).toEqual([
      expect.stringMatching(/^cluster storage nodes is 0: none takes ordinary pods/),
    ]);
    expect(errorsOf(storage({}, {}).chart)).toEqual([expect.stringMatching(/^cluster storage nodes is 0: none is declared/)]);
  });

  test('fails on another policy or an unknown prop', () => {
    expect(errorsOf(storage({ reclaimPolicy: 'Recycle', replicas: 3 }).chart)).toEqual([
      expect.stringMatching(/^replicas is no prop/),
      expect.stringMatching(/^reclaimPolicy is "Recycle": give 'Retain' or 'Delete'/),
    ]);
  });
});
