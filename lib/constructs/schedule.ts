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

const DAY_SECONDS = 86_400;
/** From a leap year to the one after the next but one: whatever comes at all comes twice. */
const HORIZON_DAYS = 9 * 366;

/** Day by day instead of run by run: what runs every minute is no more work than what runs once a year. */
function longestGap(text: string): number {
  const { minute, hour, dayOfMonth, month, dayOfWeek } = CronExpressionParser.parse(text, { tz: 'UTC' }).fields;
  const times = numbers(hour.values)
    .flatMap((each) => numbers(minute.values).map((within) => each * 3600 + within * 60))
    .sort((a, b) => a - b);
  const [months, days, weekdays] = [month, dayOfMonth, dayOfWeek].map(({ values }) => new Set(numbers(values)));
  const [, , dayField = '', , weekdayField = ''] = text.split(' ');
  // Where both name days, either is enough. Source: kubernetes.io, CronJob, which reads cron's own rule.
  const isEither = !/^[*?]/.test(dayField) && !/^[*?]/.test(weekdayField);
  let longest = times.slice(1).reduce((gap, time, index) => Math.max(gap, time - (times[index] ?? time)), 0);
  let last: number | undefined;
  for (let day = 0; day < HORIZON_DAYS; day += 1) {
    // A fixed beginning: the same schedule gives the same manifests on every day.
    const date = new Date(Date.UTC(2024, 0, 1 + day));
    if (months?.has(date.getUTCMonth() + 1) !== true) continue;
    const isDay = days?.has(date.getUTCDate()) === true;
    const isWeekday = weekdays?.has(date.getUTCDay()) === true;
    if (isEither ? !isDay && !isWeekday : !isDay || !isWeekday) continue;
    if (last !== undefined) longest = Math.max(longest, day * DAY_SECONDS + (times[0] ?? 0) - last);
    last = day * DAY_SECONDS + (times.at(-1) ?? 0);
  }
  if (last === undefined) throw new Error('no day matches');
  return longest;
}

/** Words such as `L` were refused before. */
function numbers(values: readonly (number | string)[]): number[] {
  return values.map(Number);
}
