/** Which jobs are backups of a database, what they dump and where they put it; and which jobs try a restore. */
import { programWords, type RunCommand } from './shell-outcome';
import type { Resource } from './resource';
import type { Resources } from './resources';
import { type Script, scriptsOf } from './scripts';
import { type Workload, workloadOf } from './workload';

export type Engine = 'mysql' | 'postgres' | 'mongodb' | 'redis';

/** A command of a backup, and the script it stands in. */
export interface Step {
  readonly run: RunCommand;
  readonly script: Script;
}

export interface Backup {
  readonly workload: Workload;
  readonly resource: Resource;
  readonly engine: Engine;
  /** What it was recognized by. */
  readonly evidence: string;
  readonly scripts: readonly Script[];
  readonly dumps: readonly Step[];
  readonly uploads: readonly Step[];
}

const DUMPS: Readonly<Record<string, Engine>> = {
  mysqldump: 'mysql',
  'mariadb-dump': 'mysql',
  mysqlpump: 'mysql',
  mydumper: 'mysql',
  xtrabackup: 'mysql',
  mariabackup: 'mysql',
  'mariadb-backup': 'mysql',
  pg_dump: 'postgres',
  pg_dumpall: 'postgres',
  pg_basebackup: 'postgres',
  mongodump: 'mongodb',
};

const ENGINES: readonly (readonly [RegExp, Engine])[] = [
  [/mysql|mariadb|xtradb/, 'mysql'],
  [/postgres|\bpg/, 'postgres'],
  [/mongo/, 'mongodb'],
];

const RESTORE_NAME = /restor|drill/;
const BACKUP_NAME = /backup|[-_]?dump\b|s3-dump|dump-to/;
/** Jobs around a backup that are none: they look at what is there, or remove it. */
const AROUND_NAME = /clean|prune|rotat|retention|verif|check|monitor|exporter|delete|purge/;

/** The backup that a job is. @returns undefined for anything else */
export function backupOf(resource: Resource, resources: Resources): Backup | undefined {
  const workload = workloadOf(resource);
  if (workload?.isJob !== true || RESTORE_NAME.test(resource.name)) return undefined;
  const scripts = scriptsOf(workload, resources);
  const dumps = stepsOf(scripts, (words) => isDump(words));
  const uploads = stepsOf(scripts, (words) => isUpload(words));
  const [dump] = dumps;
  if (dump !== undefined) {
    const program = programWords(dump.run.command.words).find((word) => word in DUMPS) ?? '';
    return { workload, resource, engine: DUMPS[program] ?? 'mysql', evidence: `it runs ${program}`, scripts, dumps, uploads };
  }
  return namedBackup(workload, { scripts, dumps, uploads });
}

/** All CronJobs that are backups. */
export function scheduledBackups(resources: Resources): readonly Backup[] {
  return resources.all.flatMap((resource) => {
    if (resource.kind !== 'CronJob' || resource.at('spec', 'suspend').boolean === true) return [];
    return backupOf(resource, resources) ?? [];
  });
}

function namedBackup(workload: Workload, found: Pick<Backup, 'scripts' | 'dumps' | 'uploads'>): Backup | undefined {
  const { resource } = workload;
  const images = workload.allContainers.map(({ imageName }) => imageName);
  const isNamed = BACKUP_NAME.test(resource.name) && !AROUND_NAME.test(resource.name);
  const image = images.find((name) => BACKUP_NAME.test(name) && engineIn(name) !== undefined);
  // A job named after the backup alone tells by the image that it dumps with.
  const engine = engineIn(image ?? '') ?? (isNamed ? (engineIn(resource.name) ?? engineIn(images.join(' '))) : undefined);
  if (engine === undefined || AROUND_NAME.test(resource.name)) return undefined;
  return { workload, resource, engine, evidence: image === undefined ? `its name is ${resource.name}` : `its image is ${image}`, ...found };
}

function engineIn(text: string): Engine | undefined {
  return ENGINES.find(([pattern]) => pattern.test(text))?.[1];
}

/** A job that restores a backup regularly, to know that it can be done. */
export interface RestoreDrill {
  readonly resource: Resource;
  /** @default - whatever its scripts, which are not here, restore */
  readonly engine?: Engine;
}

export function restoreDrills(resources: Resources): readonly RestoreDrill[] {
  return resources.ofKind('batch', 'CronJob').flatMap((resource) => {
    const workload = workloadOf(resource);
    if (workload === undefined || resource.at('spec', 'suspend').boolean === true) return [];
    const scripts = scriptsOf(workload, resources);
    const [restore] = stepsOf(scripts, isRestore);
    const engine = restore === undefined ? undefined : restoredEngine(restore.run);
    const isNamed = RESTORE_NAME.test(resource.name);
    const readsBackups = scripts.some(({ text, commands }) =>
      /backup|dump/i.test(text ?? commands.flatMap(({ command }) => command.words).join(' ')),
    );
    if (engine !== undefined && (isNamed || readsBackups)) return [{ resource, engine }];
    return isNamed
      ? [{ resource, engine: engineIn([resource.name, ...workload.allContainers.map(({ imageName }) => imageName)].join(' ')) }]
      : [];
  });
}

