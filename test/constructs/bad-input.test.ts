/** Everything that is wrong with an app is one error, at synth, in words: each with the construct's path, the prop, the value and the mend. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Chart, Duration, Size } from 'cdk8s';
import { ArgoCdIngress } from '../../lib/constructs/argocd-ingress';
import { BlogWeb } from '../../lib/constructs/blog-web';
import { EtcdBackup } from '../../lib/constructs/etcd-backup';
import { GitOpsApplication } from '../../lib/constructs/gitops-application';
import { LonghornStorage } from '../../lib/constructs/longhorn-storage';
import { Mysql } from '../../lib/constructs/mysql';
import { MysqlBackup } from '../../lib/constructs/mysql-backup';
import { MysqlExporter } from '../../lib/constructs/mysql-exporter';
import { MysqlRestoreDrill } from '../../lib/constructs/mysql-restore-drill';
import { PlatformApp } from '../../lib/constructs/platform-app';
import { SecretRef } from '../../lib/constructs/secret-ref';
import { Was } from '../../lib/constructs/was';
import { Cluster } from '../../lib/facts/cluster';
import { BLOG_CLUSTER } from './blog';

/** Whatever it is, as a caller without types may give it. */
const forced = (value: unknown): never => value as never;
const more = (props: object): object => props;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bad-input-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function platform() {
  const app = new PlatformApp({ outdir: join(folder, 'dist'), cluster: new Cluster(BLOG_CLUSTER), onWarning: () => undefined });
  return { app, chart: new Chart(app, 'blog', { namespace: 'blog-system' }) };
}

/** The lines of the error that synth throws. */
function refusals(app: PlatformApp): string[] {
  try {
    app.synth();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return error.message.split('\n').filter((line) => line.startsWith('- ')).map((line) => line.slice(2)); // prettier-ignore
  }
  return [];
}

const IMAGE = 'registry.example/x:1.0.0';
const root = SecretRef.of('mysql-secret', 'mysql-root-password');
const s3 = { bucket: 'blog-backup', region: 'eu-west-1', credentials: 'aws-s3-credentials' };

test('one wrong prop in each construct is one line each, and nothing besides', () => {
  const { app, chart } = platform();
  const database = new Mysql(chart, 'mysql', { image: 'mysql', storage: Size.gibibytes(1), database: 'blog', rootPassword: root });
  const was = new Was(chart, 'was', { image: IMAGE, database, timeout: Duration.seconds(0) });
  new BlogWeb(chart, 'web', { image: IMAGE, backends: { '/a;b': was } });
  new MysqlExporter(chart, 'exporter', { database, password: forced('hunter2') });
  new MysqlBackup(chart, 'backup', { ...s3, database, bucket: "a'; rm -rf /; '" });
  const backup = new MysqlBackup(chart, 'sound', { ...s3, database });
  new MysqlRestoreDrill(chart, 'drill', { backup: backup, schedule: '@daily' });
  new EtcdBackup(chart, 'etcd', { ...s3, prefix: 'a b' });
  new LonghornStorage(chart, 'longhorn-two', { reclaimPolicy: forced('Recycle') });
  new ArgoCdIngress(chart, 'argocd', { host: 'argo cd' });
  new GitOpsApplication(chart, 'apps', { repository: 'here', path: 'dist', namespace: 'blog-system' });
  expect(refusals(app)).toEqual([
    expect.stringMatching(/^blog\/mysql: image is "mysql": .*give a version tag or a digest/),
    'blog/was: timeout is "0 seconds": give at least one second',
    'blog/web: backends path is "/a;b": begin with / and use letters, digits and . _ ~ / -',
    'blog/exporter: user.password is not a SecretRef: keep the value in a Secret outside of the manifests and give SecretRef.of(name, key)',
    expect.stringMatching(/^blog\/backup: bucket is "a'; rm -rf \/; '": use 3 to 63 lower case letters/),
    expect.stringMatching(/^blog\/drill: schedule is "@daily": it has 1 fields: give five/),
    expect.stringMatching(/^blog\/etcd: prefix is "a b": use letters/),
    "blog/longhorn-two: reclaimPolicy is \"Recycle\": give 'Retain' or 'Delete'",
    'blog/argocd: host is "argo cd": give a DNS name, such as shop.example.org',
    expect.stringMatching(/^blog\/apps: repository is "here": give the URL that Argo CD clones/),
  ]);
  expect(existsSync(join(folder, 'dist'))).toBe(false);
});

test.each<[string, (chart: Chart) => unknown, string]>([
  ['BlogWeb', (chart) => new BlogWeb(chart, 'x', { image: IMAGE, ...more({ exposures: 'none' }) }), 'exposure'],
  ['Was', (chart) => new Was(chart, 'x', { image: IMAGE, ...more({ startUpBudget: Duration.minutes(1) }) }), 'startupBudget'],
  ['LonghornStorage', (chart) => new LonghornStorage(chart, 'x', forced({ isdefault: true })), 'isDefault'],
  ['ArgoCdIngress', (chart) => new ArgoCdIngress(chart, 'x', { host: 'a.example.org', ...more({ viaa: {} }) }), 'via'],
  ['EtcdBackup', (chart) => new EtcdBackup(chart, 'x', { ...s3, ...more({ encryptonKey: root }) }), 'encryptionKey'],
  ['GitOpsApplication', (chart) => new GitOpsApplication(chart, 'x', { repository: 'https://a.example/b', path: 'dist', namespace: 'a', ...more({ pruning: false, self_heal: true }) }), 'selfHeal'],
])('a typo in a prop of %s is told with the prop that was meant', (_, define, meant) => {
  const { app, chart } = platform();
  define(chart);
  expect(refusals(app)).toContainEqual(expect.stringMatching(new RegExp(`^blog/x: \\w+ is no prop of this construct: write ${meant}, or remove it$`)));
}); // prettier-ignore

test('what is no prop at all is told, with its prop’s name alone', () => {
  const { app, chart } = platform();
  new MysqlExporter(chart, 'x', { database: new Mysql(chart, 'db', { image: 'mysql:8.4', storage: Size.gibibytes(1), database: 'blog', rootPassword: root }), password: root, ...more({ dsn: 'root:hunter2@tcp(db)' }) }); // prettier-ignore
  expect(refusals(app)).toEqual(['blog/x: dsn is no prop of this construct: remove it, or correct its name']);
});

test('names too long for a controller take no other construct’s either', () => {
  const { app, chart } = platform();
  const database = new Mysql(chart, 'db', { image: 'mysql:8.4', storage: Size.gibibytes(1), database: 'blog', rootPassword: root });
  for (const letter of ['a', 'b']) new MysqlBackup(chart, letter, { ...s3, database, name: letter.repeat(53) });
  expect(refusals(app).map((line) => line.replace(/ is .*/, ''))).toEqual(['blog/a: name', 'blog/b: name']);
});

test('several in one construct are all told, and a wrong name takes no other construct’s', () => {
  const { app, chart } = platform();
  for (const name of ['First Web', 'Second Web'])
    new BlogWeb(chart, name.replace(' ', ''), { name, image: 'x y', replicas: 0, servicePort: 0, steps: [{ weight: 120 }], maxBody: Size.mebibytes(0) }); // prettier-ignore
  expect(refusals(app).map((line) => line.replace(/ is .*/, ''))).toEqual(
    ['blog/FirstWeb', 'blog/SecondWeb'].flatMap((path) =>
      ['name', 'servicePort', 'maxBody', 'image', 'replicas', 'steps[0].weight'].map((prop) => `${path}: ${prop}`),
    ),
  );
});
