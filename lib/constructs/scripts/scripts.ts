// The scripts that run inside the pods, by file name, as a ConfigMap holds them. Each set is closed: a script sources only
// what its set holds, from its own folder.
import etcdDescribe from './etcd-describe.sh';
import fetch from './fetch.sh';
import finishBackup from './finish-backup.sh';
import manifest from './manifest.sh';
import mysqlClient from './mysql-client.sh';
import mysqlContents from './mysql-contents.sh';
import mysqlDrill from './mysql-drill.sh';
import mysqlDump from './mysql-dump.sh';
import mysqlRestore from './mysql-restore.sh';
import mysqlRestored from './mysql-restored.sh';
import report from './report.sh';
import s3 from './s3.sh';
import seal from './seal.sh';
import step from './step.sh';
import upload from './upload.sh';

export type ScriptSet = Readonly<Record<string, string>>;

const everyStep = { 'step.sh': step, 'manifest.sh': manifest, 'seal.sh': seal, 's3.sh': s3 };
const mysql = { 'mysql-client.sh': mysqlClient, 'mysql-contents.sh': mysqlContents };

/** `mysql-dump.sh` in the database's image, then `upload.sh` in the AWS client's. */
export const mysqlBackupScripts: ScriptSet = {
  ...everyStep,
  ...mysql,
  'finish-backup.sh': finishBackup,
  'mysql-dump.sh': mysqlDump,
  'upload.sh': upload,
};

/** `fetch.sh` (AWS), `mysql-drill.sh` (database), `report.sh` (AWS). */
export const mysqlRestoreDrillScripts: ScriptSet = {
  ...everyStep,
  ...mysql,
  'mysql-restored.sh': mysqlRestored,
  'fetch.sh': fetch,
  'mysql-drill.sh': mysqlDrill,
  'report.sh': report,
};

/** For an emergency: `fetch.sh` (AWS), `mysql-restore.sh` (database). */
export const mysqlRestoreScripts: ScriptSet = {
  ...everyStep,
  ...mysql,
  'mysql-restored.sh': mysqlRestored,
  'fetch.sh': fetch,
  'mysql-restore.sh': mysqlRestore,
};

/** After `etcdctl snapshot save`: `etcd-describe.sh`, then `upload.sh`, both in the AWS client's image. */
export const etcdBackupScripts: ScriptSet = {
  ...everyStep,
  'finish-backup.sh': finishBackup,
  'etcd-describe.sh': etcdDescribe,
  'upload.sh': upload,
};
