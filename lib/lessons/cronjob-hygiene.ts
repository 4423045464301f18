import type { Cluster } from '../facts/cluster';
import { backupOf } from '../resources/backup';
import type { Resource } from '../resources/resource';
import { type Context, type Lesson, type Severity, violation, type Violation } from './lesson';

/** What a CronJob that nobody watches needs to say. */
export const SAFE_CRON_JOB = {
  /** A run that takes longer than its interval does not meet the next one. */
  concurrencyPolicy: 'Forbid',
  /** A run that could not start for an hour waits for its next turn, instead of starting whenever it can. */
  startingDeadlineSeconds: 3600,
  timeZone: 'Etc/UTC',
  successfulJobsHistoryLimit: 3,
  failedJobsHistoryLimit: 3,
} as const;

/** A run that hangs ends after two hours, and counts as failed. */
export const ACTIVE_DEADLINE_SECONDS = 7200;

/** The controller looks every ten seconds; a shorter deadline may have passed before it does. */
const SHORTEST_STARTING_DEADLINE = 10;

export const cronjobHygiene: Lesson = {
  id: 'cronjob-hygiene',
  title: 'a CronJob says when a run is too late, too long, or one too many',
  section: 'Backup',
  severity: 'warning',
  incident: {
    symptom: 'two backups write one file, a run hangs for days while later ones pile up or never start, or the nightly dump runs at noon',
    cause:
      'by default runs may overlap, a run may take for ever, a missed run starts as soon as the controller can, and the hour is one of the controller’s time zone',
    source: 'kubernetes.io, CronJob: concurrencyPolicy, startingDeadlineSeconds, time zones; Job: activeDeadlineSeconds',
  },
  remedy: 'set concurrencyPolicy: Forbid on a backup, and on every CronJob activeDeadlineSeconds, startingDeadlineSeconds and timeZone',
  confirm: ['kubectl get cronjob <name> -o yaml', 'kubectl get jobs --sort-by=.status.startTime'],
  limits:
    'A job counts as a backup when it runs a dump tool, or by its name or image. The time zone is asked for where the schedule names an hour, a day or a month, and not of clusters older than 1.25. For other jobs than backups the starting deadline and the time zone are hints.',
  bad: [
    {
      yaml: `apiVersion: batch/v1
kind: CronJob
metadata: {name: mysql-backup, namespace: blog}
spec:
  schedule: "0 18 * * *" # <- here
  jobTemplate:
    spec:
      template: # <- here
        spec:
          restartPolicy: Never
          containers: [{name: dump, image: "mysql:8.4", command: [mysqldump, --all-databases, --result-file=/work/all.sql]}]
`,
    },
    {
      yaml: `apiVersion: batch/v1
kind: CronJob
metadata: {name: mysql-backup, namespace: blog}
spec:
  schedule: "*/30 * * * *"
  concurrencyPolicy: Allow # <- here
  startingDeadlineSeconds: 5 # <- here
  jobTemplate:
    spec:
      activeDeadlineSeconds: 600
      template:
        spec:
          restartPolicy: Never
          containers: [{name: dump, image: "mysql:8.4", command: [mysqldump, --all-databases, --result-file=/work/all.sql]}]
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
  timeZone: Etc/UTC
  concurrencyPolicy: Forbid
  startingDeadlineSeconds: 3600
  jobTemplate:
    spec:
      activeDeadlineSeconds: 7200
      template:
        spec:
          restartPolicy: Never
          containers: [{name: dump, image: "mysql:8.4", command: [mysqldump, --all-databases, --result-file=/work/all.sql]}]
`,
    },
    {
      yaml: `apiVersion: batch/v1
kind: CronJob
metadata: {name: warm-cache, namespace: blog}
spec:
  schedule: "*/5 * * * *"
  startingDeadlineSeconds: 60
  jobTemplate:
    spec:
      template:
        spec:
          activeDeadlineSeconds: 120
          restartPolicy: Never
          containers: [{name: warm, image: "curlimages/curl:8.10.1", args: [--fail, http://web]}]
`,
    },
    {
      yaml: `apiVersion: batch/v1
kind: CronJob
metadata: {name: report, namespace: blog}
spec:
  schedule: "@daily"
  concurrencyPolicy: Replace
  startingDeadlineSeconds: 600
  jobTemplate:
    spec:
      activeDeadlineSeconds: 300
      template:
        spec:
          restartPolicy: Never
          containers: [{name: report, image: "example.org/report:3"}]
`,
      cluster: { kubernetesVersion: '1.24' },
    },
  ],
  *violations({ resources, cluster }: Context): Iterable<Violation> {
    for (const resource of resources.all) {
      if (resource.kind !== 'CronJob' || resource.group !== 'batch') continue;
      const isBackup = backupOf(resource, resources) !== undefined;
      const hint: Severity = isBackup ? 'warning' : 'info';
      if (isBackup) yield* overlap(resource);
      yield* endlessRun(resource);
      yield* lateStart(resource, hint);
      yield* unknownHour(resource, cluster, hint);
    }
  },
};

