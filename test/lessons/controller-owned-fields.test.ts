import { controllerOwnedFields, ignoredDifferences } from '../../lib/lessons/controller-owned-fields';
import { readYaml } from '../../lib/manifest/yaml';
import { Resources } from '../../lib/resources/resources';
import { mended, reportOf } from './told';

const MANIFESTS = (controllerOwnedFields.bad[1]?.yaml ?? '').replace(/^# file:.*$/gm, '---');

test('the entries are exactly the fields that controllers own', () => {
  expect(ignoredDifferences(new Resources(readYaml(MANIFESTS, 'example.yaml').documents))).toEqual([
    { group: 'apps', kind: 'Deployment', name: 'was', namespace: 'blog', jsonPointers: ['/spec/replicas'] },
    {
      group: 'networking.istio.io',
      kind: 'VirtualService',
      name: 'web-vsvc',
      namespace: 'blog',
      jqPathExpressions: ['.spec.http[].route[].weight'],
    },
    {
      group: 'networking.istio.io',
      kind: 'DestinationRule',
      name: 'web-dest-rule',
      namespace: 'blog',
      jqPathExpressions: ['.spec.subsets[].labels."rollouts-pod-template-hash"'],
    },
  ]);
});

test('nothing is ignored where Git leaves the field to its controller', () => {
  const documents = readYaml(MANIFESTS.replace('  replicas: 2\n', ''), 'example.yaml').documents;
  expect(ignoredDifferences(new Resources(documents)).map(({ kind }) => kind)).toEqual(['VirtualService', 'DestinationRule']);
});

test.each([0, 1, 2])('the edits for bad example %i leave nothing to find', (index) => {
  const yaml = (controllerOwnedFields.bad[index]?.yaml ?? '').replace(/^# file:.*$/gm, '---').replace('path: blog', 'path: .');
  const { findings } = reportOf(controllerOwnedFields, yaml);
  expect(findings).toHaveLength(1);
  expect(reportOf(controllerOwnedFields, mended(yaml, findings)).findings).toEqual([]);
});

test.each([
  ['any object of the kind', 'group: apps, kind: Deployment, jsonPointers: [/spec/replicas]'],
  ['all kinds', 'group: "*", kind: "*", jqPathExpressions: [.spec.replicas]'],
  ['a field above it', 'group: apps, kind: Deployment, jsonPointers: [/spec]'],
  ['a manager', 'group: apps, kind: Deployment, managedFieldsManagers: [kube-controller-manager]'],
])('accepts an entry for %s', (_, entry) => {
  const yaml = (controllerOwnedFields.bad[0]?.yaml ?? '').replace(/^# file:.*$/gm, '---').replace('path: blog', 'path: .');
  const ignoring = yaml.replace(
    '  syncPolicy:\n',
    `  ignoreDifferences: [{${entry}}]\n  syncPolicy:\n    syncOptions: [RespectIgnoreDifferences=true]\n`,
  );
  expect(reportOf(controllerOwnedFields, ignoring).findings).toEqual([]);
});

test.each([
  ['another object', 'group: apps, kind: Deployment, name: web, jsonPointers: [/spec/replicas]'],
  ['another field', 'group: apps, kind: Deployment, jsonPointers: [/spec/template]'],
  ['another group', 'group: argoproj.io, kind: Deployment, jsonPointers: [/spec/replicas]'],
])('fails on an entry for %s', (_, entry) => {
  const yaml = (controllerOwnedFields.bad[0]?.yaml ?? '').replace(/^# file:.*$/gm, '---').replace('path: blog', 'path: .');
  const ignoring = yaml.replace(
    '  syncPolicy:\n',
    `  ignoreDifferences: [{${entry}}]\n  syncPolicy:\n    syncOptions: [RespectIgnoreDifferences=true]\n`,
  );
  expect(reportOf(controllerOwnedFields, ignoring).findings.map(({ path }) => path)).toEqual(['/spec/ignoreDifferences']);
});
