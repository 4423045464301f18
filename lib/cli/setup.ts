/** What a check is set up with: configuration and facts from the disk, or everything that is wrong with them. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { knownLessons } from '../check/check-files';
import { parseConfig } from '../check/config';
import { NO_SETTINGS, type Settings } from '../check/settings';
import { Cluster } from '../facts/cluster';
import { parseClusterFacts } from '../facts/parse';
import type { Problem } from '../manifest/document';
import { textOf } from '../manifest/text';
import { withoutCredentials } from '../resources/credentials';

export const CONFIG_FILE = 'hindsight.config.yaml';

export interface Setup {
  readonly settings: Settings;
  readonly cluster: Cluster;
  /** The text of the facts. @default - none were given */
  readonly clusterText?: string;
}

export interface SetupArguments {
  readonly config?: string;
  readonly cluster?: string;
}

/** The configuration and the facts that it, or the command line, names. */
export function readSetup({ config, cluster }: SetupArguments, cwd: string): Setup | { readonly wrong: string } {
  const file = config ?? configAbove(cwd);
  let settings: Settings = NO_SETTINGS;
  let facts = cluster;
  if (file !== undefined) {
    const text = textOfFile(file, cwd, '--config');
    if (typeof text !== 'string') return text;
    const folder = dirname(resolve(cwd, file));
    const lessonIds = knownLessons.map(({ id }) => id);
    const parsed = parseConfig(text, nameOf(file, cwd), lessonIds, (name) => nameOf(resolve(cwd, name), folder));
    if (parsed.config === undefined) return { wrong: told(parsed.problems) };
    settings = parsed.config;
    if (parsed.config.cluster !== undefined) facts ??= nameOf(resolve(folder, parsed.config.cluster), cwd);
  }
  if (facts === undefined) return { settings, cluster: new Cluster() };
  const text = textOfFile(facts, cwd, cluster === undefined ? `${nameOf(file ?? '', cwd)}: cluster` : '--cluster');
  if (typeof text !== 'string') return text;
  const parsed = parseClusterFacts(text, nameOf(facts, cwd));
  if (parsed.cluster === undefined) return { wrong: told(parsed.problems) };
  return { settings, cluster: parsed.cluster, clusterText: text };
}

/** The configuration of the working folder, or of one above it in the same checkout. */
function configAbove(cwd: string): string | undefined {
  for (let folder = cwd; ; folder = dirname(folder)) {
    const file = join(folder, CONFIG_FILE);
    if (existsSync(file)) return nameOf(file, cwd);
    if (existsSync(join(folder, '.git')) || dirname(folder) === folder) return undefined;
  }
}

/** Every problem on a line of its own, with its place and without the credentials that it quotes. */
export function told(problems: readonly Problem[]): string {
  return problems
    .map(({ file, line, message }) => `${file}${line === undefined ? '' : `:${line}`}: ${withoutCredentials(message)}`)
    .join('\n');
}

/** @param option what names the file */
export function textOfFile(file: string, cwd: string, option: string): string | { readonly wrong: string } {
  try {
    const text = textOf(readFileSync(resolve(cwd, file)), file);
    return typeof text === 'string' ? text : { wrong: told([text]) };
  } catch (error) {
    return { wrong: `${option}: ${file} cannot be read (${reasonOf(error)})` };
  }
}

/** Why the system refused, in words. */
export function reasonOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ENOENT':
      return 'no such file';
    case 'EISDIR':
      return 'it is a folder';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    case 'ENOTDIR':
      return 'a part of the path is no folder';
    default:
      return typeof code === 'string' ? code : 'unknown reason';
  }
}

/** A path as findings name files: relative to the working folder, with forward slashes. */
export function nameOf(path: string, cwd: string): string {
  const name = relative(cwd, resolve(cwd, path));
  return sep === '/' ? name : name.replaceAll(sep, '/');
}
