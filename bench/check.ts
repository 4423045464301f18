import { loadAll } from 'js-yaml';
import { Cluster, judge, lessons, readYaml, Resources } from 'cdk8s-hindsight/check';
import { type Bench, ratio, rounded, type Row, seconds } from './measure';
import { type GeneratedFile, repository } from './repository';

const SIZES = [96, 1200, 2400, 4800];
const RUNS = 3;

/** A whole check (reading, indexing, every lesson) against parsing the same text with js-yaml and nothing else. */
export const checkBench: Bench = {
  name: 'check',
  description: 'every lesson over a generated repository, against bare parsing of the same files with js-yaml',
  *rows(): Iterable<Row> {
    checked(repository(200));
    let before: number | undefined;
    for (const size of SIZES) {
      const files = repository(size);
      const parsing = seconds(() => files.map(({ text }) => loadAll(text)), RUNS);
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
        growth: before === undefined || size !== 2 * (SIZES[SIZES.indexOf(size) - 1] ?? 0) ? '' : ratio(all, before),
      };
      before = all;
    }
  },
};

/** @returns how much was found */
function checked(files: readonly GeneratedFile[]): number {
  const documents = files.flatMap(({ name, text }) => readYaml(text, name).documents);
  return judge(new Resources(documents), new Cluster(), lessons).findings.length;
}
