/** The cluster that the tests' constructs stand in, what they render to, and what the lessons say of it. */
import { App, Chart } from 'cdk8s';
import type { IConstruct } from 'constructs';
import { judge } from '../../lib/check/judge';
import { setCluster } from '../../lib/constructs/platform';
import { Cluster } from '../../lib/facts/cluster';
import type { ClusterFacts } from '../../lib/facts/cluster-facts';
import { documentsOf } from '../../lib/kube/documents';
import { lessons } from '../../lib/lessons';
import { Resources } from '../../lib/resources/resources';

const secret = (name: string, ...keys: string[]) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'blog-system' },
  data: Object.fromEntries(keys.map((key) => [key, ''])),
});

export const BLOG_CLUSTER: ClusterFacts = {
  kubernetesVersion: '1.31',
  nodes: [{ name: 'cp', roles: ['control-plane'] }, { name: 'w1' }, { name: 'w2' }],
  mesh: { kind: 'istio', injectedNamespaces: ['blog-system'] },
  storageClasses: [{ name: 'longhorn', provisioner: 'driver.longhorn.io', default: true, parameters: { numberOfReplicas: '2' } }],
  prometheus: {
    namespace: 'monitoring',
    labels: { 'app.kubernetes.io/name': 'prometheus' },
    serviceMonitorSelector: { release: 'kube-prometheus-stack' },
    ruleSelector: { release: 'kube-prometheus-stack' },
  },
  existing: [
    secret('mysql-secret', 'mysql-root-password', 'mysql-password'),
    secret('mysql-exporter-secret', 'password'),
    secret('aws-s3-credentials', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_DEFAULT_REGION'),
    secret('backup-key', 'key'),
  ],
};

export function blogChart(facts: ClusterFacts = BLOG_CLUSTER): Chart {
  const app = new App();
  setCluster(app, new Cluster(facts));
  return new Chart(app, 'blog', { namespace: 'blog-system' });
}

/** The one object of a kind, as it is written. */
export function objectOf(root: IConstruct, kind: string, name?: string): unknown {
  const contents = documentsOf(root).map(({ content }) => content);
  const found = contents.filter(
    (content) => Reflect.get(Object(content), 'kind') === kind && (name === undefined || nameOf(content) === name),
  );
  if (found.length !== 1)
    throw new Error(`there are ${found.length} objects of kind ${kind}${name === undefined ? '' : ` called ${name}`}`);
  return found[0];
}

export function kindsOf(root: IConstruct): string[] {
  return documentsOf(root).map(({ content }) => `${String(Reflect.get(Object(content), 'kind'))} ${nameOf(content)}`);
}

function nameOf(content: unknown): string {
  return String(Reflect.get(Object(Reflect.get(Object(content), 'metadata')), 'name'));
}

/** What is wrong with the props, all constructs together. */
export function errorsOf(root: IConstruct): string[] {
  return root.node.findAll().flatMap((construct) => construct.node.validate());
}

/** What the lessons find, hints included. */
export function findingsOf(root: IConstruct, facts: ClusterFacts = BLOG_CLUSTER): string[] {
  const cluster = new Cluster(facts);
  const { findings } = judge(new Resources(documentsOf(root), cluster.existing), cluster, lessons);
  return findings.map(({ lesson, severity, message, path }) => `${severity} ${lesson} ${message} at ${path}`);
}

/** The value at a path of keys and indices. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((inner, key) => Reflect.get(Object(inner), key), value);
}
