/** JUnit's XML, for servers that show tests: a suite for each file, a case for each finding. */
import type { Finding, Report } from '../check/finding';
import { append } from '../manifest/append';
import type { Problem } from '../manifest/document';
import { fileLocation, placeText, sourceOf } from './place';
import { reaches, type Threshold } from './tally';

export interface JunitOptions {
  /** From which severity on a finding is a failed test; the others are told by tests that pass. @default error */
  readonly failOn?: Threshold;
}

interface Case {
  readonly suite: string;
  readonly name: string;
  readonly line?: number;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  readonly body: string;
}

export function junit({ findings, suppressed, skipped, problems }: Report, { failOn = 'error' }: JunitOptions = {}): string {
  const cases: Case[] = [
    ...findings.map((finding) => caseOf(finding, failOn)),
    ...suppressed.map((finding) => ({ ...caseOf(finding, 'never'), ...leftOut(`suppressed: ${finding.reason}`) })),
    ...problems.map(unread),
    ...skipped.map(({ lesson, needs }) => ({ suite: 'hindsight', name: lesson, ...leftOut(`needs facts: ${needs.join(', ')}`) })),
  ];
  // Servers take an empty report for a broken one.
  if (cases.length === 0) cases.push({ suite: 'hindsight', name: 'no findings', outcome: 'passed', body: '' });
  const suites = new Map<string, Case[]>();
  for (const each of cases) append(suites, each.suite, each);
  const lines = [...suites].map(([name, own]) => suiteOf(name, own));
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="hindsight" ${totals(cases)}>\n${lines.join('')}</testsuites>\n`;
}

function caseOf({ lesson, severity, message, location, fix }: Finding, failOn: Threshold): Case {
  const mend = fix === undefined ? '' : `\nMend: ${fix.description}`;
  const text = `${placeText(location)}: ${severity}: ${message}${mend}`;
  const known = { suite: sourceOf(location), name: `${lesson}: ${message}`, line: fileLocation(location)?.line };
  if (!reaches(severity, failOn)) return { ...known, outcome: 'passed', body: `<system-out>${escaped(text)}</system-out>` };
  return { ...known, outcome: 'failed', body: `<failure type="${severity}" message="${escaped(message)}">${escaped(text)}</failure>` };
}

function unread({ file, line, message }: Problem): Case {
  return { suite: file, name: 'not read', line, ...leftOut(message) };
}

function leftOut(reason: string): Pick<Case, 'outcome' | 'body'> {
  return { outcome: 'skipped', body: `<skipped message="${escaped(reason)}"/>` };
}

function suiteOf(name: string, cases: readonly Case[]): string {
  const lines = cases.map((each) => {
    const place = each.line === undefined ? '' : ` file="${escaped(name)}" line="${each.line}"`;
    return `    <testcase classname="${escaped(name)}" name="${escaped(each.name)}"${place}>${each.body}</testcase>\n`;
  });
  return `  <testsuite name="${escaped(name)}" ${totals(cases)}>\n${lines.join('')}  </testsuite>\n`;
}

function totals(cases: readonly Case[]): string {
  const count = (outcome: Case['outcome']): number => cases.filter((each) => each.outcome === outcome).length;
  return `tests="${cases.length}" failures="${count('failed')}" errors="0" skipped="${count('skipped')}"`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;', '\n': '&#10;', '\r': '&#13;', '\t': '&#9;' }; // prettier-ignore

/** Safe in an attribute as well as in text. XML has no way to write most control characters, nor halves of characters. */
function escaped(text: string): string {
  return text
    .replace(/\p{Surrogate}/gu, '\ufffd')
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
    .replace(/[&<>"'\n\r\t]/g, (character) => ENTITIES[character] ?? '');
}
