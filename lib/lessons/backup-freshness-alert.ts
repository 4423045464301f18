import type { Backup } from '../resources/backup';
import { scheduledBackups } from '../resources/backup';
import { mayRead, parsePromql, type Selector, selectorsIn } from '../resources/promql';
import { type AlertRule, alertRules } from '../resources/prometheus-rule';
import { type Context, type Lesson, type Related, violation, type Violation } from './lesson';

/** Metrics of kube-state-metrics that say when a job last succeeded. */
const SUCCESS_TIMES = new Set([
  'kube_cronjob_status_last_successful_time',
  'kube_job_status_completion_time',
  'kube_job_complete',
  'kube_job_status_succeeded',
]);
/** Metrics that speak only of runs that took place. */
const FAILURES = new Set(['kube_job_status_failed', 'kube_job_failed']);
/** What backup scripts and tools publish about themselves. */
const OWN_METRIC = /(backup|dump|snapshot).*(success|timestamp|time|age|last|fresh)|(success|timestamp|age|last).*(backup|dump|snapshot)/i;

/**
 * True when the last success of a CronJob is older than `seconds`, or when there never was one.
 *
 * The second half matters: kube-state-metrics has no value for a CronJob that never succeeded.
 */
export function staleBackupExpression(namespace: string, cronJob: string, seconds: number): string {
  const labels = `{namespace="${namespace}", cronjob="${cronJob}"}`;
  const metric = `kube_cronjob_status_last_successful_time${labels}`;
  return `time() - ${metric} > ${String(seconds)} or absent(${metric})`;
}

export const backupFreshnessAlert: Lesson = {
  id: 'backup-freshness-alert',
  title: 'an alert watches the age of the last successful backup',
  section: 'Backup',
  severity: 'warning',
  incident: {
    symptom: 'the newest object in the bucket is weeks old, and nobody was told',
    cause: 'a job that is not started, is suspended or never gets a node fails nothing, so that alerts on failures stay silent',
    source: 'CI/CD troubleshooting guide, 8.5; kube-state-metrics, CronJob metrics',
  },
  remedy: 'alert on `time() - kube_cronjob_status_last_successful_time > …` for this CronJob, and on its absence',
  confirm: ["kubectl get cronjob -A -o custom-columns='NAME:.metadata.name,LAST:.status.lastSuccessfulTime'"],
  limits:
    'Reads PrometheusRule, VMRule, rule files (also in ConfigMaps) and the values of the Prometheus charts. Alerts of Grafana, of healthchecks.io and of other services are not seen.',
  bad: [
    {
      yaml: `apiVersion: batch/v1
kind: CronJob
metadata: {name: mysql-backup, namespace: blog}
spec:
  schedule: "0 18 * * *" # <- here
  jobTemplate:
    spec:
      template:
        spec:
          containers:
            - name: dump
              image: mysql:8.4
              command: [bash, -euo, pipefail, -c, "mysqldump --all-databases | gzip > /work/all.sql.gz"]
`,
    },
    {
      yaml: `apiVersion: batch/v1
kind: CronJob
metadata: {name: mysql-backup, namespace: blog}
spec:
  schedule: "0 18 * * *" # <- here
  jobTemplate:
    spec:
      template:
        spec:
          containers:
            - name: dump
              image: mysql:8.4
              command: [bash, -euo, pipefail, -c, "mysqldump --all-databases | gzip > /work/all.sql.gz"]
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: backup, namespace: monitoring}
spec:
  groups:
    - name: backup
      rules:
        - alert: BackupFailed
          expr: kube_job_status_failed{job_name=~"mysql-backup.*"} > 0
`,
    },
    {
      yaml: `apiVersion: batch/v1
kind: CronJob
metadata: {name: mysql-backup, namespace: blog}
spec:
  schedule: "0 18 * * *" # <- here
  jobTemplate:
    spec:
      template:
        spec:
          containers:
            - name: dump
              image: mysql:8.4
              command: [bash, -euo, pipefail, -c, "mysqldump --all-databases | gzip > /work/all.sql.gz"]
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: backup, namespace: monitoring}
spec:
  groups:
    - name: backup
      rules:
        - alert: BackupStale
          expr: time() - kube_cronjob_status_last_successful_time{cronjob="postgres-backup"} > 93600
`,
    },
  ],
  good: [
    {
      yaml: `apiVersion: batch/v1
kind: CronJob
metadata: {name: mysql-backup, namespace: blog}
spec:
  schedule: "0 18 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          containers:
            - name: dump
              image: mysql:8.4
              command: [bash, -euo, pipefail, -c, "mysqldump --all-databases | gzip > /work/all.sql.gz"]
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: backup, namespace: monitoring}
spec:
  groups:
    - name: backup
      rules:
        - alert: BackupStale
          expr: time() - kube_cronjob_status_last_successful_time{namespace="blog", cronjob="mysql-backup"} > 93600 or absent(kube_cronjob_status_last_successful_time{namespace="blog", cronjob="mysql-backup"})
`,
    },
    {
      yaml: `apiVersion: batch/v1
kind: CronJob
metadata: {name: mysql-backup, namespace: blog}
spec:
  schedule: "0 18 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          containers:
            - name: dump
              image: mysql:8.4
              command: [bash, -euo, pipefail, -c, "mysqldump --all-databases | gzip > /work/all.sql.gz"]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: prometheus-rules, namespace: monitoring}
data:
  backup.yml: |
    groups:
      - name: backup
        rules:
          - alert: AnyBackupStale
            expr: time() - max by (namespace, cronjob) (kube_cronjob_status_last_successful_time{cronjob=~".+-backup"}) > 26 * 3600
`,
    },
    {
      yaml: `apiVersion: batch/v1
kind: CronJob
metadata: {name: mysql-backup, namespace: blog}
spec:
  schedule: "0 18 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          containers:
            - name: dump
              image: mysql:8.4
              command: [bash, -euo, pipefail, -c, "mysqldump --all-databases | gzip > /work/all.sql.gz"]
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: backup, namespace: monitoring}
spec:
  groups:
    - name: backup
      rules:
        - alert: BackupStale
          expr: time() - mysql_backup_last_success_timestamp_seconds > 93600
`,
    },
    {
      yaml: `apiVersion: batch/v1
kind: CronJob
metadata: {name: sitemap, namespace: blog}
spec:
  schedule: "0 18 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          containers:
            - name: build
              image: alpine:3.20
              command: [sh, -c, "echo no dump here"]
`,
    },
  ],
  *violations({ resources }: Context): Iterable<Violation> {
    const backups = scheduledBackups(resources);
    if (backups.length === 0) return;
    const reads = alertRules(resources).flatMap((rule) => readsOf(rule));
    const successes = new Reads(reads.filter(({ selector: { metric } }) => SUCCESS_TIMES.has(metric) || OWN_METRIC.test(metric)));
    const failures = new Reads(reads.filter(({ selector: { metric } }) => FAILURES.has(metric)));
    for (const backup of backups) {
      if (successes.about(backup).length > 0) continue;
      const onFailure = [...new Set(failures.about(backup).map(({ rule }) => rule))];
      yield violation(backup.resource, backup.resource.at('spec', 'schedule'), messageFor(backup, onFailure), {
        related: onFailure.map(aboutFailures),
        fix: { description: 'add a rule on the age of its last success (kube_cronjob_status_last_successful_time, and absent of it)' },
      });
    }
  },
};

