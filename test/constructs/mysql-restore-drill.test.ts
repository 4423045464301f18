import { Size } from 'cdk8s';
import { Mysql } from '../../lib/constructs/mysql';
import { MysqlBackup } from '../../lib/constructs/mysql-backup';
import { MysqlRestoreDrill, type MysqlRestoreDrillProps } from '../../lib/constructs/mysql-restore-drill';
import { mysqlRestoreDrillScripts } from '../../lib/constructs/scripts/scripts';
import { SecretRef } from '../../lib/constructs/secret-ref';
import { at, blogChart, errorsOf, kindsOf, objectOf } from './blog';

function drill(props: Partial<MysqlRestoreDrillProps> = {}) {
  const chart = blogChart();
  const rootPassword = SecretRef.of('mysql-secret', 'mysql-root-password');
  const database = new Mysql(chart, 'mysql', { image: 'mysql:8.4.3', storage: Size.gibibytes(5), database: 'board', rootPassword });
  const backup = new MysqlBackup(chart, 'mysql-backup', {
    database,
    bucket: 'blog-backup',
    prefix: 'board',
    region: 'eu-west-1',
    credentials: 'aws-s3-credentials',
    encryptionKey: SecretRef.of('backup-key', 'key'),
  });
  const construct = new MysqlRestoreDrill(chart, 'drill', { backup, ...props });
  return { chart, construct, pod: at(objectOf(construct, 'CronJob'), 'spec', 'jobTemplate', 'spec', 'template', 'spec') };
}

describe('MysqlRestoreDrill', () => {
  const { construct, pod } = drill();

  test('is a monthly CronJob with its scripts, alerts and policy', () => {
    expect(kindsOf(construct)).toEqual([
      'ConfigMap drill-scripts',
      'CronJob drill',
      'PrometheusRule drill-alerts',
      'CiliumNetworkPolicy drill-isolation',
    ]);
    expect(at(objectOf(construct, 'CronJob'), 'spec', 'schedule')).toBe('0 4 1 * *');
    expect(at(objectOf(construct, 'ConfigMap'), 'data')).toEqual(mysqlRestoreDrillScripts);
  });

  test('fetches, restores in the database’s image, and reports', () => {
    expect(at(pod, 'initContainers')).toMatchObject([
      { name: 'fetch', image: 'amazon/aws-cli:2.27.0', command: ['bash', '/scripts/fetch.sh'] },
      { name: 'restore', image: 'mysql:8.4.3', command: ['bash', '/scripts/mysql-drill.sh'] },
    ]);
    expect(at(pod, 'containers')).toMatchObject([{ name: 'report', command: ['bash', '/scripts/report.sh'] }]);
  });

  test('reads the backup’s own place with the backup’s key', () => {
    expect(at(pod, 'initContainers', 0, 'env')).toEqual(
      expect.arrayContaining([
        { name: 'S3_BUCKET', value: 'blog-backup' },
        { name: 'S3_PREFIX', value: 'board' },
      ]),
    );
    expect(at(pod, 'initContainers', 1, 'env')).toEqual(expect.arrayContaining([{ name: 'ENCRYPTION_KEY_FILE', value: '/keys/key' }]));
  });

  test('knows no password of the database, and has no way to it', () => {
    expect(JSON.stringify(pod)).not.toMatch(/mysql-secret|DB_HOST/);
    const policy = objectOf(construct, 'CiliumNetworkPolicy');
    expect(JSON.stringify(policy)).not.toContain('3306');
    expect(at(policy, 'spec', 'ingress')).toEqual([{}]);
  });

  test('has room for the backup, and for the data twice', () => {
    expect(at(pod, 'volumes')).toEqual(
      expect.arrayContaining([
        { name: 'work', emptyDir: { sizeLimit: '5Gi' } },
        { name: 'data', emptyDir: { sizeLimit: '10Gi' } },
      ]),
    );
  });

  test('takes credentials of its own', () => {
    expect(JSON.stringify(drill({ credentials: 's3-reader' }).pod)).not.toContain('aws-s3-credentials');
  });

  test('alerts when no drill passed for a month', () => {
    const rules = at(objectOf(construct, 'PrometheusRule'), 'spec', 'groups', 0, 'rules');
    expect(rules).toMatchObject([{ alert: 'MysqlRestoreDrillStale' }, { alert: 'MysqlRestoreDrillFailed' }]);
    expect(at(rules, 0, 'expr')).toContain(` > ${31 * 86_400 + 10_800} or`);
  });

  test.each<[string, Partial<MysqlRestoreDrillProps>, RegExp]>([
    ['six fields', { schedule: '0 0 4 1 * *' }, /^schedule is .*it has 6 fields/],
    ['no space for data', { dataScratch: Size.gibibytes(0) }, /^dataScratch is /],
    ['an image that moves', { image: 'mysql' }, /^image is /],
    ['a prop that does not exist', Object({ database: 'x' }), /^database is no prop/],
  ])('fails on %s, naming prop, value and mend', (_, props, message) => {
    expect(errorsOf(drill(props).chart)).toEqual([expect.stringMatching(message)]);
  });
});
