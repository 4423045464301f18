/**
 * Which containers are database servers.
 *
 * The insight: an image's name says less than it seems. Exporters, clients, backups and web consoles carry the engine's
 * name too, and a backup job runs the server's own image. So a server is an image of an engine that runs no other
 * program, in a workload that serves for ever.
 */
import type { Container } from './container';
import { isShell } from './shell-outcome';
import type { Workload } from './workload';

export type DatabaseEngine =
  'MySQL' | 'PostgreSQL' | 'MongoDB' | 'Microsoft SQL Server' | 'Cassandra' | 'ClickHouse' | 'CouchDB' | 'InfluxDB' | 'Neo4j';

export interface DatabaseServer {
  readonly workload: Workload;
  readonly container: Container;
  readonly engine: DatabaseEngine;
  /** What it was recognized by, for messages. */
  readonly evidence: string;
  /** The pod's port that it serves. */
  readonly port: number;
}

interface Engine {
  readonly image: RegExp;
  /** The server's own program. */
  readonly program: RegExp;
  readonly port: number;
}

const ENGINES: Readonly<Record<DatabaseEngine, Engine>> = {
  MySQL: {
    image:
      /^(mysql|mariadb|percona|percona-server|percona-xtradb-cluster|mysql-server|community-server|mariadb-galera|mariadb-server|mysql-?\d+.*|mariadb-?\d+.*)$/,
    program: /^(mysqld|mariadbd|mysqld_safe|mariadbd-safe)$/,
    port: 3306,
  },
  PostgreSQL: {
    image:
      /^(postgres|postgresql|postgis|timescaledb|timescaledb-ha|pgvector|postgresql-repmgr|spilo(-\d+)?|supabase-postgres|postgresql-?\d+.*)$/,
    program: /^(postgres|postmaster)$/,
    port: 5432,
  },
  MongoDB: {
    image: /^(mongo|mongodb|mongodb-community-server|mongodb-enterprise-server|mongodb-sharded|percona-server-mongodb)$/,
    program: /^mongo[ds]$/,
    port: 27017,
  },
  'Microsoft SQL Server': { image: /^(mssql-server.*|mssql\/server|server)$/, program: /^sqlservr$/, port: 1433 },
  Cassandra: { image: /^cassandra$/, program: /^cassandra$/, port: 9042 },
  ClickHouse: { image: /^(clickhouse|clickhouse-server)$/, program: /^clickhouse-server$/, port: 8123 },
  CouchDB: { image: /^couchdb$/, program: /^couchdb$/, port: 5984 },
  InfluxDB: { image: /^influxdb$/, program: /^influxd$/, port: 8086 },
  Neo4j: { image: /^neo4j$/, program: /^neo4j$/, port: 7474 },
};

/** Programs that start a server in its own image: entrypoint scripts and what holds signals for them. */
const ENTRYPOINT = /(^|\/)(docker-entrypoint\.sh|entrypoint\.sh|run\.sh|setup\.sh|tini|dumb-init|gosu|su-exec|exec|numactl|--)$/;

/** The database that a workload serves; jobs, exporters and clients serve none. */
export function databaseServerOf(workload: Workload): DatabaseServer | undefined {
  if (workload.isJob) return undefined;
  if (servers.has(workload)) return servers.get(workload);
  const server = serverIn(workload);
  servers.set(workload, server);
  return server;
}

/** Several lessons ask about the same workload. */
const servers = new WeakMap<Workload, DatabaseServer | undefined>();

function serverIn(workload: Workload): DatabaseServer | undefined {
  for (const container of workload.containers) {
    const found = engineOf(container);
    if (found !== undefined) return { workload, container, ...found };
  }
  return undefined;
}

function engineOf(container: Container): Pick<DatabaseServer, 'engine' | 'evidence' | 'port'> | undefined {
  const name = container.imageName.toLowerCase();
  for (const engine of engineNames()) {
    const { image, program, port } = ENGINES[engine];
    if (!image.test(name) || (engine === 'Microsoft SQL Server' && !/mssql/.test(container.image))) continue;
    if (!runsServer(container, program)) continue;
    const declared = container.ports.some(({ number }) => number === port);
    return { engine, evidence: `the image ${name}`, port: declared ? port : (namedPort(container) ?? port) };
  }
  return undefined;
}

function engineNames(): readonly DatabaseEngine[] {
  return ['MySQL', 'PostgreSQL', 'MongoDB', 'Microsoft SQL Server', 'Cassandra', 'ClickHouse', 'CouchDB', 'InfluxDB', 'Neo4j'];
}

/** The image's own entrypoint, arguments for it, or the server by name. A shell counts when its script names the server. */
function runsServer(container: Container, program: RegExp): boolean {
  const command = container.at('command').strings;
  const args = container.at('args').strings;
  const words = command.length > 0 ? [...command, ...args] : args;
  const named = (text: string): boolean => text.split(/[\s;&|"']+/).some((word) => program.test(word.split('/').at(-1) ?? ''));
  if (words.some(named)) return true;
  const [first] = words;
  if (first === undefined) return true;
  if (isShell(first) || ['sleep', 'tail', 'cat', 'true', 'env'].includes(first)) return words.some((word) => ENTRYPOINT.test(word.trim()));
  // Without a command, arguments go to the entrypoint: options for the server, or another program in its place.
  if (command.length === 0) return first.startsWith('-');
  return ENTRYPOINT.test(first);
}

/** A single declared port that no metrics hide behind. */
function namedPort(container: Container): number | undefined {
  const [port, ...others] = container.ports.filter(({ name }) => !/metrics|admin|http/.test(name ?? ''));
  return others.length === 0 ? port?.number : undefined;
}
