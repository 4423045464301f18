// The alerts of backups and drills, as synthesized, evaluated by Prometheus in both directions.
import { Size } from 'cdk8s';
import { EtcdBackup } from '../../lib/constructs/etcd-backup';
import { LonghornStorage } from '../../lib/constructs/longhorn-storage';
import { Mysql } from '../../lib/constructs/mysql';
import { MysqlBackup } from '../../lib/constructs/mysql-backup';
import { MysqlExporter } from '../../lib/constructs/mysql-exporter';
import { MysqlRestoreDrill } from '../../lib/constructs/mysql-restore-drill';
import { SecretRef } from '../../lib/constructs/secret-ref';
import { at, blogChart, objectOf } from '../constructs/blog';
import { type RuleGroups, unlessFiring } from './promtool';
import { describeWith } from './tools';

const chart = blogChart();
const bucket = { bucket: 'blog-backup', region: 'eu-west-1', credentials: 'aws-s3-credentials' };
const database = new Mysql(chart, 'mysql', {
  image: 'mysql:8.4.3',
  storage: Size.gibibytes(5),
  database: 'board',
  rootPassword: SecretRef.of('mysql-secret', 'mysql-root-password'),
});
const backup = new MysqlBackup(chart, 'mysql-backup', { database, ...bucket });
new MysqlRestoreDrill(chart, 'drill', { backup });
new EtcdBackup(chart, 'etcd-backup', bucket);
new MysqlExporter(chart, 'mysql-exporter', { database, password: SecretRef.of('mysql-exporter-secret', 'password') });
new LonghornStorage(chart, 'longhorn');

function groupsOf(rule: string): RuleGroups {
  const groups = at(objectOf(chart, 'PrometheusRule', `${rule}-alerts`), 'spec', 'groups');
  const list: readonly unknown[] = Array.isArray(groups) ? groups : [];
  return list.filter(isGroup);
}

function isGroup(group: unknown): group is RuleGroups[number] {
  return typeof group === 'object' && group !== null;
}

