import { isFileLocation } from '../../lib/manifest/document';
import { textOf } from '../../lib/manifest/text';
import { readYaml, type Reading } from '../../lib/manifest/yaml';

const OBJECT = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n';

/** `line:column-endLine:endColumn` of a field of the n-th document. */
function place(reading: Reading, pointer: string, index = 0): string {
  const location = reading.documents[index]?.locate(pointer);
  if (location === undefined || !isFileLocation(location)) throw new Error('no location');
  return `${location.line}:${location.column}-${location.endLine}:${location.endColumn}`;
}

function problemsOf(text: string, file = 'x.yaml'): string[] {
  return readYaml(text, file).problems.map(({ line, message }) => `${line}: ${message}`);
}

function names(reading: Reading): unknown[] {
  return reading.documents.map(({ content }) => (content as { metadata: { name: string } }).metadata.name);
}

describe('locations', () => {
  const text = `# a comment
apiVersion: v1
kind: ConfigMap
metadata:
  name: a
  labels: {on: x, "q": 'y'}
data:
  empty:
  text: |
    one
    two

  list:
  - 1
  - k: 2
`;
  const reading = readYaml(text, 'a.yaml');

  test.each([
    ['', '2:1-2:15'],
    ['/metadata/name', '5:9-5:10'],
    ['/metadata/labels', '6:11-6:28'],
    ['/metadata/labels/true', '6:16-6:17'],
    ['/metadata/labels/q', '6:24-6:27'],
    ['/data/empty', '8:3-8:8'],
    ['/data/text', '9:9-11:8'],
    ['/data/list', '14:3-15:9'],
    ['/data/list/1', '15:5-15:9'],
    ['/data/list/1/k', '15:8-15:9'],
    ['/data/list/7', '14:3-15:9'],
    ['/data/absent/below', '8:3-15:9'],
    ['/absent', '2:1-2:15'],
  ])('%j is at %s', (pointer, expected) => {
    expect(place(reading, pointer)).toBe(expected);
  });

  test('of the second document count from the top of the file', () => {
    const second = readYaml(`${OBJECT}---\n# comment\n${OBJECT}data:\n  k: v\n`, 'a.yaml');
    expect(place(second, '/data/k', 1)).toBe('10:6-10:7');
    expect(place(second, '', 1)).toBe('6:1-6:15');
    expect(second.documents[1]?.origin?.('/data/k')).toMatchObject({
      chunk: 1,
      pointer: '/data/k',
      key: { line: 10, column: 3, endColumn: 4 },
    });
  });

  test('of items of a List point into the items', () => {
    const list = readYaml('apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: p}\n', 'a.yaml');
    expect(place(list, '/metadata/name')).toBe('6:20-6:21');
    expect(place(list, '')).toBe('4:3-6:22');
    expect(list.documents[0]?.origin?.('/kind')?.pointer).toBe('/items/0/kind');
  });

  test('of aliased and merged fields point to where they are written', () => {
    const anchors = readYaml(`${OBJECT}base: &base\n  k: 1\n  l: {m: 2}\nv:\n  <<: *base\n  z: *base\n`, 'a.yaml');
    expect(place(anchors, '/v/k')).toBe('5:6-5:7');
    expect(place(anchors, '/v/z')).toBe('9:6-9:11');
    expect(place(anchors, '/v/z/l/m')).toBe('6:10-6:11');
  });

  test('of the duplicate that wins', () => {
    expect(place(readYaml(`${OBJECT}data:\n  a: 1\n  a: 2\n`, 'a.yaml'), '/data/a')).toBe('6:6-6:7');
  });

  test('survive CRLF and a byte order mark', () => {
    const windows = readYaml(`\uFEFF${OBJECT}data:\n  k: v\n---\n${OBJECT}data:\n  k: vv\n`.replaceAll('\n', '\r\n'), 'a.yaml');
    expect(place(windows, '/data/k')).toBe('5:6-5:7');
    expect(place(windows, '/data/k', 1)).toBe('11:6-11:8');
  });

  test('of JSON indented with tabs', () => {
    const json = readYaml('{\n\t"apiVersion": "v1",\n\t"kind": "Pod",\n\t"metadata": {"name": "p"}\n}\n', 'p.json');
    expect(place(json, '/metadata/name')).toBe('4:23-4:26');
  });
});

