import { globMatcher } from '../../lib/manifest/glob';

/** Which of these paths a glob matches. */
function matched(glob: string, star: 'folder' | 'path', paths: readonly string[]): readonly string[] | undefined {
  const matcher = globMatcher(glob, star);
  return matcher && paths.filter((path) => matcher(path));
}

const PATHS = ['x.yaml', 'ax.yaml', 'a/x.yaml', 'a/ax.yaml', 'a/b/x.yaml', '.a/x.yaml', 'x.yaml/b', 'x.json'];

test.each([
  ['**/x.yaml', ['x.yaml', 'a/x.yaml', 'a/b/x.yaml', '.a/x.yaml']],
  ['./x.yaml', ['x.yaml']],
  ['*x.yaml', ['x.yaml', 'ax.yaml']],
  ['?x.yaml', ['ax.yaml']],
  ['*/x.yaml', ['a/x.yaml', '.a/x.yaml']],
  ['a/**', ['a/x.yaml', 'a/ax.yaml', 'a/b/x.yaml']],
  ['a/**/x.yaml', ['a/x.yaml', 'a/b/x.yaml']],
  ['x.{yaml,json}', ['x.yaml', 'x.json']],
  ['{a/{x,b/x},.a/*}.yaml', ['a/x.yaml', 'a/b/x.yaml', '.a/x.yaml']],
  ['[a-w]x.yaml', ['ax.yaml']],
  ['[!/]x.yaml', ['ax.yaml']],
  ['a**/x.yaml', ['a/x.yaml']],
  ['x\\.yaml', ['x.yaml']],
  ['**', PATHS],
])('within folders, %s', (glob, paths) => {
  expect(matched(glob, 'folder', PATHS)).toEqual(paths);
});

test.each([
  ['*x.yaml', ['x.yaml', 'ax.yaml', 'a/x.yaml', 'a/ax.yaml', 'a/b/x.yaml', '.a/x.yaml']],
  ['*', PATHS],
  ['**', PATHS],
  ['a/*', ['a/x.yaml', 'a/ax.yaml', 'a/b/x.yaml']],
  ['{x.json,*/b*}', ['a/b/x.yaml', 'x.yaml/b', 'x.json']],
  ['', []],
])('across folders, %s', (glob, paths) => {
  expect(matched(glob, 'path', PATHS)).toEqual(paths);
});

test.each(['{a', 'a{b,c', 'a}', '[a', '[z-a]', 'a\\', '{a,b}'.repeat(100), '{a}'.repeat(101)])(
  'fails on %s, which is malformed or too rich',
  (glob) => {
    expect(globMatcher(glob, 'folder')).toBeUndefined();
  },
);

test('as many braces as a person may write are read', () =>
  expect(matched('{a}'.repeat(100), 'folder', ['a'.repeat(100)])).toHaveLength(1));

test('no glob takes for ever', () => {
  const start = performance.now();
  for (const braces of ['{a}'.repeat(20_000), '{'.repeat(20_000) + '}'.repeat(20_000)]) expect(globMatcher(braces, 'path')).toBeUndefined();
  for (const star of ['folder', 'path'] as const)
    for (const glob of ['*a'.repeat(50), '**/a'.repeat(50), '{*a,*b}'.repeat(9)])
      expect(matched(`${glob}b`, star, ['a'.repeat(1000), 'a/'.repeat(500)])).toEqual([]);
  expect(performance.now() - start).toBeLessThan(5000);
});
