/**
 * Changes of content as changes of text.
 *
 * Each touches as few characters as it can: comments, order, quotes and indentation around it stay as they are. What it cannot do with
 * certainty it declines; that the text then says what was wanted is checked by whoever applies the changes.
 */
import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap, type YAMLSeq } from 'yaml';
import { pointerTo, stepsOf } from '../manifest/json-pointer';
import type { Chunk } from '../manifest/yaml-chunks';
import { YamlTree } from '../manifest/yaml-tree';
import { Declined } from './declined';
import type { Change } from './plain-edits';
import { blockText, entryText, inlineText, itemText, styleOf, type YamlStyle } from './yaml-style';

/** A part of a document's text, from 0, and what takes its place. */
export interface TextChange {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

interface Place {
  readonly node: Node | null;
  /** The pair that it is the value of. @default - an item of a list, or the document */
  readonly pair?: Pair;
  readonly parent?: YAMLMap | YAMLSeq;
}

export class YamlEditor {
  private readonly tree: YamlTree;
  private readonly text: string;
  private readonly style: YamlStyle;

  constructor(chunk: Chunk, isJson: boolean) {
    this.tree = new YamlTree(chunk, 'kubectl');
    this.text = chunk.text;
    this.style = styleOf(chunk.text, isJson);
  }

  /** @throws Declined */
  textChange(change: Change): TextChange {
    switch (change.kind) {
      case 'set':
        return this.set(this.find(change.path), change.value);
      case 'remove':
        return this.remove(this.find(change.path));
      case 'add':
        return this.add(this.find(change.path).node, change.key, change.value);
      case 'insert':
        return this.insert(this.find(change.path).node, change.index, change.value);
    }
  }

  /** A scalar as it is written without quotes. @throws Declined */
  plainText(path: string): string | undefined {
    const { node } = this.find(path);
    return isScalar(node) && node.type === 'PLAIN' && node.range != null ? this.text.slice(node.range[0], node.range[1]) : undefined;
  }

  private find(path: string): Place {
    let place: Place = { node: this.tree.root };
    let reached = '';
    for (const step of stepsOf(path)) {
      const { node } = place;
      reached = pointerTo(reached, step);
      if (isMap(node)) {
        const entry = this.tree.entry(node, step);
        const pair = node.items.find(({ key }) => key === entry?.key);
        if (entry === undefined || pair === undefined)
          throw new Declined(`${reached} comes from a merge key, and so belongs to other fields too`);
        place = { node: entry.value, pair, parent: node };
      } else if (isSeq(node)) place = { node: this.tree.item(node, Number(step)), parent: node };
      if (isAlias(place.node)) throw new Declined(`${reached} is an alias, which shares its value with other fields`);
    }
    return place;
  }

  private set({ node, pair, parent }: Place, value: unknown): TextChange {
    if (isScalar(node) && node.range != null && node.range[1] > node.range[0] && typeof value !== 'object')
      return this.setScalar(node.range, node.type, value, this.isInline(parent));
    if (parent === undefined) throw new Declined('the whole document would change');
    const start = node?.range?.[0] ?? 0;
    const from = pair === undefined ? this.dashBefore(start) + 1 : this.colonEnd(pair);
    const to = this.endOf(node, from);
    if (this.isInline(parent)) {
      // A value where nothing stood needs a space before it.
      const text = inlineText(value, this.style);
      return start > from ? { from: start, to, text } : { from, to, text: ` ${text}` };
    }
    return { from, to, text: this.valueText(value, pair, from) };
  }

  /** What stands behind a colon or dash: on the same line, or on lines of its own. */
  private valueText(value: unknown, pair: Pair | undefined, from: number): string {
    const isShort = typeof value !== 'object' || value === null || Object.keys(value).length === 0;
    if (isShort) return ` ${inlineText(value, this.style)}`;
    if (pair === undefined) return ` ${blockText(value, this.column(from) + 1, this.style)}`;
    const column = this.column(this.startOf(pair));
    const indent = Array.isArray(value) && !this.style.indentsLists ? column : column + this.style.step;
    return this.style.newline + ' '.repeat(indent) + blockText(value, indent, this.style);
  }