describeWith(['promtool'], 'the alerts', () => {
  describe.each([
    ['mysql-backup', 'MysqlBackup', 27],
    ['etcd-backup', 'EtcdBackup', 27],
    ['drill', 'MysqlRestoreDrill', 31 * 24 + 3],
  ])('of %s', (job, prefix, hours) => {
    const groups = groupsOf(job);
    const success = `kube_cronjob_status_last_successful_time{namespace="blog-system",cronjob="${job}"}`;
    const labels = `namespace="blog-system",job_name="${job}-29384756"`;
    const failed = `kube_job_failed{${labels},condition="true"}`;
    const started = `kube_job_status_start_time{${labels}}`;

    test('fire when the last success is too old, and not before', async () => {
      // Half an hour after the beginning of the series it is older than it may be.
      const series = { [success]: `${String(1800 - hours * 3600)}x120` };
      expect(await unlessFiring({ groups, series, alert: `${prefix}Stale`, at: '50m' }, 1)).toBeNull();
      expect(await unlessFiring({ groups, series, alert: `${prefix}Stale`, at: '25m' }, 0)).toBeNull();
    });

    test('fire when there never was a success, and be silent soon after the first', async () => {
      const series = { [success]: '_x60 3600x60' };
      expect(await unlessFiring({ groups, series, alert: `${prefix}Stale`, at: '50m' }, 1)).toBeNull();
      expect(await unlessFiring({ groups, series, alert: `${prefix}Stale`, at: '70m' }, 0)).toBeNull();
    });

    test('fire while a failed run is newer than the last success', async () => {
      const series = { [success]: '600x60 4200x60', [failed]: '_x29 1x100', [started]: '_x29 1200x100' };
      expect(await unlessFiring({ groups, series, alert: `${prefix}Failed`, at: '10m' }, 0)).toBeNull();
      expect(await unlessFiring({ groups, series, alert: `${prefix}Failed`, at: '40m' }, 1)).toBeNull();
      expect(await unlessFiring({ groups, series, alert: `${prefix}Failed`, at: '80m' }, 0)).toBeNull();
    });

    test('fire when the very first run failed, and not for the run of another job', async () => {
      const other = { 'kube_job_failed{namespace="blog-system",job_name="other-1",condition="true"}': '1x60', [success]: '0x60' };
      expect(
        await unlessFiring({ groups, series: { [failed]: '1x60', [started]: '0x60' }, alert: `${prefix}Failed`, at: '30m' }, 1),
      ).toBeNull();
      expect(await unlessFiring({ groups, series: other, alert: `${prefix}Failed`, at: '30m' }, 0)).toBeNull();
    });
  });

  describe('of the exporter', () => {
    const groups = groupsOf('mysql-exporter');
    const own = 'job="mysql-exporter",namespace="blog-system"';
    const volume = 'namespace="blog-system",persistentvolumeclaim="mysql-data"';
    test.each<[string, string, Record<string, string>, Record<string, string>]>([
      ['MysqlDown', 'the server is down', { [`mysql_up{${own}}`]: '0x60' }, { [`mysql_up{${own}}`]: '1x60' }],
      ['MysqlDown', 'the server is down, not when nothing is known', { [`mysql_up{${own}}`]: '0x60' }, {}],
      ['MysqlExporterSilent', 'nothing is known', {}, { [`mysql_up{${own}}`]: '0x60' }],
      [
        'MysqlExporterLacksData',
        'a scrape is incomplete',
        { [`mysql_exporter_last_scrape_error{${own}}`]: '1x60' },
        { [`mysql_exporter_last_scrape_error{${own}}`]: '0x60' },
      ],
      [
        'MysqlConnectionsNearLimit',
        'few connections are left',
        { [`mysql_global_status_threads_connected{${own}}`]: '130x60', [`mysql_global_variables_max_connections{${own}}`]: '151x60' },
        { [`mysql_global_status_threads_connected{${own}}`]: '100x60', [`mysql_global_variables_max_connections{${own}}`]: '151x60' },
      ],
      [
        'MysqlRefusesConnections',
        'connections are refused',
        { [`mysql_global_status_connection_errors_total{${own},error="max_connections"}`]: '0+1x60' },
        { [`mysql_global_status_connection_errors_total{${own},error="max_connections"}`]: '7x60' },
      ],
      [
        'MysqlRestarted',
        'it just started',
        { [`mysql_global_status_uptime{${own}}`]: '100x60' },
        { [`mysql_global_status_uptime{${own}}`]: '9000x60' },
      ],
      [
        'MysqlWaitsForLocks',
        'clients wait',
        { [`mysql_global_status_innodb_row_lock_time{${own}}`]: '0+120000x60' },
        { [`mysql_global_status_innodb_row_lock_time{${own}}`]: '0+600x60' },
      ],
      [
        'MysqlVolumeFull',
        'the volume is full',
        { [`kubelet_volume_stats_available_bytes{${volume}}`]: '5x60', [`kubelet_volume_stats_capacity_bytes{${volume}}`]: '100x60' },
        { [`kubelet_volume_stats_available_bytes{${volume}}`]: '20x60', [`kubelet_volume_stats_capacity_bytes{${volume}}`]: '100x60' },
      ],
    ])('%s fires when %s, and not otherwise', async (alert, _, bad, good) => {
      expect(await unlessFiring({ groups, series: bad, alert, at: '50m' }, 1)).toBeNull();
      expect(await unlessFiring({ groups, series: good, alert, at: '50m' }, 0)).toBeNull();
    });

    test('MysqlVolumeFillsUp fires days before the volume is full, and not while it stays as it is', async () => {
      const size = { [`kubelet_volume_stats_capacity_bytes{${volume}}`]: '10000x500' };
      const shrinking = { ...size, [`kubelet_volume_stats_available_bytes{${volume}}`]: '3500-1x500' };
      const steady = { ...size, [`kubelet_volume_stats_available_bytes{${volume}}`]: '3500x500' };
      expect(await unlessFiring({ groups, series: shrinking, alert: 'MysqlVolumeFillsUp', at: '8h' }, 1)).toBeNull();
      expect(await unlessFiring({ groups, series: steady, alert: 'MysqlVolumeFillsUp', at: '8h' }, 0)).toBeNull();
    });
  });

  describe('of Longhorn', () => {
    const groups = groupsOf('longhorn');
    test.each<[string, Record<string, string>, Record<string, string>]>([
      [
        'LonghornVolumeDegraded',
        { 'longhorn_volume_robustness{volume="v"}': '2x60' },
        { 'longhorn_volume_robustness{volume="v"}': '1x60' },
      ],
      [
        'LonghornVolumeDegraded',
        { 'longhorn_volume_robustness{volume="v",state="degraded"}': '1x60' },
        { 'longhorn_volume_robustness{volume="v",state="healthy"}': '1x60' },
      ],
      [
        'LonghornDiskUnschedulable',
        { 'longhorn_disk_status{condition="schedulable"}': '0x60' },
        { 'longhorn_disk_status{condition="schedulable"}': '1x60' },
      ],
      [
        'LonghornDiskFillsUp',
        { 'longhorn_disk_usage_bytes{disk="d"}': '9x60', 'longhorn_disk_capacity_bytes{disk="d"}': '10x60' },
        { 'longhorn_disk_usage_bytes{disk="d"}': '5x60', 'longhorn_disk_capacity_bytes{disk="d"}': '10x60' },
      ],
      ['LonghornMetricsMissing', {}, { longhorn_node_status: '1x60' }],
    ])('%s fires when it has to, and not otherwise', async (alert, bad, good) => {
      expect(await unlessFiring({ groups, series: bad, alert, at: '50m' }, 1)).toBeNull();
      expect(await unlessFiring({ groups, series: good, alert, at: '50m' }, 0)).toBeNull();
    });
  });
});
