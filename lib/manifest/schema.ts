/**
 * Whether an object is what its kind allows: types, fields, enumerations, required fields.
 *
 * The insight: the API server forgives no type, and reports one mistake at a time, after the commit. So everything that is
 * wrong with an object is said at once, each at its field. A kind that nobody has a schema of is not judged, nor is text that
 * something fills in later. Null counts as absent here, as it does there.
 */
import { type JsonPointer, pointerTo } from './json-pointer';
import { nearestName } from './nearest-name';
import { kindProblem, objectProblems } from './schema-kinds';
import type { SchemaProblem } from './schema-problem';
import { RULES } from './schema-rules';
import {
  type Alternatives,
  type EnumSchema,
  type Located,
  type ObjectSchema,
  resolve,
  type Scalar,
  type ScalarSchema,
  schemaOfKind,
} from './schema-types';
import { described, hidden, isPlaceholder, scalarProblem, type ValueProblem } from './schema-value';

/** Everything that the API server would refuse or drop; nothing for a kind without a schema. */
export function* schemaProblems(content: unknown): Generator<SchemaProblem> {
  if (!isMap(content)) return;
  const { apiVersion, kind } = content;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') return;
  const wrongKind = kindProblem(apiVersion, kind);
  if (wrongKind !== undefined) yield wrongKind;
  const schema = schemaOfKind(apiVersion, kind);
  // The fields of a version that is gone are not what is wrong with it.
  if (schema === undefined || wrongKind !== undefined) return;
  const isSecret = (path: JsonPointer): boolean =>
    (kind === 'Secret' && /^\/(data|stringData)\//.test(path)) || /\/env\/\d+\/value$/.test(path);
  yield* valueProblems(content, schema, { path: '', name: kind, parents: [], isSecret });
  yield* objectProblems(apiVersion, kind, content);
}

/** What is wrong with a value that has to be of a certain shape; `name` is what to call it. */
export function shapeProblems(value: unknown, schema: ObjectSchema, name: string): Generator<SchemaProblem> {
  return valueProblems(value, { schema, file: '' }, { path: '', name, parents: [], isSecret: () => false });
}

interface Place {
  readonly path: JsonPointer;
  /** What to call the value in a sentence. */
  readonly name: string;
  /** The maps of fields around it, the nearest last. */
  readonly parents: readonly Parent[];
  /** Whether the value of a field must not be shown. */
  isSecret(path: JsonPointer): boolean;
}

interface Parent {
  readonly path: JsonPointer;
  readonly schema: ObjectSchema;
}

function* valueProblems(value: unknown, located: Located, place: Place): Generator<SchemaProblem> {
  if (value === null || value === undefined) return;
  const { schema, file, name } = resolve(located);
  if (typeof schema === 'object' && 'fields' in schema) {
    if (!isMap(value)) yield* wrongContainer(value, 'a map', place);
    else yield* fieldProblems(value, { schema, file, name }, place);
  } else if (typeof schema === 'object' && 'list' in schema) {
    if (!Array.isArray(value)) yield* wrongContainer(value, 'a list', place);
    else yield* itemProblems(value, { schema: schema.list, file }, place, schema);
  } else if (typeof schema === 'object' && 'map' in schema) {
    if (!isMap(value)) yield* wrongContainer(value, 'a map', place);
    else
      for (const [key, item] of Object.entries(value))
        yield* valueProblems(
          item,
          { schema: schema.map, file },
          { ...place, path: pointerTo(place.path, key), name: `${place.name} ${key}` },
        );
  } else {
    yield* scalarProblems(schema, value, place);
  }
}

function* scalarProblems(
  schema: Scalar | ScalarSchema | EnumSchema,
  value: unknown,
  { path, name, isSecret }: Place,
): Generator<SchemaProblem> {
  const found = scalarProblem(schema, value);
  if (found === undefined) return;
  const secret = isSecret(path);
  const { kind, message, meant } = secret ? hidden(found, value) : found;
  const description = secret ? 'put it in quotes' : `write ${JSON.stringify(meant)}`;
  yield {
    kind,
    path,
    message: `${name} ${message}`,
    mend: meant === undefined ? undefined : { description, edits: [{ path, value: meant }] },
  };
}

function* wrongContainer(value: unknown, wanted: string, { path, name, isSecret }: Place): Generator<SchemaProblem> {
  if (isPlaceholder(value)) return;
  const problem: ValueProblem = { kind: 'type', message: `is ${described(value)}, where ${wanted} belongs` };
  yield { kind: 'type', path, message: `${name} ${(isSecret(path) ? hidden(problem, value) : problem).message}` };
}

function* itemProblems(
  items: readonly unknown[],
  located: Located,
  place: Place,
  { minItems = 0, maxItems = Infinity }: { readonly minItems?: number; readonly maxItems?: number },
): Generator<SchemaProblem> {
  const { path, name } = place;
  if (items.length < minItems) yield { kind: 'value', path, message: `${name} has ${items.length} items, and needs at least ${minItems}` };
  if (items.length > maxItems)
    yield { kind: 'value', path, message: `${name} has ${items.length} items, and at most ${maxItems} are allowed` };
  for (const [index, item] of items.entries())
    yield* valueProblems(item, located, { ...place, path: pointerTo(path, index), name: `${name}[${index}]` });
}

function* fieldProblems(
  value: Readonly<Record<string, unknown>>,
  { schema, file, name }: Located<ObjectSchema>,
  place: Place,
): Generator<SchemaProblem> {
  const parents = [...place.parents, { path: place.path, schema }];
  for (const [key, field] of Object.entries(value)) {
    const path = pointerTo(place.path, key);
    const known = Object.hasOwn(schema.fields, key) ? schema.fields[key] : undefined;
    if (field === undefined) continue;
    if (known === undefined) yield unknownField(key, field, { ...place, parents }, file);
    else yield* valueProblems(field, { schema: known, file }, { ...place, path, name: key, parents });
  }
  for (const required of schema.required ?? [])
    if (value[required] === undefined)
      yield { kind: 'required', path: pointerTo(place.path, required), message: `${place.name} has no ${required}, which is required` };
  for (const alternatives of schema.oneOf ?? []) yield* alternativeProblems(value, alternatives, place);
  const rule = name === undefined ? undefined : RULES[name];
  if (rule !== undefined) yield* rule(value, place.path);
}

function unknownField(key: string, value: unknown, { path, name, parents }: Place, file: string): SchemaProblem {
  const own = parents.at(-1)?.schema.fields ?? {};
  const meant = nearestName(key, Object.keys(own));
  const field = pointerTo(path, key);
  const message = `${name} has no field ${JSON.stringify(key)}`;
  if (meant !== undefined) {
    const edits = [{ path: field }, { path: pointerTo(path, meant), value }];
    return {
      kind: 'unknown-field',
      path: field,
      message: `${message}; ${JSON.stringify(meant)} was probably meant`,
      mend: { description: `rename it to ${meant}`, edits },
    };
  }
  const elsewhere = homeOf(key, parents, file);
  if (elsewhere === undefined) return { kind: 'unknown-field', path: field, message };
  return {
    kind: 'unknown-field',
    path: field,
    message: `${message}; it belongs to ${elsewhere === '' ? 'the object itself' : elsewhere}`,
    mend: { description: `move it to ${elsewhere}/${key}` },
  };
}

/** A map of fields around, or right below, that has the field. */
function homeOf(key: string, parents: readonly Parent[], file: string): JsonPointer | undefined {
  const above = parents.findLast(({ schema }) => Object.hasOwn(schema.fields, key));
  if (above !== undefined) return above.path;
  const own = parents.at(-1);
  for (const [name, field] of Object.entries(own?.schema.fields ?? {})) {
    const { schema } = resolve({ schema: field, file });
    if (typeof schema === 'object' && 'fields' in schema && Object.hasOwn(schema.fields, key)) return pointerTo(own?.path ?? '', name);
  }
  return undefined;
}

function* alternativeProblems(
  value: Readonly<Record<string, unknown>>,
  { sets, none, several }: Alternatives,
  { path, name }: Place,
): Generator<SchemaProblem> {
  const isSet = (field: string): boolean => value[field] !== undefined && value[field] !== null;
  const given = sets.filter((set) => set.every(isSet));
  const options = sets.map((set) => set.join(' and ')).join(', ');
  if (given.length === 0 && !none) yield { kind: 'alternatives', path, message: `${name} needs one of ${options}` };
  if (given.length > 1 && !several) {
    const both = given.map((set) => set.join(' and ')).join(' and ');
    yield { kind: 'alternatives', path, message: `${name} has ${both}, of which only one is allowed` };
  }
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
