/** SARIF 2.1.0, as GitHub code scanning and others take it. No code is quoted, so that none has to be hidden. */
import type { Location as SarifLocation, Log, ReportingDescriptor, Result } from 'sarif';
import { version } from '../../package.json';
import { BASELINE_REASON, fingerprintOf } from '../check/baseline';
import { knownLessons } from '../check/check-files';
import type { Finding, RelatedPlace, Report } from '../check/finding';
import type { Lesson, Severity } from '../lessons/lesson';
import { type FileLocation, isFileLocation, type Location, type Problem } from '../manifest/document';
import type { Resource } from '../resources/resource';
import { capitalized, lessonPage } from './lesson-page';
import { fromRoot } from './place';
import { counted } from './tally';

export interface SarifOptions {
  /** The folder that files are named from, as seen from the root of the checkout. @default - the root itself */
  readonly folder?: string;
}

const SCHEMA = 'https://json.schemastore.org/sarif-2.1.0.json';

export function sarif(report: Report, { folder = '' }: SarifOptions = {}): string {
  const all = [...report.findings, ...report.suppressed];
  const ids = [...new Set(all.map(({ lesson }) => lesson))].sort();
  const prints = fingerprints(all, folder);
  const reasons = new Map<Finding, string>(report.suppressed.map((finding) => [finding, finding.reason]));
  const results = all.map((finding, index): Result => {
    const reason = reasons.get(finding);
    return {
      ...resultOf(finding, ids, folder),
      partialFingerprints: { 'hindsightFinding/v1': prints[index] ?? '' },
      ...(reason === undefined
        ? {}
        : { suppressions: [{ kind: reason === BASELINE_REASON ? 'external' : 'inSource', justification: reason }] }),
    };
  });
  const log: Log = {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'hindsight', semanticVersion: version, rules: ids.map(ruleOf) } },
        columnKind: 'utf16CodeUnits',
        invocations: [{ executionSuccessful: true, toolExecutionNotifications: notifications(report, folder) }],
        results,
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

/** Who each finding is, whatever line it moves to. Those that nothing else tells apart are counted. */
function fingerprints(findings: readonly Finding[], folder: string): string[] {
  const seen = new Map<string, number>();
  return findings.map((finding) => {
    const key = fingerprintOf(finding, (file) => fromRoot(file, folder));
    const before = seen.get(key) ?? 0;
    seen.set(key, before + 1);
    return before === 0 ? key : `${key}:${before}`;
  });
}

function ruleOf(id: string): ReportingDescriptor {
  const lesson = knownLessons.find((candidate) => candidate.id === id);
  if (lesson === undefined) return { id };
  const { title, incident, remedy, severity, section } = lesson;
  return {
    id,
    shortDescription: { text: capitalized(title) },
    fullDescription: { text: `${incident.symptom}. ${incident.cause}.` },
    help: { text: `${capitalized(title)}. To mend it, ${remedy}. Source: ${incident.source}.`, markdown: lessonPage(lesson) },
    defaultConfiguration: { level: levelOf(severity) },
    properties: { tags: tagsOf(lesson, section), precision: 'high', 'problem.severity': PROBLEM[severity] },
  };
}

/** The words of GitHub. */
const PROBLEM: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', info: 'recommendation' };

function tagsOf({ id }: Lesson, section: string): string[] {
  return ['kubernetes', section.toLowerCase().replaceAll(' ', '-'), ...(id === 'secret-in-manifest' ? ['security'] : [])];
}

function resultOf(finding: Finding, ids: readonly string[], folder: string): Result {
  const { lesson, severity, message, fix, related } = finding;
  return {
    ruleId: lesson,
    ruleIndex: ids.indexOf(lesson),
    level: levelOf(severity),
    message: { text: fix === undefined ? message : `${message}\nMend: ${fix.description}` },
    locations: [locationOf(finding.location, finding.resource, folder)],
    ...(related.length === 0 ? {} : { relatedLocations: related.map((place, index) => relatedLocation(place, index, folder)) }),
  };
}

function relatedLocation({ location, resource, message }: RelatedPlace, index: number, folder: string): SarifLocation {
  return { id: index + 1, ...locationOf(location, resource, folder), message: { text: message } };
}

function locationOf(location: Location, resource: Resource, folder: string): SarifLocation {
  const object = resource.isObject ? [{ fullyQualifiedName: resource.toString(), kind: 'resource' }] : [];
  if (!isFileLocation(location)) return { logicalLocations: [{ fullyQualifiedName: location.construct, kind: 'object' }, ...object] };
  return { physicalLocation: physical(location, folder), ...(object.length === 0 ? {} : { logicalLocations: object }) };
}

function physical({ file, line, column, endLine, endColumn }: FileLocation, folder: string): SarifLocation['physicalLocation'] {
  return {
    artifactLocation: artifact(file, folder),
    region: { startLine: line, startColumn: column, endLine, endColumn },
  };
}

/** A relative reference, each of its segments escaped. */
function artifact(file: string, folder: string): { uri: string } {
  return { uri: fromRoot(file, folder).split('/').map(encodeURIComponent).join('/') };
}

function notifications(
  { problems, skipped }: Report,
  folder: string,
): NonNullable<NonNullable<Log['runs'][number]['invocations']>[number]['toolExecutionNotifications']> {
  const told = problems.map(({ file, line, message }: Problem) => ({
    level: 'warning' as const,
    message: { text: message },
    locations: [
      { physicalLocation: { artifactLocation: artifact(file, folder), ...(line === undefined ? {} : { region: { startLine: line } }) } },
    ],
  }));
  const blind = skipped.map(({ lesson, needs, resources }) => ({
    level: 'note' as const,
    message: { text: `${lesson} could not judge ${counted(resources, 'resource')} for want of ${needs.join(', ')}` },
  }));
  return [...told, ...blind];
}

function levelOf(severity: Severity): 'error' | 'warning' | 'note' {
  return severity === 'info' ? 'note' : severity;
}
