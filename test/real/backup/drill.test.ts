import { createHash, createHmac } from 'node:crypto';
import { cpSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describeWith } from '../tools';
import { startBucket } from './bucket';
import type { Bucket } from './bucket';
import { hardSchemas, startDatabase } from './database';
import type { Database } from './database';
import { faultTable } from './fault-table';
import { commandLines, commandLinesDuring, own, cleanUp, readJson, runStep, sleep, startStep } from './pod';
import { fetch, mysqlDrill, mysqlDump, mysqlRestore, podVolumes, report, upload } from './steps';
import type { PodVolumes } from './steps';

const KEY = 'a key that is long enough for anybody, with "quotes" and $signs';
const faults = faultTable('drill');

interface Verdict {
  readonly verdict: string;
  readonly reason: string;
  readonly compared: string;
}

describeWith(['mariadbd', 'mariadb-dump', 'aws', 'openssl'], 'the restore drill', () => {
  let database: Database;
  let bucket: Bucket;
  let plain: PodVolumes;
  let sealed: PodVolumes;

  beforeAll(async () => {
    database = await startDatabase();
    bucket = await startBucket();
    await database.sql(hardSchemas);
    plain = podVolumes();
    sealed = podVolumes();
    writeFileSync(join(sealed.keys, 'key'), `${KEY}\n`, { mode: 0o644 });
    expect((await runStep(mysqlDump(database, plain, { DATABASES: '' }))).lastLine).toContain('finished');
    expect((await runStep(mysqlDump(database, sealed, { DATABASES: '', ENCRYPTION_KEY_FILE: '/keys/key' }))).lastLine).toContain(
      'finished',
    );
  }, 180_000);
  afterAll(cleanUp);

  const fetched = (from: PodVolumes): PodVolumes => {
    const volumes = { ...podVolumes(), keys: from.keys };
    cpSync(from.work, volumes.work, { recursive: true });
    for (const file of readdirSync(volumes.work)) own(join(volumes.work, file));
    return volumes;
  };

  const verdictIn = (volumes: PodVolumes): Verdict => readJson(join(volumes.work, 'verdict.json')) as Verdict;

  /** Changes the dump's text and lets the manifest agree with the new bytes, as a faulty tool or a forger would. */
  function rewrite(volumes: PodVolumes, change: (text: string) => string): void {
    const before = gunzipSync(readFileSync(join(volumes.work, 'backup'))).toString();
    const after = change(before);
    expect(after).not.toBe(before);
    const bytes = gzipSync(after);
    writeFileSync(join(volumes.work, 'backup'), bytes);
    const sum = createHash('sha256').update(bytes).digest('hex');
    rewriteManifest(volumes, (text) =>
      text.replace(/"size": \d+/, `"size": ${bytes.length}`).replace(/ {2}"sha256": "\w+"/, `  "sha256": "${sum}"`),
    );
  }

  function rewriteManifest(volumes: PodVolumes, change: (text: string) => string): void {
    const file = join(volumes.work, 'manifest.json');
    const before = readFileSync(file, 'utf8');
    const after = change(before);
    expect(after).not.toBe(before);
    writeFileSync(file, after);
  }

  /** The drill says no, says why, and the last step makes the Job fail by it. */
  async function rejects(fault: string, volumes: PodVolumes, reason: string, env: Record<string, string> = {}): Promise<void> {
    const result = await runStep(mysqlDrill(volumes, env));
    faults.add(fault, 'verdict of failure', result);
    expect(result.lastLine).toContain(reason);
    expect(verdictIn(volumes).verdict).toBe('failed');
    expect(result.status).toBe(0);
  }

  async function fetchFails(fault: string, message: string, volumes = podVolumes()): Promise<void> {
    const result = await runStep(fetch(bucket, volumes));
    faults.add(fault, 'failure', result);
    expect(result.lastLine).toContain(message);
    expect(result.status).toBe(1);
    expect(readdirSync(volumes.work).filter((file) => file === 'backup' || file === 'manifest.json')).toEqual([]);
  }

  test('fails where there is no backup at all', () =>
    fetchFails('There is no good backup', 'there is no good backup under s3://shop-backup/mysql/db/'));

  test('restores a database of several schemas and a table of 200 MB to the same data, from dump to verdict', async () => {
    await database.sql(`CREATE DATABASE big; USE big; CREATE TABLE wide (id INT PRIMARY KEY, hash CHAR(32), filler TEXT);
      INSERT INTO wide SELECT seq, MD5(seq), REPEAT(MD5(seq), 32) FROM seq_1_to_200000`);
    const source = podVolumes();
    expect((await runStep(mysqlDump(database, source, { DATABASES: '' }))).lastLine).toContain('finished');
    expect((await runStep(upload(bucket, source))).lastLine).toContain('GOOD');

    const drill = podVolumes();
    expect((await runStep(fetch(bucket, drill))).lastLine).toContain('fetched');
    const running = startStep(mysqlDrill(drill));
    const commands = await commandLinesDuring(running);
    const drilled = await running.finished;
    expect(verdictIn(drill)).toMatchObject({ verdict: 'passed', reason: '', compared: 'rows and checksums', tables: 7, rows: 200014 });
    expect(drilled.status).toBe(0);
    const servers = commands.filter((line) => line.includes('mariadbd') && line.includes(drill.data));
    expect(servers.length).toBeGreaterThan(0);
    expect(servers.filter((line) => !line.includes('--skip-networking') && !line.includes('--bootstrap'))).toEqual([]);
    expect(commandLines().filter((line) => line.includes(drill.data))).toEqual([]);
    const reported = await runStep(report(bucket, drill));
    expect(reported).toMatchObject({
      status: 0,
      lastLine: expect.stringMatching(/^report: PASSED: .* restores: 7 tables, 200014 rows, compared by rows and checksums$/),
    });
    expect(JSON.parse(bucket.read('drill-status.json').toString())).toMatchObject({ verdict: 'passed', rows: 200014 });

    // Another way to the same answer: the emergency's restore, compared by the servers themselves.
    const target = await startDatabase();
    const orphaned = await runStep(mysqlRestore(target, drill));
    faults.add('An emergency restore into a server without a user who made views', 'failure', orphaned);
    expect(orphaned).toMatchObject({ status: 1, lastLine: expect.stringContaining("has no user 'ghost'@'%', who made views or routines") });
    const restored = await runStep(mysqlRestore(target, drill, { CREATE_DEFINERS: 'true' }));
    expect(restored.lastLine).toMatch(/^mysql-restore: RESTORED: .*; every table has the rows that the backup recorded$/);
    const checksums =
      'CHECKSUM TABLE shop.orders, shop.`we``ird "(name`, shop.empty_one, shop.parent, shop.child, `blog``s "x"`.t, big.wide';
    expect(await target.sql(checksums)).toBe(await database.sql(checksums));
    const again = await runStep(mysqlRestore(target, drill));
    faults.add('An emergency restore into a server that holds tables', 'failure', again);
    expect(again).toMatchObject({ status: 1, lastLine: expect.stringContaining('set OVERWRITE=true to replace') });
    await target.sql('DELETE FROM shop.child');
    const over = await runStep(mysqlRestore(target, drill, { OVERWRITE: 'true' }));
    expect(over).toMatchObject({ status: 0, lastLine: expect.stringContaining('over what was there') });
    expect(await target.sql(checksums)).toBe(await database.sql(checksums));
    await target.kill();
    await database.sql('DROP DATABASE big');
  }, 240_000);

  test('signs the manifest of an encrypted backup so that its key’s holders can tell', async () => {
    const text = readFileSync(join(sealed.work, 'manifest.json'), 'utf8');
    const body = text.replace(/^ {2}"hmac": "\w+",\n/m, '');
    const key = createHash('sha256').update(`manifest:${KEY}`).digest();
    expect(text).toContain(`"hmac": "${createHmac('sha256', key).update(body).digest('hex')}"`);
    const volumes = fetched(sealed);
    const result = await runStep(mysqlDrill(volumes, { ENCRYPTION_KEY_FILE: '/keys/key' }));
    expect(result.lastLine).toMatch(/: passed$/);
    expect(result.log).not.toContain('long enough for anybody');
  });

  test('fails where the key is another, or absent', async () => {
    const volumes = fetched(sealed);
    const keys = podVolumes().keys;
    writeFileSync(join(keys, 'key'), 'another key that is long enough for it\n', { mode: 0o644 });
    await rejects('The encryption key is another', { ...volumes, keys }, 'the manifest was not written with this key', {
      ENCRYPTION_KEY_FILE: '/keys/key',
    });
    await rejects('The encryption key is absent', volumes, 'the backup is encrypted');
    await rejects('A backup in plain text where a key is set', { ...fetched(plain), keys: sealed.keys }, 'anybody could have written it', {
      ENCRYPTION_KEY_FILE: '/keys/key',
    });
  });

  test('fails where somebody without the key changed the manifest', async () => {
    const volumes = fetched(sealed);
    rewriteManifest(volumes, (text) => text.replace('"rows":5', '"rows":4'));
    await rejects('The manifest was changed by somebody without the key', volumes, 'was changed since', {
      ENCRYPTION_KEY_FILE: '/keys/key',
    });
  });

  test('fails where a row is lost', async () => {
    const volumes = fetched(plain);
    rewrite(volumes, (text) => text.replace('(1,2),\n(2,1);', '(1,2);'));
    await rejects('The dump lost a row', volumes, 'the restored rows are not those of the backup: 1 recorded are missing');
    const reported = await runStep(report(bucket, volumes));
    faults.add('The verdict of failure is reported', 'failure', reported);
    expect(reported).toMatchObject({ status: 1, lastLine: expect.stringContaining('report: FAILED: the drill of') });
    expect(JSON.parse(bucket.read('drill-status.json').toString())).toMatchObject({ verdict: 'failed' });
  });

  test('fails where a value differs and every count is right', async () => {
    const volumes = fetched(plain);
    rewrite(volumes, (text) => text.replace("'plain'", "'plane'"));
    await rejects('A value of the dump differs', volumes, 'the restored contents are not those of the backup');
  });

  test('fails where a trigger is lost', async () => {
    const volumes = fetched(plain);
    rewrite(volumes, (text) => text.replace(/\/\*!50003 CREATE\*\/[^;]*TRIGGER tr [\s\S]*?END\s*\*\/;;/, ''));
    await rejects('The dump lost a trigger', volumes, 'the restored contents are not those of the backup');
  });

  test('fails where the dump is cut between two tables', async () => {
    const volumes = fetched(plain);
    rewrite(volumes, (text) => text.slice(0, text.indexOf('-- Table structure for table `parent`')));
    await rejects('The dump is cut between two tables', volumes, 'the restored rows are not those of the backup');
  });

  test('fails where the server refuses the dump', async () => {
    const volumes = fetched(plain);
    rewrite(volumes, (text) => text.replace('CREATE TABLE `child`', 'CREATE TABEL `child`'));
    await rejects('The server refuses a statement of the dump', volumes, 'the restore failed: ERROR 1064');
  });

  test('fails where the drill was stopped before its verdict, and leaves no server behind', async () => {
    const volumes = fetched(plain);
    const running = startStep(mysqlDrill(volumes));
    while (!running.log().includes('restoring')) await sleep(5);
    running.terminate();
    const result = await running.finished;
    faults.add('SIGTERM in the middle of the drill', 'failure', result);
    expect(result).toMatchObject({ status: 143, lastLine: expect.stringContaining('stopped by SIGTERM') });
    expect(existsSync(join(volumes.work, 'verdict.json'))).toBe(false);
    expect(commandLines().filter((line) => line.includes(volumes.data))).toEqual([]);
    const reported = await runStep(report(bucket, volumes));
    faults.add('There is no verdict', 'failure', reported);
    expect(reported).toMatchObject({ status: 1, lastLine: 'report: FAILED: the drill left no verdict' });
  });

  test('fails where the newest object was cut, changed or removed in the bucket, and takes no older one instead', async () => {
    const [data = '', other = ''] = bucket
      .files()
      .filter((file) => /^\d/.test(file))
      .reverse();
    expect([other, data].map((file) => file.replace(/^[^.]*/, '').replace(/\d+/, 'N'))).toEqual(['.good.N.json', '.sql.gz']);
    const whole = bucket.read(data);
    bucket.write(data, Buffer.concat([whole.subarray(0, -1), Buffer.from('!')]));
    await fetchFails('The newest object’s bytes were changed in the bucket', 'has another checksum than its manifest says');
    bucket.cut(data, 1000);
    await fetchFails('The newest object was cut in the bucket', 'the object is cut or was replaced');
    bucket.remove(data);
    await fetchFails('The newest object is gone', 'is recorded as good but its object is gone');
  });

  test('is documented as it behaved', () => faults.finish());
});
