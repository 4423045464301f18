/**
 * Puts a set of files into a folder that others may write to as well.
 *
 * Everything is written beside the folder's files first and moved in by renames at the end, so that a failure before
 * that leaves the folder as it was, and a failure during the renames is rolled back. What was written is remembered in
 * an index, and only files of that index are ever removed.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Remembers which files of the folder are this program's, one a line. Without an ending that kubectl or Argo CD would read as a manifest. */
const INDEX_FILE = '.hindsight-files';

/**
 * Makes `folder` hold exactly `files` of what this program writes there.
 * @param files text by path relative to the folder
 * @throws Error of the file system; the folder is then as it was before
 */
export function publish(folder: string, files: ReadonlyMap<string, string>): void {
  mkdirSync(folder, { recursive: true });
  const before = readIndex(folder);
  const index = `${[...files.keys()].sort().join('\n')}\n`;
  const wanted = new Map([...files, [INDEX_FILE, index]]);
  const changed = [...wanted].filter(([path, text]) => !holds(join(folder, path), text));
  const stale = before.filter((path) => !wanted.has(path) && existsSync(join(folder, path)));
  if (changed.length === 0 && stale.length === 0) return;
  const staging = mkdtempSync(join(folder, '.hindsight-staging-'));
  try {
    makeFolders(join(staging, 'new'), changed.map(([path]) => path)); // prettier-ignore
    for (const [path, text] of changed) writeFileSync(join(staging, 'new', path), text);
    replace(folder, staging, changed.map(([path]) => path), stale); // prettier-ignore
    for (const path of stale) removeEmptyFolders(folder, dirname(path));
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/** Moves new files in and stale ones out; undoes what was done when a move fails. */
function replace(folder: string, staging: string, changed: readonly string[], stale: readonly string[]): void {
  const undo: (() => void)[] = [];
  const move = (from: string, to: string): void => {
    renameSync(from, to);
    undo.push(() => renameSync(to, from));
  };
  try {
    for (const path of [...changed, ...stale])
      if (existsSync(join(folder, path))) copyAside(join(folder, path), join(staging, 'old', path), undo);
    makeFolders(folder, changed);
    makeFolders(join(staging, 'gone'), stale);
    for (const path of changed) move(join(staging, 'new', path), join(folder, path));
    for (const path of stale) move(join(folder, path), join(staging, 'gone', path));
  } catch (error) {
    for (const step of undo.reverse()) step();
    throw error;
  }
}

/** Keeps a copy; renaming over a file then replaces it in one step, and undoing writes the copy back. */
function copyAside(path: string, copy: string, undo: (() => void)[]): void {
  const content = readFileSync(path);
  mkdirSync(dirname(copy), { recursive: true });
  writeFileSync(copy, content);
  undo.push(() => writeFileSync(path, content));
}

/** Each folder that the paths need, once. */
function makeFolders(folder: string, paths: readonly string[]): void {
  for (const each of new Set(paths.map((path) => dirname(path)))) mkdirSync(join(folder, each), { recursive: true });
}

function holds(path: string, text: string): boolean {
  return existsSync(path) && readFileSync(path, 'utf8') === text;
}

/** The files of an earlier run; none when there is no index. A line that leads out of the folder is not ours. */
function readIndex(folder: string): string[] {
  const path = join(folder, INDEX_FILE);
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8').split('\n').filter(isInside);
}

function isInside(path: string): boolean {
  return path !== '' && !path.startsWith('/') && !path.split(/[\\/]/).includes('..');
}

function removeEmptyFolders(folder: string, path: string): void {
  for (let current = path; current !== '.' && current !== ''; current = dirname(current)) {
    const full = join(folder, current);
    if (!existsSync(full) || readdirSync(full).length > 0) return;
    rmdirSync(full);
  }
}
