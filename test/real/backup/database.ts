// A MariaDB server of the test's own, with data that is hard to carry.
import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { makeSubfolder, podUser, volume, whenOver } from './pod';

const run = promisify(execFile);

export interface Database {
  readonly port: number;
  /** Of the user `backup`; every character that an option file could take amiss. */
  readonly password: string;
  readonly sql: (text: string) => Promise<string>;
  /** As a crash does. */
  readonly kill: () => Promise<void>;
}

const password = `p"a'ss\\w#or d$;\`x`;

export async function startDatabase(): Promise<Database> {
  const folder = volume();
  // A server removes the temporary tables that it finds when it starts, and those may be of another server.
  const temporary = `--tmpdir=${makeSubfolder(folder, 'tmp')}`;
  await run(
    'mariadb-install-db',
    ['--no-defaults', `--datadir=${folder}/data`, temporary, '--auth-root-authentication-method=normal', '--skip-test-db'],
    podUser,
  );
  const port = await freePort();
  const socket = `${folder}/socket`;
  const server = spawn(
    'mariadbd',
    [
      '--no-defaults',
      `--datadir=${folder}/data`,
      temporary,
      `--socket=${socket}`,
      `--port=${port}`,
      '--bind-address=127.0.0.1',
      '--innodb-flush-log-at-trx-commit=0',
      '--event-scheduler=ON',
    ],
    { ...podUser, stdio: 'ignore' },
  );
  whenOver(() => server.kill('SIGKILL'));
  const sql = (text: string): Promise<string> => ask(socket, text);
  await answers(sql);
  await sql(`CREATE USER backup@'%' IDENTIFIED BY '${password.replaceAll('\\', '\\\\').replaceAll("'", "''")}';
    CREATE USER admin@'%' IDENTIFIED BY 'admin'; GRANT ALL ON *.* TO admin@'%' WITH GRANT OPTION;
    GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON *.* TO backup@'%';`);
  return { port, password, sql, kill: () => end(server, 'SIGKILL') };
}

async function ask(socket: string, text: string): Promise<string> {
  const client = run('mariadb', [
    '--no-defaults',
    '--user=root',
    `--socket=${socket}`,
    '--default-character-set=utf8mb4',
    '--batch',
    '--comments',
    '--skip-column-names',
  ]);
  client.child.stdin?.end(text);
  return (await client).stdout;
}

async function answers(sql: (text: string) => Promise<string>): Promise<void> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    try {
      await sql('SELECT 1');
      return;
    } catch (error) {
      if (Date.now() > deadline) throw new Error('the test database does not answer', { cause: error });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.on('exit', () => resolve());
    child.kill(signal);
  });
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** Some schemas with all that a dump can lose: blobs, emoji, quotes in names, views, triggers, routines, events, partitions, sequences. */
export const hardSchemas = String.raw`
CREATE DATABASE shop CHARACTER SET utf8mb4;
CREATE DATABASE ${'`blog``s "x"`'};
CREATE DATABASE nothing_yet;
USE shop;
CREATE TABLE orders (id INT PRIMARY KEY AUTO_INCREMENT, note TEXT, b BLOB, f FLOAT, d DECIMAL(10,3), at TIMESTAMP NULL, g INT AS (id * 2) VIRTUAL);
INSERT INTO orders (note, b, f, d, at) VALUES
  ('plain', X'00FF27', 1.1, 1.5, NOW()), ('it''s ),(" \\ \n new', NULL, NULL, NULL, NULL), ('🙂 (emoji) 한국어', '', 3.4e20, 0, NULL),
  (CONCAT(CHAR(0), '-- Dump completed'), REPEAT(X'0A27', 5000), 0, 0, NULL), ('', 'x', -0.0, -1, '2000-01-01');
CREATE TABLE ${'`we``ird "(name`'} (${'`a(b`'} INT, ${"`c'd`"} VARCHAR(20));
INSERT INTO ${'`we``ird "(name`'} VALUES (1, 'x'), (2, '('), (3, NULL);
CREATE TABLE empty_one (a INT);
CREATE TABLE parent (id INT PRIMARY KEY);
CREATE TABLE child (id INT PRIMARY KEY, parent INT, FOREIGN KEY (parent) REFERENCES parent (id));
INSERT INTO parent VALUES (1), (2); INSERT INTO child VALUES (1, 2), (2, 1);
CREATE USER ghost@'%'; GRANT ALL ON *.* TO ghost@'%';
CREATE DEFINER=ghost@'%' VIEW v AS SELECT id, note FROM orders;
CREATE VIEW w AS SELECT * FROM v;
DELIMITER ;;
CREATE TRIGGER tr BEFORE INSERT ON orders FOR EACH ROW BEGIN
--
-- Table structure for table ${'`fake`'}
--
SET NEW.note = CONCAT(NEW.note, '!'); END;;
CREATE PROCEDURE pr() BEGIN
INSERT INTO orders (note) VALUES ('a'), ('b'); END;;
CREATE DEFINER=ghost@'%' FUNCTION fn(a INT) RETURNS INT DETERMINISTIC RETURN a + 1;;
CREATE EVENT ev ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DO DELETE FROM orders;;
CREATE EVENT soon ON SCHEDULE AT NOW() + INTERVAL 1 HOUR DO DELETE FROM empty_one;;
CREATE EVENT missed ON SCHEDULE AT NOW() + INTERVAL 1 SECOND DISABLE DO DELETE FROM empty_one;;
DELIMITER ;
USE ${'`blog``s "x"`'};
CREATE TABLE t (a INT PRIMARY KEY, doc JSON) PARTITION BY HASH (a) PARTITIONS 4;
INSERT INTO t VALUES (1, '{"a": "it''s"}'), (2, NULL);
CREATE SEQUENCE sq;
`;
