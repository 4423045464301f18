import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type FilesRead, readFiles, STANDARD_INPUT } from '../../lib/cli/files';
import { readRepository } from '../../lib/manifest/read-repository';

let root: string;

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'hindsight-files-')));
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function write(files: Record<string, string | Uint8Array>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
}

function read(paths: readonly string[] = [], cwd = root): FilesRead {
  return readFiles(paths, cwd);
}

function asked(result: FilesRead): string[] {
  return [...result.asked].sort();
}

const GIT = {
  '.git/config':
    '[core]\n\tbare = false\n[remote "origin"]\n\turl = git@git.example:shop/deploy.git\n\tfetch = x\n[remote "mirror"]\n\turl = "https://git.example/mirror"\n',
};

describe('a folder', () => {
  test('is read recursively: manifests, and what lessons read around them', () => {
    write({
      'a.yaml': 'a: 1',
      'sub/b.yml': 'b: 1',
      'sub/deep/c.json': '{}',
      'sub/Kustomization': 'resources: []',
      Dockerfile: 'FROM x',
      'build/web.Dockerfile': 'FROM x',
      '.github/workflows/ci.yaml': 'on: push',
      '.runner': '{}',
      'readme.md': '#',
      'app.properties': 'a=b',
      'node_modules/x/y.yaml': 'a: 1',
    });
    expect(asked(read())).toEqual([
      '.github/workflows/ci.yaml',
      '.runner',
      'Dockerfile',
      'a.yaml',
      'build/web.Dockerfile',
      'sub/Kustomization',
      'sub/b.yml',
      'sub/deep/c.json',
    ]);
  });

  test('that is empty has nothing to check', () => {
    expect(read()).toMatchObject({ problems: [], wrong: [] });
    expect(asked(read())).toEqual([]);
  });

  test('named x.yaml is a folder', () => {
    write({ 'x.yaml/a.yaml': 'a: 1' });
    expect(asked(read())).toEqual(['x.yaml/a.yaml']);
    expect(asked(read(['x.yaml']))).toEqual(['x.yaml/a.yaml']);
  });

  test('elsewhere has names relative to the working folder', () => {
    write({ 'here/.keep': '', 'there/a.yaml': 'a: 1' });
    expect(asked(read(['../there'], join(root, 'here')))).toEqual(['../there/a.yaml']);
    expect(asked(read([join(root, 'there')]))).toEqual(['there/a.yaml']);
  });

  test('with links in circles ends, each file once', () => {
    write({ 'a/a.yaml': 'a: 1' });
    symlinkSync('..', join(root, 'a/up'));
    symlinkSync('.', join(root, 'a/self'));
    symlinkSync('a.yaml', join(root, 'a/again.yaml'));
    symlinkSync('nowhere', join(root, 'a/dangling.yaml'));
    expect(asked(read())).toEqual(['a/a.yaml']);
    expect(asked(read(['a']))).toEqual(['a/a.yaml']);
  });
});

describe('a checkout', () => {
  test('leaves out what git ignores, rule by rule', () => {
    write({
      ...GIT,
      '.gitignore': 'dist/\n*.tmp.yaml\n/only-here.yaml\n!keep.tmp.yaml\n',
      '.git/info/exclude': 'private.yaml\n',
      'dist/a.yaml': '',
      'a.tmp.yaml': '',
      'keep.tmp.yaml': '',
      'only-here.yaml': '',
      'sub/only-here.yaml': '',
      'sub/.gitignore': 'b.yaml\n!*.tmp.yaml\n',
      'sub/b.yaml': '',
      'sub/c.tmp.yaml': '',
      'private.yaml': '',
    });
    expect(asked(read())).toEqual(['keep.tmp.yaml', 'sub/c.tmp.yaml', 'sub/only-here.yaml']);
    expect(asked(read(['sub']))).toEqual(['sub/c.tmp.yaml', 'sub/only-here.yaml']);
  });

  test('agrees with git itself', () => {
    write({
      '.gitignore': 'a*\n!ab/\nx/**/y.yaml\n[cd].yaml\nspace\\ .yaml\n',
      'a.yaml': '', 'ab/c.yaml': '', 'ab/e.yaml': '', 'x/y.yaml': '', 'x/z/y.yaml': '', 'c.yaml': '', 'e.yaml': '', 'sub/.gitignore': '*\n!.gitignore\n!f.yaml', 'sub/f.yaml': '', 'sub/g.yaml': '',
    }); // prettier-ignore
    execFileSync('git', ['init', '-q', root]);
    const listed = execFileSync('git', ['-C', root, 'ls-files', '--others', '--exclude-standard'], { encoding: 'utf8' }).trim().split('\n');
    expect([...read().repository.files].sort()).toEqual(listed.sort());
  });

  test('tells its remotes, its files and where one stands in it', () => {
    write({ ...GIT, 'prod/a.yaml': '', 'readme.md': '' });
    expect(read().repository).toEqual({
      remotes: ['git@git.example:shop/deploy.git', 'https://git.example/mirror'],
      files: new Set(['prod/a.yaml', 'readme.md']),
      folder: '',
    });
    expect(read(['.'], join(root, 'prod')).repository).toMatchObject({ files: new Set(['a.yaml', '../readme.md']), folder: 'prod' });
  });

  test('may be a worktree', () => {
    write({
      'main/.git/config': GIT['.git/config'],
      'main/.git/worktrees/w/commondir': '../..\n',
      'w/.git': `gitdir: ${join(root, 'main/.git/worktrees/w')}\n`,
      'w/a.yaml': '',
    });
    expect(read(['.'], join(root, 'w')).repository.remotes).toContain('git@git.example:shop/deploy.git');
  });

  test('reads an ignored folder or file when it is named', () => {
    write({ ...GIT, '.gitignore': 'dist\n', 'dist/a.yaml': '', 'dist/sub/b.yaml': '' });
    expect(asked(read(['dist']))).toEqual(['dist/a.yaml', 'dist/sub/b.yaml']);
    expect(asked(read(['dist/a.yaml']))).toEqual(['dist/a.yaml']);
  });
});