/** The commands of scripts that a test of their words picks; a mention in `echo` is none. */
export function stepsOf(scripts: readonly Script[], picks: (words: readonly string[], run: RunCommand) => boolean): readonly Step[] {
  return scripts.flatMap((script) =>
    script.commands
      .filter((run) => !['echo', 'printf', 'which', 'apk', 'apt-get', 'apt', 'yum', 'type'].includes(run.command.words[0] ?? ''))
      .filter((run) => picks(programWords(run.command.words), run))
      .map((run) => ({ run, script })),
  );
}

function isDump(words: readonly string[]): boolean {
  const [program = ''] = words;
  // `kubectl exec db -- mysqldump …` runs it elsewhere, but its output and status come here.
  const remote = ['kubectl', 'docker', 'podman', 'ssh', 'oc'].includes(program) ? words.find((word) => word in DUMPS) : undefined;
  const dump = program in DUMPS ? program : remote;
  if (dump === undefined) return false;
  if (words.some((word) => ['--version', '-V', '--help', '-?'].includes(word))) return false;
  return !/^(xtrabackup|mariabackup|mariadb-backup)$/.test(dump) || words.some((word) => word === '--backup');
}

function isRestore(words: readonly string[], run: RunCommand): boolean {
  return restoredEngine(run) !== undefined && words.length > 0;
}

function restoredEngine({ command, stage }: RunCommand): Engine | undefined {
  const [program = '', ...rest] = programWords(command.words);
  const reads = stage > 0 || command.redirections.some(({ operator }) => operator === '<');
  if (['mysql', 'mariadb'].includes(program)) return reads || rest.some((word) => /^source |^\\\. /.test(word)) ? 'mysql' : undefined;
  if (program === 'psql') return reads || rest.some((word) => word === '-f' || word.startsWith('--file')) ? 'postgres' : undefined;
  if (program === 'pg_restore') return rest.some((word) => word === '-l' || word === '--list') ? undefined : 'postgres';
  if (program === 'mongorestore') return 'mongodb';
  if (program === 'myloader') return 'mysql';
  return /^(xtrabackup|mariabackup|mariadb-backup)$/.test(program) && rest.some((word) => /^--(copy|move)-back/.test(word))
    ? 'mysql'
    : undefined;
}

/** Whether a command puts a file somewhere else: an object store, another host. */
export function isUpload(words: readonly string[]): boolean {
  const [program = '', ...rest] = words;
  const [first = '', second = ''] = rest.filter((word) => !word.startsWith('-'));
  switch (program) {
    case 'aws':
      return isAwsUpload(rest);
    case 's3cmd':
      return ['put', 'sync'].includes(first) && !second.startsWith('s3://');
    case 's5cmd':
      return ['cp', 'mv', 'sync', 'pipe'].some((verb) => rest.includes(verb)) && rest.at(-1)?.startsWith('s3://') === true;
    case 'mc':
      return first === 'pipe' || (['cp', 'mirror', 'put'].includes(first) && /^[/.$]/.test(second));
    case 'rclone':
      return first === 'rcat' || (['copy', 'copyto', 'sync', 'move', 'moveto'].includes(first) && !/^\w[\w-]*:/.test(second));
    case 'gsutil':
      return ['cp', 'rsync'].some((verb) => rest.includes(verb)) && rest.at(-1)?.startsWith('gs://') === true;
    case 'gcloud':
      return rest.slice(0, 2).join(' ') === 'storage cp' && rest.at(-1)?.startsWith('gs://') === true;
    case 'az':
      return rest.slice(0, 3).join(' ') === 'storage blob upload';
    case 'azcopy':
      return first === 'copy';
    case 'curl':
      return rest.some((word) => /^(-T|--upload-file)/.test(word) || word === 'PUT' || word === '-XPUT');
    case 'scp':
    case 'rsync':
      return true;
    default:
      return false;
  }
}

/** Options of `aws s3 cp` that take a value, which is no path. */
const AWS_VALUE =
  /^--(endpoint-url|region|profile|storage-class|sse|sse-kms-key-id|exclude|include|acl|content-type|expected-size|metadata|output|query|bucket|key|body|cli-[a-z-]+|ca-bundle)$/;

function isAwsUpload(words: readonly string[]): boolean {
  const positional = words.filter((word, index) => !word.startsWith('--') && !AWS_VALUE.test(words[index - 1] ?? ''));
  const [service, verb, from = ''] = positional;
  if (service === 's3api') return verb === 'put-object' || verb === 'upload-part';
  return service === 's3' && ['cp', 'mv', 'sync'].includes(verb ?? '') && !from.startsWith('s3://');
}
