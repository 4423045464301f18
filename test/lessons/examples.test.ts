import { judge } from '../../lib/check/judge';
import { Cluster } from '../../lib/facts/cluster';
import { lessons } from '../../lib/lessons';
import type { Example, Lesson } from '../../lib/lessons/lesson';
import { isFileLocation } from '../../lib/manifest/document';
import { readYaml } from '../../lib/manifest/yaml';
import { Resources } from '../../lib/resources/resources';

function linesFound(lesson: Lesson, example: Example): string[] {
  const readings = filesOf(example).map(({ file, text }) => readYaml(text, file));
  expect(readings.flatMap(({ problems }) => problems)).toEqual([]);
  // A file cluster.yaml says where the example's facts were written.
  const [facts] = readings.flatMap((reading) => reading.documents).filter(({ source }) => source === 'cluster.yaml');
  if (facts !== undefined) expect(facts.content).toEqual(example.cluster);
  const documents = readings.flatMap((reading) => reading.documents).filter((document) => document !== facts);
  const cluster =
    facts === undefined ? new Cluster(example.cluster) : new Cluster(example.cluster, facts.source, (pointer) => facts.locate(pointer));
  const repository = { remotes: [], files: new Set(filesOf(example).map(({ file }) => file)) };
  const { findings } = judge(new Resources(documents, cluster.existing), cluster, [lesson], repository);
  return [
    ...new Set(findings.map(({ location }) => (isFileLocation(location) ? `${location.file}:${location.line}` : location.construct))),
  ].sort();
}

function linesMarked(example: Example): string[] {
  const marked = filesOf(example).flatMap(({ file, text }) =>
    text.split('\n').flatMap((line, index) => (line.includes('# <- here') ? [`${file}:${index + 1}`] : [])),
  );
  return marked.sort();
}

function filesOf({ yaml }: Example): { file: string; text: string }[] {
  const [first = '', ...others] = yaml.split(/^# file: (.*)\n/m);
  const named = others.flatMap((part, index) => (index % 2 === 0 ? [{ file: part, text: others[index + 1] ?? '' }] : []));
  return first.trim() === '' && named.length > 0 ? named : [{ file: 'example.yaml', text: first }, ...named];
}

describe.each(lessons.map((lesson) => [lesson.id, lesson] as const))('%s', (_, lesson) => {
  test.each(lesson.bad.map((example, index) => [index, example] as const))(
    'finds bad example %i at its marked lines',
    (_index, example) => {
      expect(linesMarked(example)).not.toEqual([]);
      expect(linesFound(lesson, example)).toEqual(linesMarked(example));
    },
  );

  test.each(lesson.good.map((example, index) => [index, example] as const))('accepts good example %i', (_index, example) => {
    expect(linesFound(lesson, example)).toEqual([]);
  });
});
