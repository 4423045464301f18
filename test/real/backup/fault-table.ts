// The fault table of docs/backup.md is what the tests saw: each fault, how the step ended, its last line. Run with UPDATE_DOCS=1 to
// write it; otherwise the page must already say the same.
import { readFileSync, writeFileSync } from 'node:fs';
import type { StepResult } from './pod';

const PAGE = 'docs/backup.md';

export interface FaultTable {
  readonly add: (fault: string, outcome: string, result: StepResult) => void;
  /** Compares with the page, or writes it. */
  readonly finish: () => void;
}

export function faultTable(section: string): FaultTable {
  const rows: string[] = [];
  return {
    add: (fault, outcome, result) =>
      rows.push(`| ${fault} | ${outcome}, exit ${result.status ?? 'by signal'} | \`${lasting(result.lastLine)}\` |`),
    finish: () => {
      const begin = `<!-- begin ${section}: written by UPDATE_DOCS=1 npm run test:real -->\n`;
      const end = `<!-- end ${section} -->`;
      const page = readFileSync(PAGE, 'utf8');
      const [before, rest] = halves(page, begin);
      const [written, after] = halves(rest, end);
      const table = ['| Fault | Outcome | What the log says last |', '| --- | --- | --- |', ...rows, ''].join('\n');
      if (process.env.UPDATE_DOCS) writeFileSync(PAGE, before + begin + table + end + after);
      else expect(unaligned(written)).toBe(unaligned(table));
    },
  };
}

/** A table in a page is aligned by whoever formats the page. */
const unaligned = (text: string): string => text.trim().replace(/ +/g, ' ').replace(/-{3,}/g, '---');

function halves(text: string, mark: string): readonly [string, string] {
  const at = text.indexOf(mark);
  if (at < 0) throw new Error(`${PAGE} lacks the line ${mark.trim()}`);
  return [text.slice(0, at), text.slice(at + mark.length)];
}

/** The line without what differs from run to run. */
function lasting(line: string): string {
  return line
    .replace(/\d{8}T\d{6}Z-[a-z0-9-]+/g, 'NAME')
    .replace(/\b[0-9a-f]{64}\b/g, 'SHA256')
    .replace(/\d{4}-\d\d-\d\dT[\d:]+Z/g, 'TIME')
    .replace(/127\.0\.0\.1:\d+/g, 'HOST:PORT')
    .replace(/\/?tmp\/hs-\w+/g, '…')
    .replace(/\b\d+ bytes/g, 'N bytes')
    .replace(/(to|says) \d+([,:])/g, '$1 N$2')
    .replace(/\b\d+ seconds$/g, 'N seconds')
    .replace(/\(\d+\)|\bline \d+/g, (found) => found.replace(/\d+/, 'N'))
    .replace(/\.good\.\d+\./g, '.good.N.')
    .replace(/uploadId=[0-9a-f]+&partNumber=\d+/, 'uploadId=…&partNumber=N')
    .replace(/(upload failed: \S+ to \S+) .*[Cc]onnection.*/, '$1 (the connection was closed)')
    .replace(/at row: \d+/, 'at row: N')
    .replace(/, not \d+:/, ', not N:')
    .replaceAll('|', '\\|')
    .trim();
}
