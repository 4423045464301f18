import { ApiObject, type App, Chart, JsonPatch, Testing } from 'cdk8s';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cluster } from '../../lib/facts/cluster';
import { Lessons } from '../../lib/constructs/accepted-lessons';
import { PlatformApp } from '../../lib/constructs/platform-app';
import '../../lib/jest';
import { DEPLOYMENT } from '../report/reported';

const INJECT = 'sidecar-annotation-misplaced';

function chartWith(annotations: Record<string, string>, app: App = Testing.app()): Chart {
  const chart = new Chart(app, 'shop', { namespace: 'blog' });
  new ApiObject(chart, 'web', {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', annotations },
    spec: {
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'web:1.0' }] } },
    },
  });
  return chart;
}

const bad = (): Chart => chartWith({ 'sidecar.istio.io/inject': 'false' });

function messageOf(assertion: () => void): string {
  try {
    assertion();
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
  throw new Error('the assertion holds');
}

test.each([
  ['a chart', bad],
  ['an app', () => bad().node.root],
  ['an object', () => bad().apiObjects[0]],
  ['what Testing.synth returns', (): unknown => Testing.synth(bad())],
  ['a list of charts', () => [bad()]],
  ['one parsed object', (): unknown => Testing.synth(bad())[0]],
  ['YAML', () => DEPLOYMENT],
  ['JSON', () => JSON.stringify(Testing.synth(bad())[0])],
])('%s is judged', (_, received) => {
  expect(received()).toHaveFinding(INJECT, { name: 'web', namespace: 'blog', kind: 'Deployment', path: '/metadata/annotations/sidecar.istio.io~1inject' }); // prettier-ignore
  expect(received()).not.toHaveFinding(INJECT, { name: 'was' });
  expect(received()).not.toHaveNoFindings();
});

test('a folder and a file are judged as the command line judges them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'matchers-'));
  try {
    writeFileSync(join(folder, 'web.yaml'), DEPLOYMENT);
    expect(folder).toHaveFinding(INJECT);
    expect(join(folder, 'web.yaml')).toHaveFinding(INJECT);
    expect(messageOf(() => expect(folder).toHaveNoFindings())).toContain('7 |     sidecar.istio.io/inject: "false"');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the message shows the finding as the command line does, with the line of YAML', () => {
  expect(messageOf(() => expect(DEPLOYMENT).toHaveNoFindings({ except: ['startup-budget'] }))).toContain(`expected no findings

manifests.yaml
  7:30  error  Deployment blog/web: sidecar.istio.io/inject stands outside of the pod template's metadata, where the injection webhook does not look: it has no effect  ${INJECT}
    7 |     sidecar.istio.io/inject: "false"
      |                              ^^^^^^^
      mend: move it to /spec/template/metadata/annotations/sidecar.istio.io~1inject
`);
});

test('the message names the construct', () => {
  expect(messageOf(() => expect(bad()).toHaveNoFindings())).toContain('shop/web\n  error  Deployment blog/web: ');
});

test('patches are judged', () => {
  const chart = chartWith({});
  expect(chart).not.toHaveFinding(INJECT);
  chart.apiObjects[0]?.addJsonPatch(JsonPatch.add('/metadata/annotations', { 'sidecar.istio.io/inject': 'false' }));
  expect(chart).toHaveFinding(INJECT);
});

test('what the code accepts is no finding, and why it is none is said', () => {
  const chart = bad();
  Lessons.of(chart).accept(INJECT, 'the webhook is not installed');
  expect(chart).not.toHaveFinding(INJECT);
  expect(messageOf(() => expect(chart).toHaveFinding(INJECT))).toContain(
    `expected a finding of ${INJECT}, which is suppressed: the webhook is not installed`,
  );
});

test('of what the code accepts, the tree and what it synthesizes are judged alike: by the nearest reason, the first of several', () => {
  const app = new PlatformApp({ onWarning: () => undefined });
  const chart = new Chart(app, 'shop', { namespace: 'blog' });
  for (const [id, tag] of [['web', 'latest'], ['was', '1.0']] as const) new ApiObject(chart, id, { apiVersion: 'v1', kind: 'Pod', metadata: { name: id }, spec: { containers: [{ name: id, image: `example.org/${id}:${tag}` }] } }); // prettier-ignore
  Lessons.of(app).accept('mutable-image-tag', 'far');
  expect(app).not.toHaveFinding('mutable-image-tag');
  Lessons.of(chart).accept('mutable-image-tag', 'near').accept('mutable-image-tag', 'again');
  for (const received of [app, chart, [chart], app.synthYaml()]) {
    expect(received).toHaveNoFindings({ failOn: 'info' });
    expect(messageOf(() => expect(received).toHaveFinding('mutable-image-tag'))).toContain('which is suppressed: near\n');
  }
});

test('the cluster is the given one, or the one of the app', () => {
  const storage =
    'apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: longhorn}\nprovisioner: driver.longhorn.io\nparameters: {numberOfReplicas: "3"}\n';
  const facts = { nodes: [{ name: 'w1' }, { name: 'w2' }] };
  expect(storage).not.toHaveFinding('longhorn-replicas-fit-nodes');
  expect(storage).toHaveFinding('longhorn-replicas-fit-nodes', { cluster: facts });
  expect(storage).toHaveFinding('longhorn-replicas-fit-nodes', { cluster: new Cluster(facts) });
  const chart = new Chart(new PlatformApp({ cluster: new Cluster(facts) }), 'storage');
  new ApiObject(chart, 'class', { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name: 'longhorn' }, provisioner: 'driver.longhorn.io', parameters: { numberOfReplicas: '3' } }); // prettier-ignore
  expect(chart).toHaveFinding('longhorn-replicas-fit-nodes');
});

