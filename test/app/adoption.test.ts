/** The cluster that runs today holds these objects; they keep kind, name and selector, so that a sync changes them in place. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cluster } from '../../app/cluster';
import { judge } from '../../lib/check/judge';
import { lessons } from '../../lib/lessons';
import { readYaml } from '../../lib/manifest/yaml';
import { Resources } from '../../lib/resources/resources';
import { workloadOf } from '../../lib/resources/workload';

const folder = join(__dirname, '../../dist');
const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
const resources = new Resources(
  files.flatMap((name) => readYaml(readFileSync(join(folder, name), 'utf8'), name).documents),
  cluster.existing,
);

const KEPT: readonly [group: string, kind: string, namespace: string, name: string][] = [
  ['argoproj.io', 'Rollout', 'blog-system', 'web'],
  ['argoproj.io', 'Rollout', 'blog-system', 'was'],
  ['', 'Service', 'blog-system', 'web-service'],
  ['', 'Service', 'blog-system', 'was-service'],
  ['', 'Service', 'blog-system', 'mysql-service'],
  ['', 'Service', 'blog-system', 'mysql-exporter'],
  ['apps', 'Deployment', 'blog-system', 'mysql'],
  ['apps', 'Deployment', 'blog-system', 'mysql-exporter'],
  ['', 'PersistentVolumeClaim', 'blog-system', 'mysql-pvc'],
  ['', 'ConfigMap', 'blog-system', 'web-nginx-config'],
  ['', 'ConfigMap', 'blog-system', 'was-config'],
  ['batch', 'CronJob', 'blog-system', 'mysql-backup'],
  ['autoscaling', 'HorizontalPodAutoscaler', 'blog-system', 'web-hpa'],
  ['autoscaling', 'HorizontalPodAutoscaler', 'blog-system', 'was-hpa'],
  ['policy', 'PodDisruptionBudget', 'blog-system', 'web-pdb'],
  ['policy', 'PodDisruptionBudget', 'blog-system', 'was-pdb'],
  ['policy', 'PodDisruptionBudget', 'blog-system', 'mysql-pdb'],
  ['networking.istio.io', 'VirtualService', 'blog-system', 'web-vsvc'],
  ['networking.istio.io', 'VirtualService', 'blog-system', 'was-retry-timeout'],
  ['networking.istio.io', 'DestinationRule', 'blog-system', 'web-dest-rule'],
  ['networking.istio.io', 'DestinationRule', 'blog-system', 'was-dest-rule'],
  ['cilium.io', 'CiliumNetworkPolicy', 'blog-system', 'web-isolation'],
  ['cilium.io', 'CiliumNetworkPolicy', 'blog-system', 'was-isolation'],
  ['cilium.io', 'CiliumNetworkPolicy', 'blog-system', 'mysql-isolation'],
  ['cilium.io', 'CiliumNetworkPolicy', 'blog-system', 'mysql-exporter-isolation'],
  ['cilium.io', 'CiliumNetworkPolicy', 'blog-system', 'mysql-backup-isolation'],
  ['networking.k8s.io', 'Ingress', 'blog-system', 'blog-ingress'],
  ['networking.k8s.io', 'Ingress', 'argocd', 'argocd-server-ingress'],
  ['argoproj.io', 'Application', 'argocd', 'blog-system'],
];

function at(kind: string, name: string, ...steps: (string | number)[]): unknown {
  return resources.all.find((resource) => resource.kind === kind && resource.name === name)?.at(...steps).value;
}

test.each(KEPT)('%s/%s %s/%s is there', (group, kind, namespace, name) => {
  expect(resources.find(group, kind, namespace, name)?.toString()).toBe(`${kind} ${namespace}/${name}`);
});

test.each(['web', 'was', 'mysql', 'mysql-exporter'])('the selector of %s is its app label and nothing else', (name) => {
  const workload = resources.all.flatMap((resource) => workloadOf(resource) ?? []).find((each) => each.name === name);
  expect(workload?.selector.value).toEqual({ matchLabels: { app: name } });
  expect(workload?.podLabels).toMatchObject({ app: name });
});

test('containers, images and the claim stay', () => {
  expect(at('Rollout', 'web', 'spec', 'template', 'spec', 'containers', 0)).toMatchObject({
    name: 'nginx',
    image: 'ghcr.io/wlals2/blog-web:v47',
  });
  expect(at('Rollout', 'was', 'spec', 'template', 'spec', 'containers', 0)).toMatchObject({
    name: 'spring-boot',
    image: 'ghcr.io/wlals2/board-was:v18',
  });
  expect(at('Deployment', 'mysql', 'spec', 'template', 'spec', 'containers', 0)).toMatchObject({ name: 'mysql', image: 'mysql:8.0' });
  expect(at('Deployment', 'mysql', 'spec', 'strategy')).toEqual({ type: 'Recreate' });
  expect(at('PersistentVolumeClaim', 'mysql-pvc', 'spec')).toEqual({
    accessModes: ['ReadWriteOnce'],
    storageClassName: 'longhorn',
    resources: { requests: { storage: '5Gi' } },
  });
});

test('Services keep their ports, autoscalers their bounds, the backup its hour', () => {
  expect(at('Service', 'web-service', 'spec', 'ports', 0, 'port')).toBe(80);
  expect(at('Service', 'was-service', 'spec', 'ports', 0, 'port')).toBe(8080);
  expect(at('Service', 'mysql-service', 'spec', 'ports', 0, 'port')).toBe(3306);
  expect(at('Service', 'mysql-exporter', 'spec', 'ports', 0, 'port')).toBe(9104);
  expect(at('HorizontalPodAutoscaler', 'web-hpa', 'spec')).toMatchObject({ minReplicas: 2, maxReplicas: 5 });
  expect(at('HorizontalPodAutoscaler', 'was-hpa', 'spec')).toMatchObject({ minReplicas: 2, maxReplicas: 10 });
  expect(at('CronJob', 'mysql-backup', 'spec')).toMatchObject({ schedule: '0 18 * * *', timeZone: 'Etc/UTC' });
});

test('the mesh splits traffic on the route and the subsets that Argo Rollouts knows', () => {
  for (const [rollout, virtualService, destinationRule] of [
    ['web', 'web-vsvc', 'web-dest-rule'],
    ['was', 'was-retry-timeout', 'was-dest-rule'],
  ] as const) {
    expect(at('Rollout', rollout, 'spec', 'strategy', 'canary', 'trafficRouting', 'istio')).toEqual({
      virtualService: { name: virtualService, routes: ['primary'] },
      destinationRule: { name: destinationRule, stableSubsetName: 'stable', canarySubsetName: 'canary' },
    });
    expect(at('VirtualService', virtualService, 'spec', 'http', 0, 'name')).toBe('primary');
  }
});

test('no lesson finds an error or a warning in the committed manifests', () => {
  const { findings } = judge(resources, cluster, lessons);
  expect(findings.filter(({ severity }) => severity !== 'info').map(({ lesson, message }) => `${lesson}: ${message}`)).toEqual([]);
});