  private setScalar(
    [from, to]: readonly [number, number, ...number[]],
    type: string | undefined,
    value: unknown,
    isInline: boolean,
  ): TextChange {
    if (typeof value !== 'string' || this.style.isJson) return { from, to, text: inlineText(value, this.style) };
    switch (type) {
      case 'QUOTE_DOUBLE':
        return { from, to, text: JSON.stringify(value) };
      case 'QUOTE_SINGLE':
        return { from, to, text: /[\r\n]/.test(value) ? JSON.stringify(value) : `'${value.replaceAll("'", "''")}'` };
      case 'BLOCK_LITERAL':
        return this.setLiteral(from, to, value);
      case 'BLOCK_FOLDED':
        throw new Declined('a folded text would change');
      default:
        return { from, to, text: isInline ? inlineText(value, this.style) : blockText(value, 0, this.style) };
    }
  }

  /** The lines of a `|` text, under the same header and as deep. */
  private setLiteral(from: number, to: number, value: string): TextChange {
    const [header = '', ...body] = this.text.slice(from, to).split('\n');
    const indent = body.map((line) => /^ *(?=\S)/.exec(line)?.[0]).find((spaces) => spaces !== undefined);
    const last = body.findLastIndex((line) => line.trim() !== '');
    if (indent === undefined) throw new Declined('an empty text would change');
    const lines = value.replace(/\n$/, '').split('\n').map((line) => (line === '' ? '' : indent + line)); // prettier-ignore
    const text = [header.replace(/\r$/, ''), ...lines].join(this.style.newline);
    const length = [header, ...body.slice(0, last + 1)].join('\n').replace(/\r$/, '').length;
    return { from, to: from + length, text };
  }

  private add(map: Node | null, key: string, value: unknown): TextChange {
    if (!isMap(map) || map.range == null) throw new Declined('there is no map to add to');
    const [first] = map.items;
    const last = map.items.at(-1);
    if (this.isInline(map)) {
      const entry = `${inlineText(key, this.style)}: ${inlineText(value, this.style)}`;
      if (first === undefined || last === undefined) return { from: map.range[0], to: map.range[1], text: `{${entry}}` };
      return this.after(this.pairEnd(last), this.separator(map.range[0], this.startOf(first)), entry);
    }
    if (first === undefined || last === undefined) throw new Declined('there is no map to add to');
    const indent = this.column(this.startOf(first));
    return this.lineAfter(this.pairEnd(last), indent, entryText(key, value, indent, this.style));
  }

  private insert(list: Node | null, index: number, value: unknown): TextChange {
    if (!isSeq(list) || list.range == null || index === 0) throw new Declined('there is no list to add to');
    const [start] = list.range;
    const before = this.endOf(this.tree.item(list, index - 1), start);
    if (this.isInline(list)) {
      const first = this.tree.item(list, 0)?.range?.[0] ?? start;
      return this.after(before, this.separator(start, first), inlineText(value, this.style));
    }
    const indent = this.column(start);
    return this.lineAfter(before, indent, itemText(value, indent, this.style));
  }

  private remove({ node, pair, parent }: Place): TextChange {
    if (parent === undefined) throw new Declined('the whole document would go');
    const start = pair === undefined ? (node?.range?.[0] ?? 0) : this.startOf(pair);
    const end = pair === undefined ? this.endOf(node, start) : this.pairEnd(pair);
    const index = parent.items.findIndex((item) => item === (pair ?? node));
    if (this.isInline(parent)) return this.removeInline(parent, index, start, end);
    const from = pair === undefined ? this.dashBefore(start) : start;
    const lineStart = this.text.lastIndexOf('\n', from - 1) + 1;
    if (this.text.slice(lineStart, from).trim() === '') return { from: lineStart, to: this.lineEnd(end), text: '' };
    const next = isMap(parent) ? parent.items[index + 1] : undefined;
    if (next === undefined) throw new Declined('it shares its line with what stays');
    return { from: start, to: this.startOf(next), text: '' };
  }

