import { serviceWithoutBackends, unmatchedLabels } from '../../lib/lessons/service-without-backends';
import { reportOf, told } from './told';

const SERVICE = `apiVersion: v1
kind: Service
metadata: {name: mysql-service, namespace: blog}
spec: {selector: {app: blog-system, managed-by: argocd}, ports: [{port: 3306}]}
`;
const MYSQL = `apiVersion: apps/v1
kind: Deployment
metadata: {name: mysql, namespace: blog}
spec: {selector: {matchLabels: {app: mysql}}, template: {metadata: {labels: {app: mysql, managed-by: argocd}}}}
`;
const CHART = `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: db, namespace: argocd}
spec: {source: {chart: mysql, repoURL: "https://charts.example.org"}, destination: {namespace: blog}}
`;

test('ignores labels that only controllers add', () => {
  expect(unmatchedLabels({ app: 'mysql', 'statefulset.kubernetes.io/pod-name': 'mysql-0' }, { app: 'mysql' })).toEqual([]);
  expect(unmatchedLabels({ app: 'mysql', tier: 'db' }, { app: 'mysql' })).toEqual(['tier']);
});

test('fails at the label that the nearest workload lacks, and says what the symptom looks like', () => {
  const { findings } = reportOf(serviceWithoutBackends, `${SERVICE}---\n${MYSQL}`);
  expect(findings.map(({ severity, path, message }) => [severity, path, message])).toEqual([
    [
      'error',
      '/spec/selector/app',
      'Service blog/mysql-service: no pod template in namespace blog has the labels {app: blog-system, managed-by: argocd}: the Service has no endpoints; behind Cilium a connection fails with "operation not permitted", which looks like a policy denial',
    ],
  ]);
  expect(findings[0]?.related.map(({ message }) => message)).toEqual(['the nearest: Deployment blog/mysql lacks app']);
  expect(findings[0]?.fix?.description).toBe('select the labels of Deployment blog/mysql: {app: mysql}');
});

test('fails where the namespace runs other workloads, none of them near', () => {
  const yaml = `${SERVICE.replace('{app: blog-system, managed-by: argocd}', '{app: gone}')}---\n${MYSQL}`;
  expect(reportOf(serviceWithoutBackends, yaml).findings.map(({ severity, path }) => [severity, path])).toEqual([
    ['error', '/spec/selector'],
  ]);
});

test('warns where the pods may come from a chart, or from a namespace of which nothing is declared', () => {
  expect(reportOf(serviceWithoutBackends, `${SERVICE}---\n${MYSQL}---\n${CHART}`).findings.map(({ severity }) => severity)).toEqual([
    'warning',
  ]);
  const alone = reportOf(serviceWithoutBackends, SERVICE).findings;
  expect(alone.map(({ severity }) => severity)).toEqual(['warning']);
  expect(alone[0]?.message).toContain('name them under existing in the facts');
});

test('leaves what already exists unjudged', () => {
  const existing = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'x', namespace: 'blog' }, spec: { selector: { app: 'x' } } };
  expect(told(serviceWithoutBackends, MYSQL, { existing: [existing] })).toEqual([]);
});
