import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describeWith } from '../tools';
import { hardSchemas, startDatabase } from './database';
import type { Database } from './database';
import { faultTable } from './fault-table';
import { commandLines, commandLinesDuring, makeSubfolder, podUser, cleanUp, readJson, runStep, sleep, startStep } from './pod';
import type { StepResult } from './pod';
import { mysqlDump, podVolumes } from './steps';
import type { PodVolumes } from './steps';

type Manifest = {
  tables: number;
  rows: number;
  contents: { database: string; name: string; rows?: number }[];
  [field: string]: unknown;
};

describeWith(['mariadbd', 'mariadb-dump', 'openssl'], 'mysql-dump.sh', () => {
  let database: Database;
  let volumes: PodVolumes;
  const faults = faultTable('dump');

  beforeAll(async () => {
    database = await startDatabase();
    await database.sql(hardSchemas);
    await database.sql(`CREATE DATABASE big; USE big;
      CREATE TABLE noise (id INT PRIMARY KEY, b BLOB);
      INSERT INTO noise SELECT seq, RANDOM_BYTES(1000) FROM seq_1_to_15000;`);
  });
  beforeEach(() => {
    volumes = podVolumes();
  });
  afterAll(cleanUp);

  const manifest = (): Manifest => readJson(join(volumes.work, 'manifest.json')) as Manifest;

  function expectNoBackup(result: StepResult, message: string): void {
    expect(result.lastLine).toContain(message);
    expect(result.status).not.toBe(0);
    expect(readdirSync(volumes.work).filter((file) => file === 'backup' || file === 'manifest.json')).toEqual([]);
    expect(result.log).not.toContain(database.password);
    expect(readdirSync(volumes.secret)).toEqual([]);
  }

  test('describes what it dumped: every table with its rows, in any name', async () => {
    const result = await runStep(mysqlDump(database, volumes, { DATABASES: '' }));
    expect(result.log).toContain('finished: ');
    expect(result.status).toBe(0);
    const tables = manifest().contents.filter((part) => part.rows !== undefined && part.database !== 'big');
    expect(tables.map((table) => [table.database, table.name, table.rows])).toEqual([
      ['blog`s "x"', 't', 2],
      ['shop', 'child', 2],
      ['shop', 'empty_one', 0],
      ['shop', 'orders', 5],
      ['shop', 'parent', 2],
      ['shop', 'we`ird "(name', 3],
    ]);
    expect(manifest()).toMatchObject({ kind: 'mysql', tables: 7, rows: 15014, tablesWithoutTransactions: 0, encryption: 'none' });
    expect(String(manifest().name)).toMatch(/^\d{8}T\d{6}Z-backup-x1$/);
  });

  test('dumps only the schemas that it is told to', async () => {
    await runStep(mysqlDump(database, volumes, { DATABASES: 'shop,blog`s "x"' }));
    expect(new Set(manifest().contents.map((part) => part.database))).toEqual(new Set(['shop', 'blog`s "x"']));
    const text = gunzipSync(readFileSync(join(volumes.work, 'backup'))).toString();
    expect(text).toContain('🙂 (emoji) 한국어');
    expect(text).toContain('PROCEDURE `pr`');
    expect(text).toContain('EVENT `soon`');
    expect(text).toContain('TRIGGER tr');
    expect(text).not.toContain('noise');
  });

  test('is the same snapshot in the record and in the dump while others write', async () => {
    const writing = database.sql(
      'USE big; CREATE TABLE live (id INT PRIMARY KEY AUTO_INCREMENT, t TEXT);' + "INSERT INTO live (t) VALUES ('x'), ('y');".repeat(1500),
    );
    await sleep(300);
    const result = await runStep(mysqlDump(database, volumes, { DATABASES: 'big' }));
    await writing;
    expect(result.status).toBe(0);
    const text = gunzipSync(readFileSync(join(volumes.work, 'backup'))).toString();
    const rows = (text.match(/^\(\d+,'[xy]'\)/gm) ?? []).length;
    expect(rows).toBeGreaterThan(0);
    expect(manifest().contents.find((part) => part.name === 'live')?.rows).toBe(rows);
    await database.sql('DROP TABLE big.live');
  });

  test('shows the password on no command line and in no log, and leaves no option file', async () => {
    const running = startStep(mysqlDump(database, volumes, { DATABASES: 'big' }));
    const modes = new Set<number>();
    const seen = await commandLinesDuring(running, () => {
      const file = join(volumes.secret, 'client.cnf');
      if (existsSync(file)) modes.add(statSync(file).mode & 0o777);
    });
    const result = await running.finished;
    expect(seen.filter((line) => line.includes('mariadb-dump') && line.includes('--single-transaction'))).not.toEqual([]);
    expect(seen.filter((line) => line.includes(database.password) || line.includes('ss\\w#or'))).toEqual([]);
    expect(modes).toEqual(new Set([0o600]));
    expect(result.log).not.toContain('ss\\w#or');
    expect(readdirSync(volumes.secret)).toEqual([]);
  });

  test('does not dump again where the container was restarted after the dump', async () => {
    await runStep(mysqlDump(database, volumes));
    const first = manifest().name;
    const again = await runStep(mysqlDump(database, volumes, { DB_PASSWORD: 'no longer right' }));
    faults.add('The container is restarted after the dump', 'success', again);
    expect(again.status).toBe(0);
    expect(manifest().name).toBe(first);
  });

  test('begins anew where the container was restarted in the middle', async () => {
    writeFileSync(join(volumes.work, 'backup'), 'half');
    const result = await runStep(mysqlDump(database, volumes));
    expect(result.status).toBe(0);
    expect(statSync(join(volumes.work, 'backup')).size).toBe(Number(manifest().size));
  });

  test('encrypts what lands on the disk, and signs the description', async () => {
    writeFileSync(join(volumes.keys, 'key'), 'k'.repeat(40) + '\n', { mode: 0o644 });
    const result = await runStep(mysqlDump(database, volumes, { ENCRYPTION_KEY_FILE: '/keys/key' }));
    expect(result.lastLine).toContain('finished: ');
    expect(manifest()).toMatchObject({ suffix: 'sql.gz.enc', encryption: 'aes-256-ctr+pbkdf2+hmac' });
    const content = readFileSync(join(volumes.work, 'backup'));
    expect(content.subarray(0, 8).toString()).toBe('Salted__');
  });

  test('fails where the encryption key is too short', async () => {
    writeFileSync(join(volumes.keys, 'key'), 'short\n', { mode: 0o644 });
    const result = await runStep(mysqlDump(database, volumes, { ENCRYPTION_KEY_FILE: '/keys/key' }));
    faults.add('The encryption key is too short', 'failure', result);
    expectNoBackup(result, 'has 5 characters: it needs 32 or more');
  });

  test('fails where the password is wrong', async () => {
    const result = await runStep(mysqlDump(database, volumes, { DB_PASSWORD: 'wrong' }));
    faults.add('The password is wrong', 'failure', result);
    expectNoBackup(result, "Access denied for user 'backup'");
  });

  test('fails where nobody listens', async () => {
    const result = await runStep(mysqlDump(database, volumes, { DB_PORT: '1' }));
    faults.add('The connection is refused', 'failure', result);
    expectNoBackup(result, 'cannot connect at 127.0.0.1:1: ERROR 2002');
  });

  test('fails where a policy drops the packets or the server hangs', async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const result = await runStep(mysqlDump(database, volumes, { DB_PORT: String(port), DB_TIMEOUT_SECONDS: '2' }));
    silent.close();
    faults.add('The server accepts and says nothing', 'failure', result);
    expectNoBackup(result, 'cannot connect');
  });

  test('fails where a schema is missing', async () => {
    const result = await runStep(mysqlDump(database, volumes, { DATABASES: 'shop,shoop' }));
    faults.add('A schema is missing or hidden', 'failure', result);
    expectNoBackup(result, "there is no schema 'shoop', or user backup may not see it");
  });

  test('fails where the user lacks a privilege without which the dump is silently smaller', async () => {
    await database.sql(
      "CREATE USER weak@'%' IDENTIFIED BY 'weak'; GRANT SELECT, SHOW VIEW, EVENT ON `sho_`.* TO weak@'%'; GRANT TRIGGER ON `shop_%`.* TO weak@'%'",
    );
    const result = await runStep(mysqlDump(database, volumes, { DB_USER: 'weak', DB_PASSWORD: 'weak' }));
    faults.add('The user may not see triggers', 'failure', result);
    expectNoBackup(result, "user weak lacks TRIGGER on schema 'shop'");
    await database.sql("GRANT SELECT, SHOW VIEW, EVENT, TRIGGER ON `shop`.* TO weak@'%'");
    const routines = await runStep(mysqlDump(database, volumes, { DB_USER: 'weak', DB_PASSWORD: 'weak' }));
    faults.add('The user may not see stored routines', 'failure', routines);
    expectNoBackup(routines, 'user weak may not see stored routines');
    await database.sql("GRANT SELECT ON mysql.proc TO weak@'%'");
    expect((await runStep(mysqlDump(database, volumes, { DB_USER: 'weak', DB_PASSWORD: 'weak' }))).lastLine).toContain('finished: ');
  });

  test('fails where no table holds a row, unless that was asked for', async () => {
    const result = await runStep(mysqlDump(database, volumes, { DATABASES: 'nothing_yet' }));
    faults.add('The database is empty', 'failure', result);
    expectNoBackup(result, 'not one of 0 tables holds a row');
    const allowed = await runStep(mysqlDump(database, volumes, { DATABASES: 'nothing_yet', ALLOW_EMPTY: 'true' }));
    faults.add('The database is empty, with ALLOW_EMPTY', 'success', allowed);
    expect(allowed.status).toBe(0);
    expect(manifest()).toMatchObject({ tables: 0, rows: 0 });
  });

  test('fails where the dump is shorter than the minimum', async () => {
    const result = await runStep(mysqlDump(database, volumes, { MIN_BYTES: '1000000' }));
    faults.add('The dump is shorter than the minimum', 'failure', result);
    expectNoBackup(result, 'fewer than the minimum of 1000000');
  });

  test('fails where a view is broken, and says which', async () => {
    await database.sql(
      'CREATE DATABASE broken; USE broken; CREATE TABLE a (b INT); INSERT INTO a VALUES (1); CREATE VIEW gone AS SELECT * FROM a; RENAME TABLE a TO c',
    );
    const result = await runStep(mysqlDump(database, volumes, { DATABASES: 'broken' }));
    faults.add('A view refers to a table that is gone', 'failure', result);
    expectNoBackup(result, "View 'broken.gone' references invalid table(s)");
  });

  test('fails where the disk is full', async () => {
    if (podUser.uid === undefined) return expect(process.env.CI).toBeUndefined();
    const disk = makeSubfolder(volumes.work, 'disk');
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=4m,uid=${podUser.uid}`, 'tmpfs', disk]);
    try {
      const result = await runStep(mysqlDump(database, { ...volumes, work: disk }, { DATABASES: 'big' }));
      faults.add('The scratch space is full', 'failure', result);
      expect(result.lastLine).toContain('No space left on device');
      expect(result.status).toBe(1);
      expect(readdirSync(disk)).toEqual([]);
    } finally {
      execFileSync('umount', [disk]);
    }
  });

  test('fails at once on SIGTERM, and leaves no half dump that could be taken for one', async () => {
    const running = startStep(mysqlDump(database, volumes, { DATABASES: 'big' }));
    await grows(join(volumes.work, '.dump'));
    const since = Date.now();
    running.terminate();
    const result = await running.finished;
    faults.add('SIGTERM in the middle of the dump (eviction, deadline)', 'failure', result);
    expect(Date.now() - since).toBeLessThan(2000);
    expectNoBackup(result, 'stopped by SIGTERM');
    expect(result.status).toBe(143);
    expect(commandLines().filter((line) => line.includes('mariadb-dump') && line.includes('big'))).toEqual([]);
  });

  test('fails where the server is killed in the middle', async () => {
    const running = startStep(mysqlDump(database, volumes, { DATABASES: 'big' }));
    await grows(join(volumes.work, '.dump'));
    await database.kill();
    const result = await running.finished;
    faults.add('The server is killed in the middle of the dump', 'failure', result);
    expectNoBackup(result, 'Lost connection to server');
  });

  test('is documented as it behaved', () => faults.finish());

  async function grows(file: string): Promise<void> {
    while (!existsSync(file) || statSync(file).size < 1_000_000) await sleep(5);
  }
});
