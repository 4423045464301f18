import { imageReferenceOf, mutabilityOf, mutableImageTag } from '../../lib/lessons/mutable-image-tag';
import { mended, reportOf, told } from './told';

test.each([
  ['nginx', { repository: 'nginx', tag: undefined, digest: undefined }],
  ['nginx:1.27', { repository: 'nginx', tag: '1.27', digest: undefined }],
  ['registry.example:5000/blog/web', { repository: 'registry.example:5000/blog/web', tag: undefined, digest: undefined }],
  ['registry.example:5000/blog/web:v47', { repository: 'registry.example:5000/blog/web', tag: 'v47', digest: undefined }],
  ['localhost:5000/web@sha256:0a39', { repository: 'localhost:5000/web', tag: undefined, digest: 'sha256:0a39' }],
  ['web:latest@sha256:0a39', { repository: 'web', tag: 'latest', digest: 'sha256:0a39' }],
])('reads the parts of %s', (image, parts) => {
  expect(imageReferenceOf(image)).toEqual(parts);
});

test('calls latest and the absent tag mutable, and nothing that a digest pins', () => {
  expect(mutabilityOf('localhost:5000/web')).toBe('has no tag, which means latest');
  expect(mutabilityOf('web:')).toBe('has no tag, which means latest');
  expect(mutabilityOf('web:latest')).toBe('has the tag latest');
  expect(mutabilityOf('web:latest@sha256:0a39')).toBeUndefined();
  expect(mutabilityOf('latest:1')).toBeUndefined();
});

const ALWAYS = `apiVersion: v1
kind: Pod
metadata: {name: web, namespace: blog}
spec: {containers: [{name: web, image: "web:1.4.2", imagePullPolicy: Always}]}
`;

test('tells of a pull at every start as information, and mends it', () => {
  const { findings } = reportOf(mutableImageTag, ALWAYS);
  expect(findings.map(({ severity, path }) => [severity, path])).toEqual([['info', '/spec/containers/0/imagePullPolicy']]);
  expect(told(mutableImageTag, mended(ALWAYS, findings))).toEqual([]);
});

test('leaves alone what another tool fills in', () => {
  const yaml = ALWAYS.replace('web:1.4.2', '${REGISTRY}/web').replace(', imagePullPolicy: Always', '');
  expect(told(mutableImageTag, yaml)).toEqual([]);
});
