import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative } from 'node:path';
import { isFileLocation, type Document } from '../../lib/manifest/document';
import { renderKustomization, type Rendered } from '../../lib/manifest/kustomization';
import { KustomizationFiles } from '../../lib/manifest/kustomization-files';
import { readYaml } from '../../lib/manifest/yaml';

const FIXTURES = join(__dirname, '../fixtures/kustomize');
const cases = readdirSync(FIXTURES, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

function filesOf(name: string): Map<string, Uint8Array> {
  const root = join(FIXTURES, name);
  const entries = readdirSync(root, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile());
  return new Map(
    entries.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [relative(root, path), readFileSync(path)] as const;
    }),
  );
}

function folderOf(files: ReadonlyMap<string, unknown>): string {
  return [...files.keys()].some((path) => path.startsWith('overlay/')) ? 'overlay' : '.';
}

function render(files: ReadonlyMap<string, string | Uint8Array>, folder = folderOf(files)): Rendered {
  return renderKustomization(folder, new KustomizationFiles(files));
}

/** By kind, namespace and name: the order does not matter. */
function byId(documents: readonly Document[]): Record<string, unknown> {
  return Object.fromEntries(
    documents.map(({ content }) => {
      const { kind, metadata } = content as { kind: string; metadata: { name: string; namespace?: string } };
      return [`${kind} ${metadata.namespace ?? ''}/${metadata.name}`, content];
    }),
  );
}

describe('kustomizations render as kubectl renders them', () => {
  test.each(cases)('%s', (name) => {
    const expected = readYaml(readFileSync(join(FIXTURES, `${name}.expected.yaml`), 'utf8'), 'expected.yaml').documents;
    const rendered = render(filesOf(name));
    expect(rendered.problems).toEqual([]);
    expect(byId(rendered.documents)).toEqual(byId(expected));
    expect(rendered.documents).toHaveLength(expected.length);
  });

  const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;
  (hasKubectl ? test : test.skip).each(cases)('%s, with the kubectl at hand', (name) => {
    const files = filesOf(name);
    const { stdout } = spawnSync('kubectl', ['kustomize', join(FIXTURES, name, folderOf(files))], { encoding: 'utf8' });
    expect(byId(readYaml(stdout, 'live.yaml').documents)).toEqual(byId(render(files).documents));
  });
});

describe('every field of a rendered object', () => {
  const at = (name: string, kind: string, pointer: string): string => {
    const document = render(filesOf(name)).documents.find(({ content }) => (content as { kind: string }).kind === kind);
    const location = document?.locate(pointer);
    if (location === undefined || !isFileLocation(location)) throw new Error('no location');
    const text = readFileSync(join(FIXTURES, name, location.file), 'utf8').split(/\r?\n/)[location.line - 1] ?? '';
    const end = location.endLine === location.line ? location.endColumn - 1 : undefined;
    return `${posix.basename(location.file)}:${location.line} ${text.slice(location.column - 1, end)}`;
  };

  test.each([
    [
      'of a resource',
      'strategic-merge',
      'Deployment',
      '/spec/template/spec/containers/0/envFrom/0/secretRef/name',
      'deployment.yaml:28 credentials',
    ],
    ['of a patch file', 'strategic-merge', 'Deployment', '/spec/replicas', 'patch.yaml:7 3'],
    ['of an element that a patch adds', 'strategic-merge', 'Deployment', '/spec/template/spec/containers/1/image', 'patch.yaml:28 third:1'],
    ['of a patch within the kustomization', 'strategic-merge', 'Service', '/spec/type', 'kustomization.yaml:9 NodePort'],
    ['of a JSON patch', 'patch-targets', 'Deployment', '/spec/template/spec/nodeSelector/disk', 'kustomization.yaml:7 ssd'],
    ['that the kustomization sets', 'namespace', 'Service', '/metadata/namespace', 'kustomization.yaml:2 prod'],
    ['of an image', 'images', 'Deployment', '/spec/template/spec/containers/0/image', 'kustomization.yaml:3 "2.0"'],
    ['of labels', 'common-labels', 'Service', '/spec/selector/team', 'kustomization.yaml:2 blog'],
    ['of a replica count', 'replicas', 'Deployment', '/spec/replicas', 'kustomization.yaml:2 5'],
    ['of a generated object', 'generators', 'Secret', '/data/password', 'kustomization.yaml:15 password=example'],
    ['of a renamed object', 'name-prefix-and-suffix', 'Service', '/metadata/name', 'service.yaml:3 web'],
    ['of an object as a whole', 'nested-overlays', 'Service', '', 'service.yaml:1 apiVersion: v1'],
    ['of an absent field', 'namespace', 'Service', '/spec/type', 'service.yaml:5 selector: {app: web}'],
  ])('%s keeps its source', (_, name, kind, pointer, expected) => {
    expect(at(name, kind, pointer)).toBe(expected);
  });

  test('can be edited where it is written', () => {
    const [service] = render(filesOf('strategic-merge')).documents.filter(
      ({ content }) => (content as { kind: string }).kind === 'Deployment',
    );
    expect(service?.origin?.('/spec/replicas')).toMatchObject({
      file: 'patch.yaml',
      chunk: 0,
      pointer: '/spec/replicas',
      key: { line: 7, column: 3 },
    });
  });
});

