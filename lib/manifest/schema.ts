/**
 * Whether an object is what its kind allows: types, fields, enumerations, required fields.
 *
 * The insight: the API server forgives no type, and reports one mistake at a time, after the commit. So everything that is
 * wrong with an object is said at once, each at its field. A kind that nobody has a schema of is not judged, nor is text that
 * something fills in later. Null counts as absent here, as it does there.
 */
import { isMap } from './field';
import { type JsonPointer, pointerTo } from './json-pointer';
import { nearestName } from './nearest-name';
import { fits } from './schema-fit';
import { kindProblem, objectProblems } from './schema-kinds';
import type { Mend, SchemaProblem } from './schema-problem';
import { RULES } from './schema-rules';
import {
  type Alternatives,
  type EnumSchema,
  type ListSchema,
  type Located,
  type ObjectSchema,
  resolve,
  type Scalar,
  type ScalarSchema,
  type Schema,
  schemaOfKind,
} from './schema-types';
import { described, hidden, isPlaceholder, scalarProblem, type ValueProblem } from './schema-value';

/** Whether what is said of a field must not quote its value. */
type Secrecy = (path: JsonPointer, value: unknown) => boolean;

/**
 * Everything that the API server would refuse or drop; nothing for a kind without a schema.
 * @param isSecret besides the values of Secrets and of environment variables, which are never quoted
 */
export function schemaProblems(content: unknown, isSecret: Secrecy = () => false): readonly SchemaProblem[] {
  if (!isMap(content)) return [];
  const { apiVersion, kind } = content;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') return [];
  const wrongKind = kindProblem(apiVersion, kind);
  // The fields of a version that is gone are not what is wrong with it.
  if (wrongKind !== undefined) return [wrongKind];
  const schema = schemaOfKind(apiVersion, kind);
  if (schema === undefined) return [];
  const ofObject = objectProblems(apiVersion, kind, content);
  if (fits(content, schema)) return ofObject;
  const isHidden: Secrecy = (path, value) =>
    (kind === 'Secret' && /^\/(data|stringData)(\/|$)/.test(path)) || /\/env\/\d+\/value$/.test(path) || isSecret(path, value);
  return [...misfits(content, schema, kind, isHidden), ...ofObject];
}

/** What is wrong with a value that has to be of a certain shape; `name` is what to call it. */
export function shapeProblems(value: unknown, schema: ObjectSchema, name: string): readonly SchemaProblem[] {
  return misfits(value, { schema, file: '' }, name);
}

/** Why a value does not fit; nothing where it does. */
export function misfits(value: unknown, located: Located, name: string, isSecret: Secrecy = () => false): readonly SchemaProblem[] {
  const walk = new Walk(isSecret);
  walk.value(value, located, { path: '', name });
  return walk.problems;
}

interface Place {
  readonly path: JsonPointer;
  /** What to call the value in a sentence. */
  readonly name: string;
  /** The map of fields around it. */
  readonly parent?: Parent;
}

interface Parent {
  readonly path: JsonPointer;
  readonly schema: ObjectSchema;
  readonly file: string;
  readonly parent?: Parent;
}

type Fields = Readonly<Record<string, unknown>>;

/** Goes through a value that does not fit along its schema, and puts everything that is wrong with it into words. */
class Walk {
  readonly problems: SchemaProblem[] = [];

  /** @param isSecret whether the value of a field must not be shown */
  constructor(private readonly isSecret: Secrecy) {}

  value(value: unknown, located: Located, place: Place): void {
    if (value === null || value === undefined) return;
    const { schema, file, name } = resolve(located);
    if (typeof schema === 'string' || 'is' in schema || 'enum' in schema) this.scalar(value, schema, place);
    else if ('fields' in schema) {
      if (isMap(value)) this.fields(value, { path: place.path, schema, file, parent: place.parent }, place.name, name);
      else this.container(value, 'a map', place);
    } else if ('list' in schema) {
      if (Array.isArray(value)) this.items(value, schema, file, place);
      else this.container(value, 'a list', place);
    } else if (isMap(value)) {
      for (const [key, item] of Object.entries(value))
        if (!isPlainly(schema.map, item))
          this.value(item, { schema: schema.map, file }, { ...place, path: pointerTo(place.path, key), name: `${place.name} ${key}` });
    } else this.container(value, 'a map', place);
  }

