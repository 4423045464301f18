import { overlappingSelectors } from '../../lib/lessons/overlapping-selectors';
import { reportOf } from './told';

function deployment(name: string, labels: string, selector = labels, namespace = 'namespace: blog'): string {
  return `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: ${name}, ${namespace}}\nspec: {selector: {matchLabels: ${selector}}, template: {metadata: {labels: ${labels}}}}\n`;
}

test('fails each later one of several workloads with one selector, and relates the earlier', () => {
  const yaml = [deployment('a', '{app: web}'), deployment('b', '{app: web}'), deployment('c', '{app: web}')].join('---\n');
  const { findings } = reportOf(overlappingSelectors, yaml);
  expect(findings.map(({ severity, resource, path }) => [severity, resource.name, path])).toEqual([
    ['error', 'b', '/spec/selector'],
    ['error', 'c', '/spec/selector'],
  ]);
  expect(findings.map(({ related }) => related.map(({ resource }) => resource.name))).toEqual([['a'], ['a', 'b']]);
});

test('warns of a selector that is only wider than another', () => {
  const yaml = [deployment('api', '{app: api}'), deployment('api-canary', '{app: api, track: canary}')].join('---\n');
  expect(reportOf(overlappingSelectors, yaml).findings.map(({ severity, resource }) => [severity, resource.name])).toEqual([
    ['warning', 'api'],
  ]);
});

test('warns only, where no namespace is known', () => {
  const yaml = [deployment('a', '{app: web}', undefined, ''), deployment('b', '{app: web}', undefined, '')].join('---\n');
  const [finding] = reportOf(overlappingSelectors, yaml).findings;
  expect(finding?.severity).toBe('warning');
  expect(finding?.message).toContain('neither names a namespace');
});

test('fails a workload that takes the pods of one that already exists', () => {
  const existing = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'old', namespace: 'blog' },
    spec: { selector: { matchLabels: { app: 'web' } }, template: { metadata: { labels: { app: 'web' } } } },
  };
  const { findings } = reportOf(overlappingSelectors, deployment('web', '{app: web}'), { existing: [existing] });
  expect(findings.map(({ message }) => message)).toEqual([
    'Deployment blog/web: it selects the pods of Deployment blog/old, which selects its pods in turn: Services and autoscalers take the two for one',
  ]);
});
