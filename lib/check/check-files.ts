/** A repository's files in, a report out: reading, rendering, judging, settings and suppressions. */
import { Cluster } from '../facts/cluster';
import { lessons as allLessons } from '../lessons';
import { kustomizationIntegrity } from '../lessons/kustomization-integrity';
import type { Lesson } from '../lessons/lesson';
import { isFileLocation, type Problem } from '../manifest/document';
import { readRepository } from '../manifest/read-repository';
import { NO_REPOSITORY, type Repository } from '../manifest/repository';
import { textOf } from '../manifest/text';
import { withoutCredentials } from '../resources/credentials';
import { Resources } from '../resources/resources';
import { accept } from './accept';
import type { Finding, Report } from './finding';
import { byPlace, compare, judge } from './judge';
import { isWanted, NO_SETTINGS, settingOf, type Settings } from './settings';
import { IGNORE_COMMENT } from './suppressions';
import { unusedSuppression } from './unused-suppression';

export interface CheckOptions {
  /** What is known of the cluster. @default - nothing: lessons that need facts are skipped */
  readonly cluster?: Cluster;
  /** @default - all lessons */
  readonly lessons?: readonly Lesson[];
  /** Severities by lesson and file. @default - the lessons' own */
  readonly settings?: Settings;
  /** What is known of the checkout around the files. @default - nothing but the files themselves */
  readonly repository?: Repository;
  /** The files to judge; the others only serve kustomizations. @default - all */
  readonly asked?: ReadonlySet<string>;
  /** What could not be read before it came here. @default - nothing */
  readonly problems?: readonly Problem[];
  /** The text of the file with the cluster's facts, whose comments may suppress findings about the cluster. @default - none */
  readonly clusterText?: string;
}

/** Every lesson there is, with what is reported of suppressions. */
export const knownLessons: readonly Lesson[] = [...allLessons, unusedSuppression];

/** Judges files by their names and contents. */
export function checkFiles(files: ReadonlyMap<string, string | Uint8Array>, options: CheckOptions = {}): Report {
  const { cluster = new Cluster(), lessons = knownLessons, settings = NO_SETTINGS, asked = new Set(files.keys()) } = options;
  const repository = options.repository ?? { ...NO_REPOSITORY, files: new Set(files.keys()) };
  const reading = readRepository(files, repository, asked);
  const resources = new Resources(reading.documents, [...cluster.existing, ...reading.unjudged]);
  const wanted = lessons.filter((lesson) => isWanted(settings, lesson));
  const judged = judge(resources, cluster, wanted, repository);
  const read = {
    ...judged,
    problems: [...(options.problems ?? []), ...reading.problems].map(withoutSecrets),
    summary: { files: reading.files, documents: reading.documents.length },
  };
  const texts = textsWithComments(files, asked);
  if (options.clusterText !== undefined) texts.set(cluster.source, options.clusterText);
  const skipped = new Set(judged.skipped.map(({ lesson }) => lesson));
  const ran = new Set(wanted.map(({ id }) => id).filter((id) => !skipped.has(id)));
  const accepted = accept(read, { resources, texts, known: knownLessons.map(({ id }) => id), ran });
  return tuned(accepted, wanted, settings);
}

/** What cannot be read is quoted, such as the address of a remote base. */
function withoutSecrets(problem: Problem): Problem {
  return { ...problem, message: withoutCredentials(problem.message) };
}

/** With the severities that are wanted, without what is off or said twice, in order. */
function tuned(report: Report, wanted: readonly Lesson[], settings: Settings): Report {
  const ids = new Set(wanted.map(({ id }) => id));
  const set = <Kind extends Finding>(findings: readonly Kind[]): Kind[] =>
    once(findings)
      .flatMap((finding) => {
        const { location, lesson } = finding;
        const setting = settingOf(settings, lesson, isFileLocation(location) ? location.file : '');
        if (setting === 'off' || !ids.has(lesson)) return [];
        return setting === undefined ? [finding] : [{ ...finding, severity: setting }];
      })
      .sort(byPlace);
  const [findings, suppressed] = [set(report.findings), set(report.suppressed)];
  const told = new Set([...findings, ...suppressed].flatMap(missingField));
  return {
    ...report,
    findings,
    suppressed,
    problems: report.problems
      .filter(({ file, path }) => path === undefined || !told.has(`${file}\n${path}`))
      .sort((a, b) => compare(a.file, b.file) || (a.line ?? 0) - (b.line ?? 0) || compare(a.message, b.message)),
  };
}

/** The field of a kustomization that names what is not there: a finding says so, and a problem need not say it again. */
function missingField({ lesson, location, path }: Finding): string[] {
  return lesson === kustomizationIntegrity.id && isFileLocation(location) ? [`${location.file}\n${path}`] : [];
}

/** Several renderings of one text say the same of it. */
function once<Kind extends Finding>(findings: readonly Kind[]): Kind[] {
  const seen = new Set<string>();
  return findings.filter(({ lesson, location, message, path }) => {
    const key = [lesson, message, isFileLocation(location) ? JSON.stringify(location) : location.construct + path].join('\n');
    return !seen.has(key) && seen.add(key);
  });
}

function textsWithComments(files: ReadonlyMap<string, string | Uint8Array>, asked: ReadonlySet<string>): Map<string, string> {
  const texts = new Map<string, string>();
  for (const file of asked) {
    const data = files.get(file);
    if (data === undefined) continue;
    const mentions =
      typeof data === 'string'
        ? data.includes(IGNORE_COMMENT)
        : Buffer.from(data.buffer, data.byteOffset, data.byteLength).includes(IGNORE_COMMENT);
    const text = mentions ? textOf(data, file) : undefined;
    if (typeof text === 'string') texts.set(file, text);
  }
  return texts;
}
