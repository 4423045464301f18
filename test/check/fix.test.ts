import { checkFiles } from '../../lib/check/check-files';
import { type Fixed, fixAll } from '../../lib/check/fix';
import { Cluster } from '../../lib/facts/cluster';
import { lessons } from '../../lib/lessons';
import type { Example, Lesson } from '../../lib/lessons/lesson';

function lessonOf(id: string): Lesson {
  const lesson = lessons.find((one) => one.id === id);
  if (lesson === undefined) throw new Error(id);
  return lesson;
}

function fixed(files: Record<string, string>, ids: readonly string[], cluster = new Cluster(), asked = Object.keys(files)): Fixed {
  const all = new Map(Object.entries(files));
  const judge = (now: ReadonlyMap<string, string | Uint8Array>): ReturnType<typeof checkFiles> =>
    checkFiles(now, { cluster, lessons: ids.map(lessonOf), asked: new Set(asked) });
  return fixAll(all, judge(all), judge, new Set(asked));
}

function textOf({ files }: Fixed, file: string): string {
  return Buffer.from(files.get(file) ?? '').toString();
}

function filesOf({ yaml }: Example): Record<string, string> {
  const [first = '', ...named] = yaml.split(/^# file: (.*)\n/m);
  const files = new Map(first.trim() === '' ? [] : [['example.yaml', first]]);
  for (let index = 0; index < named.length; index += 2) files.set(named[index] ?? '', named[index + 1] ?? '');
  files.delete('cluster.yaml');
  return Object.fromEntries(files);
}

const examples = lessons.flatMap((lesson) => lesson.bad.map((example, index) => ({ id: lesson.id, index, example })));

test.each(examples)('$id: the fixes of bad example $index leave nothing that a program could mend', ({ id, example }) => {
  const cluster = new Cluster(example.cluster);
  const before = checkFiles(new Map(Object.entries(filesOf(example))), { cluster, lessons: [lessonOf(id)] });
  const result = fixed(filesOf(example), [id], cluster);
  const mendable = before.findings.filter(({ fix }) => fix?.edits !== undefined);
  expect(result.declined).toEqual([]);
  expect(result.fixed.length).toBeGreaterThanOrEqual(mendable.length);
  expect(result.report.findings.filter(({ fix }) => fix?.edits !== undefined)).toEqual([]);
  expect(result.report.problems).toEqual(before.problems);
  for (const [file, { before: old, after }] of result.changed) {
    const comments = (text: string): string[] => [...text.matchAll(/^\s*#.*$/gm)].map(([line]) => line.trim());
    expect({ file, comments: comments(after) }).toEqual({ file, comments: comments(old) });
  }
});

test('what only lacks quotes keeps the characters that were written, not what YAML reads in them', () => {
  const written = ['0644', '1_000', 'yes', 'n', 'True', '1e3', '0x1F', '8080', 'on', '1.10', '5.'];
  const config = (values: readonly string[]): string =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: modes, namespace: n}\ndata:\n${values.map((value, index) => `  k${index}: ${value} # why\n`).join('')}`;
  const result = fixed({ 'a.yaml': config(written) }, ['schema']);
  expect(textOf(result, 'a.yaml')).toBe(config(written.map((value) => `"${value}"`)).replace('namespace: n', 'namespace: "n"'));
  expect(result.report.findings).toEqual([]);
});

const MISPLACED = (name: string): string => `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
  annotations:
    # why it is out of the mesh
    sidecar.istio.io/inject: 'false' # text
    other:   "kept"
spec:
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata:
      labels:
          app: ${name}
    spec:
      containers:
      - {name: c, image: 'a:1'}
`;

test('what stays keeps its comments, quotes, order and columns', () => {
  const result = fixed({ 'a.yaml': MISPLACED('a') }, ['sidecar-annotation-misplaced']);
  expect(textOf(result, 'a.yaml')).toBe(`apiVersion: apps/v1
kind: Deployment
metadata:
  name: a
  annotations:
    # why it is out of the mesh
    other:   "kept"
spec:
  selector: {matchLabels: {app: a}}
  template:
    metadata:
      labels:
          app: a
      annotations:
        sidecar.istio.io/inject: "false"
    spec:
      containers:
      - {name: c, image: 'a:1'}
`);
  expect(result.report.findings).toEqual([]);
});

test('several documents of a file are mended at once, with CRLF, a byte order mark and no newline at the end', () => {
  const text = `\uFEFF${MISPLACED('a')}---\n${MISPLACED('b')}`.trimEnd().replaceAll('\n', '\r\n');
  const result = fixed({ 'a.yaml': text }, ['sidecar-annotation-misplaced']);
  const after = textOf(result, 'a.yaml');
  expect(result.fixed).toHaveLength(2);
  expect(after.startsWith('\uFEFFapiVersion')).toBe(true);
  expect(after.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
  expect(after.match(/ {6}annotations:\r\n {8}sidecar.istio.io\/inject: "false"/g)).toHaveLength(2);
  expect(after.endsWith("image: 'a:1'}")).toBe(true);
});

test('a second round finds nothing to do', () => {
  const result = fixed({ 'a.yaml': MISPLACED('a') }, ['sidecar-annotation-misplaced']);
  const again = fixed({ 'a.yaml': textOf(result, 'a.yaml') }, ['sidecar-annotation-misplaced']);
  expect(again).toMatchObject({ fixed: [], declined: [] });
  expect(again.changed.size).toBe(0);
});

test('JSON stays JSON', () => {
  const object = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'a', annotations: { 'sidecar.istio.io/inject': 'false', other: 'kept' } },
    spec: { template: { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'c', image: 'a:1' }] } } },
  };
  const result = fixed({ 'a.json': `${JSON.stringify(object, null, 2)}\n` }, ['sidecar-annotation-misplaced']);
  const template = { ...object.spec.template, metadata: { labels: { app: 'a' }, annotations: { 'sidecar.istio.io/inject': 'false' } } };
  expect(JSON.parse(textOf(result, 'a.json'))).toEqual({
    ...object,
    metadata: { name: 'a', annotations: { other: 'kept' } },
    spec: { template },
  });
  expect(textOf(result, 'a.json').split('\n').length).toBeGreaterThan(20);
});

describe('a kustomization', () => {
  const BASE = {
    'base/kustomization.yaml': 'resources: [a.yaml]\n',
    'base/a.yaml': MISPLACED('a').replace(/ {4}# why.*\n.*inject.*\n/, ''),
  };
  const OVERLAY = 'resources: [../base]\npatches: [{path: patch.yaml}]\n';
  const PATCH = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: a
  annotations:
    sidecar.istio.io/inject: "false" # here
`;

  test('is mended in the patch that a field comes from', () => {
    const files = { ...BASE, 'prod/kustomization.yaml': OVERLAY, 'prod/patch.yaml': PATCH };
    const result = fixed(files, ['sidecar-annotation-misplaced']);
    expect(textOf(result, 'prod/patch.yaml')).not.toContain('inject');
    expect(textOf(result, 'base/a.yaml')).toContain('sidecar.istio.io/inject: "false"');
    expect(result.report.findings).toEqual([]);
  });

  test('is left to a person where the kustomization itself writes the field', () => {
    const patch = PATCH.replaceAll(/^/gm, '      ').trimEnd();
    const files = { ...BASE, 'prod/kustomization.yaml': `resources: [../base]\npatches:\n  - patch: |-\n${patch}\n` };
    const result = fixed(files, ['sidecar-annotation-misplaced']);
    expect(result.changed.size).toBe(0);
    expect(result.declined).toMatchObject([{ reason: 'it is written where no program can change it' }]);
  });

  test('is left to a person where the file was not asked for', () => {
    const files = { ...BASE, 'base/a.yaml': MISPLACED('a'), 'prod/kustomization.yaml': 'resources: [../base]\n' };
    const result = fixed(files, ['sidecar-annotation-misplaced'], undefined, ['prod/kustomization.yaml']);
    expect(result.declined).toMatchObject([{ reason: 'it is written in base/a.yaml, which was not among the paths' }]);
    expect(result.changed.size).toBe(0);
  });

  test('that two overlays share is mended once', () => {
    const files = { ...BASE, 'base/a.yaml': MISPLACED('a'), 'prod/kustomization.yaml': 'resources: [../base]\nnamespace: prod\n', 'dev/kustomization.yaml': 'resources: [../base]\nnamespace: dev\n' }; // prettier-ignore
    const result = fixed(files, ['sidecar-annotation-misplaced']);
    expect(textOf(result, 'base/a.yaml').match(/inject/g)).toHaveLength(1);
    expect(result).toMatchObject({ declined: [], report: { findings: [] } });
  });
});

test('what several fields share through an anchor is left to a person', () => {
  const text = MISPLACED('a')
    .replace(/annotations:\n(?: {4}.*\n)+/, 'annotations: *shared\n')
    .replace('metadata:', "shared: &shared {sidecar.istio.io/inject: 'false', other: kept}\nmetadata:");
  const result = fixed({ 'a.yaml': text }, ['sidecar-annotation-misplaced']);
  expect(result.declined).toMatchObject([{ reason: expect.stringContaining('alias') }]);
  expect(result.changed.size).toBe(0);
});

test('the files given are not changed themselves', () => {
  const files = new Map([['a.yaml', MISPLACED('a')]]);
  const judge = (now: ReadonlyMap<string, string | Uint8Array>): ReturnType<typeof checkFiles> =>
    checkFiles(now, { lessons: [lessonOf('sidecar-annotation-misplaced')] });
  const { changed } = fixAll(files, judge(files), judge, new Set(['a.yaml']));
  expect([...changed.keys()]).toEqual(['a.yaml']);
  expect(changed.get('a.yaml')?.before).toBe(MISPLACED('a'));
  expect([...files]).toEqual([['a.yaml', MISPLACED('a')]]);
});

test('a mend that does not end the finding is taken back, and said', () => {
  const lesson: Lesson = {
    ...lessonOf('mutable-image-tag'),
    id: 'never-mended',
    *violations({ resources }) {
      for (const resource of resources.all)
        yield { resource, path: '/metadata/name', message: 'is', fix: { description: 'x', edits: [{ path: '/spec/replicas', value: 2 }] } };
    },
  };
  const files = new Map([['a.yaml', MISPLACED('a')]]);
  const judge = (now: ReadonlyMap<string, string | Uint8Array>): ReturnType<typeof checkFiles> => checkFiles(now, { lessons: [lesson] });
  const result = fixAll(files, judge(files), judge, new Set(['a.yaml']));
  expect(result.changed.size).toBe(0);
  expect(result.declined).toMatchObject([{ reason: 'the mend would not change what is found' }]);
});
