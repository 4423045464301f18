/**
 * Everything that must hold beside the tests, in one command: two checks at a time, what failed at the end, with how to mend it.
 *
 * Generated files are compared with what generating them gives; a difference is left in the checkout, so that committing it is the mend.
 */
import { spawn } from 'node:child_process';
import { appendFileSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Checks that write go first and alone: the others read what they write. */
const ALONE = [
  {
    name: 'generated files are fresh',
    commands: ['npm run --silent generate'],
    leaves: ['lib/lessons/index.ts', 'imports/schemas', 'docs/lessons', 'README.md', 'app/cluster.yaml'],
  },
  {
    name: 'dist is fresh, in any time zone and locale, and from cdk8s synth',
    commands: [
      'npm run --silent synth',
      'TZ=Pacific/Chatham LC_ALL=tr_TR.UTF-8 npm run --silent synth',
      'CDK8S_CHECK_UPGRADE=false npx --no-install cdk8s synth',
    ],
    leaves: ['dist'],
  },
];
const TOGETHER = [
  { name: 'lint (npm run lint)', commands: ['npm run --silent lint'] },
  { name: 'the package is whole (npm run build; publint, attw)', commands: ['node scripts/check-package.mjs'] },
  { name: 'types (npm run typecheck)', commands: ['npm run --silent typecheck'] },
  {
    name: 'format (npm run format mends it)',
    commands: ['npx --no-install prettier --check --log-level warn --cache --cache-location .cache/prettier .'],
  },
  {
    name: 'imports go one way (dependency-cruiser)',
    commands: ['npx --no-install depcruise --config .dependency-cruiser.mjs lib app imports test bench scripts conformance'],
  },
  { name: 'nothing is unused (knip)', commands: ['npx --no-install knip'] },
];
const CORES = 2;

const failures = [];
for (const check of ALONE) await verify(check);
const waiting = [...TOGETHER];
await Promise.all(
  Array.from({ length: CORES }, async () => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) await verify(check);
  }),
);
for (const { name, output } of failures) console.log(`\n✗ ${name}\n${output.trimEnd()}`);
const count = ALONE.length + TOGETHER.length;
if (failures.length > 0) console.log(`\n${failures.length} of ${count} checks failed`);
// CI adds up what ran, as the tests' reporter does.
if (process.env.TEST_TOTALS !== undefined) appendFileSync(process.env.TEST_TOTALS, `${count - failures.length} ${failures.length} 0\n`);
process.exitCode = failures.length === 0 ? 0 : 1;

async function verify({ name, commands, leaves = [] }) {
  const start = performance.now();
  const output = await firstFailure(commands, leaves);
  console.log(`${output === undefined ? '✓' : '✗'} ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
  if (output !== undefined) failures.push({ name, output });
}

/** What the first command says that fails, or changes what it should leave as it is. */
async function firstFailure(commands, leaves) {
  const before = filesOf(leaves);
  for (const command of commands) {
    const { code, output } = await run(command);
    if (code !== 0) return `$ ${command}\n${output}`;
    const changed = difference(before, filesOf(leaves));
    if (changed.length > 0)
      return `\`${command}\` changes these files; look at the difference and commit it:\n${changed.map((file) => `  ${file}`).join('\n')}`;
  }
  return undefined;
}

function run(command) {
  return new Promise((resolve) => {
    const child = spawn('bash', ['-c', command], { stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks = [];
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.on('data', (chunk) => chunks.push(chunk));
    child.on('close', (code) => resolve({ code, output: Buffer.concat(chunks).toString() }));
  });
}

/** The contents of files and folders, by path; what is missing is left out. */
function filesOf(paths) {
  return new Map(
    paths.flatMap((path) => {
      const stat = statSync(path, { throwIfNoEntry: false });
      if (stat === undefined) return [];
      if (!stat.isDirectory()) return [[path, readFileSync(path, 'utf8')]];
      return [...filesOf(readdirSync(path).map((entry) => join(path, entry)))];
    }),
  );
}

function difference(before, after) {
  return [...new Set([...before.keys(), ...after.keys()])].filter((path) => before.get(path) !== after.get(path)).sort();
}
