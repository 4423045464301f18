/**
 * Compares this project's evaluator with Cilium's own policy engine over random small clusters and the fixtures.
 *
 * Usage: differential ENGINE [--seed N] [--cases N] [--fixtures DIR] [--record FILE]. Exit 1 on any difference, with the case to repeat it.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { compare, type Comparison } from './compare';
import { type EngineCase, type EngineResult, fixtureCase, type PreparedCase, randomCase, readResult } from './engine-case';
import { recordOf } from './engine-record';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: '1' },
    cases: { type: 'string', default: '300' },
    fixtures: { type: 'string' },
    record: { type: 'string' },
    show: { type: 'string', default: '5' },
  },
});
const [engine] = positionals;
if (engine === undefined) throw new Error('name the engine that `go build` made');

const seed = Number(values.seed);
const random = Array.from({ length: Number(values.cases) }, (_, index) => randomCase(seed, index));
const fixtures =
  values.fixtures === undefined ? [] : yamlFolders(values.fixtures).flatMap(({ folder, texts }) => fixtureCase(folder, texts) ?? []);
const prepared: PreparedCase[] = [...random, ...fixtures];

const results = run(
  engine,
  prepared.map(({ input }) => input),
);
const comparisons = prepared.map((one, index) => compare(one, results[index]));
report(comparisons);
if (values.record !== undefined) {
  const records = random.map(({ input }, index) => recordOf(seed, index, input, results[index]));
  writeFileSync(values.record, `[\n${records.map((record) => `  ${JSON.stringify(record)}`).join(',\n')}\n]\n`);
}

function run(program: string, cases: readonly EngineCase[]): EngineResult[] {
  const input = cases.map((one) => JSON.stringify(one)).join('\n');
  const { status, stdout, stderr } = spawnSync(program, { input, encoding: 'utf8', maxBuffer: 1 << 30 });
  if (status !== 0) throw new Error(`the engine failed: ${stderr}`);
  return stdout
    .trim()
    .split('\n')
    .map((line) => readResult(JSON.parse(line)));
}

function report(all: readonly Comparison[]): void {
  const sum = (count: (comparison: Comparison) => number): number => all.reduce((total, comparison) => total + count(comparison), 0);
  const differing = all.filter(({ differences }) => differences.length > 0);
  console.log(
    `cases: ${all.length} (${fixtures.length} of fixtures), policies: ${sum(({ policies }) => policies)}, rejected by both: ${sum(({ rejected }) => rejected)}`,
  );
  console.log(
    `sides compared: ${sum(({ compared }) => compared)}, allowed: ${sum(({ allowed }) => allowed)}, denied: ${sum(({ denied }) => denied)}`,
  );
  console.log(`unknown here, decided there: ${sum(({ unknown }) => unknown)}`);
  console.log(`policies that cannot be merged, in both: ${sum(({ conflicts }) => conflicts)}`);
  console.log(`differences: ${sum(({ differences }) => differences.length)} in ${differing.length} cases`);
  for (const { input, differences } of differing.slice(0, Number(values.show))) {
    console.log(`\n${input.id}`);
    for (const difference of differences.slice(0, 3)) console.log(`  ${difference}`);
    for (const policy of input.policies) console.log(`  ${JSON.stringify(policy)}`);
    for (const party of input.parties.filter(({ kind }) => kind === 'pod')) console.log(`  ${JSON.stringify(party)}`);
    for (const service of input.services) console.log(`  ${JSON.stringify(service)}`);
  }
  if (differing.length > 0) process.exitCode = 1;
}

function yamlFolders(root: string): { folder: string; texts: string[] }[] {
  const entries = readdirSync(root).map((name) => join(root, name));
  const files = entries.filter((path) => statSync(path).isFile() && /\.ya?ml$/.test(path));
  const below = entries.filter((path) => statSync(path).isDirectory()).flatMap(yamlFolders);
  return [{ folder: root, texts: files.map((file) => readFileSync(file, 'utf8')) }, ...below];
}
