import type { Document } from '../../lib/manifest/document';
import { readRepository, type RepositoryReading } from '../../lib/manifest/read-repository';
import { nameOfRootPath, type Repository } from '../../lib/manifest/repository';

const object = (kind: string, name: string, more = ''): string => `apiVersion: v1\nkind: ${kind}\nmetadata: {name: ${name}${more}}\n`;

function read(files: Record<string, string>, repository: Partial<Repository> = {}, asked?: string[]): RepositoryReading {
  const map = new Map(Object.entries(files));
  return readRepository(map, { remotes: [], files: new Set(map.keys()), ...repository }, asked === undefined ? undefined : new Set(asked));
}

function summary({ documents }: { documents: readonly Document[] }): string[] {
  return documents
    .filter(({ content }) => 'metadata' in (content as object))
    .map(({ content, source, applied }) => {
      const { kind, metadata } = content as { kind: string; metadata: { name: string; namespace?: string } };
      return `${source}: ${kind} ${metadata.namespace ?? applied?.namespace ?? ''}/${metadata.name}`;
    });
}

function application(name: string, path: string, more = '', policy = ''): string {
  return `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: ${name}, namespace: argocd}
spec:
  source: {repoURL: https://git.example/shop/deploy.git, path: ${path}${more}}
  destination: {namespace: shop}
  syncPolicy: {${policy}}
`;
}

