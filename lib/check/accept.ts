/** Sets aside what was accepted with a reason, and reports what accepts nothing. */
import { append } from '../manifest/append';
import { isFileLocation, type Problem } from '../manifest/document';
import { pointerTo } from '../manifest/json-pointer';
import { chunksOf } from '../manifest/yaml-chunks';
import { Resource } from '../resources/resource';
import type { Resources } from '../resources/resources';
import type { Finding, Report, SuppressedFinding } from './finding';
import { IGNORE_ANNOTATION } from './judge';
import { flawOf, speaksOf, type Suppression, suppressionsIn } from './suppressions';
import { unusedSuppression } from './unused-suppression';

export interface Acceptance {
  readonly resources: Resources;
  /** The texts of the files that were judged. */
  readonly texts: ReadonlyMap<string, string>;
  /** Every lesson there is: a suppression may name no other. */
  readonly known: readonly string[];
  /** The lessons that judged everything they wanted to: what suppresses one of these, and nothing, is stale. */
  readonly ran: ReadonlySet<string>;
}

/** The report after suppressions; those in annotations have been heeded already. */
export function accept(report: Report, { resources, texts, known, ran }: Acceptance): Report {
  const read = [...texts].map(([file, text]) => suppressionsIn(text, file, known));
  const byFile = new Map<string, Suppression[]>();
  for (const suppression of read.flatMap(({ suppressions }) => suppressions)) append(byFile, suppression.file, suppression);
  const used = new Set<Suppression>();
  const findings: Finding[] = [];
  const suppressed: SuppressedFinding[] = [...report.suppressed];
  for (const finding of report.findings) {
    const suppression = suppressionOf(finding, byFile);
    if (suppression === undefined) findings.push(finding);
    else {
      used.add(suppression);
      suppressed.push({ ...finding, reason: suppression.reason });
    }
  }
  // What an annotation has accepted already was no idle comment.
  for (const finding of report.suppressed) {
    const suppression = suppressionOf(finding, byFile);
    if (suppression !== undefined) used.add(suppression);
  }
  const broken = new Set(report.problems.map(({ file }) => file));
  const stale = [...byFile.values()].flat().filter((one) => !used.has(one) && ran.has(one.lesson) && !broken.has(one.file));
  const annotations = annotationFlaws(resources, report.suppressed, known, ran);
  return {
    ...report,
    findings: [...findings, ...stale.map((one) => staleComment(one, resources, texts)), ...annotations.stale],
    suppressed,
    problems: [...report.problems, ...read.flatMap(({ problems }) => problems), ...annotations.problems],
  };
}

function suppressionOf(finding: Finding, byFile: ReadonlyMap<string, readonly Suppression[]>): Suppression | undefined {
  const { location } = finding;
  if (!isFileLocation(location)) return undefined;
  const candidates = byFile.get(location.file)?.filter(({ lesson }) => lesson === finding.lesson) ?? [];
  if (candidates.length === 0) return undefined;
  const key = finding.resource.document.origin?.(finding.path)?.key;
  const keyLine = key?.file === location.file ? key.line : undefined;
  return candidates.find((suppression) => speaksOf(suppression, location, keyLine));
}

function staleComment(suppression: Suppression, resources: Resources, texts: ReadonlyMap<string, string>): Finding {
  const { file, line, column, endColumn, lesson } = suppression;
  const location = { file, line, column, endLine: line, endColumn };
  const resource =
    resourceAt(suppression, resources, texts.get(file) ?? '') ?? new Resource({ content: null, source: file, locate: () => location });
  return stale(resource, '', location, `the comment suppresses ${lesson}, which finds nothing there`, 'remove the comment');
}

/** The object in whose part of the file the comment stands. */
function resourceAt({ file, line }: Suppression, resources: Resources, text: string): Resource | undefined {
  const chunk = chunksOf(text).findLastIndex((one) => one.line <= line);
  return resources.all.find(({ document }) => document.source === file && document.origin?.('')?.chunk === chunk);
}

function stale(resource: Resource, path: string, location: Finding['location'], message: string, description: string): Finding {
  const { id: lesson, severity } = unusedSuppression;
  return { lesson, severity, message: `${resource.toString()}: ${message}`, resource, path, location, related: [], fix: { description } };
}

/** Of objects that several renderings share an annotation with, one use is enough. */
function annotationFlaws(
  resources: Resources,
  suppressed: readonly SuppressedFinding[],
  known: readonly string[],
  ran: ReadonlySet<string>,
): { readonly stale: readonly Finding[]; readonly problems: readonly Problem[] } {
  const accepted = new Map<Resource, Set<string>>();
  for (const { resource, lesson } of suppressed) accepted.set(resource, (accepted.get(resource) ?? new Set()).add(lesson));
  const used = new Set<string>();
  const idle = new Map<string, Finding>();
  const problems: Problem[] = [];
  for (const resource of resources.all)
    for (const [key, field] of resource.at('metadata', 'annotations').entries) {
      if (!key.startsWith(IGNORE_ANNOTATION)) continue;
      const lesson = key.slice(IGNORE_ANNOTATION.length);
      const path = pointerTo('/metadata/annotations', key);
      const location = resource.locate(path);
      const flaw = flawOf(lesson, field.text ?? '', known);
      if (flaw !== undefined) {
        const place = isFileLocation(location) ? { file: location.file, line: location.line } : { file: location.construct };
        problems.push({ ...place, message: `the annotation ${flaw}` });
      } else if (accepted.get(resource)?.has(lesson) === true) used.add(`${lesson}\n${JSON.stringify(location)}`);
      else if (ran.has(lesson)) {
        const message = `the annotation suppresses ${lesson}, which finds nothing here`;
        idle.set(`${lesson}\n${JSON.stringify(location)}`, stale(resource, path, location, message, 'remove the annotation'));
      }
    }
  return { stale: [...idle].filter(([key]) => !used.has(key)).map(([, finding]) => finding), problems };
}
