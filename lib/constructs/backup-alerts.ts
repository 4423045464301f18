/** Alerts on a CronJob whose every fault ends in a failed Job: that it is too old, and that its last run failed. */
import { staleBackupExpression } from '../lessons/backup-freshness-alert';
import { type Alert, series } from './alerts';

export interface CronJobAlertsProps {
  readonly namespace: string;
  readonly cronJob: string;
  /** Begins the alerts' names, such as `MysqlBackup`. */
  readonly prefix: string;
  /** What has to happen, such as `backup of shop/db`. */
  readonly what: string;
  /** The last success may be so old: the longest gap of the schedule, and a late and slow run. */
  readonly staleSeconds: number;
  /** What follows from a failure. */
  readonly consequence: string;
  readonly severity: Alert['severity'];
}

export function cronJobAlerts({ namespace, cronJob, prefix, what, staleSeconds, consequence, severity }: CronJobAlertsProps): Alert[] {
  const look = `kubectl -n ${namespace} get jobs,pods -l app=${cronJob}`;
  const logs = `kubectl -n ${namespace} logs job/<job> --all-containers: the last line of the failed step names the reason`;
  return [
    {
      name: `${prefix}Stale`,
      expression: staleBackupExpression(namespace, cronJob, staleSeconds),
      for: '15m',
      severity,
      summary: `there was no successful ${what} for ${hours(staleSeconds)}: ${consequence}`,
      runbook: `${look}. Where there is no run at all: is CronJob ${cronJob} suspended, can its pods be scheduled, does kube-state-metrics answer? Where runs fail: ${logs}. Start one by kubectl -n ${namespace} create job --from=cronjob/${cronJob} ${cronJob}-by-hand.`,
    },
    {
      name: `${prefix}Failed`,
      expression: lastRunFailed(namespace, cronJob),
      for: '0m',
      severity,
      summary: `the last ${what} failed: ${consequence}`,
      runbook: `${look}; ${logs}. When it is mended, start one by kubectl -n ${namespace} create job --from=cronjob/${cronJob} ${cronJob}-by-hand; its success ends this alert.`,
    },
  ];
}

/**
 * True while a failed run is newer than the last success. Failed Jobs are kept for their logs, so a count of them would go on for days
 * after the next success.
 */
function lastRunFailed(namespace: string, cronJob: string): string {
  const jobs = `{namespace="${namespace}", job_name=~"${cronJob}-[0-9]+"}`;
  const failed = `kube_job_failed{namespace="${namespace}", job_name=~"${cronJob}-[0-9]+", condition="true"} == 1`;
  const success = series('kube_cronjob_status_last_successful_time', { namespace, cronjob: cronJob });
  const newestFailure = `max by (namespace) (kube_job_status_start_time${jobs} and on (namespace, job_name) (${failed}))`;
  const newestSuccess = `max by (namespace) (${success})`;
  return `${newestFailure} > ${newestSuccess} or ${newestFailure} unless on (namespace) ${newestSuccess}`;
}

function hours(seconds: number): string {
  const whole = Math.round(seconds / 3600);
  return whole < 72 ? `${whole} hours` : `${Math.round(whole / 24)} days`;
}
