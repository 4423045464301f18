/** The examples of the lessons that judge whole repositories, read as a repository: rendered, and with what Applications tell. */
import { judge } from '../../lib/check/judge';
import { Cluster } from '../../lib/facts/cluster';
import { lessons } from '../../lib/lessons';
import type { Example } from '../../lib/lessons/lesson';
import { isFileLocation } from '../../lib/manifest/document';
import { readRepository } from '../../lib/manifest/read-repository';
import { Resources } from '../../lib/resources/resources';

const examples = lessons
  .filter(({ section }) => section === 'GitOps' || section === 'Backup' || section === 'Monitoring')
  .flatMap((lesson) => [...lesson.bad, ...lesson.good].map((example, index) => ({ id: lesson.id, index, lesson, example })));

function filesOf({ yaml }: Example): Map<string, string> {
  const [first = '', ...named] = yaml.split(/^# file: (.*)\n/m);
  const files = new Map(first.trim() === '' ? [] : [['example.yaml', first]]);
  for (let index = 0; index < named.length; index += 2) files.set(named[index] ?? '', named[index + 1] ?? '');
  files.delete('cluster.yaml');
  return files;
}

test.each(examples)('$id, example $index: its lines are found after rendering, and no others', ({ lesson, example }) => {
  const files = filesOf(example);
  const repository = { remotes: [], files: new Set(files.keys()) };
  const { documents } = readRepository(files, repository);
  const cluster = new Cluster(example.cluster);
  const { findings } = judge(new Resources(documents, cluster.existing), cluster, [lesson], repository);
  const found = findings.flatMap(({ location }) =>
    isFileLocation(location) && files.has(location.file) ? [`${location.file}:${location.line}`] : [],
  );
  const marked = [...files].flatMap(([file, text]) =>
    text.split('\n').flatMap((line, index) => (line.includes('# <- here') ? [`${file}:${index + 1}`] : [])),
  );
  expect([...new Set(found)].sort()).toEqual(marked.sort());
});
