/** The action's script, run as GitHub runs it, with the command of this checkout in place of npx. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { Field } from '../../lib/manifest/field';

const action = new Field(load(readFileSync('action.yml', 'utf8')));
const [check, upload] = action.at('runs', 'steps').items;
const hook = new Field(load(readFileSync('.pre-commit-hooks.yaml', 'utf8')));

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'action-'));
  // Tells how it was called, and ends as it is told to.
  writeFileSync(join(folder, 'npx'), '#!/bin/sh\nprintf "%s|" "$@"\necho\nexit "${NPX_EXIT:-0}"\n');
  chmodSync(join(folder, 'npx'), 0o755);
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** What npx was called with, by lines; with the defaults of the inputs that are not given. */
function run(
  inputs: Readonly<Record<string, string>>,
  exitCode = '0',
): { readonly calls: string[]; readonly status: number | null; readonly output: string } {
  const given = Object.entries(check?.at('env').texts ?? {}).map(([variable, expression]) => {
    const name = /^\$\{\{ inputs\.([\w-]+) \}\}$/.exec(expression)?.[1] ?? '';
    expect(action.at('inputs', name).isMap).toBe(true);
    return [variable, inputs[name] ?? action.at('inputs', name, 'default').text ?? ''];
  });
  const output = join(folder, 'output');
  writeFileSync(output, '');
  const { status, stdout, stderr } = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', check?.at('run').string ?? ''], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...Object.fromEntries(given), PATH: `${folder}:${process.env.PATH ?? ''}`, GITHUB_OUTPUT: output, NPX_EXIT: exitCode },
  });
  expect(stderr).toBe('');
  return { calls: stdout.trimEnd().split('\n'), status, output: readFileSync(output, 'utf8') };
}

const NPX = '--yes|--package|cdk8s-hindsight@latest|hindsight|check|';

test('by default it annotates and then fails at errors', () => {
  expect(run({})).toEqual({ calls: [`${NPX}--fail-on|never|--format|github|--|.|`, `${NPX}--fail-on|error|--|.|`], status: 0, output: '' });
});

test('inputs become options, and nothing of them is run or expanded', () => {
  const { calls } = run({
    paths: 'apps *\n$(id)',
    cluster: 'a b.yaml',
    baseline: 'known.json',
    'fail-on': 'warning',
    annotations: 'false',
  });
  expect(calls).toEqual([`${NPX}--cluster|a b.yaml|--baseline|known.json|--fail-on|warning|--|apps|*|$(id)|`]);
});

test('a tarball may be run instead of a version', () => {
  expect(run({ version: './cdk8s-hindsight-0.1.0.tgz', annotations: 'false' }).calls[0]).toMatch(
    /^--yes\|--package\|\.\/cdk8s-hindsight-0\.1\.0\.tgz\|/,
  );
});

test('SARIF is written before anything fails, and uploaded from where it lies', () => {
  const { calls, output } = run({ upload: 'true', annotations: 'false', 'working-directory': 'deploy' });
  expect(calls).toEqual([`${NPX}--fail-on|never|--format|sarif|--output|hindsight.sarif|--|.|`, `${NPX}--fail-on|error|--|.|`]);
  expect(output).toBe('sarif=deploy/hindsight.sarif\n');
  expect(upload?.at('with', 'sarif_file').string).toBe('${{ steps.check.outputs.sarif }}');
});

test('SARIF that is written elsewhere keeps its place', () => {
  expect(run({ sarif: '/elsewhere/found.sarif', annotations: 'false' }).output).toBe('sarif=/elsewhere/found.sarif\n');
});

test('fails as the command does', () => {
  expect(run({ annotations: 'false' }, '1').status).toBe(1);
});

test('the hook of pre-commit judges the repository as a whole', () => {
  const [first] = hook.items;
  expect(first?.at('entry').string).toBe('hindsight check');
  expect(first?.at('pass_filenames').boolean).toBe(false);
  const files = new RegExp(first?.at('files').string ?? 'nothing');
  for (const file of ['a.yaml', 'b/c.yml', 'd.json', 'Dockerfile', 'x/Dockerfile.dev', 'Kustomization', '.runner'])
    expect(file).toMatch(files);
  for (const file of ['a.ts', 'yaml', 'README.md']) expect(file).not.toMatch(files);
});
