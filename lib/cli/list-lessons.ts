import { knownLessons as lessons } from '../check/check-files';
import { capitalized } from '../report/lesson-page';
import type { Outcome } from './outcome';

/** Every lesson, a line each; as JSON with what its page says. */
export function listLessons(format: string): Outcome {
  switch (format) {
    case 'pretty':
      return { text: pretty(), exitCode: 0 };
    case 'json':
      return { text: `${JSON.stringify(lessons.map(told), null, 2)}\n`, exitCode: 0 };
    default:
      return { error: `--format is "${format}"; choose pretty or json`, exitCode: 2 };
  }
}

function pretty(): string {
  const width = Math.max(...lessons.map(({ id }) => id.length));
  return lessons
    .map(({ id, severity, title }) => `${id.padEnd(width)}  ${severity.padEnd('warning'.length)}  ${capitalized(title)}\n`)
    .join('');
}

function told({ id, title, section, severity, incident, remedy, confirm, limits, needs = [] }: (typeof lessons)[number]): object {
  return { id, title, section, severity, incident, remedy, confirm, limits, needs };
}
