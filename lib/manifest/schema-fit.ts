/**
 * Whether a value is what its schema says: a yes or no without any words.
 *
 * The insight: nearly every value is right, and what is said of a wrong one (a path, a sentence, a mend) costs far more than
 * finding out. So each type becomes one function when it is first met, and only what it refuses is looked at for words.
 */
import { isMap } from './field';
import { RULES } from './schema-rules';
import { type Alternatives, type Located, type ObjectSchema, resolve, type Resolved, type Schema } from './schema-types';
import { isPlaceholder, scalarProblem } from './schema-value';
import type { SchemaProblem } from './schema-problem';

type Fit = (value: unknown) => boolean;

type Fields = Readonly<Record<string, unknown>>;

/** Null and an absent value fit everywhere. */
export function fits(value: unknown, located: Located): boolean {
  return fitOf(located.schema, located.file)(value);
}

/** By file and text: the types refer to one another, and to themselves. */
const known = new Map<string, Map<string, Fit>>();

function fitOf(schema: Schema, file: string): Fit {
  if (typeof schema !== 'string') return made({ schema, file });
  const ofFile = known.get(file) ?? new Map<string, Fit>();
  known.set(file, ofFile);
  const fit = ofFile.get(schema);
  if (fit !== undefined) return fit;
  let own: Fit | undefined;
  // Made when it is first asked: a type may hold itself, and of many types no object has a field.
  const later: Fit = (value) => {
    own ??= made(resolve({ schema, file }));
    return own(value);
  };
  const now = SCALARS[schema] ?? later;
  ofFile.set(schema, now);
  return now;
}

/** What needs no second look. */
const SCALARS: Readonly<Record<string, Fit>> = {
  string: (value) => typeof value === 'string' || isAbsent(value) || scalarProblem('string', value) === undefined,
  integer: (value) => Number.isInteger(value) || isAbsent(value) || scalarProblem('integer', value) === undefined,
  boolean: (value) => typeof value === 'boolean' || isAbsent(value) || scalarProblem('boolean', value) === undefined,
  any: () => true,
};

function made({ schema, file, name }: Resolved): Fit {
  if (typeof schema === 'string' || 'is' in schema || 'enum' in schema)
    return (value) => isAbsent(value) || scalarProblem(schema, value) === undefined;
  if ('fields' in schema) return fieldsFit(schema, file, name);
  if ('list' in schema) {
    const { minItems = 0, maxItems = Infinity } = schema;
    const item = fitOf(schema.list, file);
    return (value) => (Array.isArray(value) ? value.length >= minItems && value.length <= maxItems && value.every(item) : isUnsaid(value));
  }
  const item = fitOf(schema.map, file);
  return (value) => (isMap(value) ? Object.values(value).every(item) : isUnsaid(value));
}

function fieldsFit({ fields, required = [], oneOf = [] }: ObjectSchema, file: string, name: string | undefined): Fit {
  const fits = new Map(Object.entries(fields).map(([key, schema]) => [key, fitOf(schema, file)]));
  const rule = name === undefined ? undefined : RULES[name];
  return (value) => {
    if (!isMap(value)) return isUnsaid(value);
    for (const key of Object.keys(value)) {
      const field = value[key];
      const fit = fits.get(key);
      if (fit === undefined ? field !== undefined : !fit(field)) return false;
    }
    for (const key of required) if (value[key] === undefined) return false;
    for (const alternatives of oneOf) if (!isOneOf(value, alternatives)) return false;
    if (rule === undefined) return true;
    const problems: SchemaProblem[] = [];
    rule({ value, path: '', problems });
    return problems.length === 0;
  };
}

function isOneOf(value: Fields, { sets, none, several }: Alternatives): boolean {
  let given = 0;
  for (const set of sets) if (set.every((field) => !isAbsent(value[field]))) given += 1;
  return given === 1 || (given === 0 ? none : several);
}

/** Absent, or filled in later. */
function isUnsaid(value: unknown): boolean {
  return isAbsent(value) || isPlaceholder(value);
}

function isAbsent(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}
