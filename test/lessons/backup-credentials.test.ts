import { judge } from '../../lib/check/judge';
import { Cluster } from '../../lib/facts/cluster';
import { backupCredentials } from '../../lib/lessons/backup-credentials';
import { danglingReference } from '../../lib/lessons/dangling-reference';
import type { Lesson } from '../../lib/lessons/lesson';
import { Resources } from '../../lib/resources/resources';
import { documentsOf } from './judged';

const BACKUP = `apiVersion: batch/v1
kind: CronJob
metadata:
  name: mysql-backup
  namespace: shop
spec:
  schedule: "0 3 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers:
            - name: dump
              image: backup:1.0
              command: [sh, -ec, "mysqldump -h mysql --all-databases > /tmp/d.sql\\naws s3 cp /tmp/d.sql s3://b/d.sql"]
              env:
                - {name: MYSQL_PWD, valueFrom: {secretKeyRef: {name: mysql-secret, key: password}}}
                - {name: AWS_ACCESS_KEY_ID, valueFrom: {secretKeyRef: {name: s3, key: id}}}
                - {name: AWS_SECRET_ACCESS_KEY, valueFrom: {secretKeyRef: {name: s3, key: secret}}}
                - {name: AWS_DEFAULT_REGION, valueFrom: {secretKeyRef: {name: region, key: gone}}}
---
apiVersion: v1
kind: Secret
metadata: {name: region, namespace: shop}
stringData: {region: eu-west-1}
`;

function told(yaml: string, ...lessons: readonly Lesson[]): string[] {
  const { findings } = judge(new Resources(documentsOf(yaml)), new Cluster(), lessons);
  return findings.map(({ lesson, path }) => `${lesson} ${path.replace(/.*\/env\/(\d).*/, '$1')}`);
}

test('a missing Secret of a backup is told once: of its upload here, of its database as any reference', () => {
  expect(told(BACKUP, backupCredentials, danglingReference)).toEqual([
    'dangling-reference 0',
    'backup-credentials 1',
    'backup-credentials 3',
  ]);
  expect(told(BACKUP, danglingReference)).toEqual(['dangling-reference 0', 'dangling-reference 1', 'dangling-reference 3']);
  expect(told(BACKUP, backupCredentials)).toEqual(['backup-credentials 1', 'backup-credentials 3']);
});

test('and not by the other lesson where somebody has accepted it', () => {
  const accepted = BACKUP.replace(
    '  namespace: shop\n',
    '  namespace: shop\n  annotations: {hindsight.dev/ignore.backup-credentials: made by hand}\n',
  );
  expect(told(accepted, backupCredentials, danglingReference)).toEqual(['dangling-reference 0']);
});
