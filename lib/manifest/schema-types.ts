/**
 * The shapes of kinds, as `imports/schemas` has them.
 *
 * A file of schemas is a JSON text until the first object of its group is judged, so that a check of one Deployment does not
 * pay for everything that the Prometheus operator knows.
 */
import { kinds, texts } from '../../imports/schemas';

/**
 * What a value has to be. Text is one of the scalars below, `#Type` of the same file, `file#Type` of another, and any of those
 * with `[]` (a list of) or `{}` (a map to) before it.
 */
export type Schema = string | ScalarSchema | EnumSchema | ListSchema | MapSchema | ObjectSchema;

/** Without any rule of its own. */
export type Scalar = 'string' | 'integer' | 'number' | 'boolean' | 'quantity' | 'int-or-string' | 'time' | 'base64' | 'object' | 'any';

export interface ScalarSchema {
  readonly is: 'string' | 'integer' | 'number';
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
  /** What the pattern means, in words. @default - the pattern is shown */
  readonly meaning?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
}

export interface EnumSchema {
  readonly enum: readonly string[];
}

export interface ListSchema {
  readonly list: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
}

export interface MapSchema {
  readonly map: Schema;
}

export interface ObjectSchema {
  readonly fields: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly oneOf?: readonly Alternatives[];
}

/** Sets of fields of which one may be present, or has to be. */
export interface Alternatives {
  readonly sets: readonly (readonly string[])[];
  /** Whether none may be present. */
  readonly none: boolean;
  /** Whether more than one may be present. */
  readonly several: boolean;
}

/** A schema together with the file that its references are relative to, and its name where it has one. */
export interface Located<Kind extends Schema = Schema> {
  readonly schema: Kind;
  readonly file: string;
  /** `file#Type` */
  readonly name?: string;
}

/** The schema of a kind. @returns undefined for a kind that is not known */
export function schemaOfKind(apiVersion: string, kind: string): Located | undefined {
  const key = `${apiVersion}/${kind}`;
  const reference = Object.hasOwn(kinds, key) ? kinds[key] : undefined;
  return reference === undefined ? undefined : { schema: reference, file: '' };
}

/** Every known kind, as `apiVersion/kind`. */
export function knownKinds(): readonly string[] {
  return Object.keys(kinds);
}

/** What a reference, or the text of a list or map, stands for; other schemas stand for themselves. */
export function resolve(located: Located): Resolved {
  const { schema, file } = located;
  if (typeof schema !== 'string') return { ...located, schema };
  const ofFile = resolved.get(file) ?? new Map<string, Resolved>();
  resolved.set(file, ofFile);
  const known = ofFile.get(schema) ?? resolveText(schema, file);
  ofFile.set(schema, known);
  return known;
}

export type Resolved = Located<Exclude<Schema, string> | Scalar>;

/** By file and text: there are few texts, and every field of every object asks for one. */
const resolved = new Map<string, Map<string, Resolved>>();

function resolveText(schema: string, file: string): Resolved {
  if (schema.startsWith('[]')) return { schema: { list: schema.slice(2) }, file };
  if (schema.startsWith('{}')) return { schema: { map: schema.slice(2) }, file };
  const hash = schema.indexOf('#');
  if (hash < 0) return { schema: scalarOf(schema), file };
  const owner = hash === 0 ? file : schema.slice(0, hash);
  const type = schema.slice(hash + 1);
  const found = typesOf(owner).get(type);
  if (found === undefined) throw new Error(`the schemas of ${owner} have no type ${type}: run \`npm run generate\``);
  return resolve({ schema: found, file: owner, name: `${owner}#${type}` });
}

const SCALARS: readonly Scalar[] = [
  'string',
  'integer',
  'number',
  'boolean',
  'quantity',
  'int-or-string',
  'time',
  'base64',
  'object',
  'any',
];

function scalarOf(text: string): Scalar {
  return SCALARS.find((scalar) => scalar === text) ?? 'any';
}

/** Each text is parsed once; the result depends on the text alone. */
const parsed = new Map<string, ReadonlyMap<string, Schema>>();

function typesOf(file: string): ReadonlyMap<string, Schema> {
  const known = parsed.get(file);
  if (known !== undefined) return known;
  const content: unknown = JSON.parse(texts[file] ?? '{}');
  const types = new Map(isTypes(content) ? Object.entries(content) : []);
  parsed.set(file, types);
  return types;
}

/** The texts are generated together with this shape of theirs; a test reads them all. */
function isTypes(content: unknown): content is Readonly<Record<string, Schema>> {
  return typeof content === 'object' && content !== null;
}
