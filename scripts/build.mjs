/**
 * Writes build/, what the package holds.
 *
 * One copy of the code serves every entry point: esbuild splits it into chunks (which it does for ES modules only), each of
 * which becomes CommonJS, because Jest and ts-node load nothing else. `import` gets a wrapper that passes the names of the same
 * CommonJS module on, so that there is one `Cluster` class however it was loaded.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { build, transform } from 'esbuild';
import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';
import { bundleOptions, PEERS } from './bundle-options.mjs';

/** The entry points that programs import, by their names in build/. */
const MODULES = { index: 'lib/index.ts', check: 'lib/check.ts', jest: 'lib/jest.ts', validation: 'lib/validation.ts' };
const COMMAND = { cli: 'lib/cli/main.ts' };

/** Node 22.8 and newer keep the compiled code between runs. */
const COMMAND_HEAD = "#!/usr/bin/env node\nrequire('node:module').enableCompileCache?.();\n";

const target = resolve('build');
rmSync(target, { recursive: true, force: true });
const inputs = await writeCode();
writeLicenses(inputs);
await writeDeclarations();

/** @returns {Promise<string[]>} the files that the code was bundled from */
async function writeCode() {
  const { outputFiles, metafile } = await build({
    ...bundleOptions,
    entryPoints: { ...MODULES, ...COMMAND },
    outdir: target,
    format: 'esm',
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'none',
    metafile: true,
  }).catch(() => process.exit(1)); // esbuild has said why
  for (const file of outputFiles) {
    const { code } = await transform(file.text, {
      format: 'cjs',
      platform: 'node',
      target: bundleOptions.target,
      minifyWhitespace: true,
      // Loading a chunk with import() would start Node's second module loader for nothing.
      supported: { 'dynamic-import': false },
    });
    const name = relative(target, file.path);
    write(name, name in metafileNames(COMMAND) ? COMMAND_HEAD + code.replace(/^#!.*\n/, '') : code);
  }
  for (const name of Object.keys(MODULES)) {
    const { exports } = metafile.outputs[`build/${name}.js`];
    write(`${name}.mjs`, wrapper(name, exports));
    write(`${name}.d.mts`, `export * from './${name}.js';\n`);
  }
  return Object.keys(metafile.inputs);
}

function metafileNames(entries) {
  return Object.fromEntries(Object.keys(entries).map((name) => [`${name}.js`, true]));
}

function wrapper(name, exports) {
  if (exports.length === 0) return `import './${name}.js';\n`;
  return `import module from './${name}.js';\nexport const { ${exports.sort().join(', ')} } = module;\n`;
}

/** The licences of the packages that are bundled, which all ask for their text to go along. */
function writeLicenses(inputs) {
  const folders = new Set(inputs.flatMap((input) => /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? []));
  const texts = [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file === undefined ? `Licensed under ${license}.` : readFileSync(join(folder, file), 'utf8').trim();
    return `${name} ${version} (${license})\n\n${text}\n`;
  });
  write('THIRD-PARTY-LICENSES.txt', `Bundled with cdk8s-hindsight:\n\n${texts.join(`\n${'-'.repeat(80)}\n\n`)}`);
}

async function writeDeclarations() {
  const bundle = await rollup({
    input: MODULES,
    plugins: [dts({ tsconfig: 'tsconfig.json' })],
    onwarn: ({ code, message }) => code !== 'EMPTY_BUNDLE' && console.warn(message),
  });
  const { output } = await bundle.write({ dir: target, format: 'es', chunkFileNames: 'chunks/[name].d.ts' });
  const foreign = output
    .flatMap(({ imports, fileName }) => imports.map((from) => ({ from, fileName })))
    .filter(({ from }) => !PEERS.includes(from) && !existsSync(join(target, from)));
  if (foreign.length === 0) return;
  for (const { from, fileName } of foreign)
    console.error(`build/${fileName}: the declarations must not need ${from}, which users do not install`);
  process.exit(1);
}

function write(name, text) {
  const file = join(target, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text, name === 'cli.js' ? { mode: 0o755 } : undefined);
}
