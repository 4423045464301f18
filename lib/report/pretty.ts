/** Findings for people: by file, each with its line of code, what is wrong with it and the mend. */
import { createColors } from 'picocolors';
import type { Finding, RelatedPlace, Report, SkippedLesson } from '../check/finding';
import type { Severity } from '../lessons/lesson';
import { append } from '../manifest/append';
import type { Problem } from '../manifest/document';
import { Excerpts, type Sources } from './excerpt';
import { fileLocation, placeText, sourceOf } from './place';
import { blankOf, printable } from './printable';
import { counted, tallyOf } from './tally';

export interface PrettyOptions {
  /** The texts of the files, to show lines of. @default - none is shown */
  readonly sources?: Sources;
  /** Escape sequences that colour. @default false */
  readonly colour?: boolean;
}

type Colours = ReturnType<typeof createColors>;

export function pretty(report: Report, { sources = new Map(), colour = false }: PrettyOptions = {}): string {
  const colours = createColors(colour);
  const excerpts = new Excerpts(sources, report);
  const blocks = [
    ...prettyFindings(report.findings, excerpts, colours),
    ...problems(report.problems, colours),
    ...skipped(report.skipped, colours),
    summary(report, colours),
  ];
  return `${blocks.join('\n\n')}\n`;
}

/** A block for each file. */
function prettyFindings(findings: readonly Finding[], excerpts: Excerpts, colours: Colours): string[] {
  const bySource = new Map<string, Finding[]>();
  for (const finding of findings) append(bySource, sourceOf(finding.location), finding);
  return [...bySource].map(([source, own]) => [colours.underline(printable(source)), ...own.flatMap((finding) => told(finding, excerpts, colours))].join('\n')); // prettier-ignore
}

function told(finding: Finding, excerpts: Excerpts, colours: Colours): string[] {
  const { location, severity, message, lesson, related, fix } = finding;
  const file = fileLocation(location);
  const place = file === undefined ? '' : `${colours.dim(`${file.line}:${file.column}`)}  `;
  return [
    `  ${place}${painted(severity, colours)}  ${printable(message)}  ${colours.dim(lesson)}`,
    ...code(finding, excerpts, colours),
    ...related.map((place) => `      ${colours.dim(relatedText(place))}`),
    ...(fix === undefined ? [] : [`      ${colours.green('mend:')} ${printable(fix.description)}`]),
  ];
}

function code({ location, severity }: Finding, excerpts: Excerpts, colours: Colours): string[] {
  const file = fileLocation(location);
  const excerpt = file === undefined ? undefined : excerpts.of(file);
  if (excerpt === undefined) return [];
  const number = String(excerpt.line);
  const [head, marked, tail] = [[0, excerpt.from], [excerpt.from, excerpt.to], [excerpt.to]].map(([from, to]) => printable(excerpt.text.slice(from, to))); // prettier-ignore
  const marker = '^'.repeat(Math.max(1, widthOf(blankOf(marked ?? ''))));
  const bar = colours.dim('|');
  return [
    `    ${colours.dim(number)} ${bar} ${head ?? ''}${marked ?? ''}${tail ?? ''}`,
    `    ${' '.repeat(number.length)} ${bar} ${blankOf(head ?? '')}${paint(severity, colours)(marker)}`,
  ];
}

function widthOf(blank: string): number {
  return blank.length + [...blank].filter((character) => character === '\u3000').length;
}

function relatedText({ location, message }: RelatedPlace): string {
  return printable(`${placeText(location)}: ${message}`);
}

function problems(problems: readonly Problem[], colours: Colours): string[] {
  if (problems.length === 0) return [];
  const lines = problems.map(({ file, line, message }) => `  ${printable(line === undefined ? file : `${file}:${line}`)}  ${printable(message)}`); // prettier-ignore
  return [[colours.underline('not read'), ...lines].join('\n')];
}

function skipped(lessons: readonly SkippedLesson[], colours: Colours): string[] {
  if (lessons.length === 0) return [];
  const lines = lessons.map(({ lesson, needs, resources }) => `  ${lesson}  ${counted(resources, 'resource')}, for want of ${needs.join(', ')}`); // prettier-ignore
  return [[colours.underline('not judged without facts of the cluster (--cluster FILE)'), ...lines].join('\n')];
}

function summary(report: Report, colours: Colours): string {
  const { errors, warnings, infos, suppressed, files, documents } = tallyOf(report);
  const counts = [[errors, 'error'], [warnings, 'warning'], [infos, 'info']] as const; // prettier-ignore
  const found = counts.filter(([count]) => count > 0).map(([count, noun]) => counted(count, noun));
  const extent = `in ${counted(files, 'file')}, ${counted(documents, 'document')}`;
  const accepted = suppressed === 0 ? '' : `; ${suppressed} suppressed`;
  const text = `${found.length === 0 ? 'no findings' : found.join(', ')} ${extent}${accepted}`;
  return errors > 0 ? colours.red(text) : warnings > 0 ? colours.yellow(text) : colours.green(text);
}

function painted(severity: Severity, colours: Colours): string {
  return paint(severity, colours)(severity);
}

function paint(severity: Severity, colours: Colours): (text: string) => string {
  switch (severity) {
    case 'error':
      return colours.red;
    case 'warning':
      return colours.yellow;
    case 'info':
      return colours.cyan;
  }
}
