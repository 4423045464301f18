import { baselineText, fingerprintOf, parseBaseline, withoutKnown } from '../../lib/check/baseline';
import { checkFiles } from '../../lib/check/check-files';
import type { Report } from '../../lib/check/finding';

function report(yaml: string, file = 'a.yaml'): Report {
  return checkFiles(new Map([[file, yaml]]));
}

function left(before: string, after: string): number {
  const baseline = parseBaseline(baselineText(report(before).findings), 'known.json');
  if ('problems' in baseline) throw new Error('no baseline');
  return withoutKnown(report(after), baseline).findings.length;
}

const POD = (...containers: readonly string[]): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n${containers.map((name) => `    - {name: ${name}, image: "x:latest"}\n`).join('')}`;

test('a finding is known by the name of its container, not by its place in the list', () => {
  expect(report(POD('a', 'b')).findings).toHaveLength(2);
  expect(left(POD('a', 'b'), POD('b', 'a'))).toBe(0);
  expect(left(POD('a'), POD('b', 'a'))).toBe(1);
  expect(left(POD('a', 'b'), `# more\n\n${POD('b')}`)).toBe(0);
});

test('a finding of another file, object or lesson is new', () => {
  const [finding] = report(POD('a')).findings;
  const others = [report(POD('a'), 'b.yaml'), report(POD('a').replace('name: a}', 'name: b}'))].flatMap(({ findings }) => findings);
  const prints = [finding, ...others].map((one) => (one === undefined ? '' : fingerprintOf(one)));
  expect(new Set(prints).size).toBe(3);
});

test('as many are known as were written down', () => {
  const twice = `${POD('a')}---\n${POD('a')}`;
  const one = report(POD('a')).findings.length;
  expect(left(POD('a'), twice)).toBe(report(twice).findings.length - one);
});

test('fails to read what is no baseline', () => {
  for (const text of ['', '[]', '{"version": 2, "findings": []}', '{'])
    expect(parseBaseline(text, 'b.json')).toEqual({
      problems: [{ file: 'b.json', message: 'is no baseline; --update-baseline writes one' }],
    });
});
