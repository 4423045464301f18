import { selectorTemplateMismatch, unmetParts } from '../../lib/lessons/selector-template-mismatch';
import { Field } from '../../lib/manifest/field';
import { told } from './told';

test('names each part of a selector that labels do not meet', () => {
  const selector = new Field({
    matchLabels: { app: 'web', tier: 'front' },
    matchExpressions: [
      { key: 'app', operator: 'Exists' },
      { key: 'track', operator: 'Exists' },
    ],
  });
  expect(unmetParts(selector, { app: 'web', tier: 'back' }).map(({ path }) => path)).toEqual(['/matchLabels/tier', '/matchExpressions/1']);
});

const WEB = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: blog}
spec: {selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}}}
`;

test('fails a workload that the API server refuses, and warns of a budget that does nothing', () => {
  const budget = `apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web, namespace: blog}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: website}}}
`;
  expect(told(selectorTemplateMismatch, `${WEB.replace('labels: {app: web}', 'labels: {app: site}')}---\n${budget}`)).toEqual([
    'error /spec/selector/matchLabels/app: Deployment blog/web: its selector asks for app: web, which its pod template does not carry: the API server refuses it',
    'warning /spec/selector/matchLabels/app: PodDisruptionBudget blog/web: its selector matches no pod template of namespace blog: it is applied and does nothing',
  ]);
});

test('says when the pods are in another namespace', () => {
  const policy = `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: api, namespace: blog}
spec: {selector: {matchLabels: {app: api}}}
`;
  const api = WEB.replace('name: web, namespace: blog', 'name: api, namespace: shop').replaceAll('app: web', 'app: api');
  expect(told(selectorTemplateMismatch, `${WEB}---\n${api}---\n${policy}`)).toEqual([
    'warning /spec/selector/matchLabels/app: AuthorizationPolicy blog/api: its selector matches no pod template of namespace blog; pods of another namespace would match: it is applied and does nothing',
  ]);
  expect(told(selectorTemplateMismatch, `${WEB}---\n${api}---\n${policy.replace('namespace: blog', 'namespace: istio-system')}`)).toEqual(
    [],
  );
});
