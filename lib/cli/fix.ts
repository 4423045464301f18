/** `--fix` and `--fix-dry-run`: the mended files on the disk, or as a difference. */
import { resolve } from 'node:path';
import { createTwoFilesPatch } from 'diff';
import type { Report } from '../check/finding';
import { fixAll, type Fixed } from '../check/fix';
import { Excerpts, linesOf } from '../report/excerpt';
import { lineText } from '../report/place';
import { counted } from '../report/tally';
import { type FilesRead, STANDARD_INPUT } from './files';
import type { Io } from './io';
import { reasonOf } from './setup';
import { writeWhole } from './write';

export interface Mended {
  readonly report: Report;
  /** The contents that the report is about. */
  readonly files: FilesRead['files'];
  /** The difference, for standard output. @default - the files were written */
  readonly difference?: string;
  /** What was done and what was not, for people. */
  readonly notes: string;
}

/** @param writes whether to change the files; otherwise the difference is told, and the report stays as it was */
export function mend(
  report: Report,
  read: FilesRead,
  judge: (files: FilesRead['files']) => Report,
  writes: boolean,
  { cwd }: Pick<Io, 'cwd'>,
): Mended | { readonly wrong: string } {
  const mayChange = new Set([...read.asked].filter((file) => file !== STANDARD_INPUT));
  const fixed = fixAll(read.files, report, judge, mayChange);
  const notes = notesOf(fixed, writes);
  if (!writes) return { report, files: read.files, difference: differenceOf(fixed, report), notes };
  for (const file of fixed.changed.keys())
    try {
      writeWhole(resolve(cwd, file), fixed.files.get(file) ?? '');
    } catch (error) {
      return { wrong: `--fix: ${file} cannot be written (${reasonOf(error)})` };
    }
  return { report: fixed.report, files: fixed.files, notes };
}

function notesOf({ fixed, changed, declined }: Fixed, writes: boolean): string {
  const left = declined.map(({ finding, reason }) => `${lineText(finding.location)}: ${finding.lesson} is not mended: ${reason}`);
  const done = `${writes ? 'mended' : 'would mend'} ${counted(fixed.length, 'finding')} in ${counted(changed.size, 'file')}`;
  return [...left, done].join('\n');
}

/** Unified, without the values that nobody should see: what is hidden in a line before stays hidden in the same line afterwards. */
function differenceOf({ changed }: Fixed, report: Report): string {
  const none = { ...report, findings: [], suppressed: [] };
  return [...changed]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([file, { before, after }]) => {
      const shown = new Excerpts(new Map([[file, before]]), report).lines(file);
      const hidden = new Map(linesOf(before).map((line, index) => [line, shown[index] ?? '']));
      const mended = new Excerpts(new Map([[file, after]]), none).lines(file);
      const lines = linesOf(after).map((line, index) => hidden.get(line) ?? mended[index] ?? '');
      return createTwoFilesPatch(named(`a/${file}`), named(`b/${file}`), shown.join('\n'), lines.join('\n')).replace(/^=+\n/, '');
    })
    .join('');
}

/** In quotes, as Git does, where a name would not stay on its line. */
function named(path: string): string {
  return /[\u0000-\u001f\u007f"\\]/.test(path) ? JSON.stringify(path) : path;
}