  private fields(value: Fields, parent: Parent, name: string, type: string | undefined): void {
    const { path, schema, file } = parent;
    for (const key of Object.keys(value)) {
      const field = value[key];
      const known = Object.hasOwn(schema.fields, key) ? schema.fields[key] : undefined;
      if (known !== undefined && isPlainly(known, field)) continue;
      if (known !== undefined) this.value(field, { schema: known, file }, { path: pointerTo(path, key), name: key, parent });
      else if (field !== undefined) this.problems.push(unknownField(key, field, name, parent));
    }
    for (const required of schema.required ?? [])
      if (value[required] === undefined)
        this.problems.push({ kind: 'required', path: pointerTo(path, required), message: `${name} has no ${required}, which is required` });
    for (const alternatives of schema.oneOf ?? []) this.alternatives(value, alternatives, path, name);
    const rule = type === undefined ? undefined : RULES[type];
    rule?.({ value, path, problems: this.problems });
  }

  private items(items: readonly unknown[], schema: ListSchema, file: string, place: Place): void {
    const { path, name } = place;
    const { list, minItems = 0, maxItems = Infinity } = schema;
    if (items.length < minItems) this.refuse('value', path, `${name} has ${items.length} items, and needs at least ${minItems}`);
    if (items.length > maxItems) this.refuse('value', path, `${name} has ${items.length} items, and at most ${maxItems} are allowed`);
    for (const [index, item] of items.entries())
      if (!isPlainly(list, item))
        this.value(item, { schema: list, file }, { ...place, path: pointerTo(path, index), name: `${name}[${index}]` });
  }

  private scalar(value: unknown, schema: Scalar | ScalarSchema | EnumSchema, { path, name }: Place): void {
    const found = scalarProblem(schema, value);
    if (found === undefined) return;
    const secret = this.isSecret(path, value);
    const { kind, message, meant } = secret ? hidden(found, value) : found;
    // What was written, such as 0644 or yes, may be another text than what was read.
    const isOnlyQuoted = typeof meant === 'string' && typeof value !== 'string';
    const description = secret || isOnlyQuoted ? 'put it in quotes' : `write ${JSON.stringify(meant)}`;
    this.refuse(kind, path, `${name} ${message}`, meant === undefined ? undefined : { description, edits: [{ path, value: meant }] });
  }

  private container(value: unknown, wanted: string, { path, name }: Place): void {
    if (isPlaceholder(value)) return;
    const problem: ValueProblem = { kind: 'type', message: `is ${described(value)}, where ${wanted} belongs` };
    this.refuse('type', path, `${name} ${(this.isSecret(path, value) ? hidden(problem, value) : problem).message}`);
  }

  private alternatives(value: Fields, { sets, none, several }: Alternatives, path: JsonPointer, name: string): void {
    const given = sets.filter((set) => set.every((field) => value[field] !== undefined && value[field] !== null));
    const texts = (list: readonly (readonly string[])[], separator: string): string => list.map((set) => set.join(' and ')).join(separator);
    if (given.length === 0 && !none) this.refuse('alternatives', path, `${name} needs one of ${texts(sets, ', ')}`);
    if (given.length > 1 && !several)
      this.refuse('alternatives', path, `${name} has ${texts(given, ' and ')}, of which only one is allowed`);
  }

  private refuse(kind: SchemaProblem['kind'], path: JsonPointer, message: string, mend?: Mend): void {
    this.problems.push({ kind, path, message, mend });
  }
}

/** What needs no second look, as most values do not. */
function isPlainly(schema: Schema, value: unknown): boolean {
  switch (schema) {
    case 'string':
      return typeof value === 'string';
    case 'integer':
      return Number.isInteger(value);
    case 'boolean':
      return typeof value === 'boolean';
    default:
      return schema === 'any' || value === null || value === undefined;
  }
}

function unknownField(key: string, value: unknown, name: string, parent: Parent): SchemaProblem {
  const meant = nearestName(key, Object.keys(parent.schema.fields));
  const path = pointerTo(parent.path, key);
  const message = `${name} has no field ${JSON.stringify(key)}`;
  if (meant !== undefined) {
    const edits = [{ path }, { path: pointerTo(parent.path, meant), value }];
    const mend = { description: `rename it to ${meant}`, edits };
    return { kind: 'unknown-field', path, message: `${message}; ${JSON.stringify(meant)} was probably meant`, mend };
  }
  const home = homeOf(key, parent);
  if (home === undefined) return { kind: 'unknown-field', path, message };
  const mend = { description: `move it to ${home}/${key}` };
  return { kind: 'unknown-field', path, message: `${message}; it belongs to ${home === '' ? 'the object itself' : home}`, mend };
}

/** A map of fields around, or right below, that has the field. */
function homeOf(key: string, own: Parent): JsonPointer | undefined {
  for (let above = own.parent; above !== undefined; above = above.parent) if (Object.hasOwn(above.schema.fields, key)) return above.path;
  for (const [name, field] of Object.entries(own.schema.fields)) {
    const { schema } = resolve({ schema: field, file: own.file });
    if (typeof schema === 'object' && 'fields' in schema && Object.hasOwn(schema.fields, key)) return pointerTo(own.path, name);
  }
  return undefined;
}
