import { judge } from '../../lib/check/judge';
import { Cluster } from '../../lib/facts/cluster';
import { labelsChangeSelectors } from '../../lib/lessons/labels-change-selectors';
import { readRepository } from '../../lib/manifest/read-repository';
import { Resources } from '../../lib/resources/resources';
import { mended, reportOf } from './told';

const KUSTOMIZATION = 'commonLabels: {app: web, team: blog}\nresources: [web.yaml]\n';

function deployment(selector: string): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: blog}
spec:
  selector: {matchLabels: {${selector}}}
  template:
    metadata: {labels: {${selector}}}
    spec: {containers: [{name: web, image: "nginx:1.27"}]}
`;
}

function judged(files: Readonly<Record<string, string>>): string[] {
  const repository = { remotes: [], files: new Set(Object.keys(files)) };
  const { documents } = readRepository(new Map(Object.entries(files)), repository);
  const { findings } = judge(new Resources(documents), new Cluster(), [labelsChangeSelectors], repository);
  return findings.map(({ severity, path, related }) => `${severity} ${path} ${related.map(({ message }) => message).join()}`.trim());
}

test('fails where a selector is rewritten, and names it', () => {
  expect(judged({ 'kustomization.yaml': KUSTOMIZATION, 'web.yaml': deployment('app: web') })).toEqual([
    'error /commonLabels the selector of Deployment blog/web is refused',
  ]);
});

test('warns where every selector has the labels of its own, so that nothing changes now', () => {
  expect(judged({ 'kustomization.yaml': KUSTOMIZATION, 'web.yaml': deployment('app: web, team: blog') })).toEqual([
    'warning /commonLabels',
  ]);
});

test('warns where there is no selector yet', () => {
  const configMap = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web, namespace: blog}\n';
  expect(judged({ 'kustomization.yaml': KUSTOMIZATION, 'web.yaml': configMap })).toEqual(['warning /commonLabels']);
});

test('fails where a remote base may bring the workloads', () => {
  const remote = 'commonLabels: {team: blog}\nresources: ["https://example.org/base?ref=v1"]\n';
  expect(judged({ 'kustomization.yaml': remote })).toEqual(['error /commonLabels']);
});

test('names only what is rendered through the kustomization, not what another overlay makes of the same base', () => {
  expect(
    judged({
      'base/kustomization.yaml': 'resources: [web.yaml]\n',
      'base/web.yaml': deployment('app: web'),
      'prod/kustomization.yaml': 'resources: [../base]\nnamespace: prod\nlabels: [{pairs: {env: prod}, includeSelectors: true}]\n',
      'stage/kustomization.yaml': 'resources: [../base]\nnamespace: stage\n',
    }),
  ).toEqual(['error /labels/0/includeSelectors the selector of Deployment prod/web is refused']);
});

test('of a base, names the objects of every overlay', () => {
  expect(
    judged({
      'base/kustomization.yaml': 'resources: [web.yaml]\ncommonLabels: {team: blog}\n',
      'base/web.yaml': deployment('app: web'),
      'prod/kustomization.yaml': 'resources: [../base]\nnamespace: prod\n',
      'stage/kustomization.yaml': 'resources: [../base]\nnamespace: stage\n',
    }),
  ).toEqual(['error /commonLabels the selector of Deployment prod/web is refused,the selector of Deployment stage/web is refused']);
});

describe('a Rollout, whose selector Kustomize does not know', () => {
  const rollout = (labels: string): string =>
    deployment(labels).replace('apps/v1', 'argoproj.io/v1alpha1').replace('kind: Deployment', 'kind: Rollout');
  const service = `---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: blog}
spec: {selector: {app: web}, ports: [{port: 80}]}
`;

  test('fails for the Service that asks its pods for the labels, and calls no selector of it refused', () => {
    expect(judged({ 'kustomization.yaml': KUSTOMIZATION, 'web.yaml': rollout('app: web') + service })).toEqual([
      'error /commonLabels the selector of Service blog/web changes at once',
    ]);
  });

  test('warns where its pods have the labels of their own', () => {
    expect(judged({ 'kustomization.yaml': KUSTOMIZATION, 'web.yaml': rollout('app: web, team: blog') + service })).toEqual([
      'warning /commonLabels the selector of Service blog/web changes at once',
    ]);
  });

  test('fails where a configuration has its selector rewritten', () => {
    const configuration = 'commonLabels: [{path: spec/selector/matchLabels, create: true, kind: Rollout}]\n';
    expect(
      judged({
        'kustomization.yaml': `${KUSTOMIZATION}configurations: [rollout.yaml]\n`,
        'rollout.yaml': configuration,
        'web.yaml': rollout('app: web'),
      }),
    ).toEqual(['error /commonLabels the selector of Rollout blog/web is refused']);
  });
});

test.each([
  ['commonLabels: {team: blog}\n', { labels: [{ pairs: { team: 'blog' }, includeSelectors: false }] }],
  [
    'commonLabels: {team: blog}\nlabels: [{pairs: {a: b}}]\n',
    { labels: [{ pairs: { a: 'b' } }, { pairs: { team: 'blog' }, includeSelectors: false }] },
  ],
  ['labels: [{pairs: {a: b}, includeSelectors: true}]\n', { labels: [{ pairs: { a: 'b' }, includeSelectors: false }] }],
])('is mended by labels that stay out of selectors: %s', (text, expected) => {
  const yaml = `apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n${text}`;
  const [document] = mended(yaml, reportOf(labelsChangeSelectors, yaml).findings);
  expect(document?.content).toEqual({ apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', ...expected });
});
