/** Lessons over resources: the one pure function that the command line, the matchers and the synth-time guard share. */
import type { Cluster } from '../facts/cluster';
import type { FactName } from '../facts/cluster-facts';
import { type Lesson, isSkip, locationOf, type Place, type Violation } from '../lessons/lesson';
import { append } from '../manifest/append';
import { type JsonPointer, nearestExisting } from '../manifest/json-pointer';
import { isFileLocation } from '../manifest/document';
import { NO_REPOSITORY, type Repository } from '../manifest/repository';
import { withoutCredentials } from '../resources/credentials';
import type { Resource } from '../resources/resource';
import type { Resources } from '../resources/resources';
import type { Extent, Finding, Report, SkippedLesson, SuppressedFinding } from './finding';

/** Annotation of an object, followed by a lesson's id; its value is the reason. */
export const IGNORE_ANNOTATION = 'hindsight.dev/ignore.';

export function judge(resources: Resources, cluster: Cluster, lessons: readonly Lesson[], repository: Repository = NO_REPOSITORY): Report {
  const findings: Finding[] = [];
  const suppressed: SuppressedFinding[] = [];
  const skipped: SkippedLesson[] = [];
  const causes = new Map<Finding, readonly Place[]>();
  for (const lesson of lessons) {
    const blind = new Map<Resource, readonly FactName[]>();
    for (const result of lesson.violations({ resources, cluster, repository })) {
      if (isSkip(result)) {
        blind.set(result.resource, result.needs);
        continue;
      }
      const finding = findingOf(lesson, result);
      if (lesson.yieldsTo !== undefined) causes.set(finding, result.causes ?? [finding]);
      const reason = result.resource.annotations[IGNORE_ANNOTATION + lesson.id];
      if (reason === undefined || reason.trim() === '') findings.push(finding);
      else suppressed.push({ ...finding, reason });
    }
    if (blind.size > 0) skipped.push({ lesson: lesson.id, needs: [...new Set([...blind.values()].flat())], resources: blind.size });
  }
  const left = toldOnce(findings, causes, [...findings, ...suppressed], lessons);
  return { findings: left.sort(byPlace), suppressed: suppressed.sort(byPlace), skipped, problems: [], summary: extentOf(resources) };
}

/** Without what a more telling lesson says of the same mistake, be it accepted; an error gives way to errors alone. */
function toldOnce(
  findings: readonly Finding[],
  causes: ReadonlyMap<Finding, readonly Place[]>,
  all: readonly Finding[],
  lessons: readonly Lesson[],
): Finding[] {
  if (causes.size === 0) return [...findings];
  const tellingMore = new Map(lessons.map(({ id, yieldsTo = [] }) => [id, yieldsTo]));
  const told = new Map<Resource, Finding[]>();
  for (const finding of all) append(told, finding.resource, finding);
  const isSame = (other: Finding, { severity, lesson }: Finding, path: JsonPointer): boolean =>
    tellingMore.get(lesson)?.includes(other.lesson) === true &&
    (other.path === path || other.path.startsWith(`${path}/`)) &&
    (other.severity === 'error' || severity !== 'error');
  return findings.filter(
    (finding) => !causes.get(finding)?.some(({ resource, path }) => told.get(resource)?.some((other) => isSame(other, finding, path))),
  );
}

function extentOf({ all, others }: Resources): Extent {
  const documents = [...all, ...others].map(({ document }) => document.source);
  return { files: new Set(documents).size, documents: documents.length };
}

function findingOf(lesson: Lesson, violation: Violation): Finding {
  const { resource } = violation;
  return {
    lesson: lesson.id,
    severity: violation.severity ?? lesson.severity,
    message: `${resource.toString()}: ${withoutCredentials(violation.message)}`,
    resource,
    path: nearestExisting(resource.document.content, violation.path),
    location: locationOf(violation),
    related: (violation.related ?? []).map((related) => ({
      message: withoutCredentials(related.message),
      resource: related.resource,
      location: locationOf(related),
    })),
    fix: violation.fix && { ...violation.fix, description: withoutCredentials(violation.fix.description) },
  };
}

/** The order of findings: by file (or construct), line, lesson. */
export function byPlace(a: Finding, b: Finding): number {
  return (
    compare(placeOf(a), placeOf(b)) ||
    lineOf(a) - lineOf(b) ||
    compare(a.lesson, b.lesson) ||
    compare(a.path, b.path) ||
    compare(a.message, b.message)
  );
}

function placeOf({ location }: Finding): string {
  return isFileLocation(location) ? location.file : location.construct;
}

function lineOf({ location }: Finding): number {
  return isFileLocation(location) ? location.line : 0;
}

/** The order of texts, by code unit: the same on every machine. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
