/**
 * Writes imports/schemas: what the API server accepts, of every kind whose model is installed, small enough to carry along.
 *
 * The packages' declarations say fields, types, required fields and enumerations; their validators say the rest. Nothing of
 * either is needed at run time. The result is one file for each API group, a JSON text that is parsed when the first object of
 * the group is judged, one type a line; `index.ts` says which file knows which kind.
 *
 * Usage: node scripts/generate-schemas.mjs [--force]
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { compactFiles } from './schemas/compact.mjs';
import { NEWER, NEWER_VALUES, OPTIONAL, PATTERNS, REQUIRED, SHAPES } from './schemas/overrides.mjs';
import { Probe } from './schemas/probe.mjs';
import { declarationOf, kindsOf, modulesFolder, splitFile } from './schemas/read-types.mjs';

const target = new URL('../imports/schemas/', import.meta.url);

/** The packages to read, and how the file of one of their declarations is called. */
const PACKAGES = {
  'kubernetes-models': ([folder]) => (folder === 'v1' ? 'core' : folder.replace(/\..*/, '')),
  '@kubernetes-models/apimachinery': () => 'meta',
  '@kubernetes-models/argo-cd': () => 'argo-cd',
  '@kubernetes-models/argo-rollouts': () => 'argo-rollouts',
  '@kubernetes-models/cert-manager': () => 'cert-manager',
  '@kubernetes-models/cilium': () => 'cilium',
  '@kubernetes-models/external-secrets': () => 'external-secrets',
  '@kubernetes-models/gateway-api': () => 'gateway-api',
  '@kubernetes-models/istio': ([folder]) => `istio-${folder.replace(/\..*/, '')}`,
  '@kubernetes-models/prometheus-operator': () => 'prometheus-operator',
  '@kubernetes-models/sealed-secrets': () => 'sealed-secrets',
};

const OBJECT_META = '@kubernetes-models/apimachinery/apis/meta/v1/ObjectMeta';

/** What nobody applies from a repository, what is part of a kind only, and what are further products of the same vendor. */
const LEFT_OUT = [
  /^(authentication|authorization|events)\.k8s\.io\//,
  /^(install\.istio\.io|generators\.external-secrets\.io|gateway\.networking\.x-k8s\.io)\//,
  /^monitoring\.coreos\.com\/v1\/Embedded/,
  /^(awspca|policy|trust)\.cert-manager\.io\/|^trust-manager\.io\//,
];

const stamp = stampOf();
if (process.argv.includes('--force') || !isFresh()) await generate();

async function generate() {
  const kinds = Object.keys(PACKAGES)
    .flatMap(kindsOf)
    .filter(({ apiVersion, kind }) => !LEFT_OUT.some((pattern) => pattern.test(`${apiVersion}/${kind}`)));
  const declarations = await readAll(kinds);
  const files = compactFiles(kinds, declarations, nameOf);
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  for (const [name, file] of files) writeFileSync(new URL(`${name}.ts`, target), moduleOf(file));
  writeFileSync(new URL('index.ts', target), indexOf([...files.keys()], kinds));
}

/** Every declaration that the kinds lead to, with what its validator adds, and as the overrides have it. */
async function readAll(kinds) {
  const declarations = new Map();
  const roots = new Set(kinds.map(({ file }) => file));
  const queue = [...roots, OBJECT_META];
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (declarations.has(file)) continue;
    const { shape, validator } = declarationOf(file);
    const probe = new Probe(validator === undefined ? undefined : (await import(validator)).validate);
    const own = refine(shape, probe, file, []);
    const refined = roots.has(file) ? withEnvelope(own) : own;
    declarations.set(file, refined);
    queue.push(...refsOf(refined));
  }
  return declarations;
}

/** Every object has these, whether its declaration says so or not. Which kind it is, is known when it is judged; its status is not a manifest's to say. */
function withEnvelope(shape) {
  const envelope = { apiVersion: 'string', kind: 'string', metadata: { ref: OBJECT_META }, status: 'any' };
  return { ...shape, fields: { ...shape.fields, ...envelope }, required: shape.required.filter((name) => !(name in envelope)) };
}

/** A shape with the rules that only the validator knows, and as the overrides have it. */
function refine(shape, probe, file, steps) {
  const at = [file, ...steps.map((step) => (step === 0 ? '[]' : step))].join('/');
  const other = SHAPES.find((entry) => entry.at === at);
  if (other !== undefined) return other.shape;
  if (shape === 'number') return numberShape(probe.number(steps));
  if (shape === 'string') return stringShape(probe.string(steps), at);
  if (shape === 'any') return probe.isMap(steps) ? 'object' : 'any';
  if (typeof shape !== 'object') return shape;
  if ('enum' in shape) return enumShape(shape.enum, at);
  if ('ref' in shape) return declarationOf(shape.ref).shape === 'string' ? refine('string', probe, file, steps) : shape;
  if ('list' in shape) return defined({ list: refine(shape.list, probe, file, [...steps, 0]), ...probe.list(steps) });
  if ('map' in shape) return { map: refine(shape.map, probe, file, [...steps, 'key']) };
  const fields = Object.fromEntries(
    Object.entries(shape.fields).map(([name, field]) => [name, refine(field, probe, file, [...steps, name])]),
  );
  for (const name of named(NEWER, at)) fields[name] ??= 'any';
  const optional = named(OPTIONAL, at);
  const required = [...shape.required.filter((name) => !optional.includes(name)), ...named(REQUIRED, at)];
  return { fields, required, oneOf: shape.oneOf.flatMap((sets) => alternativesShape(sets, probe, steps)) };
}

