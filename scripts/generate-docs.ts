// Writes what the lessons tell: docs/lessons, one page each, and the table of README.md.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { knownLessons } from '../lib/check/check-files';
import { lessons } from '../lib/lessons';
import { lessonPages, lessonTable } from '../lib/report/lesson-page';
import { withLessonTable } from './readme';

const folder = 'docs/lessons';
const pages = lessonPages(knownLessons);
mkdirSync(folder, { recursive: true });
for (const file of readdirSync(folder)) if (!pages.has(file)) rmSync(join(folder, file));
for (const [file, page] of pages) writeFileSync(join(folder, file), page);
writeFileSync('README.md', withLessonTable(readFileSync('README.md', 'utf8'), lessonTable(lessons)));
