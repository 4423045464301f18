/** Scalars: what is wrong with one, in words, and what would be right. */
import { nearestName } from './nearest-name';
import type { EnumSchema, Scalar, ScalarSchema } from './schema-types';

export interface ValueProblem {
  readonly kind: 'type' | 'value';
  /** Follows the field's name: `is the text "3", which …`. */
  readonly message: string;
  /** The value that was probably meant. */
  readonly meant?: string | number | boolean;
}

/** Kubernetes' own grammar of quantities. Source: kubernetes.io, Quantity. */
const QUANTITY = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/;

const TIME = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;

/** Longer values are not matched against patterns: none of what a pattern asks for is that long. */
const LONGEST_MATCHED = 1024;

/** Text that something fills in before the API server sees it, such as `${REPLICAS}` or `{{ replicas }}`: nothing can be said of it. */
export function isPlaceholder(value: unknown): boolean {
  return typeof value === 'string' && /\$\{[^}]*\}|\{\{.*\}\}|^\$[A-Za-z_]\w*$|^<.*>$/s.test(value);
}

export function scalarProblem(schema: Scalar | ScalarSchema | EnumSchema, value: unknown): ValueProblem | undefined {
  const problem =
    typeof schema === 'string' ? plainProblem(schema, value) : 'enum' in schema ? enumProblem(schema, value) : ruled(schema, value);
  return problem === undefined || isPlaceholder(value) ? undefined : problem;
}

function ruled(schema: ScalarSchema, value: unknown): ValueProblem | undefined {
  return plainProblem(schema.is, value) ?? (typeof value === 'string' ? textProblem(schema, value) : numberProblem(schema, value));
}

function plainProblem(schema: Scalar, value: unknown): ValueProblem | undefined {
  switch (schema) {
    case 'string':
      return typeof value === 'string' ? undefined : wrongType(value, 'text', quotable(value) ? String(value) : undefined);
    case 'boolean':
      return typeof value === 'boolean' ? undefined : wrongType(value, 'true or false', booleanIn(value));
    case 'number':
      return typeof value === 'number' ? undefined : wrongType(value, 'a number', numberIn(value));
    case 'integer':
      return Number.isInteger(value) ? undefined : wrongType(value, 'a whole number', wholeNumberIn(value));
    case 'int-or-string':
      return Number.isInteger(value) || typeof value === 'string' ? undefined : wrongType(value, 'a whole number or text', undefined);
    case 'quantity':
      return quantityProblem(value);
    case 'time':
      if (typeof value !== 'string') return wrongType(value, 'a time such as "2024-01-31T00:00:00Z"', undefined);
      return TIME.test(value)
        ? undefined
        : { kind: 'value', message: `is ${shown(value)}, which is no time such as "2024-01-31T00:00:00Z"` };
    case 'base64':
      if (typeof value !== 'string') return wrongType(value, 'base64 text', undefined);
      return isBase64(value) ? undefined : { kind: 'value', message: 'is not base64' };
    case 'object':
      return typeof value === 'object' && !Array.isArray(value) ? undefined : wrongType(value, 'a map', undefined);
    case 'any':
      return undefined;
  }
}

function quantityProblem(value: unknown): ValueProblem | undefined {
  if (typeof value === 'number') return undefined;
  if (typeof value !== 'string') return wrongType(value, 'a quantity such as 500m or 1Gi', undefined);
  if (QUANTITY.test(value)) return undefined;
  const meant = quantityIn(value);
  const hint = meant === undefined ? ' such as 500m or 1Gi' : `: ${meant} is one`;
  return { kind: 'value', message: `is ${shown(value)}, which is no quantity${hint}`, meant };
}

/** `512MB`, `1GiB`, `1 Gi`, `2gi` and the like, in Kubernetes' spelling. */
function quantityIn(value: string): string | undefined {
  const [, digits, prefix, i] = /^\s*([\d.]+)\s*([kKmMgGtTpPeE]?)(i?)[bB]?\s*$/.exec(value) ?? [];
  if (digits === undefined || prefix === undefined || prefix === '') return undefined;
  const unit = i === 'i' ? `${prefix.toUpperCase()}i` : prefix.toLowerCase() === 'k' ? 'k' : prefix.toUpperCase();
  return QUANTITY.test(digits + unit) ? digits + unit : undefined;
}

