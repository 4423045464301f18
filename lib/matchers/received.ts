/** Whatever a test hands to a matcher, judged: text, a path, objects, constructs. */
import { checkFiles, knownLessons } from '../check/check-files';
import type { Report } from '../check/finding';
import { judge } from '../check/judge';
import { readFiles } from '../cli/files';
import { readSetup } from '../cli/setup';
import { Cluster } from '../facts/cluster';
import type { ClusterFacts } from '../facts/cluster-facts';
import type { Lesson } from '../lessons/lesson';
import type { Document } from '../manifest/document';
import { nearestName } from '../manifest/nearest-name';
import type { Sources } from '../report/excerpt';
import { Resources } from '../resources/resources';
import { documentsOf, isConstruct } from './construct-tree';

export interface JudgeOptions {
  /** What is known of the cluster: a cluster, its facts, or the path of a file with them. @default - the cluster of the app, else nothing: lessons that need facts are skipped */
  readonly cluster?: Cluster | ClusterFacts | string;
  /** Lessons that do not judge. @default - all do */
  readonly except?: readonly string[];
}

export interface Judged {
  readonly report: Report;
  /** The texts that findings point into. */
  readonly sources: Sources;
}

/** How a text is named that comes from no file. */
const TEXT = 'manifests.yaml';

export function judged(received: unknown, { cluster, except = [] }: JudgeOptions): Judged {
  except.forEach(knownLesson);
  const lessons = knownLessons.filter(({ id }) => !except.includes(id));
  if (typeof received === 'string')
    return isText(received) ? judgedText(received, clusterOf(cluster), lessons) : judgedPath(received, clusterOf(cluster), lessons);
  const documents = documentsIn(received);
  const known = clusterOf(cluster ?? appCluster(received));
  return { report: judge(new Resources(documents, known.existing), known, lessons), sources: new Map() };
}

/** @throws Error that names the nearest one, when no lesson is called that */
export function knownLesson(id: string): void {
  const ids = knownLessons.map((lesson) => lesson.id);
  if (ids.includes(id)) return;
  const nearest = nearestName(id, ids);
  throw new Error(`no lesson is called "${id}"${nearest === undefined ? '' : `; did you mean ${nearest}?`}`);
}

/** Manifests have several lines, or are JSON; paths are neither. */
function isText(received: string): boolean {
  return received.includes('\n') || received.trimStart().startsWith('{') || /^\S+:(?:\s|$)/.test(received);
}

function judgedText(text: string, cluster: Cluster, lessons: readonly Lesson[]): Judged {
  const sources = new Map([[TEXT, text]]);
  const report = checkFiles(sources, { cluster, lessons });
  // What cannot be read has no findings, and a test that passes for that reason proves nothing.
  const [problem] = report.problems;
  if (problem !== undefined) throw new Error(`line ${problem.line ?? 1} of the manifests ${problem.message}`);
  return { report, sources };
}

function judgedPath(path: string, cluster: Cluster, lessons: readonly Lesson[]): Judged {
  const read = readFiles([path], process.cwd());
  if (read.wrong.length > 0) throw new Error(`${read.wrong.join('; ')}; expected manifests, or the path of some`);
  const report = checkFiles(read.files, { ...read, cluster, lessons });
  if (report.summary.documents === 0) throw new Error(`${path}: there are no manifests to judge`);
  return { report, sources: read.files };
}

function documentsIn(received: unknown): readonly Document[] {
  if (isConstruct(received)) return documentsOf(received);
  if (Array.isArray(received))
    return received.flatMap((item: unknown, index) => (isConstruct(item) ? documentsOf(item) : [plain(item, index)]));
  return [plain(received, 0)];
}

function plain(content: unknown, index: number): Document {
  if (typeof content !== 'object' || content === null || content instanceof Promise)
    throw new Error(`expected constructs, manifests, YAML or a path, got ${content instanceof Promise ? 'a promise' : String(content)}`);
  const construct = `manifest ${index + 1}`;
  return { content, source: construct, locate: () => ({ construct }) };
}

function clusterOf(cluster: JudgeOptions['cluster']): Cluster {
  if (cluster === undefined) return new Cluster();
  if (typeof cluster === 'string') {
    const setup = readSetup({ cluster }, process.cwd(), knownLessons.map(({ id }) => id)); // prettier-ignore
    if ('wrong' in setup) throw new Error(setup.wrong);
    return setup.cluster;
  }
  return isCluster(cluster) ? cluster : new Cluster(cluster);
}

/** By what it can do: a class of another copy of this package is not this one. */
function isCluster(cluster: object): cluster is Cluster {
  return 'facts' in cluster && 'existing' in cluster && 'knows' in cluster;
}

/** What the app was given, when it was given it. */
function appCluster(received: unknown): Cluster | undefined {
  const [first] = Array.isArray(received) ? received.filter(isConstruct) : [received].filter(isConstruct);
  const root: unknown = first?.node.root;
  if (typeof root !== 'object' || root === null || !('cluster' in root)) return undefined;
  const { cluster } = root;
  return typeof cluster === 'object' && cluster !== null && isCluster(cluster) ? cluster : undefined;
}
