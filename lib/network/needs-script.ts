/** Addresses that scripts and command lines connect to: database clients, HTTP clients, netcat, the AWS and Kubernetes tools. */
import type { Resources } from '../resources/resources';
import type { Script } from '../resources/scripts';
import { parseShell, type SimpleCommand } from '../resources/shell';
import { isShell, outcomesOf, programWords } from '../resources/shell-outcome';
import type { Workload } from '../resources/workload';
import type { Address, FoundAddress } from './need';
import { addressesOf, plainHost } from './needs-address';
import { addressesInConfiguration } from './needs-config';
import { environmentValues } from './needs-environment';
import type { HostNames } from './needs-host';
import { requestAddresses } from './needs-request';
import { storageAddresses } from './needs-storage';

/** A client that takes its server by option. */
interface Client {
  readonly host: readonly string[];
  readonly port: readonly string[];
  readonly url?: readonly string[];
  readonly defaultPort: number;
}

const MYSQL: Client = { host: ['-h', '--host'], port: ['-P', '--port'], defaultPort: 3306 };
const POSTGRES: Client = { host: ['-h', '--host'], port: ['-p', '--port'], url: ['-d', '--dbname'], defaultPort: 5432 };
const REDIS: Client = { host: ['-h'], port: ['-p'], url: ['-u'], defaultPort: 6379 };
const MONGO: Client = { host: ['--host', '-h'], port: ['--port'], url: ['--uri'], defaultPort: 27017 };

const CLIENTS: Readonly<Record<string, Client>> = {
  mysql: MYSQL, mysqldump: MYSQL, mysqladmin: MYSQL, mysqlsh: MYSQL, mysqlimport: MYSQL, mysqlcheck: MYSQL, mysqlpump: MYSQL, mydumper: MYSQL, myloader: MYSQL,
  mariadb: MYSQL, 'mariadb-dump': MYSQL, 'mariadb-admin': MYSQL, psql: POSTGRES, pg_dump: POSTGRES, pg_dumpall: POSTGRES, pg_restore: POSTGRES, pg_isready: POSTGRES,
  pg_basebackup: POSTGRES, createdb: POSTGRES, 'redis-cli': REDIS, 'valkey-cli': REDIS, mongo: MONGO, mongosh: MONGO, mongodump: MONGO, mongorestore: MONGO,
}; // prettier-ignore

export function scriptAddresses(workload: Workload, scripts: readonly Script[], resources: Resources, hosts: HostNames): FoundAddress[] {
  return scripts.flatMap((script) => {
    const variables = new Map([...environmentValues(workload, script.container, resources)].map(([name, { value }]) => [name, value]));
    const run: Run = { workload, script, variables, hosts };
    return script.commands.flatMap(({ command }) => commandAddresses(command, run));
  });
}

/** A script while it is read. */
interface Run {
  readonly workload: Workload;
  readonly script: Script;
  readonly hosts: HostNames;
  /** As far as they are known at this point. */
  readonly variables: Map<string, string>;
}

function commandAddresses(command: SimpleCommand, run: Run): FoundAddress[] {
  const { script, variables } = run;
  for (const assignment of command.assignments) assign(assignment, variables);
  const words = programWords(command.words).map((word) => expand(word, variables));
  const [path = '', ...rest] = words;
  const program = path.split('/').at(-1) ?? '';
  if (program === 'export' || program === 'local' || program === 'readonly') for (const word of rest) assign(word, variables);
  const targets = command.redirections.map(({ target }) => expand(target, variables));
  const written = writesFile(program, command) ? heredocsOf(command, variables) : [];
  const found = [
    ...programAddresses(program, rest, variables),
    ...targets.flatMap(deviceAddress),
    ...written.flatMap((text) => addressesInConfiguration(text, run.workload, run.hosts)),
  ];
  return [...found.map((address) => ({ ...address, source: sourceOf(address, program, script) })), ...fedToShell(program, command, run)];
}

/** A configuration that the script writes: `cat > app.conf <<EOF`. */
function writesFile(program: string, { redirections }: SimpleCommand): boolean {
  return program === 'tee' || (program === 'cat' && redirections.some(({ operator }) => operator.startsWith('>')));
}

/** `bash <<EOF` runs what follows; `ssh` and `kubectl exec` run it elsewhere. */
function fedToShell(program: string, command: SimpleCommand, run: Run): FoundAddress[] {
  if (!isShell(program)) return [];
  const lists = heredocsOf(command, run.variables).map((text) => parseShell(text, command.line));
  const commands = lists.flatMap((list) => outcomesOf(list, { errexit: false, pipefail: false }));
  return commands.flatMap(({ command: inner }) => commandAddresses(inner, { ...run, variables: new Map(run.variables) }));
}

function heredocsOf({ redirections }: SimpleCommand, variables: ReadonlyMap<string, string>): string[] {
  return redirections.flatMap(({ heredoc }) =>
    heredoc === undefined ? [] : [heredoc.isLiteral ? heredoc.text : expand(heredoc.text, variables)],
  );
}

