/**
 * Addresses in values: URLs, JDBC and other connection strings, `host:port`.
 *
 * Only what is an address beyond doubt: no image references, no times, no addresses to listen on, nothing that still has
 * a placeholder in it.
 */
import { isValid } from 'ipaddr.js';
import type { Address } from './need';

/** The ports that clients assume. */
const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  http: 80, https: 443, ws: 80, wss: 443, mysql: 3306, mariadb: 3306, mysqlx: 33060, postgres: 5432, postgresql: 5432, redis: 6379, rediss: 6379, valkey: 6379,
  amqp: 5672, amqps: 5671, mongodb: 27017, kafka: 9092, nats: 4222, ldap: 389, ldaps: 636, smtp: 25, smtps: 465, sqlserver: 1433, oracle: 1521, clickhouse: 8123,
  cassandra: 9042, memcached: 11211, elasticsearch: 9200, mqtt: 1883, mqtts: 8883, ftp: 21, sftp: 22, ssh: 22, bolt: 7687, zookeeper: 2181, s3: 443,
}; // prettier-ignore

/** Schemes that name no peer to connect to. */
const NO_PEER = new Set([
  'file',
  'classpath',
  'unix',
  'data',
  'jdbc',
  'urn',
  'about',
  'docker',
  'oci',
  'git',
  'secret',
  'arn',
  's3',
  'gs',
  'vault',
  'mongodb+srv',
]);

/** Of a DNS name. */
const LONGEST_NAME = 253;

/** All addresses of a value that is a connection string as a whole. */
export function addressesOf(value: string): Address[] {
  const text = value.trim().replace(/^(jdbc|r2dbc):/, '');
  const url = /^([a-zA-Z][a-zA-Z0-9+.-]*?)(?::[a-z]+)*:\/\/([^/?#\s;]*)(;[^\s]*)?/.exec(text);
  if (url !== null) return urlAddresses((url[1] ?? '').toLowerCase(), url[2] ?? '');
  const goDriver = /^[^@\s]*@(tcp|udp)\(([^)\s]+)\)\//.exec(text);
  if (goDriver !== null) return authorityAddresses(goDriver[2] ?? '', 'mysql');
  const oracle = /^oracle:thin:@\/*([^/\s:]+:\d+)/.exec(text);
  if (oracle !== null) return authorityAddresses(oracle[1] ?? '', 'oracle');
  return hostPorts(text);
}

/** The URLs somewhere in a text. */
export function urlsIn(text: string): Address[] {
  const found = text.match(/\b[a-zA-Z][a-zA-Z0-9+.-]{0,30}:\/\/[^\s'"`<>\\|)\]},;]+/g) ?? [];
  return found.flatMap((url) => addressesOf(url));
}

/** `host:port`, or a list of them separated by commas. */
export function hostPorts(text: string): Address[] {
  const parts = text.split(',').map((part) => part.trim());
  const addresses = parts.flatMap((part): Address[] => {
    const match = /^([a-zA-Z0-9][-a-zA-Z0-9_.]*):(\d{1,5})$/.exec(part);
    const [, host = '', port = ''] = match ?? [];
    return match !== null && isHost(host) && isPort(Number(port)) ? [{ host, port: Number(port) }] : [];
  });
  return addresses.length === parts.length ? addresses : [];
}

/** A name or address alone. */
export function plainHost(text: string): string | undefined {
  const host = text.trim();
  return isHost(host) ? host : undefined;
}

export function defaultPort(scheme: string | undefined): number | undefined {
  return scheme === undefined ? undefined : DEFAULT_PORTS[scheme];
}

function urlAddresses(scheme: string, authority: string): Address[] {
  return NO_PEER.has(scheme) ? [] : authorityAddresses(authority, scheme);
}

function authorityAddresses(authority: string, scheme: string): Address[] {
  const hosts = authority.slice(authority.lastIndexOf('@') + 1);
  return hosts.split(',').flatMap((part): Address[] => {
    const match = /^(\[[0-9a-fA-F:]+\]|[^:\s]+)(?::(\d{1,5}))?$/.exec(part.trim());
    if (match === null) return [];
    const host = (match[1] ?? '').replace(/^\[|\]$/g, '');
    const port = match[2] === undefined ? defaultPort(scheme) : Number(match[2]);
    if (!isHost(host) || (port !== undefined && !isPort(port))) return [];
    return [{ host, port, scheme }];
  });
}

/** A DNS name with a letter in it, or a whole address; never this pod itself. */
function isHost(host: string): boolean {
  if (host.length > LONGEST_NAME) return false;
  if (/^(localhost|0\.0\.0\.0|::1?|127\..*)$/i.test(host) || host.toLowerCase().endsWith('.localhost')) return false;
  if (host.includes(':') || /^\d+\.\d+\.\d+\.\d+$/.test(host)) return isValid(host);
  return /^(?=.*[a-zA-Z])[a-zA-Z0-9]([-a-zA-Z0-9_]*[a-zA-Z0-9])?(\.[a-zA-Z0-9]([-a-zA-Z0-9_]*[a-zA-Z0-9])?)*\.?$/.test(host);
}

function isPort(port: number): boolean {
  return port >= 1 && port <= 65535;
}
