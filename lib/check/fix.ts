/**
 * Fixes of findings, as changes of the files.
 *
 * A fix is done whole or not at all, and only where the text afterwards reads as what was wanted and nothing else. Fixes that touch the
 * same place wait for the next round, which judges what the first one has left.
 */
import { parseAllDocuments } from 'yaml';
import { isFileLocation } from '../manifest/document';
import { chunksOf, type Chunk } from '../manifest/yaml-chunks';
import { YamlTree } from '../manifest/yaml-tree';
import { fingerprintOf } from './baseline';
import { Declined } from './declined';
import type { Finding, Report } from './finding';
import { placeOf } from './fix-place';
import { changesBetween, edited, type PlainEdit, sameContent } from './plain-edits';
import { type TextChange, YamlEditor } from './yaml-editor';

export type FileContents = ReadonlyMap<string, string | Uint8Array>;

export interface DeclinedFix {
  readonly finding: Finding;
  /** Why a person has to do it. */
  readonly reason: string;
}

export interface Fixed {
  readonly files: FileContents;
  /** The texts of the files that changed, before and after. */
  readonly changed: ReadonlyMap<string, { readonly before: string; readonly after: string }>;
  readonly fixed: readonly Finding[];
  readonly declined: readonly DeclinedFix[];
  /** What is found afterwards. */
  readonly report: Report;
}

/** Fixes may uncover further findings; more rounds than that are a circle. */
const MOST_ROUNDS = 10;

/** @param judge judges all files again, to prove that what was fixed is gone @param asked the files that may be changed */
export function fixAll(files: FileContents, report: Report, judge: (files: FileContents) => Report, asked: ReadonlySet<string>): Fixed {
  const fixed: Finding[] = [];
  const declined = new Map<string, DeclinedFix>();
  let now = { files, report };
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const open = now.report.findings.filter((finding) => finding.fix?.edits !== undefined && !declined.has(fingerprintOf(finding)));
    const result = fixOnce(now, open, judge, asked);
    for (const one of result.declined) declined.set(fingerprintOf(one.finding), one);
    fixed.push(...result.fixed);
    now = result;
    if (result.fixed.length === 0) break;
  }
  const changed = [...now.files].flatMap(([file, data]) => {
    const before = files.get(file);
    return before === undefined || before === data
      ? []
      : [[file, { before: textOfData(before) ?? '', after: textOfData(data) ?? '' }] as const];
  });
  return { ...now, changed: new Map(changed), fixed, declined: [...declined.values()] };
}

interface Round {
  readonly files: FileContents;
  readonly report: Report;
  readonly fixed: readonly Finding[];
  readonly declined: readonly DeclinedFix[];
}

/** Applies as many fixes as fit together; those that do not help are taken back. */
function fixOnce(
  { files, report }: { readonly files: FileContents; readonly report: Report },
  open: readonly Finding[],
  judge: (files: FileContents) => Report,
  asked: ReadonlySet<string>,
): Round {
  const declined: DeclinedFix[] = [];
  let candidates = open;
  for (;;) {
    const plan = new Plan(files, asked);
    const applied = candidates.filter((finding) => {
      const reason = plan.tryFix(finding);
      if (reason !== undefined && reason !== LATER) declined.push({ finding, reason });
      return reason === undefined;
    });
    if (applied.length === 0) return { files, report, fixed: [], declined };
    const after = plan.files();
    const next = judge(after);
    const idle = unchanged(applied, report, next);
    const isWorse = next.problems.length > report.problems.length;
    if (idle.size === 0 && !isWorse) return { files: after, report: next, fixed: applied, declined };
    // Of fixes that break something together, the last one is left out until the rest holds.
    const left = idle.size > 0 ? idle : new Set(applied.slice(-1));
    for (const finding of left)
      declined.push({ finding, reason: isWorse ? 'the file would not be readable any more' : 'the mend would not change what is found' });
    candidates = applied.filter((finding) => !left.has(finding));
  }
}

/** The fixed findings that are still there. In a list, another one may have moved up to where a fixed one was: then there are fewer of them. */
function unchanged(applied: readonly Finding[], before: Report, after: Report): Set<Finding> {
  const [exactly, roughly] = [counter((finding) => fingerprintOf(finding)), counter((finding) => fingerprintOf({ ...finding, path: '' }))];
  return new Set(
    applied.filter((finding) => {
      const others = (findings: readonly Finding[]): number => roughly(finding, findings);
      const areFewer = others(after.findings) <= others(before.findings) - others(applied);
      return !areFewer && exactly(finding, after.findings) >= exactly(finding, before.findings);
    }),
  );
}

/** Counts findings of one key; each list is gone through once. */
function counter(keyOf: (finding: Finding) => string): (finding: Finding, among: readonly Finding[]) => number {
  const counts = new Map<readonly Finding[], Map<string, number>>();
  return (finding, among) => {
    const known = counts.get(among) ?? new Map<string, number>();
    if (!counts.has(among)) {
      counts.set(among, known);
      for (const key of among.map(keyOf)) known.set(key, (known.get(key) ?? 0) + 1);
    }
    return known.get(keyOf(finding)) ?? 0;
  };
}

const LATER = 'another fix touches the same place';

/** A document of a file while fixes gather: what the text will say, and the changes that make it say so. */
interface Draft {
  readonly chunk: Chunk;
  readonly editor: YamlEditor;
  readonly content: unknown;
  readonly expected: unknown;
  readonly changes: readonly TextChange[];
}

class Plan {
  private readonly texts = new Map<string, string>();
  private readonly drafts = new Map<string, Draft[]>();

