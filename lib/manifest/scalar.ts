/**
 * What a plain scalar means.
 *
 * Kubernetes' tools do not share one YAML: kubectl, Argo CD and Helm read YAML 1.1 as go-yaml 2 does (`yes` is true, `0644` is 420),
 * kustomize reads as go-yaml 3 does (`yes` stays a word, `0644` is still 420, a date becomes a time). Base 60 numbers exist in neither.
 */

/** Whose reading applies. */
export type Dialect = 'kubectl' | 'kustomize';

const WORDS_OF_BOTH: readonly (readonly [string, unknown])[] = [
  ['', null],
  ['~', null],
  ['null', null],
  ['Null', null],
  ['NULL', null],
  ['true', true],
  ['True', true],
  ['TRUE', true],
  ['false', false],
  ['False', false],
  ['FALSE', false],
];

const WORDS: Readonly<Record<Dialect, ReadonlyMap<string, unknown>>> = {
  kustomize: new Map(WORDS_OF_BOTH),
  kubectl: new Map([
    ...WORDS_OF_BOTH,
    ...['y', 'Y', 'yes', 'Yes', 'YES', 'on', 'On', 'ON'].map((word) => [word, true] as const),
    ...['n', 'N', 'no', 'No', 'NO', 'off', 'Off', 'OFF'].map((word) => [word, false] as const),
  ]),
};

const LONGEST_WORD = 5;
const INTEGER = /^[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|[1-9][0-9]*|0)$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const NOT_FINITE = /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
const DATE = /^\d{4}-\d{1,2}-\d{1,2}(?:[Tt ]|$)/;
const LARGEST_UINT64 = 2n ** 64n - 1n;
const SMALLEST_INT64 = -(2n ** 63n);

/** A number that JSON, and so the API server, has no way to write. */
export class NotFiniteError extends Error {
  constructor(readonly text: string) {
    super(`${text} is no number that Kubernetes can store; write a finite number or quote it`);
  }
}

/** The value of a plain (unquoted) scalar: itself when it is just text. */
export function scalarValue(text: string, dialect: Dialect): unknown {
  if (!mayBeMore(text)) return text;
  if (text.length <= LONGEST_WORD) {
    const words = WORDS[dialect];
    if (words.has(text)) return words.get(text);
  }
  const first = text.charCodeAt(0);
  if (first === 0x2e) return dotted(text);
  if (first > 0x39) return text;
  if (dialect === 'kustomize' && DATE.test(text)) return time(text);
  return number(text);
}

/** Whether the first character leaves room for a number, boolean or null. Most scalars end here. */
function mayBeMore(text: string): boolean {
  if (text === '') return true;
  const first = text.charCodeAt(0);
  if (first >= 0x30 && first <= 0x39) return true;
  switch (text[0]) {
    case '+':
    case '-':
    case '.':
      return true;
    case '~':
    case 'y':
    case 'Y':
    case 'n':
    case 'N':
    case 't':
    case 'T':
    case 'f':
    case 'F':
    case 'o':
    case 'O':
      return text.length <= LONGEST_WORD;
    default:
      return false;
  }
}

function dotted(text: string): unknown {
  if (NOT_FINITE.test(text)) throw new NotFiniteError(text);
  return FLOAT.test(text) ? finite(text, text) : text;
}

function number(text: string): unknown {
  const plain = text.includes('_') ? text.replaceAll('_', '') : text;
  if (INTEGER.test(plain)) return integer(plain) ?? (FLOAT.test(plain) ? finite(plain, text) : text);
  if (FLOAT.test(plain)) return finite(plain, text);
  if (NOT_FINITE.test(text)) throw new NotFiniteError(text);
  return text;
}

/** @returns undefined outside of 64 bits */
function integer(text: string): number | undefined {
  const negative = text.startsWith('-');
  const digits = /^[-+]/.test(text) ? text.slice(1) : text;
  if (digits.length < 16 && !digits.startsWith('0')) return negative ? -Number(digits) : Number(digits);
  const octal = /^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits;
  const value = negative ? -BigInt(octal) : BigInt(octal);
  if (value > LARGEST_UINT64 || value < SMALLEST_INT64) return undefined;
  return Number(value);
}

/** @returns the text itself where the number is too large to be one */
function finite(plain: string, text: string): number | string {
  const value = Number(plain);
  return Number.isFinite(value) ? value : text;
}

/** kustomize prints what looks like a date as a time in UTC. */
function time(text: string): unknown {
  const date = new Date(
    /^\d{4}-\d{1,2}-\d{1,2}$/.test(text) ? `${text.replace(/-(\d)(?=-|$)/g, '-0$1')}T00:00:00Z` : text.replace(' ', 'T'),
  );
  if (Number.isNaN(date.getTime())) return text;
  return /[Zz]$|^\d{4}-\d{1,2}-\d{1,2}$/.test(text) ? date.toISOString().replace('.000Z', 'Z') : text;
}
