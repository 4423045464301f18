/** A git checkout without git: its root, its remotes, what it ignores, the files in it. */
import { type Dirent, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import ignore, { type Ignore } from 'ignore';

export interface Checkout {
  /** Its real path. */
  readonly root: string;
  readonly remotes: readonly string[];
  ignores(path: string, isFolder: boolean): boolean;
}

export interface Walked {
  readonly files: readonly string[];
  /** Links to files that are found under their own name as well. */
  readonly linked: ReadonlySet<string>;
  readonly unreadable: readonly string[];
}

/** @returns undefined outside of any checkout */
export function checkoutOf(path: string): Checkout | undefined {
  for (let folder = real(path); ; folder = dirname(folder)) {
    const git = gitFolder(join(folder, '.git'));
    if (git !== undefined) return { root: folder, remotes: remotesOf(git), ignores: ignoring(folder, git) };
    if (dirname(folder) === folder) return undefined;
  }
}

/** Every file below a folder, in the order of names, without `.git`, `node_modules` and what the checkout ignores. */
export function walk(folder: string, checkout: Checkout | undefined): Walked {
  const files: string[] = [];
  const linked = new Set<string>();
  const unreadable: string[] = [];
  const start = real(folder);
  const visited = new Set<string>();
  const visit = (path: string, isLink = false): void => {
    // Only a link can lead to where the walk has been.
    if (isLink && visited.has(real(path))) return;
    if (isLink) visited.add(real(path));
    let entries: Dirent[];
    try {
      entries = readdirSync(path, { withFileTypes: true });
    } catch {
      unreadable.push(path);
      return;
    }
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (entry.name === '.git' || entry.name === 'node_modules') continue;
      const below = join(path, entry.name);
      const kind = entry.isSymbolicLink() ? kindOfTarget(below) : entry.isDirectory() ? 'folder' : entry.isFile() ? 'file' : undefined;
      if (kind === undefined || checkout?.ignores(below, kind === 'folder') === true) continue;
      // What a link leads to within the same folder is found under its own name.
      const isDouble = entry.isSymbolicLink() && real(below).startsWith(start + sep);
      if (kind === 'file') {
        files.push(below);
        if (isDouble) linked.add(below);
      } else if (!entry.isSymbolicLink()) visit(below);
      else if (!isDouble && real(below) !== start && !start.startsWith(real(below) + sep)) visit(below, true);
    }
  };
  visit(folder);
  return { files, linked, unreadable };
}

function kindOfTarget(path: string): 'file' | 'folder' | undefined {
  try {
    const stats = statSync(path);
    return stats.isDirectory() ? 'folder' : stats.isFile() ? 'file' : undefined;
  } catch {
    return undefined;
  }
}

/** `.git` is a folder or, in a worktree or submodule, a file that names one. */
function gitFolder(path: string): string | undefined {
  try {
    if (statSync(path).isDirectory()) return path;
    const named = /^gitdir: (.*)$/m.exec(readFileSync(path, 'utf8'))?.[1]?.trim();
    return named === undefined ? undefined : resolve(dirname(path), named);
  } catch {
    return undefined;
  }
}

function remotesOf(git: string): string[] {
  const common = textOf(join(git, 'commondir'))?.trim();
  const config = textOf(join(git, 'config')) ?? (common === undefined ? undefined : textOf(join(resolve(git, common), 'config')));
  const remotes: string[] = [];
  let isRemote = false;
  for (const line of (config ?? '').split(/\r?\n/)) {
    if (/^\s*\[/.test(line)) isRemote = /^\s*\[remote\s/.test(line);
    const url = isRemote ? /^\s*url\s*=\s*(.+?)\s*$/.exec(line)?.[1] : undefined;
    if (url !== undefined) remotes.push(url.replace(/^"(.*)"$/, '$1'));
  }
  return [...new Set(remotes)];
}

/** The rules of each folder hold for what is below it; the last one that says something about a path decides. */
function ignoring(root: string, git: string): Checkout['ignores'] {
  const rules = new Map<string, Ignore | undefined>();
  const rulesOf = (folder: string): Ignore | undefined => {
    if (rules.has(folder)) return rules.get(folder);
    const texts = [folder === root ? textOf(join(git, 'info', 'exclude')) : undefined, textOf(join(folder, '.gitignore'))];
    const known = texts.filter((text) => text !== undefined);
    const result = known.length === 0 ? undefined : ignore();
    for (const text of known) result?.add(text);
    rules.set(folder, result);
    return result;
  };
  const foldersTo = (path: string): string[] => {
    const steps = relative(root, path).split(sep).slice(0, -1);
    return [root, ...steps.map((_, index) => join(root, ...steps.slice(0, index + 1)))];
  };
  const decided = new Map<string, boolean>();
  const ignores = (path: string, isFolder: boolean): boolean => {
    if (path === root || relative(root, path).startsWith('..')) return false;
    const parent = dirname(path);
    let isIgnored = parent === root ? false : (decided.get(parent) ?? remember(parent));
    if (isIgnored) return true;
    for (const folder of foldersTo(path)) {
      const name = relative(folder, path).replaceAll(sep, '/');
      const answer = rulesOf(folder)?.test(isFolder ? `${name}/` : name);
      if (answer?.ignored === true) isIgnored = true;
      else if (answer?.unignored === true) isIgnored = false;
    }
    return isIgnored;
  };
  const remember = (folder: string): boolean => {
    const answer = ignores(folder, true);
    decided.set(folder, answer);
    return answer;
  };
  return ignores;
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}
