/** `hindsight check`: files, facts and settings in; a report, perhaps mended files, and an exit code out. */
import { existsSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { type Baseline, type BaselineEntry, baselineText, parseBaseline, withoutKnown } from '../check/baseline';
import { checkFiles, knownLessons } from '../check/check-files';
import type { Finding, Report } from '../check/finding';
import { byPlace } from '../check/judge';
import { isWanted, settingOf } from '../check/settings';
import { staleBaseline } from '../check/stale-baseline';
import { unusedSuppression } from '../check/unused-suppression';
import type { Lesson } from '../lessons/lesson';
import { type Format, FORMATS } from '../report/render';
import { reaches, type Threshold } from '../report/tally';
import { chosen, lessonIds } from './choices';
import { type FilesRead, readFiles } from './files';
import type { Io } from './io';
import type { Outcome } from './outcome';
import { render } from './render';
import { nameOf, readSetup, reasonOf, type Setup, textOfFile, told } from './setup';
import { writeWhole } from './write';

/** As commander hands them over. */
export interface CheckArguments {
  readonly cluster?: string;
  readonly config?: string;
  readonly format: string;
  readonly output?: string;
  readonly failOn: string;
  readonly only?: readonly string[];
  readonly except?: readonly string[];
  readonly baseline?: string;
  readonly updateBaseline?: boolean;
  readonly fix?: boolean;
  readonly fixDryRun?: boolean;
}

const THRESHOLDS: readonly Threshold[] = ['error', 'warning', 'info', 'never'];

interface Choices {
  readonly format: Format;
  readonly failOn: Threshold;
  readonly lessons: readonly Lesson[];
}

export async function check(paths: readonly string[], options: CheckArguments, io: Io): Promise<Outcome> {
  const choices = choicesOf(options);
  if ('wrong' in choices) return wrongUsage(choices.wrong);
  const setup = readSetup(options, io.cwd);
  if ('wrong' in setup) return wrongUsage(setup.wrong);
  const tell = progressOn(io);
  tell('reading…');
  const read = readFiles(paths, io.cwd, io.readStandardInput);
  tell(`judging ${read.asked.size} files…`);
  if (read.wrong.length > 0) return wrongUsage(read.wrong.join('\n'), tell);
  const judge = (files: FilesRead['files']): Report => checkFiles(files, { ...setup, ...read, lessons: choices.lessons });
  const report = withBaseline(judge(read.files), { ...options, ...choices, ...setup, ...read }, io);
  if ('wrong' in report) return wrongUsage(report.wrong, tell);
  const isFixing = options.fix === true || options.fixDryRun === true;
  const known = (files: FilesRead['files']): Report => report.heed(judge(files));
  const mended = isFixing ? (await import('./fix')).mend(report.report, read, known, options.fix === true, io) : undefined;
  tell('');
  if (mended !== undefined && 'wrong' in mended) return wrongUsage(mended.wrong);
  const last = mended?.report ?? report.report;
  const { repository } = read;
  const sources = withFacts(mended?.files ?? read.files, setup);
  const text =
    mended?.difference ?? render(last, { ...choices, sources, folder: repository.folder, isShown: options.output === undefined }, io);
  return written(text, mended?.notes, exitCodeOf(last, choices), options, io);
}

function choicesOf(options: CheckArguments): Choices | { readonly wrong: string } {
  const ids = knownLessons.map(({ id }) => id);
  const format = chosen('--format', options.format, FORMATS);
  const failOn = chosen('--fail-on', options.failOn, THRESHOLDS);
  const only = lessonIds('--only', options.only ?? [], ids);
  const except = lessonIds('--except', options.except ?? [], ids);
  const wrong = [format, failOn, only, except].flatMap((one) => ('wrong' in one ? [one.wrong] : []));
  if (options.updateBaseline === true && options.baseline === undefined) wrong.push('--update-baseline needs --baseline FILE');
  if (options.fix === true && options.fixDryRun === true) wrong.push('--fix and --fix-dry-run exclude each other');
  if ('wrong' in format || 'wrong' in failOn || 'wrong' in only || 'wrong' in except || wrong.length > 0)
    return { wrong: wrong.join('\n') };
  const isChosen = ({ id }: Lesson): boolean => (options.only === undefined || only.value.includes(id)) && !except.value.includes(id);
  return { format: format.value, failOn: failOn.value, lessons: knownLessons.filter(isChosen) };
}

interface Heeded {
  readonly report: Report;
  /** Leaves out of another report what the baseline knows. */
  readonly heed: (report: Report) => Report;
}

interface Known extends Pick<CheckArguments, 'baseline' | 'updateBaseline'>, Pick<Choices, 'lessons'>, Pick<Setup, 'settings'> {
  readonly asked: ReadonlySet<string>;
}

/** Without what the baseline knows; or with a new baseline, which knows all of it. */
function withBaseline(report: Report, options: Known, io: Io): Heeded | { readonly wrong: string } {
  const { baseline: file, updateBaseline } = options;
  if (file === undefined) return { report, heed: (other) => other };
  const folder = dirname(resolve(io.cwd, file));
  const named = (name: string): string => relative(folder, resolve(io.cwd, name)).replaceAll('\\', '/');
  if (updateBaseline === true) {
    const failure = writing(file, baselineText(report.findings, named), io);
    if (failure !== undefined) return { wrong: `--baseline: ${failure}` };
  }
  const text = textOfFile(file, io.cwd, '--baseline');
  if (typeof text !== 'string') return { wrong: `${text.wrong}; --update-baseline writes one` };
  const baseline = parseBaseline(text, file);
  if ('problems' in baseline) return { wrong: told(baseline.problems) };
  const stale = staleEntries(report, baseline, named, options, io);
  const heed = (other: Report): Report => {
    const left = withoutKnown(other, baseline, named);
    return { ...left, findings: [...left.findings, ...stale].sort(byPlace) };
  };
  return { report: heed(report), heed };
}

/** Of the files and by the lessons that were asked: of others nobody can tell. */
function staleEntries(
  report: Report,
  baseline: Baseline,
  named: (file: string) => string,
  { baseline: file = '', lessons, settings, asked }: Known,
  { cwd }: Io,
): Finding[] {
  const severity = settingOf(settings, unusedSuppression.id, baseline.file) ?? unusedSuppression.severity;
  const judged = new Set(lessons.filter((lesson) => isWanted(settings, lesson)).map(({ id }) => id));
  if (severity === 'off' || !judged.has(unusedSuppression.id)) return [];
  for (const { lesson } of report.skipped) judged.delete(lesson);
  const unread = new Set(report.problems.map((problem) => named(problem.file)));
  const names = new Set([...asked].map(named));
  const folder = dirname(resolve(cwd, file));
  const isJudged = (entry: BaselineEntry): boolean =>
    judged.has(entry.lesson) && !unread.has(entry.file) && (names.has(entry.file) || !existsSync(resolve(folder, entry.file)));
  return staleBaseline(report, baseline, named, isJudged).map((finding) => ({ ...finding, severity }));
}

/** Findings about the cluster point into the facts. */
function withFacts(files: FilesRead['files'], { cluster, clusterText }: Setup): FilesRead['files'] {
  return clusterText === undefined ? files : new Map([...files, [cluster.source, clusterText]]);
}

function exitCodeOf({ findings }: Report, { failOn }: Choices): Outcome['exitCode'] {
  return findings.some(({ severity }) => reaches(severity, failOn)) ? 1 : 0;
}

function written(text: string, notes: string | undefined, exitCode: Outcome['exitCode'], { output }: CheckArguments, io: Io): Outcome {
  if (output === undefined) return { text, error: notes, exitCode };
  const failure = writing(output, text, io);
  return failure === undefined ? { error: notes, exitCode } : wrongUsage(`--output: ${failure}`);
}

function writing(file: string, text: string, { cwd }: Io): string | undefined {
  try {
    writeWhole(resolve(cwd, file), text);
    return undefined;
  } catch (error) {
    return `${nameOf(file, cwd)} cannot be written (${reasonOf(error)})`;
  }
}

/** One line that replaces itself, for people who watch. */
function progressOn({ isTerminal, writeError }: Io): (text: string) => void {
  return isTerminal.stderr ? (text) => writeError(`\r\u001b[K${text}`) : () => undefined;
}

function wrongUsage(error: string, tell?: (text: string) => void): Outcome {
  tell?.('');
  return { error, exitCode: 2 };
}
