// The steps of the backups and drills as the tests run them. This file is the one place that knows where scripts and environments
// come from.
import {
  etcdBackupScripts,
  mysqlBackupScripts,
  mysqlRestoreDrillScripts,
  mysqlRestoreScripts,
} from '../../../lib/constructs/scripts/scripts';
import type { ScriptSet } from '../../../lib/constructs/scripts/scripts';
import type { Bucket } from './bucket';
import type { Database } from './database';
import { configMapVolume, volume } from './pod';
import type { PodStep } from './pod';

type Env = Readonly<Record<string, string>>;

export interface PodVolumes {
  readonly work: string;
  readonly secret: string;
  readonly data: string;
  readonly keys: string;
}

export const podVolumes = (): PodVolumes => ({ work: volume(), secret: volume(), data: volume(), keys: volume() });

export function mysqlDump(database: Database, volumes: PodVolumes, env: Env = {}): PodStep {
  return step(mysqlBackupScripts, 'mysql-dump.sh', volumes, {
    ...connection(database),
    DATABASES: 'shop',
    MIN_BYTES: '200',
    RUN_ID: 'backup-x1',
    ...env,
  });
}

export function upload(bucket: Bucket, volumes: PodVolumes, env: Env = {}): PodStep {
  return step(mysqlBackupScripts, 'upload.sh', volumes, { ...bucketAccess(bucket), KEEP: '3', ...env });
}

export function fetch(bucket: Bucket, volumes: PodVolumes, env: Env = {}): PodStep {
  return step(mysqlRestoreDrillScripts, 'fetch.sh', volumes, { ...bucketAccess(bucket), ...env });
}

export function mysqlDrill(volumes: PodVolumes, env: Env = {}): PodStep {
  return step(mysqlRestoreDrillScripts, 'mysql-drill.sh', volumes, { DATA_DIR: '/data', ...env });
}

export function report(bucket: Bucket, volumes: PodVolumes, env: Env = {}): PodStep {
  return step(mysqlRestoreDrillScripts, 'report.sh', volumes, { ...bucketAccess(bucket), ...env });
}

export function mysqlRestore(database: Database, volumes: PodVolumes, env: Env = {}): PodStep {
  return step(mysqlRestoreScripts, 'mysql-restore.sh', volumes, {
    ...connection(database),
    DB_USER: 'admin',
    DB_PASSWORD: 'admin',
    ...env,
  });
}

export interface EtcdServer {
  readonly port: number;
  /** The folder of ca.crt, server.crt and server.key. */
  readonly pki: string;
}

/** etcd's image has no shell: its client is the command, and the environment all that it is told. */
export function etcdSave(server: EtcdServer, volumes: PodVolumes): PodStep {
  return {
    command: ['etcdctl', 'snapshot', 'save', '/work/snapshot.db', '--dial-timeout=2s', '--command-timeout=3s'],
    env: {
      ETCDCTL_API: '3',
      ETCDCTL_ENDPOINTS: `https://127.0.0.1:${server.port}`,
      ETCDCTL_CACERT: '/pki/ca.crt',
      ETCDCTL_CERT: '/pki/server.crt',
      ETCDCTL_KEY: '/pki/server.key',
    },
    mounts: { '/work': volumes.work, '/pki': server.pki },
  };
}

export function etcdDescribe(volumes: PodVolumes, env: Env = {}): PodStep {
  return step(etcdBackupScripts, 'etcd-describe.sh', volumes, { SNAPSHOT_FILE: '/work/snapshot.db', RUN_ID: 'etcd-x1', ...env });
}

const scriptVolumes = new Map<ScriptSet, string>();

function step(scripts: ScriptSet, script: string, volumes: PodVolumes, env: Env): PodStep {
  const folder = scriptVolumes.get(scripts) ?? configMapVolume(scripts);
  scriptVolumes.set(scripts, folder);
  return {
    command: ['bash', `/scripts/${script}`],
    env: { WORK_DIR: '/work', SECRET_DIR: '/secret', ...env },
    mounts: { '/scripts': folder, '/work': volumes.work, '/secret': volumes.secret, '/data': volumes.data, '/keys': volumes.keys },
  };
}

const connection = (database: Database): Env => ({
  DB_HOST: '127.0.0.1',
  DB_PORT: String(database.port),
  DB_USER: 'backup',
  DB_PASSWORD: database.password,
});

const bucketAccess = (bucket: Bucket): Env => ({
  S3_BUCKET: bucket.name,
  S3_PREFIX: bucket.prefix,
  S3_ENDPOINT: bucket.endpoint,
  S3_TIMEOUT_SECONDS: '2',
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: 'S3RVER',
  AWS_SECRET_ACCESS_KEY: 'S3RVER',
});
