import { Size } from 'cdk8s';
import { Mysql } from '../../lib/constructs/mysql';
import { MysqlBackup, type MysqlBackupProps } from '../../lib/constructs/mysql-backup';
import { MysqlRestoreDrill } from '../../lib/constructs/mysql-restore-drill';
import { Peer } from '../../lib/constructs/peer';
import { mysqlBackupScripts } from '../../lib/constructs/scripts/scripts';
import { SecretRef } from '../../lib/constructs/secret-ref';
import { at, blogChart, errorsOf, findingsOf, kindsOf, objectOf } from './blog';

const root = SecretRef.of('mysql-secret', 'mysql-root-password');

function backup(props: Partial<MysqlBackupProps> = {}, forced: object = {}) {
  const chart = blogChart();
  const database = new Mysql(chart, 'mysql', { image: 'mysql:8.4.3', storage: Size.gibibytes(5), database: 'board', rootPassword: root });
  const construct = new MysqlBackup(chart, 'mysql-backup', {
    database,
    bucket: 'blog-backup',
    region: 'ap-northeast-2',
    credentials: 'aws-s3-credentials',
    ...props,
    ...forced,
  });
  return { chart, construct };
}

function pod(props: Partial<MysqlBackupProps> = {}): unknown {
  return at(objectOf(backup(props).chart, 'CronJob'), 'spec', 'jobTemplate', 'spec', 'template');
}

function env(container: unknown): Record<string, unknown> {
  const list = at(container, 'env');
  if (!Array.isArray(list)) return {};
  return Object.fromEntries(
    list.map((entry: unknown): [string, unknown] => [String(at(entry, 'name')), at(entry, 'value') ?? at(entry, 'valueFrom')]),
  );
}

function egress(props: Partial<MysqlBackupProps>): unknown {
  return at(objectOf(backup(props).chart, 'CiliumNetworkPolicy', 'mysql-backup-isolation'), 'spec', 'egress');
}

