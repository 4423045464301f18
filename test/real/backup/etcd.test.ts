import { execFile, execFileSync, spawn } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describeWith, systemPath } from '../tools';
import { startBucket } from './bucket';
import type { Bucket } from './bucket';
import { freePort } from './database';
import { faultTable } from './fault-table';
import { own, podUser, cleanUp, runStep, sleep, volume, whenOver } from './pod';
import type { StepResult } from './pod';
import { etcdDescribe, etcdSave, fetch, podVolumes, upload } from './steps';
import type { EtcdServer, PodVolumes } from './steps';

const run = promisify(execFile);
const faults = faultTable('etcd');

describeWith(['etcd', 'etcdctl', 'aws', 'openssl'], 'the etcd backup', () => {
  let pki: string;
  let server: EtcdServer;
  let bucket: Bucket;

  beforeAll(async () => {
    pki = certificates();
    server = await startEtcd(pki);
    const puts = Array.from({ length: 100 }, (_, index) => `put /registry/secrets/shop/s${index} "${'v'.repeat(500)}${index}"`);
    const client = run('etcdctl', ['txn'], { env: { PATH: systemPath, ...clientEnv(server) } });
    client.child.stdin?.end(`\n${puts.join('\n')}\n\n\n`);
    await client;
    bucket = await startBucket('etcd/cluster');
  });
  afterAll(cleanUp);

  async function saved(): Promise<PodVolumes> {
    const volumes = podVolumes();
    expect(await runStep(etcdSave(server, volumes))).toMatchObject({ status: 0 });
    return volumes;
  }

  async function fails(fault: string, message: string, step: Promise<StepResult>, volumes: PodVolumes): Promise<void> {
    const result = await step;
    faults.add(fault, 'failure', result);
    expect(result.log).toContain(message);
    expect(result.status).not.toBe(0);
    expect(readdirSync(volumes.work)).not.toContain('manifest.json');
  }

  test('saves, verifies, uploads, and what comes back starts a server with the same keys', async () => {
    const volumes = await saved();
    const described = await runStep(etcdDescribe(volumes));
    expect(described.lastLine).toMatch(/^etcd-describe: finished: \S+-etcd-x1\.db, \d+ bytes/);
    const uploaded = await runStep(upload(bucket, volumes));
    expect(uploaded.lastLine).toMatch(/^upload: GOOD: s3:\/\/shop-backup\/etcd\/cluster\/\S+\.db, /);

    const back = podVolumes();
    expect((await runStep(fetch(bucket, back))).lastLine).toContain('fetched');
    const folder = volume();
    await run('etcdctl', ['snapshot', 'restore', join(back.work, 'backup'), `--data-dir=${folder}/data`], {
      ...podUser,
      env: { PATH: systemPath },
    });
    const restored = await startEtcd(pki, `${folder}/data`);
    const keys = ['get', '--prefix', '/registry/', '--sort-by=KEY'];
    const [then, now] = await Promise.all(
      [server, restored].map((each) => run('etcdctl', keys, { env: { PATH: systemPath, ...clientEnv(each) } })),
    );
    expect(now?.stdout.split('\n').length).toBeGreaterThan(100);
    expect(now?.stdout).toBe(then?.stdout);
  });

  test('encrypts the snapshot, which holds every Secret, and keeps no plain copy', async () => {
    const volumes = await saved();
    writeFileSync(join(volumes.keys, 'key'), `${'k'.repeat(40)}\n`, { mode: 0o644 });
    const result = await runStep(etcdDescribe(volumes, { ENCRYPTION_KEY_FILE: '/keys/key' }));
    expect(result.lastLine).toContain('-etcd-x1.db.enc');
    expect(readdirSync(volumes.work).sort()).toEqual(['backup', 'manifest.json']);
    expect(readFileSync(join(volumes.work, 'backup')).includes('/registry/secrets')).toBe(false);
    const plain = execFileSync(
      'openssl',
      [
        'enc',
        '-d',
        '-aes-256-ctr',
        '-pbkdf2',
        '-iter',
        '600000',
        '-md',
        'sha256',
        '-pass',
        `file:${volumes.keys}/key`,
        '-in',
        `${volumes.work}/backup`,
      ],
      {
        maxBuffer: 2 ** 27,
      },
    );
    expect(plain.includes('/registry/secrets/shop/s42')).toBe(true);
  });

  test('fails where the snapshot is cut', async () => {
    const volumes = await saved();
    truncateSync(join(volumes.work, 'snapshot.db'), 20_001);
    await fails('The snapshot is cut', 'no whole pages and a checksum: it is cut', runStep(etcdDescribe(volumes)), volumes);
  });

  test('fails where the snapshot is cut at a page', async () => {
    const volumes = await saved();
    truncateSync(join(volumes.work, 'snapshot.db'), 16_384);
    appendFileSync(join(volumes.work, 'snapshot.db'), Buffer.alloc(32));
    await fails(
      'The snapshot lacks pages',
      'does not match the checksum that etcd appended',
      runStep(etcdDescribe(volumes, { MIN_BYTES: '0' })),
      volumes,
    );
  });

  test('fails where a byte of the snapshot differs', async () => {
    const volumes = await saved();
    const file = join(volumes.work, 'snapshot.db');
    const bytes = readFileSync(file);
    bytes[9000] = (bytes[9000] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    own(file);
    await fails(
      'A byte of the snapshot differs',
      'does not match the checksum that etcd appended',
      runStep(etcdDescribe(volumes)),
      volumes,
    );
  });

  test('fails where there is no snapshot', async () => {
    const volumes = podVolumes();
    await fails('There is no snapshot', 'there is no snapshot', runStep(etcdDescribe(volumes)), volumes);
  });

  test('fails where the certificate is not the cluster’s', async () => {
    const volumes = podVolumes();
    const result = await runStep(etcdSave({ ...server, pki: certificates() }, volumes));
    expect(result.status).not.toBe(0);
    expect(result.log).toMatch(/unknown authority|authentication handshake failed|context deadline exceeded/);
    expect(existsSync(join(volumes.work, 'snapshot.db'))).toBe(false);
  });

  test('fails where etcd is gone', async () => {
    const volumes = podVolumes();
    const result = await runStep(etcdSave({ ...server, port: 1 }, volumes));
    expect(result.status).not.toBe(0);
    expect(existsSync(join(volumes.work, 'snapshot.db'))).toBe(false);
  });

  test('is documented as it behaved', () => faults.finish());
});

const clientEnv = (server: EtcdServer): Record<string, string> => ({
  ETCDCTL_API: '3',
  ETCDCTL_ENDPOINTS: `https://127.0.0.1:${server.port}`,
  ETCDCTL_CACERT: `${server.pki}/ca.crt`,
  ETCDCTL_CERT: `${server.pki}/server.crt`,
  ETCDCTL_KEY: `${server.pki}/server.key`,
});

async function startEtcd(pki: string, data = `${volume()}/data`): Promise<EtcdServer> {
  const [port, peer] = [await freePort(), await freePort()];
  const url = `https://127.0.0.1:${port}`;
  const child = spawn(
    'etcd',
    [
      `--data-dir=${data}`,
      `--listen-client-urls=${url}`,
      `--advertise-client-urls=${url}`,
      `--listen-peer-urls=http://127.0.0.1:${peer}`,
      '--client-cert-auth',
      `--trusted-ca-file=${pki}/ca.crt`,
      `--cert-file=${pki}/server.crt`,
      `--key-file=${pki}/server.key`,
    ],
    { ...podUser, stdio: 'ignore' },
  );
  whenOver(() => child.kill('SIGKILL'));
  const server = { port, pki };
  const deadline = Date.now() + 20_000;
  for (;;) {
    try {
      await run('etcdctl', ['endpoint', 'health'], { env: { PATH: systemPath, ...clientEnv(server) } });
      return server;
    } catch (error) {
      if (Date.now() > deadline) throw new Error('etcd does not answer', { cause: error });
      await sleep(200);
    }
  }
}

/** An authority and one certificate by it, for the server and for its client as on a control plane's node. */
function certificates(): string {
  const folder = volume();
  const openssl = (...parameters: string[]): void => void execFileSync('openssl', parameters, { cwd: folder, stdio: 'pipe' });
  writeFileSync(join(folder, 'extensions'), 'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n');
  openssl(
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-keyout',
    'ca.key',
    '-out',
    'ca.crt',
    '-subj',
    '/CN=etcd-ca',
    '-days',
    '2',
  );
  openssl(
    'req',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-keyout',
    'server.key',
    '-out',
    'server.csr',
    '-subj',
    '/CN=kube-etcd',
  );
  openssl(
    'x509',
    '-req',
    '-in',
    'server.csr',
    '-CA',
    'ca.crt',
    '-CAkey',
    'ca.key',
    '-CAcreateserial',
    '-out',
    'server.crt',
    '-days',
    '2',
    '-extfile',
    'extensions',
  );
  for (const file of readdirSync(folder)) own(join(folder, file));
  return folder;
}
