/** How many there are of what, for summaries. */
import type { Report } from '../check/finding';
import type { Severity } from '../lessons/lesson';

export interface Tally {
  readonly files: number;
  readonly documents: number;
  readonly errors: number;
  readonly warnings: number;
  readonly infos: number;
  readonly suppressed: number;
}

export function tallyOf({ findings, suppressed, summary }: Report): Tally {
  const count = (severity: Severity): number => findings.filter((finding) => finding.severity === severity).length;
  const { files, documents } = summary;
  return { files, documents, errors: count('error'), warnings: count('warning'), infos: count('info'), suppressed: suppressed.length };
}

export type Threshold = Severity | 'never';

const GRAVITY: Readonly<Record<Severity, number>> = { info: 1, warning: 2, error: 3 };

/** Whether a finding of this severity counts as a failure. */
export function reaches(severity: Severity, threshold: Threshold): boolean {
  return threshold !== 'never' && GRAVITY[severity] >= GRAVITY[threshold];
}

/** `1 error`, `2 errors` */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
