// The steps of the backups and drills as the tests run them: those of the synthesized CronJobs, with this machine's servers in place of
// the cluster's. The emergency restore is run by hand, and so comes from the library's own scripts.
import { mysqlRestoreScripts } from '../../../lib/constructs/scripts/scripts';
import type { Bucket } from './bucket';
import type { Database } from './database';
import { configMapVolume, volume } from './pod';
import type { PodStep } from './pod';
import { synthesizedStep } from './synthesized';

type Env = Readonly<Record<string, string>>;

export interface PodVolumes {
  readonly work: string;
  readonly secret: string;
  readonly data: string;
  readonly keys: string;
}

export const podVolumes = (): PodVolumes => ({ work: volume(), secret: volume(), data: volume(), keys: volume() });

export function mysqlDump(database: Database, volumes: PodVolumes, env: Env = {}): PodStep {
  return step('backup', 'dump', volumes, {
    ...connection(database),
    RUN_ID: 'backup-x1',
    ...env,
  });
}

export function upload(bucket: Bucket, volumes: PodVolumes, env: Env = {}): PodStep {
  return step('backup', 'upload', volumes, { ...bucketAccess(bucket), ...env });
}

export function fetch(bucket: Bucket, volumes: PodVolumes, env: Env = {}): PodStep {
  return step('drill', 'fetch', volumes, { ...bucketAccess(bucket), ...env });
}

export function mysqlDrill(volumes: PodVolumes, env: Env = {}): PodStep {
  return step('drill', 'restore', volumes, { RUN_ID: 'drill-x1', ...env });
}

export function report(bucket: Bucket, volumes: PodVolumes, env: Env = {}): PodStep {
  return step('drill', 'report', volumes, { ...bucketAccess(bucket), ...env });
}

export function mysqlRestore(database: Database, volumes: PodVolumes, env: Env = {}): PodStep {
  return {
    command: ['bash', '/scripts/mysql-restore.sh'],
    env: { WORK_DIR: '/work', SECRET_DIR: '/secret', ...connection(database), DB_USER: 'admin', DB_PASSWORD: 'admin', ...env },
    mounts: { '/scripts': folderOf(mysqlRestoreScripts), '/work': volumes.work, '/secret': volumes.secret, '/keys': volumes.keys },
  };
}

export interface EtcdServer {
  readonly port: number;
  /** The folder of ca.crt, server.crt and server.key. */
  readonly pki: string;
}

/** The node's PKI is mounted file by file; here its server's certificate stands for the client's. */
export function etcdSave(server: EtcdServer, volumes: PodVolumes): PodStep {
  const { command, env } = synthesizedStep('etcd', 'snapshot');
  const given = {
    ...env,
    ETCDCTL_ENDPOINTS: `https://127.0.0.1:${server.port}`,
    ETCDCTL_CERT: '/pki/server.crt',
    ETCDCTL_KEY: '/pki/server.key',
  };
  return {
    command: [...command, '--dial-timeout=2s', '--command-timeout=3s'],
    env: literal(given),
    mounts: { '/work': volumes.work, '/pki': server.pki },
  };
}

export function etcdDescribe(volumes: PodVolumes, env: Env = {}): PodStep {
  return step('etcd', 'verify', volumes, { RUN_ID: 'etcd-x1', ...env });
}

const scriptFolders = new Map<string, string>();

/** A ConfigMap's folder; equal ones share it. */
function folderOf(scripts: Readonly<Record<string, string>>): string {
  const key = JSON.stringify(scripts);
  const folder = scriptFolders.get(key) ?? configMapVolume(scripts);
  scriptFolders.set(key, folder);
  return folder;
}

function step(cronJob: string, container: string, volumes: PodVolumes, env: Env): PodStep {
  const { command, env: synthesized, mounts, scripts } = synthesizedStep(cronJob, container);
  const folders: Readonly<Record<string, string>> = {
    scripts: folderOf(scripts),
    work: volumes.work,
    secret: volumes.secret,
    data: volumes.data,
  };
  const mounted = Object.entries(mounts).flatMap(([path, name]) => (folders[name] === undefined ? [] : [[path, folders[name]] as const]));
  return { command, env: literal({ ...synthesized, ...env }), mounts: { ...Object.fromEntries(mounted), '/keys': volumes.keys } };
}

/** The environment with nothing left open: what the pod takes by reference, the test has to give. */
function literal(env: Readonly<Record<string, string | undefined>>): Env {
  const open = Object.keys(env).filter((name) => env[name] === undefined && name !== 'HOST_IP' && name !== 'RUN_ID');
  if (open.length > 0) throw new Error(`the manifest gives ${open.join(', ')} by reference, and the test gives no value`);
  return Object.fromEntries(Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])));
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