describe('kustomizations', () => {
  test('bring what they name, from anywhere in the checkout and of any kind, without asking for its judgement', () => {
    write({
      ...GIT,
      '.gitignore': 'secret.env\n',
      'base/kustomization.yaml': 'resources: [a.yaml]\nconfigMapGenerator: [{name: c, files: [nginx.conf]}]\n',
      'base/a.yaml': 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n',
      'base/nginx.conf': 'events {}\n',
      'prod/kustomization.yaml': 'resources: [../base]\nnamespace: prod\nsecretGenerator: [{name: s, envs: [secret.env]}]\n',
      'prod/secret.env': 'A=1\n',
    });
    const result = read(['prod']);
    expect(asked(result)).toEqual(['prod/kustomization.yaml']);
    const reading = readRepository(result.files, result.repository, result.asked);
    expect(reading.problems).toEqual([]);
    expect(reading.documents.map(({ source, applied }) => `${source} ${applied?.kustomization ?? ''}`)).toEqual([
      'prod/kustomization.yaml ',
      'base/a.yaml prod',
      'base/kustomization.yaml prod',
      'prod/kustomization.yaml prod',
    ]);
  });

  test('bring nothing from outside of the checkout', () => {
    write({
      'outside/a.yaml': 'a: 1',
      ...Object.fromEntries(Object.entries(GIT).map(([path, text]) => [`in/${path}`, text])),
      'in/kustomization.yaml': 'resources: [../outside/a.yaml]\n',
    });
    expect([...read(['.'], join(root, 'in')).files.keys()]).toEqual(['kustomization.yaml']);
  });
});

describe('what cannot be read', () => {
  test('fails on arguments that name nothing', () => {
    write({ 'a.yaml': 'a: 1' });
    expect(read(['a.yaml', 'missing.yaml']).wrong).toEqual(['missing.yaml: no such file or folder, or it cannot be read']);
  });

  test('fails on a file of 100 MB without loading it', () => {
    write({ 'big.yaml': '' });
    truncateSync(join(root, 'big.yaml'), 100 * 1024 * 1024);
    const result = read();
    expect(result.problems).toEqual([{ file: 'big.yaml', message: 'is too large to check (100 MiB, at most 16 MiB)' }]);
    expect(result.files.size).toBe(0);
  });

  // Nothing is unreadable to root.
  const testAsUser = process.getuid?.() === 0 ? test.skip : test;
  testAsUser('fails on unreadable files and folders with a problem, on unreadable arguments with an error', () => {
    write({ 'a.yaml': 'a: 1', 'sub/b.yaml': 'b: 1', 'ok.yaml': '' });
    chmodSync(join(root, 'a.yaml'), 0);
    chmodSync(join(root, 'sub'), 0);
    const result = read();
    expect(result.problems).toEqual([
      { file: 'sub', message: 'is a folder that cannot be read' },
      { file: 'a.yaml', message: 'cannot be read (permission denied)' },
    ]);
    expect(asked(result)).toEqual(['ok.yaml']);
    expect(read(['a.yaml', 'sub']).wrong).toEqual(['a.yaml: cannot be read', 'sub: cannot be read']);
    chmodSync(join(root, 'sub'), 0o755);
  });
});

test('standard input is a file of its own', () => {
  const result = readFiles(['-'], root, () => Buffer.from('apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n'));
  expect(asked(result)).toEqual([STANDARD_INPUT]);
  expect(readRepository(result.files, result.repository, result.asked).documents.map(({ source }) => source)).toEqual([STANDARD_INPUT]);
});
