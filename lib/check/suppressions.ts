/**
 * Findings that somebody has accepted with a reason: in a comment above or on the line, or in an annotation of the object.
 *
 * Comments are read from the text of the files, because plain content has none; only files that contain the word are looked at.
 */
import { Lexer } from 'yaml';
import { isFileLocation, type Location, type Problem } from '../manifest/document';
import { nearestName } from '../manifest/nearest-name';
import { chunksOf } from '../manifest/yaml-chunks';

export const IGNORE_COMMENT = 'hindsight-ignore';

/** A comment that accepts the findings of one lesson on one line. */
export interface Suppression {
  readonly file: string;
  readonly lesson: string;
  readonly reason: string;
  /** The line it stands on. */
  readonly line: number;
  readonly column: number;
  readonly endColumn: number;
  /** The line it speaks of. */
  readonly target: number;
}

export interface Suppressions {
  readonly suppressions: readonly Suppression[];
  /** Comments that say no lesson, or no reason. */
  readonly problems: readonly Problem[];
}

/** `# hindsight-ignore lesson-id: reason` */
const COMMENT = new RegExp(`^#\\s*${IGNORE_COMMENT}(?:\\s+([^\\s:]+))?\\s*(?::\\s*(.*?))?\\s*$`);

export function suppressionsIn(text: string, file: string, lessonIds: readonly string[]): Suppressions {
  const suppressions: Suppression[] = [];
  const problems: Problem[] = [];
  if (!text.includes(IGNORE_COMMENT)) return { suppressions, problems };
  const lines = text.split(/\r?\n/);
  for (const { line, column, comment } of file.endsWith('.json') ? [] : commentsOf(text)) {
    const match = COMMENT.exec(comment);
    if (match === null) continue;
    const [, lesson, reason = ''] = match;
    const wrong = flawOf(lesson, reason, lessonIds);
    if (lesson === undefined || wrong !== undefined) {
      problems.push({ file, line, message: wrong ?? '' });
      continue;
    }
    const isAlone = lines[line - 1]?.slice(0, column - 1).trim() === '';
    const target = isAlone ? nextLine(lines, line) : line;
    suppressions.push({ file, lesson, reason, line, column, endColumn: column + comment.length, target });
  }
  return { suppressions, problems };
}

/** What is wrong with a suppression, in a comment or in an annotation. */
export function flawOf(lesson: string | undefined, reason: string, lessonIds: readonly string[]): string | undefined {
  if (lesson === undefined) return `${IGNORE_COMMENT} names no lesson; write "# ${IGNORE_COMMENT} lesson-id: reason"`;
  if (!lessonIds.includes(lesson)) {
    const meant = nearestName(lesson, lessonIds);
    return `suppresses "${lesson}", which is no lesson; ${meant === undefined ? '`hindsight lessons` lists them' : `did you mean ${meant}?`}`;
  }
  return reason.trim() === '' ? `suppresses ${lesson} without a reason, and so does not; write the reason after a colon` : undefined;
}

/** Whether a location is what a suppression speaks of. A value that begins below its key may be suppressed at either. */
export function speaksOf({ file, target }: Suppression, location: Location, keyLine: number | undefined): boolean {
  if (!isFileLocation(location) || location.file !== file) return false;
  const first = keyLine !== undefined && keyLine <= location.line ? keyLine : location.line;
  return target >= first && target <= location.line;
}

interface Comment {
  readonly line: number;
  readonly column: number;
  readonly comment: string;
}

/** The comments of YAML, and nothing that looks like one inside of texts. Each document by itself: a broken one hides no other. */
function commentsOf(text: string): Comment[] {
  return chunksOf(text).flatMap((chunk) => {
    if (!chunk.text.includes(IGNORE_COMMENT)) return [];
    const comments: Comment[] = [];
    let { line } = chunk;
    let column = 1;
    for (const lexeme of new Lexer().lex(chunk.text)) {
      // Marks of the lexer's own, which stand for nothing in the text.
      if (lexeme === '\u0002' || lexeme === '\u0018' || lexeme === '\u001f') continue;
      if (lexeme.startsWith('#')) comments.push({ line, column, comment: lexeme });
      const newlines = lexeme.split('\n').length - 1;
      line += newlines;
      column = newlines === 0 ? column + lexeme.length : lexeme.length - lexeme.lastIndexOf('\n');
    }
    return comments.filter(({ comment }) => comment.includes(IGNORE_COMMENT));
  });
}

/** The next line that is neither empty, a comment nor a separator. */
function nextLine(lines: readonly string[], line: number): number {
  const index = lines.findIndex((text, at) => at >= line && !/^\s*(?:#.*)?$/.test(text) && !/^---(?:\s|$)/.test(text));
  return index < 0 ? line : index + 1;
}