  constructor(
    private readonly before: FileContents,
    private readonly asked: ReadonlySet<string>,
  ) {}

  /** @returns why the fix cannot be done, if it cannot */
  tryFix(finding: Finding): string | undefined {
    try {
      const drafts = this.drafted(finding);
      for (const [draft, { file, index }] of drafts) this.draftsOf(file)[index] = draft;
      return undefined;
    } catch (error) {
      if (error instanceof Declined) return error.message;
      throw error;
    }
  }

  files(): FileContents {
    const files = new Map(this.before);
    for (const [file, drafts] of this.drafts) {
      const changes = drafts.flatMap(({ chunk, changes: own }) =>
        own.map(({ from, to, text }) => ({ from: from + chunk.offset, to: to + chunk.offset, text })),
      );
      if (changes.length > 0) files.set(file, Buffer.from(applied(this.textOf(file), changes)));
    }
    return files;
  }

  private drafted({ fix, resource }: Finding): [Draft, { file: string; index: number }][] {
    const edits = new Map<string, { readonly file: string; readonly index: number; readonly edits: PlainEdit[] }>();
    for (const edit of fix?.edits ?? []) {
      const { file, chunk, path } = placeOf(edit, edit.resource ?? resource, (name, index) => this.draft(name, index).content);
      if (!this.asked.has(file)) throw new Declined(`it is written in ${file}, which was not among the paths`);
      const key = `${chunk} ${file}`;
      const own = edits.get(key) ?? { file, index: chunk, edits: [] };
      own.edits.push({ path, value: edit.value });
      edits.set(key, own);
    }
    return [...edits.values()].map(({ file, index, edits: own }) => [redrafted(this.draft(file, index), own), { file, index }]);
  }

  private draft(file: string, index: number): Draft {
    const draft = this.draftsOf(file)[index];
    if (draft === undefined) throw new Declined(`it is written in ${file}, where no program finds it`);
    return draft;
  }

  private draftsOf(file: string): Draft[] {
    const known = this.drafts.get(file);
    if (known !== undefined) return known;
    const text = this.textOf(file);
    const isJson = file.endsWith('.json');
    const offset = text.startsWith('\uFEFF') ? 1 : 0;
    const chunks = isJson ? [{ text: text.slice(offset), line: 1, offset }] : chunksOf(text);
    const drafts = chunks.map((chunk): Draft => {
      const editor = new YamlEditor(chunk, isJson);
      const content = contentOf(chunk);
      return { chunk, editor, content, expected: content, changes: [] };
    });
    this.drafts.set(file, drafts);
    return drafts;
  }

  private textOf(file: string): string {
    const known = this.texts.get(file);
    if (known !== undefined) return known;
    const data = this.before.get(file);
    const text = data === undefined ? undefined : textOfData(data);
    if (text === undefined) throw new Declined(`${file} is not UTF-8`);
    this.texts.set(file, text);
    return text;
  }
}

/** The draft with further edits. @throws Declined when the text would not say exactly what is wanted */
function redrafted(draft: Draft, edits: readonly PlainEdit[]): Draft {
  const wanted = changesBetween(draft.content, edited(draft.content, edits));
  const own = wanted.map((change) => draft.editor.textChange(change));
  if (own.some((one, index) => own.slice(index + 1).some((other) => overlap(one, other))))
    throw new Declined('its parts touch one another');
  // Several renderings of one text ask for the same.
  const fresh = own.filter((one) => !draft.changes.some((other) => sameContent(one, other)));
  if (fresh.some((one) => draft.changes.some((other) => overlap(one, other)))) throw new Declined(LATER);
  const changes = [...draft.changes, ...fresh];
  const expected = fresh.length === 0 ? draft.expected : edited(draft.expected, edits);
  const text = applied(draft.chunk.text, changes);
  const isSure = sameContent(contentOf({ ...draft.chunk, text }), expected) && repeatedKeys(text) <= repeatedKeys(draft.chunk.text);
  if (!isSure) throw new Declined(draft.changes.length > 0 ? LATER : 'the text around it leaves no room for a sure change');
  return { ...draft, expected, changes };
}

/** Two fixes may add one key at the same place. */
function repeatedKeys(text: string): number {
  return parseAllDocuments(text, { schema: 'failsafe', logLevel: 'silent' }).reduce(
    (count, { errors }) => count + errors.filter(({ code }) => code === 'DUPLICATE_KEY').length,
    0,
  );
}

/** Insertions at one place do not overlap: they stand one after the other. */
function overlap(a: TextChange, b: TextChange): boolean {
  if (a.from === a.to && b.from === b.to) return false;
  return a.from < b.to && b.from < a.to;
}

function applied(text: string, changes: readonly TextChange[]): string {
  let result = '';
  let reached = 0;
  for (const { from, to, text: replacement } of [...changes].sort((a, b) => a.from - b.from || a.to - b.to)) {
    result += text.slice(reached, from) + replacement;
    reached = to;
  }
  return result + text.slice(reached);
}

/** @returns undefined for what no reader reads: it equals nothing */
function contentOf(chunk: Chunk): unknown {
  try {
    return new YamlTree(chunk, 'kubectl').content();
  } catch {
    return undefined;
  }
}

/** The text with its byte order mark, for it stays in the file. @returns undefined for other encodings */
function textOfData(data: string | Uint8Array): string | undefined {
  if (typeof data === 'string') return data;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    return undefined;
  }
}

/** For people: where a finding is. */
export function lineOf({ location }: Finding): string {
  return isFileLocation(location) ? `${location.file}:${location.line}` : location.construct;
}