function* overlap(resource: Resource): Iterable<Violation> {
  const policy = resource.at('spec', 'concurrencyPolicy');
  if ((policy.string ?? 'Allow') !== 'Allow') return;
  const how = policy.isSet ? 'allows runs to overlap' : 'says nothing of concurrencyPolicy, which allows runs to overlap';
  yield violation(resource, policy, `${how}: two backups at once write the same files and double the load on the database`, {
    fix: {
      description: `set concurrencyPolicy: ${SAFE_CRON_JOB.concurrencyPolicy}`,
      edits: [{ path: policy.path, value: SAFE_CRON_JOB.concurrencyPolicy }],
    },
  });
}

function* endlessRun(resource: Resource): Iterable<Violation> {
  const job = resource.at('spec', 'jobTemplate', 'spec');
  const deadline = job.at('activeDeadlineSeconds');
  if (deadline.isSet || job.at('template', 'spec', 'activeDeadlineSeconds').isSet) return;
  const isForbid = resource.at('spec', 'concurrencyPolicy').string === 'Forbid';
  const consequence = isForbid ? 'one run that hangs keeps every later one from starting, for ever' : 'a run that hangs goes on for ever';
  yield violation(resource, deadline, `has no activeDeadlineSeconds: ${consequence}`, {
    fix: { description: 'set spec.jobTemplate.spec.activeDeadlineSeconds well above the time of a normal run' },
  });
}

function* lateStart(resource: Resource, severity: Severity): Iterable<Violation> {
  const deadline = resource.at('spec', 'startingDeadlineSeconds');
  const seconds = deadline.number;
  if (seconds !== undefined && seconds < SHORTEST_STARTING_DEADLINE) {
    const message = `has a startingDeadlineSeconds of ${String(seconds)}, and the controller looks every 10 seconds: a run may never start`;
    yield violation(resource, deadline, message, { fix: { description: 'set startingDeadlineSeconds to a minute or more' } });
  }
  if (deadline.isSet) return;
  const message =
    'has no startingDeadlineSeconds: after an outage of the control plane a missed run starts at once, at whatever hour that is';
  yield violation(resource, deadline, message, {
    severity,
    fix: { description: 'set spec.startingDeadlineSeconds to how late a run may still be useful' },
  });
}

function* unknownHour(resource: Resource, cluster: Cluster, severity: Severity): Iterable<Violation> {
  const zone = resource.at('spec', 'timeZone');
  const schedule = resource.at('spec', 'schedule').string ?? '';
  if (zone.isSet || !namesAnHour(schedule) || isOlderThan(cluster.facts.kubernetesVersion, 25)) return;
  const message = `has no timeZone: \`${schedule}\` is read in the controller’s own, which differs between clusters`;
  yield violation(resource, zone, message, { severity, fix: { description: 'set spec.timeZone, such as Etc/UTC' } });
}

/** Whether the time zone changes when it runs: not so for what runs every hour. */
function namesAnHour(schedule: string): boolean {
  if (/\bTZ=/.test(schedule)) return false;
  if (schedule.startsWith('@')) return schedule !== '@hourly' && !schedule.startsWith('@every');
  const [, ...hourAndDay] = schedule.trim().split(/\s+/);
  return hourAndDay.some((part) => part !== '*' && part !== '?' && part !== '*/1');
}

function isOlderThan(version: string | undefined, minor: number): boolean {
  const found = /^v?1\.(\d+)/.exec(version ?? '')?.[1];
  return found !== undefined && Number(found) < minor;
}
