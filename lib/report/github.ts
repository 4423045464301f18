/** Annotations of GitHub Actions: commands in the log of a step, which GitHub shows at the lines of a pull request. */
import type { Report } from '../check/finding';
import type { Severity } from '../lessons/lesson';
import { isFileLocation, type Location } from '../manifest/document';
import { fromRoot } from './place';

export interface GithubOptions {
  /** The folder that files are named from, as seen from the root of the checkout. @default - the root itself */
  readonly folder?: string;
}

export function github({ findings, problems }: Report, { folder = '' }: GithubOptions = {}): string {
  const found = findings.map(({ severity, lesson, location, message, fix }) => {
    const where = isFileLocation(location) ? message : `${location.construct}: ${message}`;
    const mend = fix === undefined ? '' : `\nMend: ${fix.description}`;
    return command(COMMAND[severity], { ...region(location, folder), title: lesson }, where + mend);
  });
  const unread = problems.map(({ file, line, message }) =>
    command('warning', { file: fromRoot(file, folder), line, title: 'not read' }, message),
  );
  return [...found, ...unread].map((line) => `${line}\n`).join('');
}

const COMMAND: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', info: 'notice' };

type Properties = Readonly<Record<string, string | number | undefined>>;

/** GitHub takes columns only where the line is one. */
function region(location: Location, folder: string): Properties {
  if (!isFileLocation(location)) return {};
  const { file, line, column, endLine, endColumn } = location;
  const columns = line === endLine ? { col: column, endColumn: Math.max(column, endColumn - 1) } : {};
  return { file: fromRoot(file, folder), line, endLine, ...columns };
}

function command(name: string, properties: Properties, message: string): string {
  const list = Object.entries(properties).filter(([, value]) => value !== undefined);
  return `::${name} ${list.map(([key, value]) => `${key}=${escapedProperty(String(value))}`).join(',')}::${escaped(message)}`;
}

function escaped(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapedProperty(text: string): string {
  return escaped(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
