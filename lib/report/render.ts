/** A report in the format that was asked for. Pure: colour, texts and names come from the caller. */
import type { Report } from '../check/finding';
import { github, type GithubOptions } from './github';
import { json } from './json';
import { junit, type JunitOptions } from './junit';
import { pretty, type PrettyOptions } from './pretty';
import { sarif, type SarifOptions } from './sarif';

export const FORMATS = ['pretty', 'json', 'sarif', 'github', 'junit'] as const;

export type Format = (typeof FORMATS)[number];

export type RenderOptions = PrettyOptions & SarifOptions & GithubOptions & JunitOptions;

export function render(format: Format, report: Report, options: RenderOptions = {}): string {
  switch (format) {
    case 'pretty':
      return pretty(report, options);
    case 'json':
      return json(report);
    case 'sarif':
      return sarif(report, options);
    case 'github':
      return github(report, options);
    case 'junit':
      return junit(report, options);
  }
}