describe('documents', () => {
  test('a broken one takes no other with it', () => {
    const reading = readYaml(`${OBJECT}---\na: "b\n---\n${OBJECT}`, 'x.yaml');
    expect(names(reading)).toEqual(['a', 'a']);
    expect(reading.problems).toEqual([{ file: 'x.yaml', line: expect.any(Number), message: expect.stringContaining('is not valid YAML') }]);
  });

  test('separators inside of block scalars and comments behind separators are told apart', () => {
    expect(names(readYaml(`${OBJECT}data:\n  x: |\n    ---\n    a: 1\n--- # next\n${OBJECT}`, 'x.yaml'))).toEqual(['a', 'a']);
  });

  test('empty ones and comments are none', () => {
    expect(readYaml('---\n# nothing\n---\n\n---\n', 'x.yaml')).toEqual({ documents: [], unjudged: [], problems: [] });
    expect(readYaml('', 'x.yaml').documents).toEqual([]);
  });

  test('typed lists hand kind and apiVersion down, and lists may hold lists', () => {
    const text =
      'apiVersion: v1\nkind: PodList\nitems:\n- metadata: {name: p}\n- {apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Pod, metadata: {name: q}}]}\n';
    const reading = readYaml(text, 'x.yaml');
    expect(reading.documents.map(({ content }) => content)).toEqual([
      { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' } },
      { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'q' } },
    ]);
  });

  test('JSON files that are broken are problems only where they claim to be manifests', () => {
    expect(readYaml('{"name": "x", }', 'package.json')).toEqual({ documents: [], unjudged: [], problems: [] });
    expect(problemsOf('{"apiVersion": "v1", "kind": "Pod",}', 'p.json')).toHaveLength(1);
  });

  test('__proto__ is a key like any other', () => {
    for (const file of ['x.yaml', 'x.json']) {
      const text = '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "__proto__": {"polluted": true}}';
      const [document] = readYaml(text, file).documents;
      expect(Object.keys(document?.content as object)).toContain('__proto__');
      expect(Object.getPrototypeOf(document?.content)).toBe(Object.prototype);
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    }
    const merged = readYaml(`${OBJECT}b: &b {__proto__: {polluted: true}}\nv: {<<: *b}\n`, 'x.yaml').documents[0]?.content;
    expect(Object.getPrototypeOf((merged as { v: object }).v)).toBe(Object.prototype);
  });
});

describe('what cannot be read', () => {
  test.each([
    [
      'a Helm template',
      `kind: Pod\n{{- if .Values.on }}\na: 1\n{{- end }}\n`,
      '2: is a template ({{ … }}); render it and check the result',
    ],
    ['an unquoted placeholder', `${OBJECT}v: {{ .Values.x }}\n`, '4: is a template ({{ … }}); render it and check the result'],
    [
      'a templated name',
      'apiVersion: v1\nkind: Pod\nmetadata: {name: "{{ .Release.Name }}"}\n',
      '3: is a template ({{ … }}); render it and check the result',
    ],
    [
      'a substituted number',
      `${OBJECT}spec:\n  replicas: \${REPLICAS:=2}\n`,
      '5: is a template (${…}); substitute its variables and check the result',
    ],
    [
      'a substituted tag',
      `${OBJECT}spec:\n  image: "web:\${TAG}"\n`.replace('ConfigMap', 'Pod'),
      '5: is a template (${…}); substitute its variables and check the result',
    ],
    ['merge markers', `${OBJECT}<<<<<<< HEAD\na: 1\n=======\na: 2\n>>>>>>> x\n`, '4: holds the markers of an unresolved merge'],
    ['an Ansible Vault', '$ANSIBLE_VAULT;1.1;AES256\n3132\n', '1: is encrypted with Ansible Vault'],
    ['plain text', '404 not found\n', '1: is no map: not a manifest'],
    ['text behind a separator', `${OBJECT}--- {b: 2}\n`, '4: is not valid YAML for Kubernetes: "{b: 2}" stands behind ---'],
    ['a SOPS file', 'db: ENC[AES256_GCM,data:x]\nsops:\n  mac: ENC[x]\n', '2: is encrypted with SOPS; its values are not checked'],
  ])('fails on %s with its line and reason', (_, text, expected) => {
    const pod = text.replace('kind: ConfigMap', 'kind: Pod');
    expect(problemsOf(pod)).toEqual([expected]);
    expect(readYaml(pod, 'x.yaml').documents.length).toBe(expected.includes('behind ---') ? 1 : 0);
  });

  test('an encrypted Secret still says which keys it has, without their values', () => {
    const text =
      'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n  password: ENC[AES256_GCM,data:x]\nsops:\n  mac: ENC[x]\n';
    const { unjudged, documents } = readYaml(text, 's.yaml');
    expect(documents).toEqual([]);
    expect(unjudged.map(({ content }) => content)).toMatchObject([
      { kind: 'Secret', metadata: { name: 's' }, stringData: { password: '' } },
    ]);
    expect(unjudged[0]?.locate('/stringData/password')).toMatchObject({ line: 5 });
  });

  test.each([
    [
      'alerts',
      'apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata: {name: r}\nspec: {description: "{{ $labels.pod }} is {{ $value }}"}\n',
    ],
    [
      'scripts',
      'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{args: ["${HOME}"], env: [{name: A, value: "${B}"}]}]}\n',
    ],
    [
      'ApplicationSets',
      'apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: a}\nspec: {template: {metadata: {name: "{{path.basename}}"}}}\n',
    ],
    ['configuration', `${OBJECT}data:\n  app.properties: \${DB}\n`],
  ])('templates inside of %s are their own business', (_, text) => {
    expect(problemsOf(text)).toEqual([]);
    expect(readYaml(text, 'x.yaml').documents).toHaveLength(1);
  });
});

