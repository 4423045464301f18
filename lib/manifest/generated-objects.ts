/** ConfigMaps and Secrets that a kustomization generates, and the hash that ends their names. */
import { createHash } from 'node:crypto';
import type { Document } from './document';
import { type Field } from './field';
import { Kustomized } from './kustomized';
import { type Source, Traced } from './traced';

/** How a generated object meets one of its name. */
export type Behavior = 'create' | 'merge' | 'replace';

export interface Generated {
  readonly object: Kustomized;
  readonly behavior: Behavior;
  readonly source: Source;
}

/** The bytes of a file that a generator names. @returns undefined when there is none */
export type ReadFile = (path: string) => Uint8Array | undefined;

export class GeneratorError extends Error {
  constructor(
    message: string,
    readonly pointer: string,
  ) {
    super(message);
  }
}

interface Pair {
  readonly key: string;
  readonly value: Uint8Array;
  readonly from: Field;
}

export function generate(
  kind: 'ConfigMap' | 'Secret',
  generator: Field,
  globalOptions: Field,
  kustomization: Document,
  read: ReadFile,
): Generated {
  const at = (field: Field): Source => ({ document: kustomization, pointer: field.path });
  const own = generator.at('options');
  const text = (value: string, field: Field): Traced => new Traced(value, at(field));
  const name = generator.at('name');
  const metadata = new Map([['name', text(name.text ?? '', name)]]);
  const namespace = generator.at('namespace');
  if (namespace.text !== undefined) metadata.set('namespace', text(namespace.text, namespace));
  const root = new Map([
    ['apiVersion', text('v1', generator)],
    ['kind', text(kind, generator)],
    ['metadata', new Traced(new Map(metadata), at(generator))],
  ]);
  const object = new Kustomized(new Traced(root, at(generator)));
  for (const map of ['labels', 'annotations']) {
    const entries = [...globalOptions.at(map).entries, ...own.at(map).entries];
    if (entries.length > 0)
      object.root
        .at('metadata')
        ?.set(map, new Traced(new Map(entries.map(([key, field]) => [key, text(field.text ?? '', field)])), at(generator)));
  }
  addData(object, kind, pairsOf(generator, read), at);
  if (kind === 'Secret')
    object.root.set('type', text(generator.at('type').text ?? 'Opaque', generator.at('type').isSet ? generator.at('type') : generator));
  if ([own, globalOptions].some((options) => options.at('immutable').boolean === true))
    object.root.set('immutable', new Traced(true, at(generator)));
  object.needsHash = ![own, globalOptions].some((options) => options.at('disableNameSuffixHash').boolean === true);
  const behavior = generator.at('behavior').string?.toLowerCase();
  return { object, behavior: behavior === 'merge' || behavior === 'replace' ? behavior : 'create', source: at(generator) };
}

/** The files that a generator names: for those who have to read them beforehand. */
export function filesOf(generator: Field): string[] {
  const envs = [...generator.at('envs').strings, ...(generator.at('env').string ?? '').split('\n')];
  return [...envs, ...generator.at('files').strings.map((file) => fileSource(file)[1])].filter((file) => file !== '');
}

/** A generated object meets an older one of its name. */
export function absorb(old: Kustomized, { object, behavior }: Generated): void {
  const needsHash = old.needsHash && object.needsHash;
  for (const map of ['labels', 'annotations']) mergeUnder(old.root.at('metadata'), object.root.at('metadata'), map);
  for (const map of ['data', 'binaryData']) if (behavior === 'merge') mergeUnder(old.root, object.root, map);
  for (const key of ['name', 'namespace']) {
    const value = old.root.at('metadata', key);
    if (value !== undefined) object.root.at('metadata')?.set(key, value);
  }
  old.root.become(object.root);
  old.needsHash = needsHash;
}

