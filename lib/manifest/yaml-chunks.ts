/**
 * One file, several documents.
 *
 * They are cut apart by their separator lines before anything is parsed, as kubectl does: a document that cannot be read takes no other with it.
 */

/** The text of one document of a file. */
export interface Chunk {
  readonly text: string;
  /** The line of the file that its first line is, counted from 1. */
  readonly line: number;
  /** Where in the file's text it begins. */
  readonly offset: number;
  /** What stands behind its `---`, where no tool of Kubernetes accepts anything but a comment. @default - nothing */
  readonly refused?: string;
}

const NEWLINE = 10;
const BYTE_ORDER_MARK = /^\uFEFF/;
const MARKER = /^---(?=[ \t\r]|$)/;
const END = /^\.\.\.[ \t\r]*$/m;

export function chunksOf(text: string): Chunk[] {
  const start = BYTE_ORDER_MARK.test(text) ? 1 : 0;
  if (!/^---|^\.\.\./m.test(text)) return [{ text: text.slice(start), line: 1, offset: start }];
  const chunks: Chunk[] = [];
  let open: Omit<Chunk, 'text'> = { line: 1, offset: start };
  let line = 1;
  for (let from = start; from < text.length; line++) {
    const newline = text.indexOf('\n', from);
    const to = newline < 0 ? text.length : newline;
    if (text.startsWith('---', from)) {
      const content = text.slice(from, to).trimEnd();
      if (MARKER.test(content)) {
        chunks.push(chunk(open, text.slice(open.offset, from)));
        const rest = content.slice(3).trim();
        open = { line: line + 1, offset: Math.min(to + 1, text.length), refused: rest === '' || rest.startsWith('#') ? undefined : rest };
      }
    }
    from = to + 1;
  }
  chunks.push(chunk(open, text.slice(open.offset)));
  return chunks;
}

/** What follows `...` is read by nobody. */
function chunk(open: Omit<Chunk, 'text'>, text: string): Chunk {
  const end = text.includes('...') ? END.exec(text) : null;
  return { ...open, text: end === null ? text : text.slice(0, end.index) };
}

/** The line of the file, from 1, that an index into a chunk's text lies on. */
export function lineAt({ text, line }: Chunk, index: number): number {
  let at = line;
  for (let i = 0; i < index; i++) if (text.charCodeAt(i) === NEWLINE) at++;
  return at;
}