function sourceOf({ host, port }: Address, program: string, { resource, field, container }: Script): FoundAddress['source'] {
  return {
    resource,
    path: field.path,
    words: `${program === '' ? 'a redirection' : program} in container ${container.name} names ${host}${port === undefined ? '' : `:${port}`}`,
  };
}

function programAddresses(program: string, words: readonly string[], variables: ReadonlyMap<string, string>): Address[] {
  const client = CLIENTS[program];
  if (client !== undefined) return clientAddresses(client, words);
  switch (program) {
    case 'curl':
    case 'wget':
    case 'http':
    case 'https':
    case 'xh':
    case 'ab':
    case 'hey':
    case 'grpcurl':
      return requestAddresses(program, words);
    case 'nc':
    case 'ncat':
    case 'netcat':
    case 'telnet':
      return netcatAddresses(words);
    case 'wait-for-it':
    case 'wait-for-it.sh':
    case 'wait-for':
    case 'dockerize':
      return words.flatMap((word) => addressesOf(word.replace(/^-wait=/, '')));
    case 'kubectl':
      return clusterAddresses(words, variables);
    case 'aws':
      return storageAddresses(words, variables);
    default:
      return [];
  }
}

function clientAddresses({ host, port, url, defaultPort }: Client, words: readonly string[]): Address[] {
  const named = plainHost(optionOf(host, words) ?? '');
  const stated = Number(optionOf(port, words) ?? defaultPort);
  if (named !== undefined) return [{ host: named, port: Number.isInteger(stated) && stated > 0 ? stated : defaultPort }];
  const connection = [...(url === undefined ? [] : [optionOf(url, words) ?? '']), ...words.filter((word) => /^[a-z+]+:\/\//.test(word))];
  return connection.flatMap((text) => (text.includes('://') ? addressesOf(text) : []));
}

/** Without a kubeconfig the tool talks to the cluster of its pod. */
function clusterAddresses(words: readonly string[], variables: ReadonlyMap<string, string>): Address[] {
  const isElsewhere =
    variables.has('KUBECONFIG') || words.some((word) => /^(--kubeconfig|--server|-s|--context|--client|kustomize|config)\b/.test(word));
  return isElsewhere ? [] : [{ host: 'kubernetes.default.svc', isGiven: true }];
}

/** The value of `--host x`, `--host=x`, `-h x` or `-hx`. */
function optionOf(names: readonly string[], words: readonly string[]): string | undefined {
  for (const [index, word] of words.entries()) {
    for (const name of names) {
      if (word === name) return words[index + 1];
      if (name.startsWith('--') && word.startsWith(`${name}=`)) return word.slice(name.length + 1);
      if (!name.startsWith('--') && word.length > name.length && word.startsWith(name) && !word.startsWith('--'))
        return word.slice(name.length);
    }
  }
  return undefined;
}

function netcatAddresses(words: readonly string[]): Address[] {
  if (words.some((word) => /^-[a-zA-Z]*l/.test(word))) return [];
  const isUdp = words.some((word) => /^-[a-zA-Z]*u/.test(word));
  const [host, port] = words.filter(
    (word, index) => !word.startsWith('-') && !['-w', '-i', '-q', '-s', '-p'].includes(words[index - 1] ?? ''),
  );
  const name = plainHost(host ?? '');
  return name === undefined || !/^\d{1,5}$/.test(port ?? '') ? [] : [{ host: name, port: Number(port), protocol: isUdp ? 'UDP' : 'TCP' }];
}

/** Bash opens a connection for `/dev/tcp/host/port`. */
function deviceAddress(target: string): Address[] {
  const [, protocol, host = '', port] = /^\/dev\/(tcp|udp)\/([^/]+)\/(\d+)$/.exec(target) ?? [];
  const name = plainHost(host);
  return name === undefined ? [] : [{ host: name, port: Number(port), protocol: protocol === 'udp' ? 'UDP' : 'TCP' }];
}

function assign(assignment: string, variables: Map<string, string>): void {
  const [, name, value = ''] = /^([A-Za-z_]\w*)=(.*)$/s.exec(assignment) ?? [];
  if (name === undefined) return;
  const expanded = expand(value, variables);
  // What is computed is not known; what was known of it no longer holds.
  if (expanded.includes('$') || expanded.includes('`')) variables.delete(name);
  else variables.set(name, expanded);
}

/** Known variables and defaults replaced; anything else stays as written, and then is no address. */
function expand(word: string, variables: ReadonlyMap<string, string>): string {
  return word.replaceAll(
    /\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?::?([-=?+])([^}]*))?\})/g,
    (whole: string, plain?: string, braced?: string, operator?: string, alternative?: string) => {
      const value = variables.get(plain ?? braced ?? '');
      if (value !== undefined && operator !== '+') return value;
      return (operator === '-' || operator === '=') && alternative !== undefined ? alternative : whole;
    },
  );
}