/** The object's content as ten letters and digits. kustomize means to count its name in and, looking in the wrong place, never does. */
export function hashOf({ kind, root }: Kustomized): string {
  const known: Record<string, unknown> = { kind, name: '', data: root.at('data')?.content ?? '' };
  if (kind === 'Secret') known['type'] = root.textAt('type') ?? '';
  for (const key of kind === 'Secret' ? ['stringData'] : ['binaryData']) {
    const map = root.at(key);
    if (map?.map !== undefined) known[key] = map.content;
  }
  const json = JSON.stringify(sorted(known)).replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  const hex = createHash('sha256').update(json).digest('hex').slice(0, 10);
  return hex.replace(/[013ae]/g, (digit) => ({ '0': 'g', '1': 'h', '3': 'k', a: 'm', e: 't' })[digit] ?? digit);
}

function mergeUnder(old: Traced | undefined, next: Traced | undefined, key: string): void {
  const below = old?.at(key);
  if (below?.map === undefined || next === undefined) return;
  const above = next.at(key);
  next.set(key, new Traced(new Map([...below.map, ...(above?.map ?? [])]), above?.source ?? below.source));
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).map(([key, below]) => [key, sorted(below)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function addData(object: Kustomized, kind: string, pairs: readonly Pair[], at: (field: Field) => Source): void {
  const data = new Map<string, Traced>();
  const binary = new Map<string, Traced>();
  for (const { key, value, from } of pairs) {
    if (data.has(key) || binary.has(key)) throw new GeneratorError(`a generator sets ${key} twice`, from.path);
    const text = kind === 'Secret' ? undefined : utf8(value);
    if (kind === 'Secret') data.set(key, new Traced(base64(value), at(from)));
    else if (text === undefined) binary.set(key, new Traced(base64(value), at(from)));
    else data.set(key, new Traced(text, at(from)));
  }
  const source = object.root.source;
  if (data.size > 0) object.root.set('data', new Traced(byKey(data), source));
  if (binary.size > 0) object.root.set('binaryData', new Traced(byKey(binary), source));
}

function byKey(map: ReadonlyMap<string, Traced>): Map<string, Traced> {
  return new Map([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** kustomize breaks long base64 into lines of 70, and counts the breaks in the hash. */
function base64(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('base64');
  const lines = text.match(/.{1,70}/g) ?? [];
  return lines.length > 1 ? lines.map((line) => `${line}\n`).join('') : text;
}

function pairsOf(generator: Field, read: ReadFile): Pair[] {
  const file = (path: string, field: Field): Uint8Array => {
    const bytes = read(path);
    if (bytes === undefined) throw new GeneratorError(`a generator reads ${path}, which is not there`, field.path);
    return bytes;
  };
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
  const envs = [...generator.at('envs').items, generator.at('env')].filter((field) => field.string !== undefined && field.string !== '');
  return [
    ...envs.flatMap((field) =>
      (utf8(file(field.string ?? '', field)) ?? '').split(/\r?\n/).flatMap((line, index) => {
        const [key = '', ...value] = (index === 0 ? line.replace(/^\uFEFF/, '') : line).trimStart().split('=');
        return key === '' || key.startsWith('#') ? [] : [{ key, value: encode(value.join('=')), from: field }];
      }),
    ),
    ...generator.at('literals').items.map((field) => {
      const [key = '', ...value] = (field.text ?? '').split('=');
      if (key === '' || value.length === 0) throw new GeneratorError(`a literal is key=value`, field.path);
      return { key, value: encode(value.join('=').replace(/^(["'])(.*)\1$/s, '$2')), from: field };
    }),
    ...generator.at('files').items.map((field) => {
      const [key, path] = fileSource(field.text ?? '');
      return { key, value: file(path, field), from: field };
    }),
  ];
}

/** `key=path`, or a path whose last part is the key. */
function fileSource(source: string): [string, string] {
  const equals = source.indexOf('=');
  return equals < 0 ? [source.slice(source.lastIndexOf('/') + 1), source] : [source.slice(0, equals), source.slice(equals + 1)];
}
