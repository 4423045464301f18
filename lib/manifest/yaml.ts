/**
 * YAML text in, documents out.
 *
 * Everything is read fast and without positions; a document parses its own text a second time, with positions, when
 * the first field of it is located. Most documents never are.
 */
import { loadAll, YAMLException } from 'js-yaml';
import { LineCounter, parseAllDocuments, isNode, type Document as YamlDocument } from 'yaml';
import type { Document, FileLocation, Problem } from './document';
import { type JsonPointer, nearestExisting, stepsOf } from './json-pointer';

export interface Reading {
  readonly documents: readonly Document[];
  readonly problems: readonly Problem[];
}

export function readYaml(text: string, file: string): Reading {
  const contents: unknown[] = [];
  try {
    loadAll(text, (content) => contents.push(content), { filename: file });
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    return { documents: [], problems: [{ file, line: error.mark === undefined ? undefined : error.mark.line + 1, message: error.reason }] };
  }
  const positions = new Positions(text, file);
  const documents = contents.map((content, index) => ({
    content,
    source: file,
    locate: (pointer: JsonPointer) => positions.locate(index, nearestExisting(content, pointer)),
  }));
  return { documents: documents.filter(({ content }) => content !== null && content !== undefined), problems: [] };
}

class Positions {
  private parsed?: { lines: LineCounter; documents: YamlDocument[] };

  constructor(
    private readonly text: string,
    private readonly file: string,
  ) {}

  locate(index: number, pointer: JsonPointer): FileLocation {
    this.parsed ??= this.parse();
    const { lines, documents } = this.parsed;
    const node = documents[index]?.getIn(stepsOf(pointer), true);
    const [from, to] = (isNode(node) ? node.range : undefined) ?? documents[index]?.range ?? [0, 0];
    const start = lines.linePos(from);
    const end = lines.linePos(to);
    return { file: this.file, line: start.line, column: start.col, endLine: end.line, endColumn: end.col };
  }

  private parse(): { lines: LineCounter; documents: YamlDocument[] } {
    const lines = new LineCounter();
    const documents = parseAllDocuments(this.text, { lineCounter: lines, version: '1.1' });
    return { lines, documents: Array.isArray(documents) ? documents : [] };
  }
}