describe('what is judged', () => {
  test('objects of a kustomization as it renders them, loose files as they stand', () => {
    const reading = read({
      'base/kustomization.yaml': 'resources: [a.yaml]\n',
      'base/a.yaml': object('ConfigMap', 'a'),
      'base/unlisted.yaml': object('ConfigMap', 'unlisted'),
      'prod/kustomization.yaml': 'resources: [../base]\nnamespace: prod\n',
      'dev/kustomization.yaml': 'resources: [../base]\nnamespace: dev\n',
      'loose.yaml': object('ConfigMap', 'loose'),
    });
    expect(summary(reading)).toEqual([
      'base/unlisted.yaml: ConfigMap /unlisted',
      'loose.yaml: ConfigMap /loose',
      'base/a.yaml: ConfigMap dev/a',
      'base/a.yaml: ConfigMap prod/a',
    ]);
    expect(reading.documents.filter(({ source }) => source.endsWith('kustomization.yaml'))).toHaveLength(3);
    expect(reading.documents.at(-1)?.applied).toEqual({ kustomization: 'prod' });
    expect(reading.files).toBe(6);
  });

  test('what two kustomizations render alike, once', () => {
    const reading = read({
      'base/kustomization.yaml': 'resources: [a.yaml]\n',
      'base/a.yaml': object('ConfigMap', 'a'),
      'one/kustomization.yaml': 'resources: [../base]\n',
      'two/kustomization.yaml': 'resources: [../base]\n',
    });
    expect(summary(reading)).toEqual(['base/a.yaml: ConfigMap /a']);
  });

  test('what one kustomization renders twice, twice', () => {
    const reading = read({
      'kustomization.yaml': 'resources: [a.yaml, b.yaml]\n',
      'a.yaml': object('ConfigMap', 'a'),
      'b.yaml': object('ConfigMap', 'a'),
    });
    expect(summary(reading)).toEqual(['a.yaml: ConfigMap /a', 'b.yaml: ConfigMap /a']);
  });

  test('no patches, also not of components that nothing uses', () => {
    const reading = read({
      'c/kustomization.yaml':
        'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [r.yaml]\npatches: [{path: p.yaml}]\n',
      'c/r.yaml': object('ConfigMap', 'r'),
      'c/p.yaml': object('ConfigMap', 'patched'),
    });
    expect(summary(reading).filter((line) => line.includes('ConfigMap'))).toEqual(['c/r.yaml: ConfigMap /r']);
  });

  test('kustomizations that lead to one another, from the first', () => {
    const reading = read({
      'a/kustomization.yaml': 'resources: [../b, a.yaml]\n',
      'a/a.yaml': object('ConfigMap', 'a'),
      'b/kustomization.yaml': 'resources: [../a, b.yaml]\n',
      'b/b.yaml': object('ConfigMap', 'b'),
    });
    expect(summary(reading).sort()).toEqual(['a/a.yaml: ConfigMap /a', 'b/b.yaml: ConfigMap /b']);
    expect(reading.problems).toEqual([
      { file: 'b/kustomization.yaml', line: 1, path: '/resources/0', message: expect.stringContaining('leads back') },
    ]);
  });

  test('bases that nobody asked for only through their overlays', () => {
    const files = {
      'base/kustomization.yaml': 'resources: [a.yaml]\n',
      'base/a.yaml': object('ConfigMap', 'a'),
      'prod/kustomization.yaml': 'resources: [../base]\nnamespace: prod\n',
    };
    const reading = read(files, {}, ['prod/kustomization.yaml']);
    expect(summary(reading)).toEqual(['base/a.yaml: ConfigMap prod/a']);
    expect(reading.files).toBe(1);
  });

  test('manifests among other files, which are passed through', () => {
    const reading = read({
      'package.json': '{"name": "x"}',
      'tsconfig.json': '{ // no JSON\n}',
      'pod.json': '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}}',
      'values.yaml': 'replicas: 2\n',
      '.github/workflows/ci.yaml': 'on: push\njobs: {}\n',
      Dockerfile: 'FROM node:20\nRUN npm ci\n',
      '.runner': '\uFEFF{"agentName": "x"}',
    });
    expect(reading.problems).toEqual([]);
    expect(Object.fromEntries(reading.documents.map(({ source, content }) => [source, content]))).toEqual({
      'pod.json': { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' } },
      'values.yaml': { replicas: 2 },
      '.github/workflows/ci.yaml': { on: 'push', jobs: {} },
      Dockerfile: ['FROM node:20', 'RUN npm ci', ''],
      '.runner': { agentName: 'x' },
    });
    expect(reading.documents.find(({ source }) => source === 'Dockerfile')?.locate('/1')).toEqual({ file: 'Dockerfile', line: 2, column: 1, endLine: 2, endColumn: 11 }); // prettier-ignore
  });

  test('not what is encrypted or a template, which is known all the same', () => {
    const reading = read({ 's.yaml': `${object('Secret', 's')}data: {k: x}\nsops: {mac: x}\n` });
    expect(reading.documents).toEqual([]);
    expect(summary({ documents: reading.unjudged })).toEqual(['s.yaml: Secret /s']);
    expect(reading.problems).toEqual([{ file: 's.yaml', line: 5, message: expect.stringContaining('SOPS') }]);
  });
});

describe('Argo CD Applications tell', () => {
  const files = {
    'apps/shop.yaml': application('shop', 'shop', '', 'automated: {selfHeal: true, prune: true}'),
    'apps/deep.yaml': application('deep', 'deep', ', directory: {recurse: true, exclude: "skip/*"}', 'automated: {}'),
    'apps/other.yaml': application('other', 'other').replace('shop/deploy', 'else/where'),
    'shop/a.yaml': object('ConfigMap', 'a'),
    'shop/sub/b.yaml': object('ConfigMap', 'b'),
    'deep/sub/c.yaml': object('ConfigMap', 'c', ', namespace: own'),
    'deep/skip/d.yaml': object('ConfigMap', 'd'),
    'other/e.yaml': object('ConfigMap', 'e'),
  };
  const bySource = ({ documents }: RepositoryReading, source: string): Document['applied'] =>
    documents.find((document) => document.source === source)?.applied;

  test('namespace, self-healing and pruning of what they apply', () => {
    const reading = read(files, { remotes: ['git@git.example:shop/deploy'] });
    expect(bySource(reading, 'shop/a.yaml')).toEqual({
      namespace: 'shop',
      application: { name: 'shop', namespace: 'argocd', selfHeal: true, prune: true },
    });
    expect(bySource(reading, 'shop/sub/b.yaml')).toBeUndefined();
    expect(bySource(reading, 'deep/sub/c.yaml')?.application).toEqual({ name: 'deep', namespace: 'argocd', selfHeal: false, prune: false });
    expect(bySource(reading, 'deep/skip/d.yaml')).toBeUndefined();
    expect(bySource(reading, 'other/e.yaml')).toBeUndefined();
  });

  test('the same without remotes, of the URL that they share', () => {
    const reading = read(files);
    expect(bySource(reading, 'shop/a.yaml')?.application?.name).toBe('shop');
    expect(bySource(reading, 'other/e.yaml')).toBeUndefined();
  });

  test('of kustomizations, the rendered objects, and a base that is applied by itself', () => {
    const reading = read({
      'app.yaml': application('overlay', 'overlay'),
      'base.yaml': application('base', './base/'),
      'base/kustomization.yaml': 'resources: [a.yaml]\n',
      'base/a.yaml': object('ConfigMap', 'a'),
      'overlay/kustomization.yaml': 'resources: [../base]\nnamePrefix: o-\n',
    });
    expect(
      reading.documents
        .filter(({ source }) => source === 'base/a.yaml')
        .map(({ applied }) => [applied?.kustomization, applied?.application?.name]),
    ).toEqual([
      ['overlay', 'overlay'],
      ['base', 'base'],
    ]);
  });

  test('also when a kustomization renders the Applications themselves', () => {
    const reading = read({
      'argocd/kustomization.yaml': 'resources: [app.yaml]\nnamespace: argo\n',
      'argocd/app.yaml': application('shop', 'shop').replace(', namespace: argocd', ''),
      'shop/a.yaml': object('ConfigMap', 'a'),
    });
    expect(bySource(reading, 'shop/a.yaml')?.application).toMatchObject({ name: 'shop', namespace: 'argo' });
  });

  test('seen from a folder of the repository', () => {
    const reading = read(
      { '../apps/shop.yaml': application('shop', 'prod/shop'), 'shop/a.yaml': object('ConfigMap', 'a') },
      { folder: 'prod' },
    );
    expect(bySource(reading, 'shop/a.yaml')?.namespace).toBe('shop');
    expect(nameOfRootPath({ folder: 'a/b' }, 'a/c/d')).toBe('../c/d');
    expect(nameOfRootPath({}, '.')).toBe('.');
  });

  test.each([
    [
      'git: {repoURL: "https://git.example/r", directories: [{path: "apps/*"}, {path: apps/no, exclude: true}]}',
      '"{{path}}"',
      '"{{path.basename}}"',
    ],
    ['list: {elements: [{p: apps/a, name: a}, {p: apps/b, name: b}]}', '"{{.p}}"', '"{{ .name }}"'],
  ])('of ApplicationSets with generator %s', (generator, path, name) => {
    const reading = read({
      'set.yaml': `apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: set}
spec:
  generators: [{${generator}}]
  template:
    metadata: {name: ${name}}
    spec:
      source: {repoURL: https://git.example/r.git, path: ${path}}
      destination: {namespace: ${name}}
`,
      'apps/a/x.yaml': object('ConfigMap', 'x'),
      'apps/b/y.yaml': object('ConfigMap', 'yy'),
      'apps/no/z.yaml': object('ConfigMap', 'z'),
    });
    expect(summary(reading).filter((line) => line.includes('ConfigMap'))).toEqual([
      'apps/a/x.yaml: ConfigMap a/x',
      'apps/b/y.yaml: ConfigMap b/yy',
      'apps/no/z.yaml: ConfigMap /z',
    ]);
  });
});

test('time grows with the number of files, not faster', () => {
  const repository = (count: number): Record<string, string> =>
    Object.fromEntries(
      Array.from({ length: count }, (_, index): [string, string][] => [
        [`apps/${index}/kustomization.yaml`, `resources: [a.yaml]\nnamespace: n${index}\n`],
        [`apps/${index}/a.yaml`, object('ConfigMap', 'a')],
        [`argo/${index}.yaml`, application(`a${index}`, `apps/${index}`)],
      ]).flat(),
    );
  const time = (count: number): number => {
    const files = repository(count);
    const start = performance.now();
    expect(read(files).documents).toHaveLength(count * 3);
    return performance.now() - start;
  };
  // The least of several: whatever else the machine does only adds.
  const least = (count: number): number => Math.min(...[1, 2, 3].map(() => time(count)));
  time(200);
  expect(least(2000)).toBeLessThan(Math.max(50, least(500)) * 10);
});
