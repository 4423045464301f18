/**
 * Findings that were there before somebody began to check: known, and not spoken of again.
 *
 * A finding is known by its lesson, its file, its object and its field, not by lines or words, and as often as it was written down. Values
 * are in no part of it.
 */
import { createHash } from 'node:crypto';
import { isFileLocation, type Location, type Problem } from '../manifest/document';
import { Field } from '../manifest/field';
import { type JsonPointer, stepsOf } from '../manifest/json-pointer';
import { readYaml } from '../manifest/yaml';
import type { Finding, Report, SuppressedFinding } from './finding';
import { compare } from './judge';

export interface Baseline {
  /** How many findings of each fingerprint are known. */
  readonly known: ReadonlyMap<string, number>;
  readonly entries: readonly BaselineEntry[];
  readonly file: string;
  /** Where a part of the baseline stands. */
  locate(path: JsonPointer): Location;
}

/** Findings that are one and the same but for their lines. */
export interface BaselineEntry {
  readonly fingerprint: string;
  readonly lesson: string;
  readonly file: string;
  /** In the baseline. */
  readonly path: JsonPointer;
}

export const BASELINE_REASON = 'in the baseline';

/**
 * What stays the same of a finding while lines move and messages are reworded.
 * @param nameOf how its file is called wherever somebody checks from. @default - as in the finding
 */
export function fingerprintOf({ lesson, resource, path, location }: Finding, nameOf?: (file: string) => string): string {
  const place = placeOf(location, nameOf);
  const { group, kind, namespace, name } = resource;
  const field = stablePath(resource.document.content, path);
  return createHash('sha256')
    .update(JSON.stringify([lesson, place, group, kind, namespace, name, field]))
    .digest('hex')
    .slice(0, 32);
}

function placeOf(location: Location, nameOf = (file: string): string => file): string {
  return isFileLocation(location) ? nameOf(location.file) : location.construct;
}

/** The steps to a field, with the names of a list's items instead of their indexes. */
function stablePath(content: unknown, path: string): string[] {
  let field = new Field(content);
  return stepsOf(path).map((step) => {
    const isItem = field.isList;
    field = field.at(isItem ? Number(step) : step);
    const name = isItem ? (field.at('name').string ?? field.at('key').string) : undefined;
    return name === undefined ? step : `name=${name}`;
  });
}

/** The text of a baseline that knows all of these. */
export function baselineText(findings: readonly Finding[], nameOf?: (file: string) => string): string {
  const entries = new Map<string, { lesson: string; file: string; resource: string; count: number }>();
  for (const finding of findings) {
    const key = fingerprintOf(finding, nameOf);
    const { lesson, location, resource } = finding;
    const file = placeOf(location, nameOf);
    const entry = entries.get(key) ?? { lesson, file, resource: resource.isObject ? resource.toString() : '', count: 0 };
    entries.set(key, { ...entry, count: entry.count + 1 });
  }
  const sorted = [...entries].sort(
    ([, a], [, b]) => compare(a.file, b.file) || compare(a.resource, b.resource) || compare(a.lesson, b.lesson),
  );
  const findingsOf = sorted.map(([fingerprint, entry]) => ({ fingerprint, ...entry }));
  return `${JSON.stringify({ version: 1, findings: findingsOf }, null, 2)}\n`;
}

export function parseBaseline(text: string, file: string): Baseline | { readonly problems: readonly Problem[] } {
  const { documents, problems } = readYaml(text, `${file}.yaml`);
  const [document] = documents;
  const root = new Field(document?.content);
  if (document === undefined || problems.length > 0 || root.at('version').number !== 1 || !root.at('findings').isList)
    return { problems: [{ file, message: 'is no baseline; --update-baseline writes one' }] };
  const known = new Map<string, number>();
  const entries: BaselineEntry[] = [];
  for (const entry of root.at('findings').items) {
    const fingerprint = entry.at('fingerprint').string;
    if (fingerprint === undefined) continue;
    known.set(fingerprint, (known.get(fingerprint) ?? 0) + (entry.at('count').number ?? 1));
    entries.push({ fingerprint, lesson: entry.at('lesson').string ?? '', file: entry.at('file').string ?? '', path: entry.path });
  }
  const locate = (path: JsonPointer): Location => {
    const location = document.locate(path);
    return isFileLocation(location) ? { ...location, file } : location;
  };
  return { known, entries, file, locate };
}

/** The report without what is known. */
export function withoutKnown(report: Report, { known }: Baseline, nameOf?: (file: string) => string): Report {
  const left = new Map(known);
  const findings: Finding[] = [];
  const suppressed: SuppressedFinding[] = [...report.suppressed];
  for (const finding of report.findings) {
    const key = fingerprintOf(finding, nameOf);
    const count = left.get(key) ?? 0;
    if (count === 0) findings.push(finding);
    else {
      left.set(key, count - 1);
      suppressed.push({ ...finding, reason: BASELINE_REASON });
    }
  }
  return { ...report, findings, suppressed };
}