  private removeInline(parent: YAMLMap | YAMLSeq, index: number, start: number, end: number): TextChange {
    const bounds = (at: number): readonly [number, number] | undefined => {
      const item: unknown = parent.items[at];
      if (isMap(parent)) {
        const pair = parent.items[at];
        return pair === undefined ? undefined : [this.startOf(pair), this.pairEnd(pair)];
      }
      return (isScalar(item) || isMap(item) || isSeq(item)) && item.range != null ? [item.range[0], item.range[1]] : undefined;
    };
    const next = bounds(index + 1);
    const before = bounds(index - 1);
    if (next !== undefined) return { from: start, to: next[0], text: '' };
    return before === undefined ? { from: start, to: end, text: '' } : { from: before[1], to: end, text: '' };
  }

  private after(from: number, separator: string, entry: string): TextChange {
    return { from, to: from, text: separator + entry };
  }

  /** Between entries: as the first one stands to its brace. */
  private separator(open: number, first: number): string {
    const between = this.text.slice(open + 1, first);
    return between.includes('\n') ? `,${this.style.newline}${between.slice(between.lastIndexOf('\n') + 1)}` : ', ';
  }

  private lineAfter(end: number, indent: number, text: string): TextChange {
    const from = this.lineEnd(end);
    const { newline } = this.style;
    const isOpenEnd = from === this.text.length && !this.text.endsWith('\n');
    const line = ' '.repeat(indent) + text;
    return { from, to: from, text: isOpenEnd ? newline + line : line + newline };
  }

  private isInline(node: YAMLMap | YAMLSeq | undefined): boolean {
    return node?.flow === true;
  }

  private startOf({ key }: Pair): number {
    const start = isScalar(key) || isMap(key) || isSeq(key) ? key.range?.[0] : undefined;
    if (start === undefined) throw new Declined('a key stands where no program finds it');
    return start;
  }

  private colonEnd({ key }: Pair): number {
    const end = isScalar(key) ? (key.range?.[1] ?? 0) : 0;
    return this.text.indexOf(':', end) + 1;
  }

  private pairEnd(pair: Pair): number {
    return this.endOf(isNode(pair.value) ? pair.value : null, this.colonEnd(pair));
  }

  /** Where a value ends, without the comments and empty lines behind it. @param otherwise where it would stand, if it is not written */
  private endOf(node: Node | null, otherwise: number): number {
    if (isMap(node) && !this.isInline(node)) {
      const last = node.items.at(-1);
      return last === undefined ? otherwise : this.pairEnd(last);
    }
    if (isSeq(node) && !this.isInline(node)) {
      const last = node.items.at(-1);
      return isNode(last) ? this.endOf(last, last.range?.[0] ?? otherwise) : otherwise;
    }
    const [from, to] = node?.range ?? [otherwise, otherwise];
    if (to <= from) return otherwise;
    const isKept = isScalar(node) && /^[|>][^\n]*\+/.test(this.text.slice(from, to));
    return isKept ? to : from + this.text.slice(from, to).trimEnd().length;
  }

  /** Behind the end of the line on which something ends. */
  private lineEnd(end: number): number {
    if (this.text.charAt(end - 1) === '\n') return end;
    const newline = this.text.indexOf('\n', end);
    return newline < 0 ? this.text.length : newline + 1;
  }

  private dashBefore(start: number): number {
    const dash = this.text.lastIndexOf('-', start - 1);
    if (dash < 0 || this.text.slice(dash + 1, start).trim() !== '') throw new Declined('a list stands where no program finds its dash');
    return dash;
  }

  private column(at: number): number {
    return at - (this.text.lastIndexOf('\n', at - 1) + 1);
  }
}

function isNode(value: unknown): value is Node {
  return isScalar(value) || isMap(value) || isSeq(value) || isAlias(value);
}
