/** Where an object says null although its kind has a value there. */
import { type JsonPointer, pointerTo } from './json-pointer';
import { type Located, resolve, schemaOfKind } from './schema-types';

export interface NullField {
  readonly path: JsonPointer;
  /** The field's name; of an item of a list the list's. */
  readonly name: string;
  /** What belongs there. */
  readonly wants: 'fields' | 'map' | 'list' | 'text' | 'value';
  /** What holds it. */
  readonly holder: 'fields' | 'map' | 'list';
}

/** Every null at a known field; nothing in free-form parts, in `status`, and in kinds without a schema. */
export function* nullFields(content: unknown): Generator<NullField> {
  if (typeof content !== 'object' || content === null || !holdsNull(content)) return;
  const { apiVersion, kind } = { apiVersion: undefined, kind: undefined, ...content };
  const schema = typeof apiVersion === 'string' && typeof kind === 'string' ? schemaOfKind(apiVersion, kind) : undefined;
  if (schema !== undefined) yield* nullsIn(content, schema, { path: '', name: '', holder: 'fields' });
}

/** Most objects hold none, and need not be held against their schema. */
function holdsNull(value: unknown): boolean {
  if (value === null) return true;
  if (typeof value !== 'object') return false;
  return Array.isArray(value) ? value.some(holdsNull) : Object.values(value).some(holdsNull);
}

function* nullsIn(value: unknown, located: Located, place: Omit<NullField, 'wants'>): Generator<NullField> {
  if (value === undefined) return;
  const { schema, file } = resolve(located);
  if (schema === 'any') return;
  if (value === null) {
    yield { ...place, wants: wantedBy(schema) };
  } else if (typeof schema !== 'object' || typeof value !== 'object') {
    return;
  } else if ('list' in schema && Array.isArray(value)) {
    for (const [index, item] of value.entries())
      yield* nullsIn(item, { schema: schema.list, file }, { path: pointerTo(place.path, index), name: place.name, holder: 'list' });
  } else if ('map' in schema) {
    for (const [key, item] of Object.entries(value))
      yield* nullsIn(item, { schema: schema.map, file }, { path: pointerTo(place.path, key), name: key, holder: 'map' });
  } else if ('fields' in schema) {
    for (const [key, item] of Object.entries(value)) {
      const known = Object.hasOwn(schema.fields, key) ? schema.fields[key] : undefined;
      if (known !== undefined)
        yield* nullsIn(item, { schema: known, file }, { path: pointerTo(place.path, key), name: key, holder: 'fields' });
    }
  }
}

function wantedBy(schema: ReturnType<typeof resolve>['schema']): NullField['wants'] {
  if (schema === 'object') return 'map';
  if (schema === 'string' || schema === 'base64') return 'text';
  if (typeof schema !== 'object') return 'value';
  if ('fields' in schema) return 'fields';
  if ('list' in schema) return 'list';
  if ('map' in schema) return 'map';
  return 'is' in schema && schema.is === 'string' ? 'text' : 'value';
}
