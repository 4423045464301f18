/** What the lessons on whole repositories and on monitors say where facts, remotes or revisions differ. */
import { judge } from '../../lib/check/judge';
import { Cluster } from '../../lib/facts/cluster';
import { applicationSource } from '../../lib/lessons/application-source';
import { backupIamPolicy } from '../../lib/lessons/backup-credentials';
import { cronjobHygiene } from '../../lib/lessons/cronjob-hygiene';
import { etcdWithoutBackup } from '../../lib/lessons/etcd-without-backup';
import { kustomizationIntegrity } from '../../lib/lessons/kustomization-integrity';
import type { Lesson } from '../../lib/lessons/lesson';
import { monitorSelectsNothing } from '../../lib/lessons/monitor-selects-nothing';
import type { Repository } from '../../lib/manifest/repository';
import { readRepository } from '../../lib/manifest/read-repository';
import { Resources } from '../../lib/resources/resources';
import { reportOf, told } from './told';

function inRepository(lesson: Lesson, files: Readonly<Record<string, string>>, more: Partial<Repository> = {}): string[] {
  const repository = { remotes: [], files: new Set(Object.keys(files)), ...more };
  const { documents } = readRepository(new Map(Object.entries(files)), repository);
  const { findings } = judge(new Resources(documents), new Cluster(), [lesson], repository);
  return findings.map(({ severity, path }) => `${severity} ${path}`);
}

function application(repoURL: string, more = ''): string {
  return `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: blog, namespace: argocd}
spec:
  destination: {server: https://kubernetes.default.svc, namespace: blog}
  source: {repoURL: "${repoURL}", path: gone${more}}
`;
}

const FILES = { 'web.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web, namespace: blog}\n' };

test.each([
  ['https://github.com/Example/Manifests.git', ['error /spec/source/path']],
  ['ssh://git@github.com:22/example/manifests', ['error /spec/source/path']],
  ['https://github.com/somebody/else', []],
])('an Application of %s is judged by the remotes', (url, expected) => {
  const remotes = ['git@github.com:example/manifests.git'];
  expect(inRepository(applicationSource, { ...FILES, 'app.yaml': application(url) }, { remotes })).toEqual(expected);
});

test('a path at another revision than the default branch is a warning', () => {
  expect(inRepository(applicationSource, { ...FILES, 'app.yaml': application('https://x.org/a', ', targetRevision: v2') })).toEqual([
    'warning /spec/source/path',
  ]);
});

test('nothing is said of paths and lists where the checkout is not known', () => {
  expect(inRepository(applicationSource, { 'app.yaml': application('https://x.org/a') }, { files: new Set() })).toEqual([]);
  expect(inRepository(kustomizationIntegrity, { 'kustomization.yaml': 'resources: [gone.yaml]\n' }, { files: new Set() })).toEqual([]);
});

test('a file that changed its ending is mended', () => {
  const files = { 'kustomization.yaml': 'resources: [web.yml]\n', ...FILES };
  const repository = { remotes: [], files: new Set(Object.keys(files)) };
  const { documents } = readRepository(new Map(Object.entries(files)), repository);
  const { findings } = judge(new Resources(documents), new Cluster(), [kustomizationIntegrity], repository);
  expect(findings.flatMap(({ fix }) => fix?.edits ?? [])).toEqual([{ path: '/resources/0', value: 'web.yaml' }]);
});

const MONITOR = `apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: exporter, namespace: blog}
spec: {selector: {matchLabels: {app: exporter}}, endpoints: [{port: metrics}]}
`;

test('a monitor without match is a warning where its namespace declares no Service, and an error beside others', () => {
  const service =
    'apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: blog}\nspec: {selector: {app: web}, ports: [{port: 80}]}\n';
  expect(reportOf(monitorSelectsNothing, MONITOR).findings.map(({ severity }) => severity)).toEqual(['warning']);
  expect(reportOf(monitorSelectsNothing, `${MONITOR}---\n${service}`).findings.map(({ severity }) => severity)).toEqual(['error']);
});

test('what Prometheus selects is skipped without the fact', () => {
  expect(reportOf(monitorSelectsNothing, MONITOR).skipped).toEqual([
    { lesson: 'monitor-selects-nothing', needs: ['prometheus'], resources: 1 },
  ]);
});

test('etcd is skipped without nodes, and found at the node that runs it', () => {
  expect(reportOf(etcdWithoutBackup, MONITOR).skipped).toEqual([{ lesson: 'etcd-without-backup', needs: ['nodes'], resources: 1 }]);
  expect(told(etcdWithoutBackup, MONITOR, { nodes: [{ name: 'w' }, { name: 'cp', roles: ['control-plane'] }] })).toEqual([
    'info /nodes/1: cluster facts: cp runs a control plane of its own, and nothing in these manifests backs up its etcd: with its disk every object of the cluster is gone',
  ]);
});

test('what is a warning on a backup is a hint on another job, and overlapping runs are its own affair', () => {
  const job =
    'apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: NAME, namespace: blog}\nspec: {schedule: "0 3 * * *", jobTemplate: {spec: {template: {spec: {containers: [{name: a, image: "mysql:8.4"}]}}}}}\n';
  const severities = (name: string): string[] =>
    reportOf(cronjobHygiene, job.replace('NAME', name))
      .findings.map(({ severity }) => severity)
      .sort();
  expect(severities('mysql-backup')).toEqual(['warning', 'warning', 'warning', 'warning']);
  expect(severities('report')).toEqual(['info', 'info', 'warning']);
});

test('the policy of a backup allows its own objects and nothing else', () => {
  expect(backupIamPolicy('blog-backup', 'mysql/')).toEqual({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: ['s3:ListBucket'],
        Resource: ['arn:aws:s3:::blog-backup'],
        Condition: { StringLike: { 's3:prefix': ['mysql/*'] } },
      },
      { Effect: 'Allow', Action: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'], Resource: ['arn:aws:s3:::blog-backup/mysql/*'] },
    ],
  });
});