test('findings below the asked severity are let pass', () => {
  expect(DEPLOYMENT).not.toHaveNoFindings({ failOn: 'error' });
  expect(DEPLOYMENT).toHaveNoFindings({ failOn: 'error', except: [INJECT] });
});

describe('fails', () => {
  test.each([
    [
      'for an unknown lesson, with the nearest',
      () => expect(DEPLOYMENT).toHaveFinding('sidecar-anotation-misplaced'),
      `did you mean ${INJECT}?`,
    ],
    ['for YAML that cannot be read', () => expect('a: [\n').toHaveNoFindings(), 'is not valid YAML'],
    ['for a path that does not exist', () => expect('no/such.yaml').toHaveNoFindings(), 'no/such.yaml: no such file or folder'],
    [
      'for what is no manifest',
      () => expect(undefined).toHaveNoFindings(),
      'expected constructs, manifests, YAML or a path, got undefined',
    ],
    ['for a promise', () => expect(Promise.resolve()).toHaveNoFindings(), 'got a promise'],
    ['for wrong facts', () => expect(DEPLOYMENT).toHaveNoFindings({ cluster: 'package.json' }), 'package.json:'],
    ['for an unknown lesson left out', () => expect(DEPLOYMENT).toHaveNoFindings({ except: ['x'] }), 'no lesson is called "x"'],
    ['for constructs that synth would refuse', () => { const chart = bad(); chart.node.addValidation({ validate: () => ['it is wrong'] }); expect(chart).not.toHaveNoFindings(); }, '  shop: it is wrong'], // prettier-ignore
    [
      'for a finding that is not there',
      () => expect(chartWith({})).toHaveFinding(INJECT, { name: 'web' }),
      `expected a finding of ${INJECT} in web`,
    ],
    ['for a finding that ought not to be there', () => expect(DEPLOYMENT).not.toHaveFinding(INJECT), `expected not a finding of ${INJECT}`],
  ])('%s', (_, assertion, message) => {
    expect(messageOf(assertion)).toContain(message);
  });
});