describe('what cannot be rendered', () => {
  const pod = (name: string): string => `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}}\n`;
  const said = (kustomization: string, files: Record<string, string> = {}): { problems: string[]; objects: number } => {
    const rendered = render(new Map(Object.entries({ 'kustomization.yaml': kustomization, 'pod.yaml': pod('p'), ...files })), '.');
    return {
      problems: rendered.problems.map(({ file, line, message }) => `${file}:${line} ${message}`),
      objects: rendered.documents.length,
    };
  };

  test.each([
    ['a remote base', '- https://github.com/x/y//z?ref=v1', 'kustomization.yaml:2 https://github.com/x/y//z?ref=v1 is on another host'],
    ['a remote base in short', '- github.com/x/y/deploy', 'kustomization.yaml:2 github.com/x/y/deploy is on another host'],
    ['a remote base by ssh', '- git@github.com:x/y.git', 'kustomization.yaml:2 git@github.com:x/y.git is on another host'],
    ['a missing file', '- missing.yaml', 'kustomization.yaml:2 missing.yaml does not exist'],
    ['a folder without kustomization', '- folder', 'kustomization.yaml:2 folder does not exist, or holds no kustomization'],
    ['itself', '- ../.', 'kustomization.yaml:2'],
  ])('fails on %s and renders the rest', (_, resource, expected) => {
    const { problems, objects } = said(`resources:\n${resource}\n- pod.yaml\n`);
    expect(problems).toEqual([expect.stringContaining(expected)]);
    expect(objects).toBe(1);
  });

  test.each([
    ['Helm charts', 'helmCharts: [{name: x}]', 'kustomization.yaml:2 Helm charts are not rendered'],
    ['plugins', 'transformers: [x.yaml]', 'kustomization.yaml:2 a transformer plugin is not run'],
    ['a missing patch', 'patches: [{path: x.yaml}]', 'kustomization.yaml:2 the patch x.yaml does not exist'],
    [
      'a patch for nothing',
      'patches: [{patch: "{apiVersion: v1, kind: Pod, metadata: {name: q}}"}]',
      'kustomization.yaml:2 no object here is the Pod q',
    ],
    [
      'a JSON patch of nothing',
      'patches: [{target: {kind: Pod}, patch: \'[{"op": "remove", "path": "/spec"}]\'}]',
      'names /spec, which the resource does not have',
    ],
    [
      'a target that nothing matches',
      'patches: [{target: {kind: Job}, patch: \'[{"op": "remove", "path": "/spec"}]\'}]',
      'a target that no object here matches',
    ],
    [
      'a patch of another shape',
      'patches: [{patch: "{apiVersion: v1, kind: Pod, metadata: {name: p, labels: x, annotations: [1]}}"}, {target: {kind: Pod}, patch: "{kind: Pod, metadata: [1]}"}]',
      'puts a list where the resource has a map',
    ],
    ['replicas of nothing', 'replicas: [{name: q, count: 1}]', 'kustomization.yaml:2 replicas names q'],
    ['a generator without its file', 'configMapGenerator: [{name: c, files: [x.conf]}]', 'kustomization.yaml:2 a generator reads x.conf'],
    [
      'a replacement without source',
      'replacements: [{source: {kind: Job}, targets: [{select: {kind: Pod}}]}]',
      "kustomization.yaml:2 a replacement's source matches 0 objects",
    ],
    ['a merge with nothing', 'configMapGenerator: [{name: c, behavior: merge, literals: [a=b]}]', 'there is no ConfigMap c to merge'],
  ])('fails on %s and renders the rest', (_, line, expected) => {
    const { problems, objects } = said(`resources: [pod.yaml]\n${line}\n`);
    expect(problems).toEqual([expect.stringContaining(expected)]);
    expect(objects).toBe(1);
  });

  test('fails on a broken resource with its own line and renders the others', () => {
    const files = new KustomizationFiles(
      new Map([
        ['kustomization.yaml', 'resources: [a.yaml, pod.yaml]\n'],
        ['a.yaml', 'a: 1\nb: "\n'],
        ['pod.yaml', pod('p')],
      ]),
    );
    expect(renderKustomization('.', files).documents).toHaveLength(1);
    expect(files.problems).toEqual([{ file: 'a.yaml', line: expect.any(Number), message: expect.stringContaining('is not valid YAML') }]);
  });

  test('fails on bases that double at every level, in bounded time', () => {
    const files = new Map<string, string>([
      ['0/kustomization.yaml', 'resources: [pod.yaml]\n'],
      ['0/pod.yaml', pod('p')],
    ]);
    for (let level = 1; level < 30; level++) files.set(`${level}/kustomization.yaml`, `resources: [../${level - 1}, ../${level - 1}/.]\n`);
    const start = performance.now();
    const rendered = render(files, '29');
    expect(performance.now() - start).toBeLessThan(5000);
    expect(rendered.problems).toEqual([expect.objectContaining({ message: expect.stringContaining('more than') })]);
  });

  test('objects that cannot be judged are rendered as known, not as judged', () => {
    const rendered = render(
      new Map([
        ['kustomization.yaml', 'resources: [s.yaml]\nnamespace: shop\n'],
        ['s.yaml', 'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {k: "ENC[x]"}\nsops: {mac: x}\n'],
      ]),
      '.',
    );
    expect(rendered.documents).toEqual([]);
    expect(byId(rendered.unjudged)).toMatchObject({ 'Secret shop/s': { data: { k: '' } } });
  });
});