/** An alert, and a series that it reads. */
interface Read {
  readonly rule: AlertRule;
  readonly selector: Selector;
}

function readsOf(rule: AlertRule): readonly Read[] {
  const expression = parsePromql(rule.expression);
  return expression === undefined ? [] : [...selectorsIn(expression)].map(({ selector }) => ({ rule, selector }));
}

/** By the CronJob that they name, so that a rule for each of many backups costs each backup one look. */
class Reads {
  private readonly byCronJob = new Map<string, Read[]>();
  private readonly ofAny: Read[] = [];

  constructor(reads: readonly Read[]) {
    for (const read of reads) {
      const name = read.selector.matchers.find(({ label, operator }) => label === 'cronjob' && operator === '=')?.value;
      const list = name === undefined ? this.ofAny : this.byCronJob.get(name);
      if (list !== undefined) list.push(read);
      else this.byCronJob.set(name ?? '', [read]);
    }
  }

  about({ resource }: Backup): readonly Read[] {
    const own = { cronjob: resource.name, owner_name: resource.name, job_name: `${resource.name}-29000000` };
    const labels = resource.namespace === null ? own : { ...own, namespace: resource.namespace };
    return [...(this.byCronJob.get(resource.name) ?? []), ...this.ofAny].filter(({ selector }) => mayRead(selector, labels));
  }
}

function messageFor({ evidence }: Backup, onFailure: readonly AlertRule[]): string {
  const isNoticed =
    onFailure.length > 0 ? 'only its failures are watched' : 'no alert of these manifests reads the time of its last success';
  return `is a backup (${evidence}), and ${isNoticed}: when it stops running, nobody notices`;
}

function aboutFailures(rule: AlertRule): Related {
  return {
    message: `the alert ${rule.name} fires when a run fails, and is silent when there is none`,
    resource: rule.resource,
    path: rule.field.path,
  };
}
