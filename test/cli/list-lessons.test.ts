import { knownLessons } from '../../lib/check/check-files';
import { listLessons } from '../../lib/cli/list-lessons';

test('lessons lists one line for each lesson, in columns', () => {
  const lines = listLessons('pretty').text?.trimEnd().split('\n') ?? [];
  expect(lines.length).toBe(knownLessons.length);
  const columns = lines.map((line) => line.search(/(error|warning|info) /));
  expect(new Set(columns).size).toBe(1);
});

test('lessons begins titles as the pages do', () => {
  expect(listLessons('pretty').text).toContain('  An alert on an up metric');
  expect(listLessons('pretty').text).toContain('  sidecar.istio.io/inject works');
});

test('lessons as JSON says what each page says', () => {
  const parsed: unknown = JSON.parse(listLessons('json').text ?? '');
  expect(parsed).toContainEqual(expect.objectContaining({ id: 'sidecar-annotation-misplaced', severity: 'error', section: 'Mesh' }));
});

test('fails for an unknown format and names the known ones', () => {
  expect(listLessons('yaml')).toEqual({ error: '--format is "yaml"; choose pretty or json', exitCode: 2 });
});
