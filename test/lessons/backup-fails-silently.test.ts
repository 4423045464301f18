import { backupFailsSilently } from '../../lib/lessons/backup-fails-silently';
import { reportOf, told } from './told';

function job(script: string, shell = '[sh, -c]'): string {
  const text = script.split('\n').map((line) => `                  ${line}`).join('\n'); // prettier-ignore
  return `apiVersion: batch/v1
kind: CronJob
metadata: {name: mysql-backup, namespace: blog}
spec:
  jobTemplate:
    spec:
      template:
        spec:
          containers:
            - name: backup
              image: example.org/tools:1
              command: ${shell}
              args:
                - |
${text}
`;
}

const ARGS = '/spec/jobTemplate/spec/template/spec/containers/0/args/0';

test('tells of each line whose failure is lost, and of the size that nobody looks at', () => {
  const script = [
    'mysqldump -h mysql-service -u root --all-databases | gzip > /backup/all.sql.gz',
    'aws s3 cp /backup/all.sql.gz s3://blog-backup/',
    'curl -T /backup/all.sql.gz https://files.example.org/ || true',
    'rm -f /backup/all.sql.gz',
  ].join('\n');
  expect(told(backupFailsSilently, job(script)).sort()).toEqual([
    `error ${ARGS}: CronJob blog/mysql-backup: line 1 of the script pipes mysqldump into gzip without pipefail: the shell sees only the status of the last command, so that an empty or cut dump counts as a backup`,
    `error ${ARGS}: CronJob blog/mysql-backup: line 2 of the script runs aws and goes on whatever its status (backup reports its last command): the job succeeds although nothing reached the storage`,
    `error ${ARGS}: CronJob blog/mysql-backup: line 3 of the script catches a failure of curl behind \`||\` and goes on: the job succeeds although nothing reached the storage`,
    `warning ${ARGS}: CronJob blog/mysql-backup: uploads what the dump left without a look at its size or its last line: an empty file is a backup as well`,
  ]);
});

test('never repeats what stands on a command line, where a password may be', () => {
  const report = reportOf(
    backupFailsSilently,
    job('mysqldump -u root -phunter2 --all-databases | gzip > /backup/x || true\naws s3 cp /backup/x s3://b/ || true'),
  );
  expect(report.findings).toHaveLength(3);
  expect(
    JSON.stringify(report.findings.map(({ message, related, fix }) => [message, related.map((place) => place.message), fix])),
  ).not.toContain('hunter2');
});

test.each([
  [
    'set -eo pipefail at the top',
    'set -eo pipefail\nmysqldump --all-databases | gzip > /b/x\n[ "$(stat -c%s /b/x)" -gt 1000 ]\naws s3 cp /b/x s3://b/\necho done',
  ],
  [
    'an exit behind each step',
    'mysqldump --all-databases > /b/x || exit 1\n[ -s /b/x ] || exit 1\naws s3 cp /b/x s3://b/ || exit 1\necho done',
  ],
  [
    'PIPESTATUS',
    'mysqldump --all-databases | gzip > /b/x\nif [ "${PIPESTATUS[0]}" -ne 0 ]; then exit 1; fi\nif [ $(stat -c%s /b/x) -lt 1000 ]; then exit 1; fi\naws s3 cp /b/x s3://b/',
  ],
  [
    'the last line of the dump',
    'mysqldump --all-databases | gzip > /b/x\nzcat /b/x | tail -1 | grep -q "Dump completed" || exit 1\naws s3 cp /b/x s3://b/',
  ],
])('accepts %s', (_, script) => {
  expect(told(backupFailsSilently, job(script, '[bash, -c]'))).toEqual([]);
});

test('fails on PIPESTATUS only where nothing reads it', () => {
  expect(told(backupFailsSilently, job('mysqldump -A | gzip > /b/x\necho ok\n[ -s /b/x ]', '[bash, -c]'))).toHaveLength(1);
});

test('says nothing of the options of a script that sources what is not here', () => {
  expect(told(backupFailsSilently, job('. /opt/lib.sh\nmysqldump -A | gzip > /b/x\n[ -s /b/x ]\necho ok'))).toEqual([]);
});

test('points into the ConfigMap that a script comes from, and relates the job', () => {
  const { findings } = reportOf(backupFailsSilently, backupFailsSilently.bad[1]?.yaml ?? '');
  expect(findings.map(({ resource, path, related }) => [resource.toString(), path, related.map(({ message }) => message)])).toContainEqual([
    'ConfigMap shop/backup-scripts',
    '/data/backup.sh',
    ['CronJob shop/nightly runs this script'],
  ]);
});
