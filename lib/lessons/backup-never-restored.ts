import { restoreDrills, scheduledBackups } from '../resources/backup';
import { type Context, type Lesson, violation, type Violation } from './lesson';

/** When a restore is tried: every month, at night. */
export const DRILL_SCHEDULE = '0 4 1 * *';

export const backupNeverRestored: Lesson = {
  id: 'backup-never-restored',
  title: 'a backup is restored regularly, into a throwaway server',
  section: 'Backup',
  severity: 'warning',
  incident: {
    symptom: 'the dump that everybody relied on does not load: it lacks a schema, a routine or its second half',
    cause: 'a backup job proves that a file was written; only a restore proves that it brings the data back',
    source: 'Kustomize labels and Cilium entities, next steps: a restore test every month',
  },
  remedy: 'add a CronJob that fetches the newest backup, restores it into a server of its own pod, and compares what came back',
  confirm: ['kubectl get cronjob -A | grep -i -e restore -e drill'],
  limits:
    'Knows CronJobs that dump a database, and CronJobs that restore one (mysql or psql fed from a file or pipe, pg_restore, mongorestore, or a name that says restore or drill). Backups of operators and restores tried by hand or elsewhere are not seen.',
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
apiVersion: batch/v1
kind: CronJob
metadata: {name: mysql-restore-drill, namespace: blog}
spec:
  schedule: "0 18 * * *"
  suspend: true
  jobTemplate:
    spec:
      template:
        spec:
          containers:
            - name: restore
              image: mysql:8.4
              command: [bash, -euo, pipefail, -c, "gzip -dc /work/all.sql.gz | mysql -h 127.0.0.1"]
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
apiVersion: batch/v1
kind: CronJob
metadata: {name: search-restore-drill, namespace: blog}
spec:
  schedule: "0 18 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          containers:
            - name: restore
              image: postgres:16
              command: [bash, -euo, pipefail, -c, "pg_restore -h 127.0.0.1 -d postgres /work/backup.dump"]
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
apiVersion: batch/v1
kind: CronJob
metadata: {name: mysql-restore-drill, namespace: blog}
spec:
  schedule: "0 18 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          containers:
            - name: restore
              image: mysql:8.4
              command: [bash, -euo, pipefail, -c, "gzip -dc /work/all.sql.gz | mysql -h 127.0.0.1"]
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
apiVersion: batch/v1
kind: CronJob
metadata: {name: monthly-proof, namespace: blog}
spec:
  schedule: "0 18 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          containers:
            - name: restore
              image: mariadb:11
              command: [bash, -euo, pipefail, -c, "mariadb --host 127.0.0.1 < /backup/newest.sql"]
`,
    },
    {
      yaml: `apiVersion: batch/v1
kind: CronJob
metadata: {name: mysql-backup-cleanup, namespace: blog}
spec:
  schedule: "0 18 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          containers:
            - name: prune
              image: alpine:3.20
              command: [sh, -c, "find /backup -mtime +7 -delete"]
`,
    },
  ],
  *violations({ resources }: Context): Iterable<Violation> {
    const drills = restoreDrills(resources);
    for (const backup of scheduledBackups(resources)) {
      if (drills.some(({ engine }) => engine === undefined || engine === backup.engine)) continue;
      yield violation(
        backup.resource,
        backup.resource.at('spec', 'schedule'),
        `is a backup (${backup.evidence}), and no CronJob of these manifests restores what it writes: whether it can be restored is found out on the day it must be`,
        {
          fix: {
            description: 'add a restore drill: fetch the newest backup, restore it into a throwaway server, compare (MysqlRestoreDrill)',
          },
        },
      );
    }
  },
};
