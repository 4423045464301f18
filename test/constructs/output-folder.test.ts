import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publish } from '../../lib/constructs/output-folder';

const INDEX_FILE = '.hindsight-files';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'output-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const read = (file: string) => readFileSync(join(folder, file), 'utf8');
const put = (files: Record<string, string>) => publish(folder, new Map(Object.entries(files)));

describe('publish', () => {
  test('writes the files, remembers them, and leaves nothing else behind', () => {
    put({ 'b.yaml': 'b\n', 'a/c.yaml': 'c\n' });
    expect(readdirSync(folder).sort()).toEqual([INDEX_FILE, 'a', 'b.yaml']);
    expect(read('a/c.yaml')).toBe('c\n');
    expect(read(INDEX_FILE)).toBe('a/c.yaml\nb.yaml\n');
  });

  test('removes what it wrote before and no longer writes, with the folders that empties', () => {
    put({ 'b.yaml': 'b\n', 'a/c.yaml': 'c\n' });
    put({ 'b.yaml': 'b\n' });
    expect(readdirSync(folder).sort()).toEqual([INDEX_FILE, 'b.yaml']);
  });

  test('never touches what others wrote, also beside its own stale files', () => {
    put({ 'a/c.yaml': 'c\n' });
    writeFileSync(join(folder, 'a', 'README.md'), 'mine\n');
    writeFileSync(join(folder, 'secret.yaml'), 'mine\n');
    put({ 'b.yaml': 'b\n' });
    expect([read('a/README.md'), read('secret.yaml'), read('b.yaml')]).toEqual(['mine\n', 'mine\n', 'b\n']);
    expect(existsSync(join(folder, 'a', 'c.yaml'))).toBe(false);
  });

  test('removes nothing when the index is damaged or names files outside of the folder', () => {
    put({ 'out/b.yaml': 'b\n' });
    writeFileSync(join(folder, 'kept.yaml'), 'kept\n');
    for (const index of ['\0{', '../kept.yaml\n/kept.yaml\nout/../../kept.yaml\n']) {
      writeFileSync(join(folder, 'out', INDEX_FILE), index);
      publish(join(folder, 'out'), new Map([['c.yaml', 'c\n']]));
      expect(read('kept.yaml')).toBe('kept\n');
      expect(read('out/b.yaml')).toBe('b\n');
    }
  });

  test('fails whole: a move that fails undoes those before it', () => {
    put({ 'a.yaml': 'old a\n', 'gone.yaml': 'old\n' });
    // A folder of somebody else stands where the second file is to go: the first was moved in by then.
    mkdirSync(join(folder, 'z.yaml'));
    writeFileSync(join(folder, 'z.yaml', 'foreign'), 'mine\n');
    const index = read(INDEX_FILE);
    expect(() => put({ 'a.yaml': 'new a\n', 'new.yaml': 'new\n', 'z.yaml': 'z\n' })).toThrow(/EISDIR|ENOTEMPTY|EEXIST/);
    expect(readdirSync(folder).sort()).toEqual([INDEX_FILE, 'a.yaml', 'gone.yaml', 'z.yaml']);
    expect([read('a.yaml'), read('gone.yaml'), read(INDEX_FILE)]).toEqual(['old a\n', 'old\n', index]);
  });

  test('fails whole also when a folder is in the way of a later rename', () => {
    put({ 'a.yaml': 'old a\n' });
    writeFileSync(join(folder, 'sub'), 'a foreign file\n');
    expect(() => put({ 'a.yaml': 'new a\n', 'sub/b.yaml': 'b\n' })).toThrow(/EEXIST|ENOTDIR/);
    expect([read('a.yaml'), read('sub')]).toEqual(['old a\n', 'a foreign file\n']);
    expect(readdirSync(folder).sort()).toEqual([INDEX_FILE, 'a.yaml', 'sub']);
  });
});
