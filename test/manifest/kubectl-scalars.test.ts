import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readYaml } from '../../lib/manifest/yaml';
import recorded from '../fixtures/yaml/kubectl-answers.json';

const HEAD = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n';
const accepted = recorded.filter(({ answer }) => answer !== undefined).map(({ yaml, answer }) => [yaml, answer] as const);
const refused = recorded.filter(({ answer }) => answer === undefined).map(({ yaml }) => [yaml] as const);

/** What this project reads where kubectl reads a ConfigMap of these extra fields. */
function read(yaml: string): unknown {
  const { documents, problems } = readYaml(`${HEAD}${yaml}\n`, 'case.yaml');
  expect(problems).toEqual([]);
  const { apiVersion, kind, metadata, ...rest } = documents[0]?.content as Record<string, unknown>;
  expect({ apiVersion, kind, metadata }).toEqual({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } });
  return JSON.parse(JSON.stringify(rest));
}

test.each(accepted)('reads %j as kubectl does', (yaml, answer) => {
  expect(read(yaml)).toEqual(answer);
});

test.each(refused)('fails to read %j, as kubectl does, and says so', (yaml) => {
  const { documents, problems } = readYaml(`${HEAD}${yaml}\n`, 'case.yaml');
  expect(documents).toEqual([]);
  expect(problems).toEqual([
    { file: 'case.yaml', line: expect.any(Number), message: expect.stringMatching(/valid YAML|template|too deep/) },
  ]);
  expect(problems[0]?.line).toBeLessThanOrEqual(6);
});

const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;

(hasKubectl ? test : test.skip)('the recorded answers are those of the kubectl at hand', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kubectl-'));
  try {
    const file = join(folder, 'all.yaml');
    writeFileSync(file, accepted.map(([yaml]) => `${HEAD}${yaml}\n`).join('---\n'));
    const output = execFileSync('kubectl', ['label', '--local', '-f', file, 'x=y', '-o', 'json'], { encoding: 'utf8' });
    const answers = output.split(/\n(?=\{)/).map((json) => {
      const { apiVersion: _, kind: __, metadata: ___, ...answer } = JSON.parse(json) as Record<string, unknown>;
      return answer;
    });
    expect(answers).toEqual(accepted.map(([, answer]) => answer));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
