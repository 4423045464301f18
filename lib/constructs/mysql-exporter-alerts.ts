/** What somebody who runs MySQL wants to be told of, read from the exporter's metrics and the kubelet's. */
import { type Alert, series } from './alerts';
import type { IMysql } from './mysql';

export interface ExporterAlertsProps {
  /** The exporter's Service: Prometheus names the job after it. */
  readonly job: string;
  readonly namespace: string;
  readonly database: IMysql;
}

export function exporterAlerts({ job, namespace, database }: ExporterAlertsProps): Alert[] {
  const metric = (name: string) => series(name, { job, namespace });
  const server = `${database.connections.namespace}/${database.connections.name}`;
  return [
    // Two alerts and two texts: an exporter that is cut off says nothing of the server.
    {
      name: 'MysqlDown',
      expression: `${metric('mysql_up')} == 0`,
      for: '2m',
      severity: 'critical',
      summary: `the exporter cannot sign in to MySQL ${server}`,
      runbook: `See whether the server is ready (kubectl -n ${database.connections.namespace} get pods -l app=${database.connections.name}); when it is, look at the exporter's log for a refused password or a network policy.`,
    },
    {
      name: 'MysqlExporterSilent',
      expression: `absent(${metric('mysql_up')})`,
      for: '5m',
      severity: 'critical',
      summary: `nothing is known of MySQL ${server}: its exporter is not scraped`,
      runbook: `This does not say that MySQL is down. See whether the pods of ${namespace}/${job} run, whether Prometheus lists the target, and whether a policy keeps it from port 9104.`,
    },
    {
      name: 'MysqlExporterLacksData',
      expression: `${metric('mysql_exporter_last_scrape_error')} == 1`,
      for: '15m',
      severity: 'warning',
      summary: `the exporter of MySQL ${server} signs in but cannot read all that it should`,
      runbook: 'Its log names the collector. Most often its user lacks a privilege: the SQL is in the ConfigMap beside it.',
    },
    ...loadAlerts(job, namespace, server),
    ...volumeAlerts(database, server),
  ];
}

function loadAlerts(job: string, namespace: string, server: string): Alert[] {
  const metric = (name: string) => series(name, { job, namespace });
  return [
    {
      name: 'MysqlConnectionsNearLimit',
      expression: `${metric('mysql_global_status_threads_connected')} / ${metric('mysql_global_variables_max_connections')} > 0.8`,
      for: '5m',
      severity: 'warning',
      summary: `MySQL ${server} uses more than 80% of its connections`,
      runbook:
        'SHOW PROCESSLIST tells whose they are. Lower the pools of the applications (pool size times pods), or raise max_connections in the settings.',
    },
    {
      name: 'MysqlRefusesConnections',
      expression: `increase(${series('mysql_global_status_connection_errors_total', { job, namespace, error: 'max_connections' })}[5m]) > 0`,
      for: '0m',
      severity: 'critical',
      summary: `MySQL ${server} refused connections: all are in use`,
      runbook:
        'SHOW PROCESSLIST as root, for whom one more is kept. End what hangs, then lower the pools of the applications or raise max_connections.',
    },
    {
      name: 'MysqlRestarted',
      expression: `${metric('mysql_global_status_uptime')} < 300`,
      for: '0m',
      severity: 'warning',
      summary: `MySQL ${server} started within the last five minutes`,
      runbook:
        'Unless somebody updated it: kubectl describe pod tells the last state (OOMKilled, a probe, a drained node), kubectl logs --previous the rest.',
    },
    {
      name: 'MysqlWaitsForLocks',
      expression: `rate(${metric('mysql_global_status_innodb_row_lock_time')}[5m]) / 1000 > 1`,
      for: '10m',
      severity: 'warning',
      summary: `clients of MySQL ${server} wait for row locks all the time`,
      runbook: 'SELECT * FROM sys.innodb_lock_waits tells who waits for whom; look for a transaction that was left open.',
    },
  ];
}

function volumeAlerts({ claimName, connections }: IMysql, server: string): Alert[] {
  if (claimName === undefined) return [];
  const labels = { namespace: connections.namespace, persistentvolumeclaim: claimName };
  const free = `${series('kubelet_volume_stats_available_bytes', labels)} / ${series('kubelet_volume_stats_capacity_bytes', labels)}`;
  return [
    {
      name: 'MysqlVolumeFull',
      expression: `${free} < 0.1`,
      for: '5m',
      severity: 'critical',
      summary: `the volume of MySQL ${server} has less than 10% left: at zero every write fails`,
      runbook: `Raise storage, which grows the claim ${claimName} where its class allows it; or drop what is not needed.`,
    },
    {
      name: 'MysqlVolumeFillsUp',
      expression: `predict_linear(${series('kubelet_volume_stats_available_bytes', labels)}[6h], 4 * 86400) < 0 and ${free} < 0.4`,
      for: '1h',
      severity: 'warning',
      summary: `the volume of MySQL ${server} will be full within four days at this rate`,
      runbook: `Raise storage, which grows the claim ${claimName} where its class allows it; or see what grows (information_schema.tables, binary logs).`,
    },
  ];
}
