/** Findings for programs. The shape is promised: what it holds is only ever added to while `version` is 1. */
import type { Finding, Report, SuppressedFinding } from '../check/finding';
import type { Resource } from '../resources/resource';
import { isPlainText } from './place';
import { tallyOf } from './tally';

export function json(report: Report): string {
  const content = {
    version: 1,
    findings: report.findings.map(findingJson),
    suppressed: report.suppressed.map(suppressedJson),
    skipped: report.skipped.map(({ lesson, needs, resources }) => ({ lesson, needs, resources })),
    problems: report.problems.map(({ file, line, message }) => ({ file, line, message })),
    summary: tallyOf(report),
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}

function suppressedJson(finding: SuppressedFinding): object {
  return { ...findingJson(finding), reason: finding.reason };
}

function findingJson({ lesson, severity, message, resource, path, location, related, fix }: Finding): object {
  return {
    lesson,
    severity,
    message,
    resource: resourceJson(resource),
    path: isPlainText(resource) ? null : path,
    location,
    related: related.map((place) => ({ message: place.message, resource: resourceJson(place.resource), location: place.location })),
    fix: fix === undefined ? undefined : { description: fix.description },
  };
}

/** @returns null for what is no object of Kubernetes */
function resourceJson(resource: Resource): object | null {
  if (!resource.isObject) return null;
  const { apiVersion, kind, namespace, name } = resource;
  return { apiVersion, kind, namespace, name };
}
