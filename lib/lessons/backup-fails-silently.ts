import { type Backup, backupOf, type Step } from '../resources/backup';
import { programOf } from '../resources/shell-outcome';
import { type Context, type Lesson, violation, type Violation } from './lesson';

/** Looks at what the dump left, rather than at an exit status: a size, a test of the archive, the last line. */
const SIZE_CHECK = [
  /(?:\[|\btest)\s[^\n\]]*-s\s/,
  /\bfind\s[^\n]*-size\s/,
  /\b(?:gzip|gunzip|pigz|zstd|xz|bzip2|lz4)\s+(?:-\w+\s+)*(?:-\w*t\w*|--test)\b/,
  /\bpg_restore\s[^\n]*(?:-l\b|--list)/,
  /\bhead-object\b/,
  /\brclone\s+(?:check|size)\b/,
  /\bsha(?:256|512)sum\s+(?:-c|--check)/,
  /(?:\[\[?|\btest|\(\()[^\n\])]*(?:size|bytes|length|stat\b|wc\b|du\b)[^\n]*(?:-[lg][te]|-eq|-ne|[<>])/i,
];
/** Of a line that somebody made longer, the beginning is looked at. */
const LONGEST_LINE = 500;
const MARK_CHECK = /dump complete/i;

export const backupFailsSilently: Lesson = {
  id: 'backup-fails-silently',
  title: 'a backup job fails when its dump or its upload fails',
  section: 'Backup',
  severity: 'error',
  incident: {
    symptom:
      'the backup job is Complete every night; the day it is needed, the files in the bucket are empty or end in the middle of a table',
    cause:
      'a shell reports the last command: in `mysqldump | gzip` that is gzip, which packs nothing at all with success; `|| true`, a following `echo` or `rm`, and curl without --fail hide the rest',
    source: 'CI/CD troubleshooting guide, 8.5; bash manual, Pipelines and The Set Builtin; mysqldump, --comments',
  },
  remedy:
    'start the script with `set -euo pipefail` (bash), let nothing follow `||` but an exit, and look at the size or the last line of the dump before it is uploaded',
  confirm: [
    'kubectl create job --from=cronjob/<name> <name>-test && kubectl logs -f job/<name>-test --all-containers',
    'aws s3 cp s3://<bucket>/<newest> - | gzip -dc | tail -n 1   # -- Dump completed on …',
  ],
  limits:
    'Reads shell in command and args, and in ConfigMaps of the manifests; a program in an image, another language or a command behind a variable is not seen. A job counts as a backup when it runs a dump tool, or by its name or image.',
  bad: [
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
          restartPolicy: Never
          initContainers:
            - name: mysqldump
              image: mysql:8.0
              command: [/bin/sh, -c]
              args:
                - | # <- here
                  FILE=/backup/blog-$(date +%Y%m%d).sql.gz
                  mysqldump -h mysql-service -u root --all-databases | gzip > $FILE
                  ls -lh $FILE
          containers:
            - name: s3-upload
              image: amazon/aws-cli:2.15.0
              command: [/bin/sh, -c]
              args:
                - | # <- here
                  aws s3 cp /backup/ s3://blog-backup/ --recursive
                  echo "backup done"
`,
    },
    {
      yaml: `apiVersion: v1
kind: ConfigMap
metadata: {name: backup-scripts, namespace: shop}
data:
  backup.sh: | # <- here
    #!/bin/bash
    set -e
    pg_dump -h db shop > /work/shop.sql || true
    curl -s -T /work/shop.sql https://files.example.org/shop.sql
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly, namespace: shop}
spec:
  schedule: "0 3 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          containers:
            - name: dump
              image: postgres:16
              command: [/bin/bash, /scripts/backup.sh]
              volumeMounts: [{name: scripts, mountPath: /scripts}]
          volumes:
            - name: scripts
              configMap: {name: backup-scripts}
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
            - name: backup
              image: example.org/mysql-and-aws:1
              command: ["bash", "-ec", "mysqldump --all-databases | gzip | aws s3 cp - s3://blog-backup/all.sql.gz"] # <- here
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
          restartPolicy: Never
          initContainers:
            - name: mysqldump
              image: mysql:8.0
              command: [/bin/bash, -euo, pipefail, -c]
              args:
                - |
                  mysqldump -h mysql-service -u backup --all-databases | gzip > /backup/blog.sql.gz
                  gzip -dc /backup/blog.sql.gz | tail -n 1 | grep -q "Dump completed"
                  test "$(stat -c %s /backup/blog.sql.gz)" -gt 1024
          containers:
            - name: s3-upload
              image: amazon/aws-cli:2.15.0
              args: [s3, cp, /backup/blog.sql.gz, s3://blog-backup/blog.sql.gz]
`,
    },
    {
      yaml: `apiVersion: batch/v1
kind: CronJob
metadata: {name: pg-backup, namespace: shop}
spec:
  schedule: "0 3 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          containers:
            - name: dump
              image: postgres:16
              command: [sh, -c]
              args:
                - |
                  pg_dump -Fc -f /work/shop.dump shop || { echo "dump failed" >&2; exit 1; }
                  pg_restore --list /work/shop.dump > /dev/null || exit 1
                  if ! aws s3 cp /work/shop.dump s3://shop-backup/shop.dump; then
                    exit 1
                  fi
                  rm -f /work/shop.dump || true
                  echo done
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: reminder, namespace: shop}
spec:
  schedule: "0 3 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          containers:
            - name: mail
              image: alpine:3.20
              command: [sh, -c, 'echo "mysqldump | gzip > /dev/null || true" | cat; curl -s https://example.org || true']
`,
    },
    {
      yaml: `apiVersion: v1
kind: ConfigMap
metadata: {name: backup-scripts, namespace: blog}
data:
  strict.sh: |
    set -euo pipefail
  backup.sh: |
    #!/bin/bash
    here=\${BASH_SOURCE[0]%/*}
    . "$here/strict.sh"
    dump_all() {
      mysqldump --all-databases | gzip > /work/all.sql.gz
    }
    dump_all
    [ -s /work/all.sql.gz ]
    aws s3 cp /work/all.sql.gz s3://blog-backup/
    echo done
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: mysql-backup, namespace: blog}
spec:
  schedule: "0 18 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          containers:
            - name: backup
              image: example.org/mysql-and-aws:1
              command: [/scripts/backup.sh]
              volumeMounts: [{name: scripts, mountPath: /scripts}]
          volumes:
            - name: scripts
              configMap: {name: backup-scripts, defaultMode: 0555}
`,
    },
  ],
  *violations({ resources }: Context): Iterable<Violation> {
    const told = new Set<string>();
    for (const resource of resources.all) {
      const backup = backupOf(resource, resources);
      if (backup === undefined) continue;
      for (const found of [...lostStatuses(backup), ...uncheckedSize(backup)]) {
        // Two jobs may mount one script.
        const key = `${found.resource.toString()} ${found.path} ${found.message}`;
        if (!told.has(key)) yield found;
        told.add(key);
      }
    }
  },
};

function* lostStatuses(backup: Backup): Iterable<Violation> {
  const readsMark = backup.scripts.some(({ text }) => MARK_CHECK.test(text ?? ''));
  for (const dump of backup.dumps) {
    const lost = readsMark ? undefined : lossOf(dump, 'the dump', 'an empty or cut dump counts as a backup');
    if (lost !== undefined) yield at(backup, dump, lost);
  }
  for (const upload of backup.uploads) {
    const lost = lossOf(upload, 'the upload', 'the job succeeds although nothing reached the storage');
    if (lost !== undefined) yield at(backup, upload, lost);
    else if (isBlindCurl(upload)) {
      yield at(backup, upload, 'uploads with curl without --fail: curl ends with success when the server answers 403 or 500');
    }
  }
}

function at(backup: Backup, { run, script }: Step, message: string): Violation {
  const place = script.text === undefined || !script.text.includes('\n') ? '' : `line ${String(run.command.line)} of the script `;
  return violation(script.resource, script.field, `${place}${message}`, {
    related:
      script.resource === backup.resource
        ? []
        : [{ message: `${backup.resource.toString()} runs this script`, resource: backup.resource, path: script.container.field.path }],
    fix: { description: 'begin the script with `set -euo pipefail` in bash, and put nothing but an exit behind `||`' },
  });
}

function lossOf({ run, script }: Step, what: string, consequence: string): string | undefined {
  const program = programOf(run.command.words);
  switch (run.outcome) {
    case 'kept':
      return undefined;
    case 'lost in the pipe': {
      const next = run.pipeline.slice(run.stage + 1).join(' | ');
      return `pipes ${program}${next === '' ? '' : ` into ${next}`} without pipefail: the shell sees only the status of the last command, so that ${consequence}`;
    }
    case 'swallowed':
      return `catches a failure of ${program} behind \`||\` and goes on: ${consequence}`;
    case 'ignored':
      return `runs ${program} and goes on whatever its status (${script.container.name} reports its last command): ${consequence}`;
    case 'in the background':
      return `runs ${program} in the background and never waits for it: the status of ${what} is lost, so that ${consequence}`;
  }
}

function isBlindCurl({ run }: Step): boolean {
  const { words } = run.command;
  if (programOf(words) !== 'curl') return false;
  return !words.some((word) => /^--fail/.test(word) || /^-[A-Za-z]*f/.test(word) || word.includes('http_code'));
}

function* uncheckedSize(backup: Backup): Iterable<Violation> {
  const [dump] = backup.dumps;
  if (dump === undefined) return;
  const isAllSeen = backup.workload.allContainers.every(
    (container) => container.isSidecar || backup.scripts.some((script) => script.container.name === container.name),
  );
  if (!isAllSeen) return;
  const lines = backup.scripts.flatMap(({ text = '' }) => text.split('\n').map((line) => line.slice(0, LONGEST_LINE)));
  const isChecked = lines.some((line) => MARK_CHECK.test(line) || SIZE_CHECK.some((check) => check.test(line)));
  if (isChecked) return;
  const place = backup.uploads[0] ?? dump;
  const verb = backup.uploads.length > 0 ? 'uploads' : 'keeps';
  yield violation(
    place.script.resource,
    place.script.field,
    `${verb} what the dump left without a look at its size or its last line: an empty file is a backup as well`,
    {
      severity: 'warning',
      related: [{ message: 'the dump', resource: dump.script.resource, path: dump.script.field.path }],
      fix: {
        description: 'before the upload, compare the size with a minimum and look for the last line of a whole dump, `-- Dump completed`',
      },
    },
  );
}
