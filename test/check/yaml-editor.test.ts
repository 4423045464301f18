import { changesBetween, edited, type PlainEdit } from '../../lib/check/plain-edits';
import { YamlEditor } from '../../lib/check/yaml-editor';
import { YamlTree } from '../../lib/manifest/yaml-tree';

/** The text after edits; it says what plain data would say after them. */
function mended(text: string, edits: readonly PlainEdit[], isJson = false): string {
  const chunk = { text, line: 1, offset: 0 };
  const before = new YamlTree(chunk, 'kubectl').content();
  const after = edited(before, edits);
  const editor = new YamlEditor(chunk, isJson);
  const changes = changesBetween(before, after)
    .map((change) => editor.textChange(change))
    .sort((a, b) => b.from - a.from || b.to - a.to);
  const result = changes.reduce((all, { from, to, text: replacement }) => all.slice(0, from) + replacement + all.slice(to), text);
  expect(new YamlTree({ ...chunk, text: result }, 'kubectl').content()).toEqual(after);
  return result;
}

const set = (path: string, value: unknown): PlainEdit => ({ path, value });
const remove = (path: string): PlainEdit => ({ path });

test.each<[string, string, PlainEdit, string]>([
  // Scalars keep their quotes.
  ['plain text', 'a: b # c\n', set('/a', 'd'), 'a: d # c\n'],
  ['plain text that needs quotes afterwards', 'a: b\n', set('/a', 'yes'), 'a: "yes"\n'],
  ['plain text that would be octal', 'a: b\n', set('/a', '0644'), 'a: "0644"\n'],
  ['text in double quotes', 'a: "b"\n', set('/a', 'd'), 'a: "d"\n'],
  ['text in single quotes', "a: 'b'\n", set('/a', "it's"), "a: 'it''s'\n"],
  ['a number', 'a: 3   # c\n', set('/a', 2), 'a: 2   # c\n'],
  ['text by a number', 'a: "3"\n', set('/a', 2), 'a: 2\n'],
  ['a number by text', 'a: 3\n', set('/a', '2'), 'a: "2"\n'],
  ['a tagged and anchored value', 'a: &x !!str b\n', set('/a', 'd'), 'a: &x !!str d\n'],
  ['a literal text', 'a: |  # c\n    x: 1\n\n    y: 2\n\nb: 1\n', set('/a', 'x: 1\n\ny: 3\n'), 'a: |  # c\n    x: 1\n\n    y: 3\n\nb: 1\n'],
  ['a literal text without its last newline', 'a: |-\n  x\nb: 1\n', set('/a', 'y'), 'a: |-\n  y\nb: 1\n'],
  // What is empty.
  ['an empty value', 'a:\nb: 1\n', set('/a', {}), 'a: {}\nb: 1\n'],
  ['an empty value with a comment', 'a: # c\nb: 1\n', set('/a', 'x'), 'a: x # c\nb: 1\n'],
  [
    'an empty value by a map',
    'x:\n    a:\n    b: 1\n',
    set('/x/a', { c: { d: 1 } }),
    'x:\n    a:\n        c:\n            d: 1\n    b: 1\n',
  ],
  ['a written null', 'a: null\n', set('/a', [1, 2]), 'a:\n  - 1\n  - 2\n'],
  ['an empty item', '- a\n-\n- b\n', set('/1', 'x'), '- a\n- x\n- b\n'],
  // Keys that are added.
  ['a key to a map', 'a:\n  b: 1 # c\n\n# d\ne: 2\n', set('/a/f', 'g'), 'a:\n  b: 1 # c\n  f: g\n\n# d\ne: 2\n'],
  ['a key to the end', 'a: 1', set('/b', 2), 'a: 1\nb: 2'],
  ['a key behind a literal text', 'a:\n  b: |\n    x\n\nc: 1\n', set('/a/d', 1), 'a:\n  b: |\n    x\n  d: 1\n\nc: 1\n'],
  ['a key behind an empty value', 'a:\n  b: # c\n', set('/a/d', 1), 'a:\n  b: # c\n  d: 1\n'],
  ['a key to an item', 'l:\n- a: 1\n  b: 2\n- c: 3\n', set('/l/0/d', 4), 'l:\n- a: 1\n  b: 2\n  d: 4\n- c: 3\n'],
  ['a key and its parents', 'a: 1\n', set('/b/c/-', 'x'), 'a: 1\nb:\n  c:\n    - x\n'],
  ['a key and its parents, lists not indented', 'a:\n- 1\n', set('/b/c/-', 'x'), 'a:\n- 1\nb:\n  c:\n  - x\n'],
  ['a key to braces', 'a: {b: 1} # c\n', set('/a/d', 'x, y'), 'a: {b: 1, d: "x, y"} # c\n'],
  ['a key to wide braces', 'a: { b: 1 }\n', set('/a/d', [true]), 'a: { b: 1, d: [true] }\n'],
  ['a key to empty braces', 'a: {}\n', set('/a/d', 1), 'a: {d: 1}\n'],
  ['a key to braces of several lines', 'a: {\n  b: 1, # c\n}\n', set('/a/d', 1), 'a: {\n  b: 1,\n  d: 1, # c\n}\n'],
  // Items.
  ['an item to a list', 'a:\n  - b # c\nd: 1\n', set('/a/-', { e: 1, f: 2 }), 'a:\n  - b # c\n  - e: 1\n    f: 2\nd: 1\n'],
  ['an item to a list that is not indented', 'a:\n- b\nd: 1\n', set('/a/-', 'c'), 'a:\n- b\n- c\nd: 1\n'],
  ['an item to brackets', 'a: [b]\n', set('/a/-', 'c'), 'a: [b, c]\n'],
  ['an item to empty brackets', 'a: []\n', set('/a/-', 'c'), 'a:\n  - c\n'],
  // What is removed.
  ['a key', 'a:\n  # c\n  b: 1\n  d: 2\n', remove('/a/b'), 'a:\n  # c\n  d: 2\n'],
  ['a key with all below it', 'a:\n  b:\n    c: |\n      x\n\n  d: 2\n', remove('/a/b'), 'a:\n\n  d: 2\n'],
  ['the only key', 'a:\n  b: 1\nc: 1\n', remove('/a/b'), 'a: {}\nc: 1\n'],
  ['the only annotation', 'a:\n  annotations:\n    b: 1\n  c: 1\n', remove('/a/annotations/b'), 'a:\n  c: 1\n'],
  ['the first key of an item', '- a: 1\n  b: 2\n', remove('/0/a'), '- b: 2\n'],
  ['an item', 'a:\n  - b\n  - c: 1\n    d: 2\n  - e\n', remove('/a/1'), 'a:\n  - b\n  - e\n'],
  ['the only item', 'a:\n  - b\nc: 1\n', remove('/a/0'), 'a: []\nc: 1\n'],
  ['the first in braces', 'a: {b: 1, c: 2}\n', remove('/a/b'), 'a: {c: 2}\n'],
  ['the last in braces', 'a: {b: 1, c: 2}\n', remove('/a/c'), 'a: {b: 1}\n'],
  ['the last in brackets', 'a: [b, c ]\n', remove('/a/1'), 'a: [b ]\n'],
  ['what is not there', 'a: 1\n', remove('/b/c'), 'a: 1\n'],
])('%s', (_, before, edit, after) => {
  expect(mended(before, [edit])).toBe(after);
});

