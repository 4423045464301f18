/** The page of a lesson, and the table of all: Markdown that the documentation and `hindsight explain` share. */
import { dump } from 'js-yaml';
import { unusedSuppression } from '../check/unused-suppression';
import type { Example, Lesson, Section } from '../lessons/lesson';

/** The order of the sections, which is the one in which a platform is built. */
const ORDER: Readonly<Record<Section, number>> = {
  'Rollouts and workloads': 1,
  'Database and storage': 2,
  'Network isolation': 3,
  Mesh: 4,
  Backup: 5,
  GitOps: 6,
  Monitoring: 7,
  Delivery: 8,
};

/** Everything that a lesson tells, in the order in which a reader who met it asks. */
export function lessonPage(lesson: Lesson): string {
  const { incident } = lesson;
  return sections([
    `# ${lesson.id}`,
    sentence(lesson.title),
    `Severity: ${lesson.severity}. Section: ${lesson.section}.${needed(lesson)}`,
    '## The incident',
    `- Symptom: ${incident.symptom}`,
    `- Cause: ${incident.cause}`,
    `- Source: ${incident.source}`,
    '## The mend',
    sentence(lesson.remedy),
    ...exampleOf('What is found (at the lines marked `<- here`):', lesson.bad[0]),
    ...exampleOf('What is accepted:', lesson.good[0]),
    ...(lesson.confirm.length === 0 ? [] : ['## Confirm it on a cluster', fenced('sh', lesson.confirm.join('\n'))]),
    '## Limits',
    lesson.limits,
    ...(lesson.id === unusedSuppression.id ? [] : acceptanceOf(lesson)),
  ]);
}

function acceptanceOf({ id }: Lesson): string[] {
  return [
    '## Accepting it',
    'In YAML, above the line or at its end; in an annotation of the object; in code. The reason is required.',
    fenced('yaml', `# hindsight-ignore ${id}: why it is right here`),
    fenced('yaml', `metadata:\n  annotations:\n    hindsight.dev/ignore.${id}: why it is right here`),
    fenced('ts', `Lessons.of(construct).accept('${id}', 'why it is right here');`),
  ];
}

/** A row for each lesson, one table a section, links relative to the repository's root. */
export function lessonTable(lessons: readonly Lesson[]): string {
  const used = [...new Set(lessons.map(({ section }) => section))].sort((a, b) => ORDER[a] - ORDER[b]);
  return sections(
    used.flatMap((section) => {
      const rows = lessons.filter((lesson) => lesson.section === section).map(row);
      return [`### ${section}`, ['| lesson | severity | what it holds |', '| --- | --- | --- |', ...rows].join('\n')];
    }),
  );
}

/** The documentation's files below docs/lessons, by name. */
export function lessonPages(lessons: readonly Lesson[]): ReadonlyMap<string, string> {
  return new Map(lessons.map((lesson) => [`${lesson.id}.md`, lessonPage(lesson)]));
}

function row({ id, severity, title }: Lesson): string {
  return `| [\`${id}\`](docs/lessons/${id}.md) | ${severity} | ${capitalized(title).replaceAll('|', '\\|')} |`;
}

function needed({ needs = [] }: Lesson): string {
  if (needs.length === 0) return '';
  return ` Needs to know of the cluster: ${needs.map((fact) => `\`${fact}\``).join(', ')}; without that it is reported as skipped where it matters.`;
}

function exampleOf(heading: string, example: Example | undefined): string[] {
  if (example === undefined) return [];
  const facts = example.cluster === undefined ? [] : ['in a cluster with these facts', fenced('yaml', dump(example.cluster))];
  return [heading, fenced('yaml', example.yaml), ...facts];
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? capitalized(text) : `${capitalized(text)}.`;
}

/** With a capital where it starts with a word, and not with a field's name. */
export function capitalized(text: string): string {
  return /^[a-z]+[ ,:]/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
}

/** A fence longer than any in the text. */
function fenced(language: string, text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`{3,}/g)].map(([fence]) => fence.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text.trimEnd()}\n${fence}`;
}

/** Blocks apart by an empty line, the items of a list together. */
function sections(blocks: readonly string[]): string {
  const text = blocks.reduce((all, block) => all + (isItem(block) && isItem(lastLine(all)) ? '\n' : '\n\n') + block);
  return `${text}\n`;
}

function isItem(text: string): boolean {
  return text.startsWith('- ');
}

function lastLine(text: string): string {
  return text.slice(text.lastIndexOf('\n') + 1);
}
