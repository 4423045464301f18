/** Input that somebody, or some program, has broken: bounded time, exit codes as ever, no stack traces. */
import { chmodSync, mkdirSync, rmSync, symlinkSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { terminal, type Terminal } from './terminal';

let shell: Terminal;

beforeEach(() => {
  shell = terminal();
});

afterEach(() => {
  rmSync(shell.folder, { recursive: true, force: true });
});

const GOOD = 'apiVersion: v1\nkind: Pod\nmetadata: {name: good, namespace: shop}\nspec: {containers: [{name: c, image: "a:latest"}]}\n';

interface Told {
  readonly findings: readonly unknown[];
  readonly problems: readonly { readonly file: string; readonly line?: number; readonly message: string }[];
}

/** The rest is still judged: the image of the good pod is found. */
async function checked(files: Record<string, string | Uint8Array>): Promise<string[]> {
  shell.write({ 'good.yaml': GOOD, ...files });
  const start = performance.now();
  await shell.run('check', '--fix-dry-run');
  const ended = await shell.run('check', '--format', 'json', '--only', 'mutable-image-tag');
  expect(performance.now() - start).toBeLessThan(5000);
  expect(ended).toMatchObject({ exitCode: 0, error: '' });
  const { findings, problems }: Told = JSON.parse(ended.out);
  expect(findings).toMatchObject([{ location: { file: 'good.yaml', line: 4 } }]);
  return problems.map(({ file, line = '', message }) => `${file}:${line}: ${message}`);
}

test('an alias bomb', async () => {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
  for (let i = 1; i < 12; i++) lines.push(`a${i}: &a${i} [${Array.from({ length: 10 }, () => `*a${i - 1}`).join(', ')}]`);
  expect(await checked({ 'bomb.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n${lines.join('\n')}\n` })).toEqual([
    expect.stringMatching(/^bomb\.yaml:\d*: .*alias bomb/),
  ]);
});

test('ten thousand levels, in YAML and in JSON', async () => {
  const deep = '['.repeat(10_000) + ']'.repeat(10_000);
  const problems = await checked({
    'deep.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: ${deep}\n`,
    'deep.json': `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"data":${deep}}`,
  });
  expect(problems).toEqual([expect.stringMatching(/^deep\.json:.*deep/), expect.stringMatching(/^deep\.yaml:.*deep/)]);
});

test('bytes that are no text, keys that are traps, a file without an end', async () => {
  const problems = await checked({
    'binary.yaml': Buffer.from([0x61, 0x3a, 0x20, 0xff, 0xfe, 0x0a]),
    'proto.yaml':
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, __proto__: {polluted: true}}\n__proto__: {polluted: true}\nconstructor: {prototype: {polluted: true}}\n',
    'template.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\n',
    'nul.yaml': 'a: \u0000\n',
    'large.yaml': '',
  });
  expect(problems.map((problem) => problem.split(':')[0])).toEqual(expect.arrayContaining(['binary.yaml', 'template.yaml']));
  expect(Object.prototype).not.toHaveProperty('polluted');
});

test('JSON with comments, or cut short, and numbers without end, at their lines', async () => {
  const object = '{"apiVersion": "v1",\n"kind": "Pod",\n"metadata": {"name": "x"}';
  const problems = await checked({
    'comment.json': `${object}, // why\n"spec": {}}\n`,
    'short.json': object,
    'endless.yaml': 'apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec:\n  priority: .inf\n',
  });
  expect(problems).toEqual([
    expect.stringMatching(/^comment\.json:3: is not valid JSON: /),
    'endless.yaml:5: is not valid YAML: .inf is no number that Kubernetes can store; write a finite number or quote it',
    expect.stringMatching(/^short\.json:3: is not valid JSON: /),
  ]);
});

test('a name of a file that would break its line stays on it in a difference', async () => {
  shell.write({ 'a\nb.yaml': GOOD.replace('image:', 'tty: "true", image:') });
  expect((await shell.run('check', '--fix-dry-run')).out).toMatch(/^--- "a\/a\\nb\.yaml"\n\+\+\+ "b\/a\\nb\.yaml"\n/);
});

test('a hundred megabytes are not read', async () => {
  shell.write({ 'large.yaml': '' });
  truncateSync(join(shell.folder, 'large.yaml'), 100 * 1024 * 1024);
  shell.write({ 'good.yaml': GOOD });
  const { out } = await shell.run('check', '--format', 'json');
  expect(JSON.parse(out)).toMatchObject({ problems: [{ file: 'large.yaml', message: expect.stringContaining('too large') }] });
});

test('links in circles, folders named as files, and links to nowhere', async () => {
  mkdirSync(join(shell.folder, 'x.yaml'));
  symlinkSync('..', join(shell.folder, 'x.yaml/up'));
  symlinkSync('nowhere.yaml', join(shell.folder, 'dangling.yaml'));
  expect(await checked({ 'x.yaml/empty.yaml': '' })).toEqual([]);
});

// The superuser reads everything.
(process.getuid?.() === 0 ? test.skip : test)('files and folders that cannot be read', async () => {
  shell.write({ 'secret.yaml': GOOD, 'locked/a.yaml': GOOD });
  chmodSync(join(shell.folder, 'secret.yaml'), 0);
  chmodSync(join(shell.folder, 'locked'), 0);
  const problems = await checked({});
  chmodSync(join(shell.folder, 'locked'), 0o755);
  expect(problems).toEqual(['locked:: is a folder that cannot be read', 'secret.yaml:: cannot be read (permission denied)']);
});

test('a configuration, facts and a baseline that are no text or folders', async () => {
  shell.write({
    'binary.yaml': Buffer.from([0xff, 0x00, 0xc3, 0x28]),
    'folder/.keep': '',
    'bomb.yaml': 'a: &a [*a]\n',
    'many.yaml': 'a: 1\n---\nb: 1\n',
    'list.yaml': '[1]\n',
  });
  for (const option of ['--cluster', '--config', '--baseline'])
    for (const file of ['binary.yaml', 'folder', 'bomb.yaml', 'many.yaml', 'list.yaml']) {
      const ended = await shell.run('check', 'folder', option, file);
      expect({ option, file, exitCode: ended.exitCode }).toEqual({ option, file, exitCode: 2 });
      expect(ended.error).toContain(file.split('.')[0]);
      expect(ended.error).not.toMatch(/bug|^\s+at /m);
    }
});
