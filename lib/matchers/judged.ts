/** What the lessons find in whatever a matcher received. */
import { type AcceptingConstruct, partedByAcceptance } from '../check/accepted-in-code';
import { checkFiles, knownLessons } from '../check/check-files';
import type { Report } from '../check/finding';
import { judge } from '../check/judge';
import type { Document } from '../manifest/document';
import { nearestName } from '../manifest/nearest-name';
import type { Sources } from '../report/excerpt';
import { Resources } from '../resources/resources';
import { type ClusterOption, receivedAs } from './received';

export interface JudgeOptions extends ClusterOption {
  /** Lessons that do not judge. @default - all do */
  readonly except?: readonly string[];
}

export interface Judged {
  readonly report: Report;
  /** The texts that findings point into. */
  readonly sources: Sources;
}

export function judged(received: unknown, { cluster: known, except = [] }: JudgeOptions): Judged {
  except.forEach(knownLesson);
  const lessons = knownLessons.filter(({ id }) => !except.includes(id));
  const given = receivedAs(received, known);
  const { cluster } = given;
  switch (given.kind) {
    case 'documents':
      return { report: asAccepted(judge(new Resources(given.documents, cluster.existing), cluster, lessons), given.constructs), sources: new Map() }; // prettier-ignore
    case 'text': {
      const report = checkFiles(given.files, { cluster, lessons });
      // What cannot be read has no findings, and a test that passes for that reason proves nothing.
      const [problem] = report.problems;
      if (problem !== undefined) throw new Error(`line ${problem.line ?? 1} of the manifests ${problem.message}`);
      return { report, sources: given.files };
    }
    case 'path': {
      const report = checkFiles(given.read.files, { ...given.read, cluster, lessons });
      if (report.summary.documents === 0) throw new Error(`${given.path}: there are no manifests to judge`);
      return { report, sources: given.read.files };
    }
  }
}

/** The report of a tree, where its constructs accept findings as at synth. */
function asAccepted(report: Report, constructs: ReadonlyMap<Document, AcceptingConstruct>): Report {
  const { left, accepted } = partedByAcceptance(report.findings, constructs);
  return { ...report, findings: left, suppressed: [...report.suppressed, ...accepted] };
}

/** @throws Error that names the nearest one, when no lesson is called that */
export function knownLesson(id: string): void {
  const ids = knownLessons.map((lesson) => lesson.id);
  if (ids.includes(id)) return;
  const nearest = nearestName(id, ids);
  throw new Error(`no lesson is called "${id}"${nearest === undefined ? '' : `; did you mean ${nearest}?`}`);
}
