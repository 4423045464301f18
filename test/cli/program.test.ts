/** The program itself, as a process. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const PROGRAM = resolve('.cache/run/lib/cli/main.ts.cjs');
const FINDING = `apiVersion: v1
kind: Pod
metadata: {name: a, namespace: shop}
spec:
  containers:
    - {name: c, image: "a:latest"}
`;

let folder: string;

beforeAll(() => {
  // Bundles and runs it.
  execFileSync('node', ['scripts/run.mjs', 'lib/cli/main.ts', '--version']);
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'hindsight-program-')));
  writeFileSync(join(folder, 'a.yaml'), FINDING);
}, 30_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function program(
  argv: readonly string[],
  input = '',
): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  const { status, stdout, stderr } = spawnSync('node', [PROGRAM, ...argv], {
    cwd: folder,
    input,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] },
  });
  return { status, stdout, stderr };
}

test('checks the working folder, and ends as the threshold says', () => {
  expect(program(['check', '--only', 'mutable-image-tag'])).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('a.yaml\n  6:'),
    stderr: '',
  });
  expect(program(['check', '--fail-on', 'warning'])).toMatchObject({ status: 1, stderr: '' });
  expect(program(['check', 'nowhere'])).toEqual({
    status: 2,
    stdout: '',
    stderr: 'nowhere: no such file or folder, or it cannot be read\n',
  });
});

test('reads standard input', () => {
  expect(program(['check', '-', '--format', 'github'], FINDING).stdout).toContain('file=<stdin>,line=6');
});

test('says the same bytes every time', () => {
  for (const format of ['pretty', 'json', 'sarif', 'github', 'junit']) {
    const first = program(['check', '--format', format]);
    expect(first.stdout).toContain('mutable-image-tag');
    expect(program(['check', '.', '--format', format])).toEqual(first);
  }
});

test('tells how it is used', () => {
  expect(program([])).toMatchObject({ status: 2, stderr: expect.stringContaining('check [options] [paths...]') });
});

test('stops quietly when nobody reads on', () => {
  const shell = spawnSync('bash', ['-c', `node ${PROGRAM} lessons --format json | head -c 1; echo " $\{PIPESTATUS[0]}"`], {
    encoding: 'utf8',
  });
  expect(shell).toMatchObject({ stdout: '[ 0\n', stderr: '' });
});
