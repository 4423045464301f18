/** Where the fields of one document stand in its file. The text is parsed for it when the first field is asked for; most never are. */
import { isMap, isSeq, type Node } from 'yaml';
import type { FileLocation } from './document';
import { type JsonPointer, stepsOf } from './json-pointer';
import type { Dialect } from './scalar';
import { type Entry, YamlTree } from './yaml-tree';
import type { Chunk } from './yaml-chunks';

export class Positions {
  private parsed?: YamlTree;

  constructor(
    private readonly chunk: Chunk,
    private readonly file: string,
    private readonly dialect: Dialect,
  ) {}

  /** The region of a field's value, of its key where the value is empty; of the document as a whole, its first line. */
  locate(pointer: JsonPointer): FileLocation {
    if (pointer === '') return this.firstLine();
    const entry = this.find(stepsOf(pointer));
    if (entry === undefined) return this.firstLine();
    const range = this.rangeOf(entry.value);
    return range === undefined ? this.region(...(this.rangeOf(entry.key) ?? this.pointOf(entry.value))) : this.region(...range);
  }

  /** The region of the key that a field stands under; of an item of a list, its value. */
  locateKey(pointer: JsonPointer): FileLocation {
    const entry = this.find(stepsOf(pointer));
    const range = entry === undefined ? undefined : (this.rangeOf(entry.key) ?? this.rangeOf(entry.value));
    return range === undefined ? this.firstLine() : this.region(...range);
  }

  private get tree(): YamlTree {
    this.parsed ??= new YamlTree(this.chunk, this.dialect);
    return this.parsed;
  }

  /** @returns undefined where the steps lead nowhere; the key is null for items of lists */
  private find(steps: readonly string[]): { readonly key: Node | null; readonly value: Node | null } | undefined {
    let found: { key: Node | null; value: Node | null } = { key: null, value: this.tree.root };
    for (const step of steps) {
      const parent = this.tree.target(found.value);
      const next: Entry | { key: null; value: Node | null } | undefined = isMap(parent)
        ? this.tree.entry(parent, step)
        : isSeq(parent)
          ? { key: null, value: this.tree.item(parent, Number(step)) }
          : undefined;
      if (next === undefined) return undefined;
      found = next;
    }
    return found;
  }

  /** @returns undefined for what takes no room */
  private rangeOf(node: Node | null): [number, number] | undefined {
    if (node?.range === null || node?.range === undefined) return undefined;
    const [from, to] = node.range;
    let end = to;
    while (end > from && /\s/.test(this.chunk.text.charAt(end - 1))) end--;
    return end > from ? [from, end] : undefined;
  }

  /** Where an item stands that is not written: after its dash. */
  private pointOf(node: Node | null): [number, number] {
    const from = node?.range?.[0] ?? 0;
    return [from, from];
  }

  private firstLine(): FileLocation {
    const [from] = this.rangeOf(this.tree.root) ?? [0, 0];
    const line = /^[^\r\n]*/.exec(this.chunk.text.slice(from))?.[0] ?? '';
    return this.region(from, from + line.trimEnd().length);
  }

  private region(from: number, to: number): FileLocation {
    const start = this.tree.lines.linePos(from);
    const end = this.tree.lines.linePos(to);
    const above = this.chunk.line - 1;
    return { file: this.file, line: above + start.line, column: start.col, endLine: above + end.line, endColumn: end.col };
  }
}
