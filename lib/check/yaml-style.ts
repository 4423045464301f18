/** Values as YAML text, in the manner of the file that they go into. */
import { stringify } from 'yaml';
import { scalarValue } from '../manifest/scalar';

export interface YamlStyle {
  readonly isJson: boolean;
  readonly newline: string;
  /** Columns that a level goes in. */
  readonly step: number;
  /** Whether lists are indented below their key. */
  readonly indentsLists: boolean;
}

/** YAML 1.1 quotes `yes`, `0644` and the like; version 1.2 would leave them to be misread. */
const OPTIONS = { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false } as const;

/** On one line. */
export function inlineText(value: unknown, style: YamlStyle): string {
  if (typeof value === 'string') return !style.isJson && isPlain(value) ? value : JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return `[${value.map((item) => inlineText(item, style)).join(', ')}]`;
  return `{${Object.entries(value)
    .map(([key, below]) => `${inlineText(key, style)}: ${inlineText(below, style)}`)
    .join(', ')}}`;
}

/** Whether a text needs no quotes, wherever it stands and whoever reads it. */
function isPlain(text: string): boolean {
  if (!/^[\w/.][\w/.:@+-]*$/.test(text) || text.endsWith(':')) return false;
  return !/^[\d.+-]/.test(text) && scalarValue(text, 'kubectl') === text && scalarValue(text, 'kustomize') === text;
}

/** On lines of its own, all but the first after `indent` columns. */
export function blockText(value: unknown, indent: number, { step, indentsLists, newline }: YamlStyle): string {
  const text = stringify(value, { ...OPTIONS, indent: Math.max(2, step), indentSeq: indentsLists, blockQuote: 'literal' }).trimEnd();
  return text.split('\n').map((line, index) => (index === 0 || line === '' ? line : ' '.repeat(indent) + line)).join(newline); // prettier-ignore
}

/** `key: value`, or `- value` below a list. */
export function entryText(key: string, value: unknown, indent: number, style: YamlStyle): string {
  return blockText({ [key]: value }, indent, style);
}

export function itemText(value: unknown, indent: number, style: YamlStyle): string {
  return blockText([value], indent, style);
}

/** The manner of a text, from what it does most visibly. */
export function styleOf(text: string, isJson: boolean): YamlStyle {
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const nested = /^[ ]*[^\s#-][^\r\n]*:[ \t]*(?:#[^\r\n]*)?\r?\n([ ]+)[^\s#-]/m.exec(text);
  const outer = nested === null ? 0 : (/^ */.exec(nested[0])?.[0].length ?? 0);
  const step = nested === null ? 2 : Math.max(1, (nested[1]?.length ?? 2) - outer);
  const list = /^([ ]*)[^\s#-][^\r\n]*:[ \t]*(?:#[^\r\n]*)?\r?\n([ ]*)-[ \t]/m.exec(text);
  const indentsLists = list === null || (list[2]?.length ?? 0) > (list[1]?.length ?? 0);
  return { isJson, newline, step, indentsLists };
}
