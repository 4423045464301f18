/**
 * Fixes of one round, gathered before any file changes.
 *
 * Every fix is tried on drafts of the documents; it counts when the draft then reads as what was wanted.
 */
import { parseAllDocuments } from 'yaml';
import { Field } from '../manifest/field';
import { type JsonPointer, stepsOf } from '../manifest/json-pointer';
import { type Chunk, chunksOf } from '../manifest/yaml-chunks';
import { YamlTree } from '../manifest/yaml-tree';
import { Declined } from './declined';
import type { FileContents, Finding } from './finding';
import { placeOf } from './fix-place';
import { changesBetween, edited, type PlainEdit, sameContent } from './plain-edits';
import { type TextChange, YamlEditor } from './yaml-editor';

export const LATER = 'another fix touches the same place';

/** A document of a file while fixes gather: what the text will say, and the changes that make it say so. */
interface Draft {
  readonly chunk: Chunk;
  readonly editor: YamlEditor;
  readonly content: unknown;
  readonly expected: unknown;
  readonly changes: readonly TextChange[];
}

/** Fixes that fit together, and the files that they make. */
export class Plan {
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
      own.edits.push({ path, value: textAsWritten(this.draft(file, chunk), path, edit.value) });
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

/** Of a number or boolean that is to become text, the characters that its author chose: `yes` is read as true, and 0644 as 420. */
function textAsWritten({ content, editor }: Draft, path: JsonPointer, value: unknown): unknown {
  const before = new Field(content).at(...stepsOf(path)).value;
  const becomesText = (typeof before === 'number' || typeof before === 'boolean') && value === String(before);
  return becomesText ? (editor.plainText(path) ?? value) : value;
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
export function textOfData(data: string | Uint8Array): string | undefined {
  if (typeof data === 'string') return data;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    return undefined;
  }
}
