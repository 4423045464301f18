import { loadAll } from 'js-yaml';
import { type Document, parseAllDocuments } from 'yaml';
import { Cluster, judge, lessons, readYaml, type Report, Resources } from 'cdk8s-hindsight/check';
import { type Bench, megabytes, ratio, rounded, type Row, seconds } from './measure';
import { type GeneratedFile, repository } from './repository';

const SIZES = [96, 1200, 2400, 4800];
const RUNS = 8;

/** A whole check (reading, indexing, every lesson) against parsing the same text and nothing else: with js-yaml, the fastest, and with yaml. */
export const checkBench: Bench = {
  name: 'check',
  description: 'every lesson over a generated repository, against bare parsing of the same files',
  *rows(): Iterable<Row> {
    checked(repository(200));
    let before: number | undefined;
    for (const size of SIZES) {
      const files = repository(size);
      const parsing = seconds(() => files.map(({ text }) => loadAll(text)), RUNS);
      const documents = seconds(() => files.map(({ text }) => parseAllDocuments(text).map(contentOf)));
      const reading = seconds(() => files.map(({ name, text }) => readYaml(text, name)), RUNS);
      const all = seconds(() => checked(files), RUNS);
      yield {
        files: size,
        resources: files.flatMap(({ name, text }) => readYaml(text, name).documents).length,
        findings: checked(files),
        'check s': rounded(all),
        'of it reading s': rounded(reading),
        'js-yaml s': rounded(parsing),
        'check / js-yaml': ratio(all, parsing),
        'check / yaml': ratio(all, documents),
        'memory / js-yaml': ratio(
          megabytes(() => report(files)),
          megabytes(() => files.map(({ text }) => loadAll(text))),
        ),
        growth: before === undefined || size !== 2 * (SIZES[SIZES.indexOf(size) - 1] ?? 0) ? '' : ratio(all, before),
      };
      before = all;
    }
  },
};

function contentOf(document: Document.Parsed): unknown {
  const content: unknown = document.toJS();
  return content;
}

/** @returns how much was found */
function checked(files: readonly GeneratedFile[]): number {
  return report(files).report.findings.length;
}

function report(files: readonly GeneratedFile[]): { resources: Resources; report: Report } {
  const resources = new Resources(files.flatMap(({ name, text }) => readYaml(text, name).documents));
  return { resources, report: judge(resources, new Cluster(), lessons) };
}
