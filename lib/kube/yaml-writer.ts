/**
 * Manifests as YAML, byte for byte what cdk8s writes, at a fraction of the time.
 *
 * The insight: a printer for everything YAML can say spends most of its time on what manifests never hold. Maps, lists and scalars on
 * one line, and plain blocks of text, are printed here; a document with anything else is left to cdk8s as a whole.
 */
import { Yaml } from 'cdk8s';

/** The documents as one text, like `Yaml.stringify`. */
export function writeYaml(documents: readonly unknown[]): string {
  return documents.map((document) => written(document) ?? Yaml.stringify(document)).join('---\n');
}

function written(document: unknown): string | undefined {
  if (typeof document !== 'object' || document === null) return undefined;
  const writer = new Writer();
  const text = writer.collection(document, '');
  return text === undefined ? undefined : `${text}\n`;
}

/** What is written is undefined where cdk8s is to write it. */
class Writer {
  /** What stands in a document twice is written as an alias, which is not done here. */
  private readonly seen = new Set<object>();

  /** A map or list whose lines begin with `indent`, without that of the first line. */
  collection(value: object, indent: string): string | undefined {
    if (this.seen.has(value)) return undefined;
    this.seen.add(value);
    if (Array.isArray(value)) return this.list(value, indent);
    const prototype: unknown = Object.getPrototypeOf(value);
    return prototype === Object.prototype || prototype === null ? this.map(value, indent) : undefined;
  }

  private list(items: readonly unknown[], indent: string): string | undefined {
    if (items.length === 0) return '[]';
    const below = `${indent}  `;
    let text = '';
    for (const item of items) {
      const rest = typeof item === 'object' && item !== null ? this.collection(item, below) : scalar(item, below);
      if (rest === undefined) return undefined;
      text += text === '' ? `- ${rest}` : `\n${indent}- ${rest}`;
    }
    return text;
  }

  private map(map: object, indent: string): string | undefined {
    const below = `${indent}  `;
    let text = '';
    for (const [key, value] of Object.entries(map)) {
      const rest = this.field(value, below, indent);
      if (rest === undefined || !isKey(key)) return undefined;
      text += `${text === '' ? '' : `\n${indent}`}${oneLine(key)}:${rest}`;
    }
    return text === '' ? '{}' : text;
  }

  /** What stands behind a key's colon. */
  private field(value: unknown, below: string, indent: string): string | undefined {
    const isCollection = typeof value === 'object' && value !== null;
    const text = isCollection ? this.collection(value, below) : scalar(value, below);
    if (text === undefined) return undefined;
    return isCollection && text !== '{}' && text !== '[]' ? `\n${indent}  ${text}` : ` ${text}`;
  }
}

/** A key that is written on its line like any text. Longer ones, and those that read as something else, are not. */
function isKey(key: string): boolean {
  return key.length < 500 && !key.includes('\n') && !STRANGE.test(key) && !/[\u2028\u2029]|^(?:---|\.\.\.|<<$)/.test(key);
}

function scalar(value: unknown, indent: string): string | undefined {
  switch (typeof value) {
    case 'string':
      if (!SIMPLE.test(value) && (STRANGE.test(value) || value === '<<')) return undefined;
      return value.includes('\n') ? block(value, indent) : oneLine(value);
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0) ? String(value) : undefined;
    case 'boolean':
      return String(value);
    default:
      return value === null ? 'null' : undefined;
  }
}

/** Most texts of manifests: nothing in them means anything to YAML, and only a short word can be taken for something else. */
const SIMPLE = /^[A-Za-z/](?:[\w./=()$+-]|:(?=[\w./]))*$/;

/** Control characters and halves of surrogate pairs, which are escaped. */
const STRANGE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u{D800}-\u{DFFF}]/u;

/** What YAML would take for something else than the text: indicators, comments, keys, spaces that get lost. */
const INDICATORS = /^[\t ,[\]{}#&*!|>'"%@`]|^[?-]$|^[?-][ \t]|:[ \t]|[\t ]#|[\t :]$/;

/** Null and the booleans of YAML 1.1, and exponents without a number before them. */
const WORD = /^(?:[Nn]ull|NULL|[Yy]|[Yy]es|YES|[Tt]rue|TRUE|[Oo]n|ON|[Nn]|[Nn]o|NO|[Ff]alse|FALSE|[Oo]ff|OFF|[eE][-+]?[0-9]+)$/;

/** What YAML 1.1 reads as null, a boolean, a number or a time. */
const OTHER_TYPES = [
  /^~?$/,
  WORD,
  /^[-+]?(?:0b[01_]+|[0-9][0-9_]*|0x[0-9a-fA-F_]+)$/,
  /^(?:[-+]?\.(?:inf|Inf|INF)|\.nan|\.NaN|\.NAN)$/,
  /^[-+]?(?:[0-9][0-9_]*)?(?:\.[0-9_]*)?[eE][-+]?[0-9]+$/,
  /^[-+]?(?:[0-9][0-9_]*)?\.[0-9_]*$/,
  /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/,
  /^\d{4}-\d{1,2}-\d{1,2}(?:(?:t|T|[ \t]+)\d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?(?:[ \t]*(?:Z|[-+][012]?\d(?::\d\d)?))?)?$/,
];

function oneLine(text: string): string {
  if (SIMPLE.test(text)) return WORD.test(text) ? `"${text}"` : text;
  if (!INDICATORS.test(text) && !OTHER_TYPES.some((type) => type.test(text))) return text;
  return text.includes('"') && !text.includes("'") ? `'${text}'` : JSON.stringify(text);
}

/** Text of several lines that begins and ends with something other than space, but for one line break at its end. */
function block(text: string, indent: string): string | undefined {
  if (!/^\S/.test(text) || !/\S\n?$/.test(text)) return undefined;
  const ends = text.endsWith('\n');
  const lines = ends ? text.slice(0, -1) : text;
  return `${ends ? '|' : '|-'}\n${indent}${lines.replace(/\n+/g, `$&${indent}`)}`;
}
