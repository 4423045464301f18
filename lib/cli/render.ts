/** The report as text, with what only the machine knows: colour, the texts of the files, where in the checkout they are. */
import type { Report } from '../check/finding';
import { type Format, render as renderReport } from '../report/render';
import type { Threshold } from '../report/tally';
import type { Io } from './io';

export interface Rendering {
  readonly format: Format;
  readonly failOn: Threshold;
  readonly sources: ReadonlyMap<string, string | Uint8Array>;
  /** The working folder, as seen from the root of the checkout. */
  readonly folder?: string;
  /** Whether the text goes to standard output. */
  readonly isShown: boolean;
}

export function render(report: Report, { format, failOn, sources, folder, isShown }: Rendering, io: Io): string {
  return renderReport(format, report, { sources, folder, failOn, colour: isShown && isColoured(io) });
}

/** NO_COLOR and FORCE_COLOR decide; without them, whether somebody looks. */
function isColoured({ env, isTerminal }: Io): boolean {
  if ((env['NO_COLOR'] ?? '') !== '') return false;
  const forced = env['FORCE_COLOR'];
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  return isTerminal.stdout && env['TERM'] !== 'dumb';
}