function enumProblem({ enum: values }: EnumSchema, value: unknown): ValueProblem | undefined {
  // The API server takes an empty text for an absent one.
  if (typeof value === 'string' && (value === '' || values.includes(value))) return undefined;
  const allowed = values.map((each) => JSON.stringify(each)).join(', ');
  if (typeof value !== 'string') return wrongType(value, `one of ${allowed}`, undefined);
  const meant = nearestName(value, values);
  const question = meant === undefined ? '' : `; ${JSON.stringify(meant)} was probably meant`;
  return { kind: 'value', message: `is ${shown(value)}, which is none of ${allowed}${question}`, meant };
}

function textProblem({ pattern, meaning, minLength = 0, maxLength = Infinity }: ScalarSchema, value: string): ValueProblem | undefined {
  const length = [...value].length;
  if (length < minLength) return { kind: 'value', message: minLength === 1 ? 'is empty' : `is shorter than ${minLength} characters` };
  if (length > maxLength) return { kind: 'value', message: `is longer than ${maxLength} characters` };
  if (pattern === undefined || length > LONGEST_MATCHED || compiled(pattern).test(value)) return undefined;
  return {
    kind: 'value',
    message: `is ${shown(value)}, which ${meaning === undefined ? `does not match ${pattern}` : `is no ${meaning}`}`,
  };
}

/** Each pattern is compiled once. */
const patterns = new Map<string, RegExp>();

function compiled(pattern: string): RegExp {
  const known = patterns.get(pattern);
  if (known !== undefined) return known;
  const made = new RegExp(pattern, 'u');
  patterns.set(pattern, made);
  return made;
}

function numberProblem({ min = -Infinity, max = Infinity }: ScalarSchema, value: unknown): ValueProblem | undefined {
  if (typeof value !== 'number') return undefined;
  if (value < min) return { kind: 'value', message: `is ${value}, which is below the minimum of ${min}` };
  return value > max ? { kind: 'value', message: `is ${value}, which is above the maximum of ${max}` } : undefined;
}

function wrongType(value: unknown, wanted: string, meant: ValueProblem['meant']): ValueProblem {
  return { kind: 'type', message: `is ${described(value)}, where ${wanted} belongs`, meant };
}

/** The same problem without the value, for what may be a secret. */
export function hidden(problem: ValueProblem, value: unknown): ValueProblem {
  if (problem.kind === 'value')
    return problem.message.startsWith('is not base64') ? problem : { kind: 'value', message: 'has a value that is not allowed' };
  const type = Array.isArray(value)
    ? 'a list'
    : typeof value === 'object'
      ? 'a map'
      : typeof value === 'string'
        ? 'text'
        : `a ${typeof value}`;
  return { ...problem, message: `is ${type}${problem.message.slice(problem.message.indexOf(','))}` };
}

/** A value by its type and, where it is short, itself. */
export function described(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return `the text ${shown(value)}`;
    case 'number':
      return `the number ${value}`;
    case 'boolean':
      return `the boolean ${value}`;
    default:
      return Array.isArray(value) ? 'a list' : 'a map';
  }
}

function shown(value: string): string {
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
}

/** Whether quotes make it text. What that text is stands in the file alone: `1.10` was read as 1.1. */
function quotable(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'boolean';
}

function booleanIn(value: unknown): boolean | undefined {
  if (typeof value !== 'string') return undefined;
  return /^(true|yes|on)$/i.test(value) ? true : /^(false|no|off)$/i.test(value) ? false : undefined;
}

function numberIn(value: unknown): number | undefined {
  return typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : undefined;
}

function wholeNumberIn(value: unknown): number | undefined {
  const number = numberIn(value);
  return Number.isSafeInteger(number) ? number : undefined;
}

/** As Go's decoder reads it: line breaks are skipped, padding is not optional. */
function isBase64(value: string): boolean {
  const text = value.replaceAll(/[\r\n]/g, '');
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}