test.each<[string, string, PlainEdit, string]>([
  ['a key', '{\n  "a": {\n    "b": 1\n  }\n}\n', set('/a/c', { d: 'x' }), '{\n  "a": {\n    "b": 1,\n    "c": {"d": "x"}\n  }\n}\n'],
  ['a value', '{"a":"yes"}', set('/a', 'no'), '{"a":"no"}'],
  ['an empty map', '{"a": {}}', set('/a/b', null), '{"a": {"b": null}}'],
  ['a removal', '{\n\t"a": 1,\n\t"b": 2\n}', remove('/b'), '{\n\t"a": 1\n}'],
])('JSON: %s', (_, before, edit, after) => {
  expect(mended(before, [edit], true)).toBe(after);
});

test('a list keeps the items that stay as they are', () => {
  const text = 'l:\n  # one\n  - {a: 1} # first\n  # two\n  - b: 2 # second\n  # three\n  - c\n';
  expect(mended(text, [set('/l/1', { b: 3 }), set('/l/-', 'd')])).toBe(text.replace('b: 2', 'b: 3').replace('- c\n', '- c\n  - d\n'));
});

test.each([
  ['an alias', 'a: &x {b: 1}\nc: *x\n', set('/c/b', 2)],
  ['a merged field', 'a: &x {b: 1}\nc:\n  <<: *x\n', set('/c/b', 2)],
  ['a folded text', 'a: >\n  b\n', set('/a', 'c\n')],
  ['the whole document', 'a: 1\n', set('', { b: 1 })],
])('fails on %s, in words', (_, text, edit) => {
  expect(() => mended(text, [edit])).toThrow(/alias|merge|folded|document/);
});
