/** The line of a file that a finding points to, with what must not be shown left out. */
import type { Report } from '../check/finding';
import { append } from '../manifest/append';
import type { FileLocation } from '../manifest/document';
import { textOf } from '../manifest/text';
import { credentialIn, credentialSpans, HIDDEN, isCredentialName, isNoCredential, mergedSpans, type Span } from '../resources/credentials';
import { secretsIn, secretsOf } from './secret-regions';

/** The files that were read, by the names that locations use. */
export type Sources = ReadonlyMap<string, string | Uint8Array>;

export interface Excerpt {
  readonly line: number;
  readonly text: string;
  /** The part of the text that is meant, from 0; its end is exclusive, and behind its start. */
  readonly from: number;
  readonly to: number;
}

/** Longer lines are cut around what is meant. */
const WIDEST = 120;
const LEAD = 40;
/** Lines beyond this were written by machines: nobody wants to see them, and looking for secrets in them takes its time. */
const LONGEST = 20_000;

/** So many values are looked for inside of words too; the rest, in files full of them, as words only. */
const MOST_SEARCHED = 100;

interface Source {
  readonly lines: readonly string[];
  /** What is known to be hidden, by line. */
  readonly hidden: ReadonlyMap<number, readonly Span[]>;
  readonly values: ReadonlySet<string>;
  readonly searched: readonly string[];
}

/** Reads each file once, when the first line of it is shown. */
export class Excerpts {
  private readonly files = new Map<string, Source | undefined>();
  /** By file. */
  private readonly told: ReadonlyMap<string, readonly FileLocation[]>;

  constructor(
    private readonly sources: Sources,
    report: Report,
  ) {
    this.told = secretsIn(report);
  }

  /** @returns undefined where the file's text is not known */
  of({ file, line, column, endLine, endColumn }: FileLocation): Excerpt | undefined {
    const source = this.sourceOf(file);
    const whole = source?.lines[line - 1];
    if (source === undefined || whole === undefined || whole.length > LONGEST) return undefined;
    const from = Math.min(column - 1, whole.length);
    const to = Math.max(from + 1, endLine > line ? whole.length : endColumn - 1);
    return cut(without(hiddenIn(source, line, whole), { line, text: whole, from, to }));
  }

  /** Every line of a file, uncut; none where its text is not known. */
  lines(file: string): string[] {
    const source = this.sourceOf(file);
    return (source?.lines ?? []).map((text, index) => {
      if (source === undefined || text.length > LONGEST) return HIDDEN;
      const line = index + 1;
      return without(hiddenIn(source, line, text), { line, text, from: 0, to: 1 }).text;
    });
  }

  private sourceOf(file: string): Source | undefined {
    if (!this.files.has(file)) this.files.set(file, this.read(file));
    return this.files.get(file);
  }

  private read(file: string): Source | undefined {
    const data = this.sources.get(file);
    const text = data === undefined ? undefined : textOf(data, file);
    if (typeof text !== 'string') return undefined;
    const lines = linesOf(text);
    const isYaml = /\.(?:ya?ml|json)$|kustomization$|^<stdin>$/i.test(file);
    const { regions, values } = isYaml ? secretsOf(text, file) : { regions: [], values: [] };
    const hidden = byLine([...regions, ...(this.told.get(file) ?? [])], lines);
    return { lines, hidden, values: new Set(values), searched: values.slice(0, MOST_SEARCHED) };
  }
}

/** As editors count them. */
export function linesOf(text: string): string[] {
  return text.replace(/^\uFEFF/, '').split(/\r?\n/);
}

/** The parts of each line that regions cover. */
function byLine(regions: readonly FileLocation[], lines: readonly string[]): ReadonlyMap<number, readonly Span[]> {
  const result = new Map<number, Span[]>();
  for (const { line: first, column, endLine: last, endColumn } of regions)
    for (let line = first; line <= last; line++) {
      const span: Span = [line === first ? column - 1 : 0, line === last ? endColumn - 1 : (lines[line - 1]?.length ?? 0)];
      if (span[1] > span[0]) append(result, line, span);
    }
  return result;
}

/** Adds to the known ones what looks like a credential: a known value, a shape that is nothing else, what stands behind a telling name. */
function hiddenIn({ hidden, values, searched }: Source, number: number, line: string): Span[] {
  const known = hidden.get(number) ?? [];
  const found: Span[] = [...known, ...credentialSpans(line)];
  if (values.size > searched.length)
    for (const { 0: word, index } of line.matchAll(/[^\s"',;=&[\]{}()<>]+/g))
      if (values.has(word)) found.push([index, index + word.length]);
  for (const value of searched)
    for (let at = line.indexOf(value); at >= 0; at = line.indexOf(value, at + value.length)) found.push([at, at + value.length]);
  for (const { 0: word, index } of line.matchAll(/\S+/g)) if (credentialIn(word) !== undefined) found.push([index, index + word.length]);
  for (const { 0: whole, 1: name = '', index } of line.matchAll(/([A-Za-z][\w.-]*)["']?\s*[:=]\s*(?=[^\s[\]{}&*|>!,])/g)) {
    const from = index + whole.length;
    // Where the value ends only its reader can tell, who has done so for the known ones.
    if (known.some(([start, end]) => start <= from + 1 && from < end)) continue;
    if (isCredentialName(name) && !isNoCredential(/^["']?([^\s"',}\]]*)/.exec(line.slice(from))?.[1] ?? ''))
      found.push([from, line.length]);
  }
  // A value that lacks its quotes, and so is taken for a mark of YAML's.
  for (const { 0: whole, 1: name = '', 2: mark = '', index } of line.matchAll(/([A-Za-z][\w.-]*)["']?\s*:\s+([&*!]\S+)\s*$/g))
    if (isCredentialName(name)) found.push([index + whole.lastIndexOf(mark), line.length]);
  return found;
}

/** The line with something else in place of these parts, and the marker where its part went. */
function without(hidden: readonly Span[], { line, text, from, to }: Excerpt): Excerpt {
  const parts = mergedSpans(hidden);
  const moved = (at: number, isEnd: boolean): number => {
    let shift = 0;
    for (const [start, end] of parts) {
      if (at <= start) break;
      // Inside of what is hidden, all of it is meant.
      if (at <= end) return start + shift + (isEnd || at === end ? HIDDEN.length : 0);
      shift += HIDDEN.length - (end - start);
    }
    return at + shift;
  };
  const shown = parts.reduceRight((rest, [start, end]) => rest.slice(0, start) + HIDDEN + rest.slice(end), text);
  return { line, text: shown, from: moved(from, false), to: moved(to, true) };
}

function cut({ line, text, from, to }: Excerpt): Excerpt {
  if (text.length <= WIDEST) return { line, text, from, to };
  const start = from <= LEAD ? 0 : from - LEAD;
  const end = Math.min(text.length, start + WIDEST);
  const head = start > 0 ? '…' : '';
  const shift = start - head.length;
  return {
    line,
    text: head + text.slice(start, end) + (end < text.length ? '…' : ''),
    from: from - shift,
    to: Math.min(to, end) - shift,
  };
}
