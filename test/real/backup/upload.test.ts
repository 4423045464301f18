import { cpSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWith } from '../tools';
import { addGood, s3Error, startBucket } from './bucket';
import type { Bucket, S3Request } from './bucket';
import { startDatabase } from './database';
import { faultTable } from './fault-table';
import { own, cleanUp, readJson, runStep, startStep } from './pod';
import type { PodStep, StepResult } from './pod';
import { mysqlDump, podVolumes, upload } from './steps';
import type { PodVolumes } from './steps';

const faults = faultTable('upload');

type Manifest = { name: string; size: number; sha256: string };

describeWith(['mariadbd', 'aws', 'faketime'], 'upload.sh', () => {
  let dumped: PodVolumes;
  let bucket: Bucket;
  let volumes: PodVolumes;

  // 20 MB that do not compress: an upload of three parts.
  beforeAll(async () => {
    const database = await startDatabase();
    await database.sql(
      'CREATE DATABASE shop; USE shop; CREATE TABLE t (id INT PRIMARY KEY, b BLOB); INSERT INTO t SELECT seq, RANDOM_BYTES(1000) FROM seq_1_to_17000',
    );
    dumped = podVolumes();
    expect(await runStep(mysqlDump(database, dumped))).toMatchObject({ status: 0 });
    await database.kill();
  });
  beforeEach(async () => {
    volumes = podVolumes();
    fill(volumes, 'backup-x1');
    bucket = await startBucket();
  });
  afterEach(() => bucket.close());
  afterAll(cleanUp);

  /** The dump's result as if the pod of that name had made it now. */
  function fill(target: PodVolumes, pod: string, now = new Date()): void {
    cpSync(dumped.work, target.work, { recursive: true });
    const manifest = join(target.work, 'manifest.json');
    const stamp = now.toISOString().replace(/[-:]|\.\d+/g, '');
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replace(/"name": "[^"]*"/, `"name": "${stamp}-${pod}"`));
    for (const file of readdirSync(target.work)) own(join(target.work, file));
  }

  const manifest = (): Manifest => readJson(join(volumes.work, 'manifest.json')) as Manifest;
  const isData = (request: S3Request): boolean => request.file.endsWith('.sql.gz');
  const isManifest = (request: S3Request): boolean => request.file.endsWith('.json');

  /** Three good backups of the last days, which no fault may cost. */
  function threeGood(): readonly string[] {
    const content = readFileSync(join(volumes.work, 'backup'));
    [19, 20, 21].forEach((day) => addGood(bucket, `202601${day}T030000Z-earlier`, content, (22 - day) * 24));
    return bucket.files();
  }

  async function fails(
    fault: string,
    message: string | RegExp,
    env: Record<string, string> = {},
    before: readonly string[] = bucket.files(),
  ): Promise<StepResult> {
    const result = await runStep(upload(bucket, volumes, env));
    faults.add(fault, 'failure', result);
    expect(result.lastLine).toMatch(message);
    expect(result.status).not.toBe(0);
    expect(result.log).not.toContain('GOOD');
    expect(bucket.files().filter((file) => file.includes('.good.'))).toEqual(before.filter((file) => file.includes('.good.')));
    expect(before.filter((file) => !bucket.files().includes(file))).toEqual([]);
    return result;
  }

  test('records a backup as good when the bucket gives back what was sent', async () => {
    const result = await runStep(upload(bucket, volumes));
    expect(result.lastLine).toMatch(/^upload: GOOD: s3:\/\/shop-backup\/mysql\/db\/.*-backup-x1\.sql\.gz, /);
    const { name, size, sha256 } = manifest();
    expect(bucket.files()).toEqual([`${name}.good.${size}.json`, `${name}.sql.gz`]);
    expect(result.log).toContain(`read back: ${size} bytes, sha256 ${sha256}`);
    expect(bucket.read(`${name}.sql.gz`).length).toBe(size);
    const order = bucket.requests
      .filter((request) => request.method !== 'HEAD')
      .map((request) => `${request.method} ${request.file.replace(name, '')}`);
    expect(order.indexOf('GET .sql.gz')).toBeGreaterThan(order.lastIndexOf('PUT .sql.gz'));
    expect(order.indexOf(`PUT .good.${size}.json`)).toBeGreaterThan(order.lastIndexOf('GET .sql.gz'));
  });

  test('keeps the newest good ones, and removes the record of an old one before its object', async () => {
    threeGood();
    const result = await runStep(upload(bucket, volumes, { KEEP: '2' }));
    expect(result.status).toBe(0);
    const names = [...new Set(bucket.files().map((file) => file.split('.')[0]))];
    expect(names).toEqual(['20260121T030000Z-earlier', manifest().name]);
    const removals = bucket.requests
      .filter((request) => request.method === 'DELETE')
      .map((request) => request.file.replace(/\.\d+\./, '.N.'));
    expect(removals).toEqual(
      ['19', '20'].flatMap((day) => [`202601${day}T030000Z-earlier.good.N.json`, `202601${day}T030000Z-earlier.sql.gz`]),
    );
  });

  test('does not count a backup whose object was cut since, and so never removes the last whole one', async () => {
    threeGood();
    bucket.cut('20260121T030000Z-earlier.sql.gz', 1000);
    bucket.cut('20260120T030000Z-earlier.sql.gz', 1000);
    const result = await runStep(upload(bucket, volumes, { KEEP: '2' }));
    faults.add('Objects of older backups were cut in the bucket', 'success, and they do not count', result);
    expect(result.status).toBe(0);
    expect(result.log).toContain('WARNING: 20260121T030000Z-earlier is recorded as good but its object is gone or has another size');
    expect(bucket.files()).toContain('20260119T030000Z-earlier.sql.gz');
  });

  test('removes nothing where retention is left to the bucket', async () => {
    const before = threeGood();
    await runStep(upload(bucket, volumes, { KEEP: '' }));
    expect(bucket.files()).toEqual(expect.arrayContaining([...before]));
    expect(bucket.requests.filter((request) => request.method === 'DELETE')).toEqual([]);
  });

  test('removes what interrupted uploads left, when it is old enough to be nobody’s', async () => {
    bucket.write('20260101T030000Z-gone.sql.gz', Buffer.alloc(100));
    bucket.date('20260101T030000Z-gone.sql.gz', new Date(Date.now() - 30 * 3_600_000));
    bucket.write('20260102T030000Z-running.sql.gz', Buffer.alloc(100));
    bucket.write('notes.sql.gz', Buffer.alloc(100));
    bucket.date('notes.sql.gz', new Date(0));
    bucket.fate = ({ method, query }) => {
      if (method === 'GET' && query.has('uploads')) return { status: 200, body: openUploads(bucket.prefix) };
      return method === 'DELETE' && query.has('uploadId') ? { status: 204, body: '' } : 'pass';
    };
    const result = await runStep(upload(bucket, volumes));
    expect(result.status).toBe(0);
    expect(bucket.files().filter((file) => !file.startsWith(manifest().name))).toEqual(['20260102T030000Z-running.sql.gz', 'notes.sql.gz']);
    const aborted = bucket.requests
      .filter(({ method, query }) => method === 'DELETE' && query.has('uploadId'))
      .map(({ query }) => query.get('uploadId'));
    expect(aborted).toEqual(['stale']);
  });

  test('is no new backup where the container was restarted after the record', async () => {
    await runStep(upload(bucket, volumes));
    bucket.requests.length = 0;
    const again = await runStep(upload(bucket, volumes));
    faults.add('The container is restarted after the upload', 'success', again);
    expect(again.status).toBe(0);
    expect(bucket.requests.filter(({ method }) => method === 'PUT')).toEqual([]);
  });

  test('fails where the bucket is missing', () => fails('The bucket is missing', 'NoSuchBucket', { S3_BUCKET: 'shop-backups' }));

  test('fails where the key is unknown or the secret wrong', async () => {
    await fails('The access key is unknown', 'InvalidAccessKeyId', { AWS_ACCESS_KEY_ID: 'AKIA0000' });
    bucket.fate = () => s3Error(403, 'SignatureDoesNotMatch');
    await fails('The secret key is wrong', 'SignatureDoesNotMatch', { AWS_SECRET_ACCESS_KEY: 'wrong' });
    await fails('There are no credentials', 'Unable to locate credentials', { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' });
  });

  test('fails where S3 refuses the connection or its name is unknown', async () => {
    await fails('S3 refuses the connection', 'Could not connect to the endpoint URL', { S3_ENDPOINT: 'http://127.0.0.1:1' });
  });

  test('fails where writing is forbidden', () => {
    bucket.fate = ({ method }) => (method === 'PUT' || method === 'POST' ? s3Error(403, 'AccessDenied') : 'pass');
    return fails('The policy allows no writing', 'AccessDenied');
  });

  test('fails within a bounded time where S3 hangs', async () => {
    const before = threeGood();
    bucket.fate = (request) => (request.method === 'PUT' && isData(request) ? 'hang' : 'pass');
    const since = Date.now();
    await fails('S3 hangs during the upload', 'Read timeout on endpoint URL', { S3_TIMEOUT_SECONDS: '1' }, before);
    expect(Date.now() - since).toBeLessThan(20_000);
  });

  test('fails where S3 answers 500 to the last part, and leaves no open upload', async () => {
    const before = threeGood();
    bucket.fate = ({ part }) => (part === 3 ? s3Error(500, 'InternalError') : 'pass');
    await fails('S3 answers 500 to the last part', 'InternalError', {}, before);
    expect(bucket.requests.filter(({ part }) => part === 3).length).toBeLessThanOrEqual(3);
    expect(bucket.requests.filter(({ method, query }) => method === 'DELETE' && query.has('uploadId'))).toHaveLength(1);
  });

  test('survives a single 500', async () => {
    let spent = false;
    bucket.fate = ({ part }) => {
      if (part !== 2 || spent) return 'pass';
      spent = true;
      return s3Error(500, 'InternalError');
    };
    const result = await runStep(upload(bucket, volumes));
    faults.add('S3 answers 500 once', 'success', result);
    expect(result.status).toBe(0);
    expect(spent).toBe(true);
  });

  test('fails where the connection is cut during the upload', async () => {
    const before = threeGood();
    bucket.fate = ({ part }) => (part === 2 ? 'cut' : 'pass');
    await fails('The connection is cut during the upload', 'cannot upload', {}, before);
  });

  test('fails where the bucket holds less than was sent, and takes it away', async () => {
    const before = threeGood();
    bucket.after = (request) => {
      if (request.method === 'POST' && request.query.has('uploadId')) bucket.cut(request.file, 4096);
    };
    await fails('The object is cut in the bucket', 'the upload was cut', {}, before);
    expect(bucket.files()).toEqual(before);
  });

  test('fails where the bucket gives back other bytes of the same length', async () => {
    const before = threeGood();
    bucket.after = (request) => {
      if (request.method !== 'HEAD' || !isData(request) || !bucket.files().includes(request.file)) return;
      const content = bucket.read(request.file);
      content.fill(0, 100, 200);
      bucket.write(request.file, content);
    };
    await fails('The object’s bytes change in the bucket', 'the bucket gives back other bytes', {}, before);
    expect(bucket.files()).toEqual(before);
  });

  test('fails where the object cannot be read back', async () => {
    bucket.fate = (request) => (request.method === 'GET' && isData(request) ? s3Error(403, 'AccessDenied') : 'pass');
    await fails('The policy allows no reading', 'cannot read');
  });

  test('fails where the record cannot be written', async () => {
    bucket.fate = (request) => (request.method === 'PUT' && isManifest(request) ? s3Error(503, 'SlowDown') : 'pass');
    await fails('S3 refuses the record', 'cannot write the manifest');
  });

  test('fails where the backup shrank too much, and uploads nothing', async () => {
    const before = threeGood();
    const small = join(volumes.work, 'backup');
    truncateSync(small, 1000);
    const sum = (await import('node:crypto')).createHash('sha256').update(readFileSync(small)).digest('hex');
    const text = readFileSync(join(volumes.work, 'manifest.json'), 'utf8');
    writeFileSync(
      join(volumes.work, 'manifest.json'),
      text.replace(/"size": \d+/, '"size": 1000').replace(/"sha256": "\w+",\n {2}"server/, `"sha256": "${sum}",\n  "server`),
    );
    await fails('The backup is less than half of the last good one', 'the backup shrank from', {}, before);
    expect(bucket.files()).toEqual(before);
    const meant = await runStep(upload(bucket, volumes, { MAX_SHRINK_PERCENT: '100' }));
    faults.add('The same, with MAX_SHRINK_PERCENT=100', 'success', meant);
    expect(meant.status).toBe(0);
  });

  test('fails where the scratch space no longer holds what was described', () => {
    truncateSync(join(volumes.work, 'backup'), 5000);
    return fails('The dump changed between its description and the upload', 'its checksum differs');
  });

  test('fails where there is no dump', () => {
    rmSync(join(volumes.work, 'manifest.json'));
    return fails('There is no finished dump', 'there is no finished backup');
  });

  test.each([
    ['10 minutes ahead', '+600s'],
    ['10 minutes behind', '-600s'],
  ])('fails where this pod’s clock is %s', async (name, offset) => {
    const before = threeGood();
    fill(volumes, 'backup-x2', new Date(Date.now() + Number.parseInt(offset, 10) * 1000));
    const step = upload(bucket, volumes);
    const result = await runStep({ ...step, command: ['faketime', '-f', offset, ...step.command] } satisfies PodStep);
    faults.add(`The pod’s clock is ${name}`, 'failure', result);
    expect(result.lastLine).toContain('the clocks differ by more than 300 seconds');
    expect(result.status).toBe(1);
    expect(bucket.files()).toEqual(before);
  });

  test('fails where the dump was named by a clock that is ahead', async () => {
    const before = threeGood();
    fill(volumes, 'backup-x3', new Date(Date.now() + 86_400_000));
    await fails('The dump’s name is of tomorrow', 'of a time that the bucket has not reached', {}, before);
    expect(bucket.files()).toEqual(before);
  });

  test('is two good backups where two runs meet', async () => {
    const other = podVolumes();
    fill(other, 'backup-y1', new Date(Date.now() - 60_000));
    const results = await Promise.all([runStep(upload(bucket, volumes, { KEEP: '1' })), runStep(upload(bucket, other, { KEEP: '1' }))]);
    for (const result of results) expect(result.lastLine).toContain('GOOD');
    faults.add('Two runs at once, keeping one', 'success of both, the newest stays', results[0]);
    const { name, size } = manifest();
    expect(bucket.files()).toEqual(expect.arrayContaining([`${name}.good.${size}.json`, `${name}.sql.gz`]));
  });

  test('fails at once on SIGTERM in the middle of the upload', async () => {
    const before = threeGood();
    let reached: () => void = () => undefined;
    const uploading = new Promise<void>((resolve) => (reached = resolve));
    bucket.fate = ({ part }) => {
      if (part !== 3) return 'pass';
      reached();
      return 'hang';
    };
    const running = startStep(upload(bucket, volumes));
    await uploading;
    const since = Date.now();
    running.terminate();
    const result = await running.finished;
    faults.add('SIGTERM in the middle of the upload', 'failure', result);
    expect(result).toMatchObject({ status: 143, lastLine: expect.stringContaining('stopped by SIGTERM') });
    expect(Date.now() - since).toBeLessThan(5000);
    expect(bucket.files()).toEqual(before);
    bucket.fate = () => 'pass';
    expect(await runStep(upload(bucket, volumes))).toMatchObject({ status: 0 });
  });

  test('writes no secret key into its log', async () => {
    bucket.fate = () => s3Error(403, 'SignatureDoesNotMatch');
    const result = await runStep(upload(bucket, volumes, { AWS_SECRET_ACCESS_KEY: 'topsecretvalue' }));
    expect(result.status).toBe(1);
    expect(result.log).not.toContain('topsecretvalue');
  });

  test('is documented as it behaved', () => faults.finish());
});

const openUploads = (prefix: string): string => `<?xml version="1.0" encoding="UTF-8"?>
<ListMultipartUploadsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Bucket>shop-backup</Bucket><MaxUploads>1000</MaxUploads><IsTruncated>false</IsTruncated>
<Upload><Key>${prefix}/20260101T030000Z-gone.sql.gz</Key><UploadId>stale</UploadId><Initiated>2026-01-01T03:00:00.000Z</Initiated></Upload>
<Upload><Key>${prefix}/20260102T030000Z-running.sql.gz</Key><UploadId>young</UploadId><Initiated>${new Date(Date.now() - 60_000).toISOString()}</Initiated></Upload>
<Upload><Key>${prefix}/notes.txt</Key><UploadId>foreign</UploadId><Initiated>2020-01-01T03:00:00.000Z</Initiated></Upload>
</ListMultipartUploadsResult>`;
