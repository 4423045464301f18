/** docs/api.md names what there is. */
import { readFileSync } from 'node:fs';
import * as check from '../../lib/check';
import * as root from '../../lib/index';
import * as jest from '../../lib/jest';
import { lessons } from '../../lib/lessons';
import * as validation from '../../lib/validation';

const page = readFileSync('docs/api.md', 'utf8');

const MODULES: ReadonlyMap<string, object> = new Map<string, object>([
  ['cdk8s-hindsight', root],
  ['cdk8s-hindsight/check', check],
  ['cdk8s-hindsight/jest', jest],
  ['cdk8s-hindsight/validation', validation],
]);

test('what its examples import is exported', () => {
  const imports = [...page.matchAll(/^import \{ (.*) \} from '(cdk8s-hindsight[^']*)';$/gm)];
  expect(imports.length).toBeGreaterThanOrEqual(2);
  for (const [, names = '', from = ''] of imports)
    expect(Object.keys(MODULES.get(from) ?? {})).toEqual(expect.arrayContaining(names.split(', ')));
});

test('the functions that it tells of the checker are exported', () => {
  const section = page.split('\n## `cdk8s-hindsight/check`\n')[1]?.split('\n## ')[0] ?? '';
  const told = [...section.matchAll(/`([a-z]\w+)(?:\([^`]*\))?`/g)].map(([, name = '']) => name);
  const functions = told.filter((name) => /[A-Z]/.test(name) && name in check);
  expect(functions).toEqual(
    expect.arrayContaining([
      'checkFiles',
      'parseClusterFacts',
      'parseConfig',
      'baselineText',
      'withoutKnown',
      'fingerprintOf',
      'knownLessons',
    ]),
  );
});

test('the lessons that it names exist', () => {
  const named = [...page.matchAll(/(?:accept|toHaveFinding|except: \[)\(?'([a-z-]+)'/g)].map(([, id]) => id);
  expect(named.length).toBeGreaterThanOrEqual(3);
  expect(lessons.map(({ id }) => id)).toEqual(expect.arrayContaining(named));
});

test('the class that cdk8s.yaml names is exported', () => {
  expect(validation).toHaveProperty(/class: (\w+)/.exec(page)?.[1] ?? 'no class');
});
