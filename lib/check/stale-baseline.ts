/** Entries of a baseline that match no finding any more: a suppression that suppresses nothing. */
import { Resource } from '../resources/resource';
import { type Baseline, type BaselineEntry, fingerprintOf } from './baseline';
import type { Finding, Report } from './finding';
import { unusedSuppression } from './unused-suppression';

/**
 * One finding for all of them, at the first.
 * @param report what was found before the baseline left anything out
 * @param isJudged whether a check could have found again what an entry knows
 */
export function staleBaseline(
  report: Report,
  baseline: Baseline,
  nameOf: (file: string) => string,
  isJudged: (entry: BaselineEntry) => boolean,
): Finding[] {
  const { entries, file } = baseline;
  const locate: Baseline['locate'] = (path) => baseline.locate(path);
  const found = new Set([...report.findings, ...report.suppressed].map((finding) => fingerprintOf(finding, nameOf)));
  const stale = entries.filter((entry) => !found.has(entry.fingerprint) && isJudged(entry));
  const [first] = stale;
  if (first === undefined) return [];
  const { id: lesson, severity } = unusedSuppression;
  const about = `${first.lesson} in ${first.file}`;
  const message =
    stale.length === 1
      ? `${file}: an entry of the baseline matches no finding any more, that of ${about}`
      : `${file}: ${stale.length} entries of the baseline match no finding any more, the first is that of ${about}`;
  const resource = new Resource({ content: null, source: file, locate });
  const fix = { description: '--update-baseline writes it anew' };
  return [{ lesson, severity, message, resource, path: first.path, location: locate(first.path), related: [], fix }];
}