describe('MysqlBackup', () => {
  const { chart, construct } = backup();
  const job = objectOf(chart, 'CronJob');
  const spec = at(pod(), 'spec');

  test('is a CronJob with its scripts, rights, alerts and policy', () => {
    expect(kindsOf(construct)).toEqual([
      'ConfigMap mysql-backup-scripts',
      'CronJob mysql-backup',
      'PrometheusRule mysql-backup-alerts',
      'ConfigMap mysql-backup-rights',
      'CiliumNetworkPolicy mysql-backup-isolation',
    ]);
  });

  test('runs daily in UTC, one run at a time, each with a deadline and one retry', () => {
    expect(job).toMatchObject({
      spec: {
        schedule: '0 18 * * *',
        timeZone: 'Etc/UTC',
        concurrencyPolicy: 'Forbid',
        jobTemplate: { spec: { activeDeadlineSeconds: 7200, backoffLimit: 1, template: { spec: { restartPolicy: 'Never' } } } },
      },
    });
  });

  test('dumps in the database’s image and then uploads in the AWS client’s, as one user that is not root', () => {
    expect(at(spec, 'initContainers')).toMatchObject([{ name: 'dump', image: 'mysql:8.4.3', command: ['bash', '/scripts/mysql-dump.sh'] }]);
    expect(at(spec, 'containers')).toMatchObject([
      { name: 'upload', image: 'amazon/aws-cli:2.27.0', command: ['bash', '/scripts/upload.sh'] },
    ]);
    expect(at(spec, 'securityContext')).toMatchObject({ runAsNonRoot: true, runAsUser: 999 });
    expect(at(pod(), 'metadata', 'labels')).toEqual({ app: 'mysql-backup', 'sidecar.istio.io/inject': 'false' });
  });

  test('hands every value to the scripts by environment, and secrets by reference', () => {
    expect(env(at(spec, 'initContainers', 0))).toMatchObject({
      DB_HOST: 'mysql.blog-system.svc',
      DB_PORT: '3306',
      DB_USER: 'root',
      DB_PASSWORD: { secretKeyRef: { name: 'mysql-secret', key: 'mysql-root-password' } },
      WORK_DIR: '/work',
      SECRET_DIR: '/secret',
      RUN_ID: { fieldRef: { fieldPath: 'metadata.name' } },
    });
    expect(env(at(spec, 'containers', 0))).toMatchObject({
      S3_BUCKET: 'blog-backup',
      S3_PREFIX: 'mysql-backup',
      AWS_REGION: 'ap-northeast-2',
      AWS_ACCESS_KEY_ID: { secretKeyRef: { name: 'aws-s3-credentials', key: 'AWS_ACCESS_KEY_ID' } },
      KEEP: '7',
    });
    expect(at(objectOf(chart, 'ConfigMap', 'mysql-backup-scripts'), 'data')).toEqual(mysqlBackupScripts);
  });

  test('bounds its scratch space by the size of the claim, and keeps passwords in memory', () => {
    expect(at(spec, 'volumes')).toEqual(
      expect.arrayContaining([
        { name: 'work', emptyDir: { sizeLimit: '5Gi' } },
        { name: 'secret', emptyDir: { medium: 'Memory', sizeLimit: '16Mi' } },
      ]),
    );
  });

  test('may reach the database, the bucket by its host, and DNS', () => {
    expect(egress({})).toMatchObject([
      { toEndpoints: [{ matchLabels: { app: 'mysql' } }], toPorts: [{ ports: [{ port: '3306' }] }] },
      { toFQDNs: [{ matchName: 'blog-backup.s3.ap-northeast-2.amazonaws.com' }], toPorts: [{ ports: [{ port: '443' }] }] },
      { toPorts: [{ rules: { dns: [{ matchPattern: '*' }] } }] },
    ]);
    expect(at(objectOf(chart, 'CiliumNetworkPolicy', 'mysql-isolation'), 'spec', 'ingress')).toMatchObject([
      { fromEndpoints: [{ matchLabels: { app: 'mysql-backup' } }] },
    ]);
  });

  test.each<[string, Partial<MysqlBackupProps>]>([
    ['asked for by path', { pathStyle: true }],
    ['whose name no certificate covers', { bucket: 'blog.backup' }],
  ])('reaches a bucket %s under the host of its region', (_, props) => {
    expect(egress(props)).toMatchObject([{}, { toFQDNs: [{ matchName: 's3.ap-northeast-2.amazonaws.com' }] }, {}]);
  });

  test('documents a user and a policy with just the rights that it needs', () => {
    const { construct: own } = backup({ user: { name: 'backup', password: root }, schemas: ['board', 'my_shop'] });
    expect(own.rights).toContain("GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON `board`.* TO 'backup'@'%';");
    expect(own.rights).toContain('ON `my\\_shop`.* TO');
    expect(JSON.parse(construct.iamPolicy)).toMatchObject({
      Statement: [
        {
          Action: ['s3:PutObject', 's3:GetObject', 's3:DeleteObject', 's3:AbortMultipartUpload'],
          Resource: 'arn:aws:s3:::blog-backup/mysql-backup/*',
        },
        { Action: ['s3:ListBucket', 's3:ListBucketMultipartUploads'], Resource: 'arn:aws:s3:::blog-backup' },
      ],
    });
    expect(backup({ keep: 'all' }).construct.iamPolicy).not.toMatch(/Delete|Abort/);
  });

  test('alerts when the last success is older than a day and a late run', () => {
    const rules = at(objectOf(chart, 'PrometheusRule'), 'spec', 'groups', 0, 'rules');
    expect(rules).toMatchObject([
      { alert: 'MysqlBackupStale', labels: { severity: 'critical' } },
      { alert: 'MysqlBackupFailed', labels: { severity: 'critical' } },
    ]);
    expect(at(rules, 0, 'expr')).toMatch(/ > 97200 or absent\(/);
  });

  test('waits for as long as the schedule is quiet', () => {
    const { chart: weekdays } = backup({ schedule: '0 3 * * 1-5' });
    expect(at(objectOf(weekdays, 'PrometheusRule'), 'spec', 'groups', 0, 'rules', 0, 'expr')).toContain(` > ${3 * 86_400 + 10_800} or`);
  });

  test('uses another S3 API with the bucket in the path, and lets the pods behind it be named', () => {
    const far = { endpoint: 'https://minio.example.org:9000' };
    expect(env(at(pod(far), 'spec', 'containers', 0))).toMatchObject({ S3_ENDPOINT: 'https://minio.example.org:9000' });
    expect(egress(far)).toMatchObject([
      {},
      { toFQDNs: [{ matchName: 'minio.example.org' }], toPorts: [{ ports: [{ port: '9000' }] }] },
      {},
    ]);
    const near = {
      endpoint: 'http://minio.storage.svc',
      endpointPeer: Peer.pods({ namespace: 'storage', labels: { app: 'minio' } }),
      endpointPodPort: 9000,
    };
    expect(egress(near)).toMatchObject([
      {},
      { toEndpoints: [{ matchLabels: { app: 'minio' } }], toPorts: [{ ports: [{ port: '9000' }] }] },
      {},
    ]);
    expect(egress({ endpoint: 'https://192.168.1.9' })).toMatchObject([{}, { toCIDR: ['192.168.1.9/32'] }, {}]);
  });

  test('takes a role instead of a key pair', () => {
    const props = { credentials: undefined, webIdentity: { roleArn: 'arn:aws:iam::123456789012:role/backup' } };
    const template = at(pod(props), 'spec');
    expect(at(template, 'serviceAccountName')).toBe('mysql-backup');
    expect(env(at(template, 'containers', 0))).toMatchObject({
      AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/backup',
      AWS_WEB_IDENTITY_TOKEN_FILE: '/var/run/secrets/aws/token',
    });
    expect(JSON.stringify(egress(props))).toContain('sts.ap-northeast-2.amazonaws.com');
  });

  test('encrypts with a key that only the dump sees', () => {
    const template = at(pod({ encryptionKey: SecretRef.of('backup-key', 'key') }), 'spec');
    expect(env(at(template, 'initContainers', 0))).toMatchObject({ ENCRYPTION_KEY_FILE: '/keys/key' });
    expect(JSON.stringify(at(template, 'containers'))).not.toContain('/keys');
  });
});

describe('a database with its backup and drill', () => {
  test('is found nothing wrong with, but for hints at one server and at etcd', () => {
    const { chart, construct } = backup({ encryptionKey: SecretRef.of('backup-key', 'key') });
    new MysqlRestoreDrill(chart, 'mysql-restore-drill', { backup: construct });
    expect(findingsOf(chart)).toEqual([
      expect.stringMatching(/^info single-replica-database /),
      expect.stringMatching(/^info etcd-without-backup /),
    ]);
    expect(errorsOf(chart)).toEqual([]);
  });
});

describe('a backup that is called so and no more', () => {
  test('is one to the lessons as well', () => {
    const { chart, construct } = backup({ name: 'backup' });
    new MysqlRestoreDrill(chart, 'drill', { backup: construct });
    expect(findingsOf(chart)).toEqual([
      expect.stringMatching(/^info single-replica-database /),
      expect.stringMatching(/^info etcd-without-backup /),
    ]);
  });
});

describe('MysqlBackup with bad input', () => {
  test.each<[string, Partial<MysqlBackupProps> | object, RegExp]>([
    ['a bucket with a space', { bucket: 'blog backup' }, /^bucket is "blog backup": use 3 to 63/],
    ['a bucket with a quote', { bucket: "blog'backup" }, /^bucket is "blog'backup": use 3 to 63/],
    ['a bucket with a newline', { bucket: 'blog-backup\nrm' }, /^bucket is "blog-backup\\nrm": use 3 to 63/],
    ['a bucket of another script', { bucket: '백업-bucket' }, /^bucket is "백업-bucket": use 3 to 63/],
    ['a prefix with a space', { prefix: 'my sql' }, /^prefix is "my sql": use letters, digits/],
    ['a prefix with a quote', { prefix: 'my"sql' }, /^prefix is "my\\"sql": use letters, digits/],
    ['a prefix that leaves its folder', { prefix: '../mysql' }, /^prefix is "..\/mysql": use letters, digits/],
    ['a prefix of another script', { prefix: 'données' }, /^prefix is "données": use letters, digits/],
    ['a schedule with six fields', { schedule: '0 0 18 * * *' }, /^schedule is "0 0 18 \* \* \*": it has 6 fields: give five fields/],
    ['a date that never comes', { schedule: '0 0 30 2 *' }, /^schedule is "0 0 30 2 \*": .*that some day matches/],
    ['an hour that is none', { schedule: '0 25 * * *' }, /^schedule is "0 25 \* \* \*": .*give five fields/],
    [
      'a field that Kubernetes does not read',
      { schedule: '0 0 L * *' },
      /^schedule is "0 0 L \* \*": Kubernetes does not read the field "L"/,
    ],
    ['a Sunday that Kubernetes does not know', { schedule: '0 0 * * 7' }, /^schedule is "0 0 \* \* 7": .*write 0 for Sunday/],
    ['a macro', { schedule: '@daily' }, /^schedule is "@daily": it has 1 fields/],
    ['a retention of 0', { keep: 0 }, /^keep is 0: give a whole number of at least 1/],
    ['half a backup kept', { keep: 1.5 }, /^keep is 1.5: give a whole number/],
    ['a negative minimum size', { minimumBytes: -1 }, /^minimumBytes is -1: give a whole number of at least 1/],
    ['a shrink of more than all', { maxShrinkPercent: 101 }, /^maxShrinkPercent is 101: give a whole number from 0 to 100/],
    [
      'an endpoint without a scheme',
      { endpoint: 'minio.example.org:9000' },
      /^endpoint is "minio.example.org:9000": it does not begin with http/,
    ],
    [
      'an endpoint with a path',
      { endpoint: 'https://minio.example.org/s3' },
      /^endpoint is "https:\/\/minio.example.org\/s3": it is more than a host/,
    ],
    [
      'a Service as endpoint without its pods',
      { endpoint: 'http://minio.storage.svc:9000' },
      /^endpoint is "minio.storage.svc": .*endpointPeer/,
    ],
    ['credentials that are no name', { credentials: 5 }, /^credentials is 5: use at most 253/],
    ['credentials with a space', { credentials: 'my keys' }, /^credentials is "my keys": use at most 253/],
    ['no credentials at all', { credentials: undefined }, /^credentials is "missing": .*give one of the two/],
    [
      'both kinds of credentials',
      { webIdentity: { roleArn: 'arn:aws:iam::123456789012:role/b' } },
      /^credentials is "aws-s3-credentials": webIdentity is given as well/,
    ],
    [
      'a role that is none',
      { credentials: undefined, webIdentity: { roleArn: 'backup' } },
      /^webIdentity\.roleArn is "backup": give the ARN/,
    ],
    ['a string for a password', { user: { name: 'backup', password: 'hunter2' } }, /^user\.password is not a SecretRef/],
    ['a string for a key', { encryptionKey: 'hunter2' }, /^encryptionKey is not a SecretRef/],
    ['a schema with a comma', { schemas: ['a,b'] }, /^schemas is "a,b": use at most 64/],
    ['a name too long for its Jobs', { name: 'b'.repeat(53) }, /^name is "b+": use at most 52 characters/],
    ['scratch space of zero', { scratch: Size.gibibytes(0) }, /^scratch is /],
    ['an image that moves', { awsImage: 'amazon/aws-cli:latest' }, /^awsImage is /],
    ['a prop that does not exist', { retention: 7 }, /^retention is no prop/],
  ])('fails on %s, naming prop, value and mend', (_, props, message) => {
    expect(errorsOf(backup({}, props).chart)).toEqual([expect.stringMatching(message)]);
  });

  test('fails on credentials in an endpoint without printing them', () => {
    const errors = errorsOf(backup({ endpoint: 'https://key:hunter2@minio.example.org' }).chart);
    expect(errors).toEqual([expect.stringMatching(/^endpoint is .*it holds credentials/)]);
    expect(errors.join()).not.toContain('hunter2');
  });

  test('fails with all that is wrong at once', () => {
    expect(errorsOf(backup({ bucket: 'A', keep: 0, schedule: '* *' }).chart)).toHaveLength(3);
  });
});
