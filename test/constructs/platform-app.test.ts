import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiObject, App, type AppProps, Chart, JsonPatch, YamlOutputType } from 'cdk8s';
import { Lessons } from '../../lib/constructs/accepted-lessons';
import { BlogWeb } from '../../lib/constructs/blog-web';
import { PlatformApp } from '../../lib/constructs/platform-app';
import { Was } from '../../lib/constructs/was';
import { Cluster } from '../../lib/facts/cluster';
import { BLOG_CLUSTER } from './blog';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'platform-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function filesOf(root: string): Record<string, string> {
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => statSync(join(root, file)).isFile());
  return Object.fromEntries(
    files
      .filter((file) => file !== '.hindsight-files')
      .sort()
      .map((file) => [file, readFileSync(join(root, file), 'utf8')]),
  );
}

function define(app: App, dependent: boolean): void {
  const charts = ['a', 'b', 'c'].map((id) => new Chart(app, id, { namespace: 'shop', disableResourceNameHashes: true }));
  for (const chart of charts) {
    for (const id of ['first', 'second']) new ApiObject(chart, id, { apiVersion: 'v1', kind: 'ConfigMap', data: { on: 'yes', n: '1\n2' } });
  }
  if (dependent) charts[0]?.addDependency(...charts.slice(2));
}

function blog(props: object, cluster = new Cluster(BLOG_CLUSTER)) {
  const app = new PlatformApp({ outdir: folder, cluster, onWarning: () => undefined });
  const chart = new Chart(app, 'blog', { namespace: 'blog-system' });
  const web = new BlogWeb(chart, 'web', { image: 'example.org/web:v1', ...props });
  return { app, chart, web };
}

function refusal(app: App): string {
  try {
    app.synth();
  } catch (error) {
    return String(error);
  }
  return 'nothing was refused';
}

describe('what PlatformApp writes', () => {
  const types = [
    YamlOutputType.FILE_PER_APP,
    YamlOutputType.FILE_PER_CHART,
    YamlOutputType.FILE_PER_RESOURCE,
    YamlOutputType.FOLDER_PER_CHART_FILE_PER_RESOURCE,
  ];
  test.each(types.flatMap((type) => [[type, false] as const, [type, true] as const]))(
    'is what stock synth writes, with output type %s and dependent charts %s',
    (yamlOutputType, dependent) => {
      const written = [App, PlatformApp].map((Kind: new (props: AppProps) => App, index) => {
        const app = new Kind({ outdir: join(folder, String(index)), yamlOutputType });
        define(app, dependent);
        app.synth();
        return filesOf(app.outdir);
      });
      expect(Object.keys(written[0] ?? {})).not.toEqual([]);
      expect(written[1]).toEqual(written[0]);
    },
  );
});

describe('the guard', () => {
  test('judges what patches made, and leaves the old files whole when it refuses', () => {
    blog({}).app.synth();
    const before = filesOf(folder);
    const { app, web } = blog({ image: 'example.org/web:v2', preset: 'root-minimal' });
    const rollout = web.node.findChild('rollout');
    if (!ApiObject.isApiObject(rollout)) throw new Error('the rollout is no object');
    rollout.addJsonPatch(JsonPatch.remove('/spec/template/spec/containers/0/securityContext/capabilities/add/1'));
    expect(refusal(app)).toMatch(/blog\/web\/rollout: .*CHOWN.*nginx-capabilities/);
    expect(filesOf(folder)).toEqual(before);
  });

  test('refuses to accept a lesson that does not exist, or without a reason', () => {
    const { web } = blog({});
    expect(() => Lessons.of(web).accept('no-such-lesson', 'because')).toThrow(/blog\/web: there is no lesson "no-such-lesson"/);
    expect(() => Lessons.of(web).accept('mutable-image-tag', ' ')).toThrow(/needs a reason/);
  });

  test('rolls the pods when the routes of nginx change', () => {
    const hashOf = (props: object) => /config-hash: (\w+)/.exec(blog(props).app.synthYaml())?.[1];
    expect(hashOf({})).toBeDefined();
    expect(hashOf({ replicas: 3 })).toBe(hashOf({}));
    const { app, chart } = blog({});
    const api = new Was(chart, 'was', { image: 'example.org/was:v1' });
    new BlogWeb(chart, 'routed', { image: 'example.org/web:v1', backends: { '/api': api } });
    const hashes = [...app.synthYaml().matchAll(/config-hash: (\w+)/g)].map(([, hash]) => hash);
    expect(new Set(hashes).size).toBe(3);
  });
});

describe('bad input', () => {
  test.each<[string, object, RegExp]>([
    ['replicas 0', { replicas: 0 }, /blog\/web: replicas is 0: give a whole number of at least 1/],
    ['a fractional number', { replicas: 1.5 }, /blog\/web: replicas is 1.5: /],
    ['a name that is no DNS label', { name: 'Web_1' }, /blog\/web: name is "Web_1": use at most 63/],
    ['latest', { image: 'example.org/web:latest' }, /blog\/web: image is "example.org\/web:latest": .*give a version tag/],
    ['a port out of range', { servicePort: 70000 }, /blog\/web: servicePort is 70000: give a whole number from 1 to 65535/],
    ['an unknown prop', { replica: 3 }, /blog\/web: replica is no prop of this construct/],
  ])('fails: %s', (_, props, complaint) => expect(refusal(blog(props).app)).toMatch(complaint));

  test('fails: hard spread without workers', () => {
    expect(refusal(blog({ spread: 'hard' }, new Cluster({ nodes: [] })).app)).toMatch(/blog\/web: spread is "hard": .*declare the nodes/);
  });

  test('fails: a string for a secret, whose value is not told', () => {
    const { app, chart } = blog({});
    const forced: object = { secrets: { TOKEN: 'hunter2' } };
    new Was(chart, 'was', { image: 'example.org/was:v1', ...forced });
    expect(refusal(app)).toMatch(/blog\/was: secrets.TOKEN is not a SecretRef: .*SecretRef.of/);
    expect(refusal(app)).not.toContain('hunter2');
  });

  test('fails: a connection to itself and two workloads of one name, all in one run', () => {
    const { app, chart, web } = blog({ replicas: 0 });
    web.connections.allowTo(web);
    new BlogWeb(chart, 'other', { name: 'web', image: 'example.org/web:v1' });
    const text = refusal(app);
    expect(text).toMatch(/blog\/web: connections is "blog-system\/web": .*remove the connection/);
    expect(text).toMatch(/blog\/other\/rollout: name is "web": blog\/web\/rollout already declares that Rollout/);
    expect(text).toMatch(/replicas is 0/);
  });
});

test('construct paths are recorded by names, and where objects share one by everything they are called', () => {
  const app = new PlatformApp({ outdir: folder, recordConstructMetadata: true, onWarning: () => undefined });
  const chart = new Chart(app, 'shop', { namespace: 'shop' });
  new ApiObject(chart, 'settings', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'web' }, data: { a: 'b' } });
  new ApiObject(chart, 'account', { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'web' } });
  new ApiObject(chart, 'other', { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'job' } });
  app.synth();
  expect(JSON.parse(readFileSync(join(folder, 'construct-metadata.json'), 'utf8'))).toEqual({
    version: '1.0.0',
    resources: {
      web: { path: 'shop/account' },
      'ConfigMap shop/web': { path: 'shop/settings' },
      'ServiceAccount shop/web': { path: 'shop/account' },
      job: { path: 'shop/other' },
    },
  });
});
