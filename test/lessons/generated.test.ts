import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { knownLessons } from '../../lib/check/check-files';
import { lessons } from '../../lib/lessons';
import { lessonPages, lessonTable } from '../../lib/report/lesson-page';
import { withLessonTable } from '../../scripts/readme';

const MEND = 'run `npm run generate` and commit what it writes';
const root = join(__dirname, '../..');

test('the index names every lesson file, and nothing else', () => {
  const files = readdirSync(join(root, 'lib/lessons')).filter((file) => !['index.ts', 'lesson.ts'].includes(file));
  expect({ mend: MEND, files: lessons.map(({ id }) => `${id}.ts`).sort() }).toEqual({ mend: MEND, files: files.sort() });
});

test('docs/lessons has a page for everything that findings name, and nothing else', () => {
  const files = readdirSync(join(root, 'docs/lessons'));
  expect({ mend: MEND, files }).toEqual({ mend: MEND, files: [...lessonPages(knownLessons).keys()].sort() });
});

test.each([...lessonPages(knownLessons)])('docs/lessons/%s says what the lesson says', (file, page) => {
  expect({ mend: MEND, page: readFileSync(join(root, 'docs/lessons', file), 'utf8') }).toEqual({ mend: MEND, page });
});

test('the table of README.md lists every lesson', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  expect({ mend: MEND, readme }).toEqual({ mend: MEND, readme: withLessonTable(readme, lessonTable(lessons)) });
});
