import { Cluster } from '../../lib/facts/cluster';

describe('a cluster', () => {
  test('of which nothing is known is possible', () => {
    expect(new Cluster().nodes).toEqual([]);
    expect(new Cluster().dns).toEqual({ namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } });
  });

  test('knows the facts that it was given, and no others', () => {
    const cluster = new Cluster({ nodes: [{ name: 'w1' }] });
    expect(cluster.knows('nodes')).toBe(true);
    expect(cluster.knows('mesh')).toBe(false);
  });

  test('keeps ordinary pods from its control plane, unless the taints say otherwise', () => {
    const cluster = new Cluster({
      nodes: [{ name: 'cp', roles: ['control-plane'] }, { name: 'open', roles: ['control-plane'], taints: [] }, { name: 'w1' }],
    });
    expect(cluster.workers.map(({ name }) => name)).toEqual(['open', 'w1']);
  });

  test('locates what exists at the facts', () => {
    const cluster = new Cluster({ existing: [{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' } }] }, 'app/cluster.ts');
    expect(cluster.existing.map((document) => document.locate('/metadata'))).toMatchObject([{ file: 'app/cluster.ts', line: 1 }]);
  });

  test('fails with everything that is wrong with its facts at once', () => {
    const wrong: object = { nodes: [{ name: 'w1', label: {} }, { name: 'w1' }], messh: {} };
    expect(() => new Cluster(wrong)).toThrow(
      [
        'the facts of the cluster are wrong:',
        '  /nodes/0/label: nodes[0] has no field "label"; "labels" was probably meant',
        '  /messh: the cluster has no field "messh"; "mesh" was probably meant',
        '  /nodes/1/name: nodes has two of the name "w1"',
      ].join('\n'),
    );
  });

  test('of a thousand nodes is made in a moment', () => {
    const nodes = Array.from({ length: 1000 }, (_, index) => ({
      name: `w${index}`,
      labels: { zone: String(index % 3) },
      allocatable: { cpu: '4' },
    }));
    const start = performance.now();
    expect(new Cluster({ nodes }).nodes).toHaveLength(1000);
    expect(performance.now() - start).toBeLessThan(500);
  });
});
