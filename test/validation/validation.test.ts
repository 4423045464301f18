/** The plugin in the hands of cdk8s-cli, with the app of a stranger. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const modules = resolve('node_modules');
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'validation-'));
  for (const [entry, outfile] of [
    ['lib/validation.ts', 'plugin.js'],
    ['lib/constructs/platform-app.ts', 'platform-app.js'],
  ] as const) {
    const options = {
      entryPoints: [entry],
      bundle: true,
      platform: 'node',
      external: ['cdk8s', 'constructs'],
      outfile: join(folder, outfile),
    };
    const bundled = run(process.cwd(), '-e', `require('esbuild').buildSync(${JSON.stringify(options)})`);
    expect(bundled).toEqual({ status: 0, text: '' });
  }
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function run(
  cwd: string,
  program: string,
  ...programArguments: readonly string[]
): { readonly status: number | null; readonly text: string } {
  const env = { ...process.env, NODE_PATH: modules, CDK8S_CHECK_UPGRADE: 'false', NO_COLOR: '1' };
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...programArguments], { cwd, encoding: 'utf8', env });
  return { status, text: stdout + stderr };
}

/** An app of two objects of the same name, and one of another. */
function app({ replicas = '2', annotations = {} }: { readonly replicas?: string; readonly annotations?: Record<string, string> }): string {
  return `const { ApiObject, App, Chart } = require('cdk8s');
const app = new App();
const chart = new Chart(app, 'shop', { namespace: 'blog' });
new ApiObject(chart, 'class', { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name: 'fast' },
  provisioner: 'driver.longhorn.io', parameters: { numberOfReplicas: '${replicas}', staleReplicaTimeout: '30' } });
new ApiObject(chart, 'web', { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', annotations: ${JSON.stringify(annotations)} },
  spec: { selector: { matchLabels: { app: 'web' } }, template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'web:1.0' }] } } } });
new ApiObject(chart, 'service', { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec: { selector: { app: 'web' }, ports: [{ port: 80 }] } });
app.synth();
`;
}

const CLUSTER = 'nodes: [{name: w1}, {name: w2}]\n';

interface Violation {
  readonly ruleName: string;
  readonly recommendation: string;
  readonly fix: string;
  readonly violatingConstructs: readonly object[];
}

function synth(
  files: Readonly<Record<string, string>>,
  properties = '{cluster: cluster.yaml}',
): { readonly status: number | null; readonly text: string; readonly violations: readonly Violation[]; readonly summary?: object } {
  const all = {
    'cdk8s.yaml': `language: typescript\napp: node app.js\noutput: dist\nvalidations:\n  - package: ./plugin.js\n    version: 1.0.0\n    class: HindsightValidation\n    properties: ${properties}\n`,
    'cluster.yaml': CLUSTER,
    'hindsight.config.yaml': 'lessons: {}\n',
    ...files,
  };
  for (const [name, text] of Object.entries(all)) writeFileSync(join(folder, name), text);
  const report = join(folder, 'report.json');
  rmSync(report, { force: true });
  const result = run(folder, join(modules, 'cdk8s-cli/bin/cdk8s'), 'synth', '--validation-reports-output-file', report);
  if (!existsSync(report)) return { ...result, violations: [] };
  const { reports }: { readonly reports: readonly { readonly violations: readonly Violation[]; readonly summary: object }[] } = JSON.parse(
    readFileSync(report, 'utf8'),
  );
  return { ...result, violations: reports[0]?.violations ?? [], summary: reports[0]?.summary };
}

test('an error fails the synth, with the construct, the field and its line', () => {
  const { status, violations, summary, text } = synth({ 'app.js': app({ replicas: '3' }) });
  expect(violations.filter(({ ruleName }) => ruleName === 'longhorn-replicas-fit-nodes')).toEqual([
    {
      ruleName: 'longhorn-replicas-fit-nodes',
      recommendation: expect.stringMatching(/^StorageClass fast: /),
      fix: expect.stringMatching(/./),
      violatingConstructs: [
        {
          resourceName: 'fast',
          locations: ['/parameters/numberOfReplicas (line 7)'],
          manifestPath: 'dist/shop.k8s.yaml',
          constructPath: 'shop/class',
        },
      ],
    },
  ]);
  expect(summary).toMatchObject({ status: 'failure', metadata: { Objects: '3' } });
  expect(text).toContain('Validation failed');
  expect(status).toBe(2);
}, 60_000);

test('a warning is printed and does not fail', () => {
  const { status, violations, summary } = synth({
    'app.js': app({ replicas: '3' }),
    'hindsight.config.yaml': 'lessons: {longhorn-replicas-fit-nodes: warning}\n',
  });
  expect(violations.map(({ recommendation }) => recommendation)).toContainEqual(expect.stringMatching(/^warning: StorageClass fast: /));
  expect(summary).toMatchObject({ status: 'success' });
  expect(status).toBe(0);
}, 60_000);

test('where several objects share a name, none is said to come from the construct of another', () => {
  const { violations } = synth({ 'app.js': app({ annotations: { 'sidecar.istio.io/inject': 'false' } }) });
  const found = violations.filter(({ ruleName }) => ruleName === 'sidecar-annotation-misplaced');
  expect(found.map(({ violatingConstructs }) => violatingConstructs)).toEqual([
    [
      {
        resourceName: 'Deployment blog/web',
        locations: ['/metadata/annotations/sidecar.istio.io~1inject (line 15)'],
        manifestPath: 'dist/shop.k8s.yaml',
      },
    ],
  ]);
}, 60_000);

test('a PlatformApp tells the construct of each object, also where several share a name', () => {
  const text = app({}).replace('new App()', "new (require('./platform-app.js').PlatformApp)()").replace('web:1.0', 'web:latest');
  const { violations } = synth({ 'app.js': text });
  const found = violations.filter(({ ruleName }) => ruleName === 'mutable-image-tag');
  expect(found.map(({ violatingConstructs }) => violatingConstructs)).toMatchObject([
    [{ resourceName: 'Deployment blog/web', constructPath: 'shop/web' }],
  ]);
}, 60_000);

test('facts may stand in cdk8s.yaml itself', () => {
  expect(synth({ 'app.js': app({ replicas: '3' }) }, '{cluster: {nodes: [{name: w1}, {name: w2}]}}').status).toBe(2);
  expect(synth({ 'app.js': app({ replicas: '2' }) }, '{cluster: {nodes: [{name: w1}, {name: w2}]}}').status).toBe(0);
}, 60_000);

test('fails with what is wrong with the facts', () => {
  const { status, text } = synth({ 'app.js': app({}), 'cluster.yaml': 'nodes: []\nnods: []\n' });
  expect(text).toContain('cluster.yaml:2:');
  expect(status).toBe(1);
}, 60_000);