describe('hostile input stays bounded', () => {
  test.each([
    [
      'a billion laughs',
      `a: &a [x,x,x,x,x,x,x,x,x,x]\n${[...'bcdefghijk'].map((name, index) => `${name}: &${name} [${`*${'abcdefghijk'[index]},`.repeat(10)}]`).join('\n')}\n`,
      /alias bomb/,
    ],
    [
      'merge keys that multiply',
      `a: &a {${Array.from({ length: 500 }, (_, i) => `k${i}: 1`).join(', ')}}\nb: {<<: [${'*a, '.repeat(5000)}]}\n`,
      /merge|alias/i,
    ],
    ['ten thousand levels of flow', '['.repeat(10_000) + ']'.repeat(10_000), /too deeply/],
    ['ten thousand levels of blocks', Array.from({ length: 10_000 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'), /too deeply/],
    ['ten thousand dashes', '- '.repeat(10_000), /too deeply/],
    ['an anchor in itself', 'a: &a\n  b: *a\n', /contains itself|unidentified alias/],
  ])('fails on %s', (_, text, message) => {
    const start = performance.now();
    expect(problemsOf(text)).toEqual([expect.stringMatching(message)]);
    expect(performance.now() - start).toBeLessThan(2000);
  });

  test('fails on ten thousand levels of JSON', () => {
    const text = `{"apiVersion": "v1", "kind": "Pod", "a": ${'['.repeat(10_000)}${']'.repeat(10_000)}}`;
    expect(problemsOf(text, 'x.json')).toEqual(['1: is nested too deeply to check']);
  });

  test('fails on 100 MB without looking at them', () => {
    expect(textOf(Buffer.alloc(100 * 1024 * 1024, 'a'), 'x.yaml')).toEqual({
      file: 'x.yaml',
      message: 'is too large to check (100 MiB, at most 16 MiB)',
    });
  });

  test('fails on invalid UTF-8 with its line', () => {
    expect(textOf(Buffer.from('a: ü\nb: 1\nc: \xff\xfe\n', 'latin1').subarray(5), 'x.yaml')).toMatchObject({ line: 2 });
    expect(textOf(Buffer.concat([Buffer.from('ä: 1\n\n'), Buffer.from([0xff, 0x41])]), 'x.yaml')).toMatchObject({ line: 3 });
  });

  test('UTF-16 with its mark is read, as kubectl reads it', () => {
    expect(textOf(Buffer.from('\uFEFFa: ü', 'utf16le'), 'x.yaml')).toBe('a: ü');
  });
});