function named(entries, at) {
  return entries.filter((entry) => entry.at === at).flatMap(({ fields }) => fields);
}

function enumShape(values, at) {
  return { enum: [...values, ...NEWER_VALUES.filter((entry) => entry.at === at).flatMap((entry) => entry.values)] };
}

function numberShape({ integer, minimum, maximum }) {
  const is = integer ? 'integer' : 'number';
  return minimum === undefined && maximum === undefined ? is : defined({ is, min: minimum, max: maximum });
}

function stringShape({ values, pattern, format, minLength, maxLength }, at) {
  if (values !== undefined) return enumShape(values, at);
  if (format === 'byte') return 'base64';
  if (format === 'date-time') return 'time';
  const rewritten = PATTERNS.find((entry) => entry.pattern === pattern)?.same ?? pattern;
  if (isPattern(rewritten)) return defined({ is: 'string', pattern: rewritten, minLength, maxLength });
  return minLength === undefined && maxLength === undefined ? 'string' : defined({ is: 'string', minLength, maxLength });
}

/** Some patterns are Go's and mean nothing here; then nothing is said of the value. */
function isPattern(pattern) {
  if (pattern === undefined) return false;
  try {
    return new RegExp(pattern, 'u') !== undefined;
  } catch {
    return false;
  }
}

function alternativesShape(sets, probe, steps) {
  const given = sets.filter((set) => set.length > 0);
  if (given.length < 2) return [];
  return [{ sets: given, ...probe.alternatives(steps, given) }];
}

function refsOf(shape) {
  if (typeof shape !== 'object') return [];
  if ('ref' in shape) return [shape.ref];
  if ('list' in shape) return refsOf(shape.list);
  if ('map' in shape) return refsOf(shape.map);
  return 'fields' in shape ? Object.values(shape.fields).flatMap(refsOf) : [];
}

function nameOf(file) {
  const { packageName, path } = splitFile(file);
  const parts = path.split('/');
  return { file: PACKAGES[packageName](parts), type: parts.slice(packageName.endsWith('cert-manager') ? -3 : -2).join('.') };
}

function moduleOf(types) {
  const lines = [...types].map(([name, schema]) => `${JSON.stringify(name)}:${JSON.stringify(schema)}`);
  const text = `{\n${lines.join(',\n')}\n}`;
  if (text.includes('`') || text.includes('${')) throw new Error('the text needs escaping');
  return `// Generated by \`npm run generate\`.\nexport const text = String.raw\`${text}\`;\n`;
}

function indexOf(names, kinds) {
  const camelCase = (name) => name.replace(/-(.)/g, (_, letter) => letter.toUpperCase());
  const entries = kinds.map(({ apiVersion, kind, file }) => {
    const { file: name, type } = nameOf(file);
    return `  '${apiVersion}/${kind}': '${name}#${type}',`;
  });
  return `// Generated by \`npm run generate\`.
// ${stamp}
${names.map((name) => `import { text as ${camelCase(name)} } from './${name}';`).join('\n')}

/** JSON texts: the types of each file. */
export const texts: Readonly<Record<string, string>> = {
${names.map((name) => (camelCase(name) === name ? `  ${name},` : `  '${name}': ${camelCase(name)},`)).join('\n')}
};

/** The type of each kind, by apiVersion and kind. */
export const kinds: Readonly<Record<string, string>> = {
${[...new Set(entries)].sort().join('\n')}
};
`;
}

/** What the result depends on: the packages' versions and the generator itself. */
function stampOf() {
  const require = createRequire(import.meta.url);
  const versions = Object.keys(PACKAGES).map((name) => `${name}@${require(join(modulesFolder, name, 'package.json')).version}`);
  const sources = [
    './generate-schemas.mjs',
    ...readdirSync(new URL('schemas/', import.meta.url))
      .sort()
      .map((name) => `./schemas/${name}`),
  ];
  const hash = createHash('sha256').update(versions.join());
  for (const source of sources) hash.update(readFileSync(new URL(source, import.meta.url)));
  return `From ${versions.map((version) => version.replace('@kubernetes-models/', '')).join(', ')}; generator ${hash.digest('hex').slice(0, 12)}.`;
}

function isFresh() {
  const index = new URL('index.ts', target);
  return existsSync(index) && readFileSync(index, 'utf8').includes(stamp);
}

function defined(record) {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));
}
