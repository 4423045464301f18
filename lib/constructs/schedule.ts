/** When a CronJob runs, judged as Kubernetes reads it, and how long it may be quiet between two runs. */
import { CronExpressionParser } from 'cron-parser';
import type { Input } from './input';

export interface Schedule {
  readonly text: string;
  /** The longest time between one run and the next. */
  readonly longestGapSeconds: number;
}

const MEND = 'give five fields (minute hour day-of-month month day-of-week) that some day matches, such as "0 18 * * *"';
const DAILY: Schedule = { text: '0 0 * * *', longestGapSeconds: 24 * 3600 };
/** What Kubernetes reads in a field: no `L`, `W`, `#` or `H`, which other programs know. */
const FIELD = /^(\*|\?|[0-9A-Za-z]+(-[0-9A-Za-z]+)?)(\/[0-9]+)?(,(\*|[0-9A-Za-z]+(-[0-9A-Za-z]+)?)(\/[0-9]+)?)*$/;
const LETTERS = /[A-Za-z]+/g;
const NAMES = new Set('jan feb mar apr may jun jul aug sep oct nov dec sun mon tue wed thu fri sat'.split(' '));

export function schedule(input: Input, text: string, prop = 'schedule'): Schedule {
  const fields = typeof text === 'string' ? text.trim().split(/\s+/) : [];
  if (fields.length !== 5) {
    input.reject(prop, text, `it has ${fields.length} fields: ${MEND}`);
    return DAILY;
  }
  const foreign = fields.find((field) => !FIELD.test(field) || (field.match(LETTERS) ?? []).some((word) => !NAMES.has(word.toLowerCase())));
  if (foreign !== undefined) {
    input.reject(prop, text, `Kubernetes does not read the field ${JSON.stringify(foreign)}: ${MEND}`);
    return DAILY;
  }
  if (/(^|[,-])7/.test(fields[4] ?? '')) {
    input.reject(prop, text, 'Kubernetes counts the days of the week from 0 to 6: write 0 for Sunday');
    return DAILY;
  }
  try {
    return { text: fields.join(' '), longestGapSeconds: longestGap(fields.join(' ')) };
  } catch (error) {
    input.reject(prop, text, `${error instanceof Error ? error.message : String(error)}: ${MEND}`);
    return DAILY;
  }
}

/** A leap year and the year after it hold every month's and week's gap; what runs often shows its own in some weeks. */
const HORIZON_MILLISECONDS = 2 * 366 * 86_400_000;
const MOST_RUNS = 1500;

function longestGap(text: string): number {
  // A fixed beginning: the same schedule gives the same manifests on every day.
  const runs = CronExpressionParser.parse(text, { currentDate: new Date('2024-01-01T00:00:00Z'), tz: 'UTC' });
  const first = runs.next().getTime();
  let [last, longest] = [first, 0];
  for (let count = 0; count < MOST_RUNS && (last - first < HORIZON_MILLISECONDS || longest === 0); count += 1) {
    const next = runs.next().getTime();
    longest = Math.max(longest, next - last);
    last = next;
  }
  return longest / 1000;
}
