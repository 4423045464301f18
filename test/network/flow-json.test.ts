import { flowJson } from '../../lib/network/flow-json';
import { cnp, Scenario, TWO_NAMESPACES } from './scenario';

test('a verdict as JSON names both ends, both sides, and where the deciding rules were written', () => {
  const policy = cnp('p', '{endpointSelector: {matchLabels: {app: db}}, ingress: [{fromEndpoints: [{matchLabels: {app: web}}]}]}');
  const yaml = TWO_NAMESPACES + policy;
  const line = yaml.split('\n').findIndex((text) => text.startsWith('spec: {endpointSelector')) + 1;
  expect(flowJson(new Scenario(yaml).flow('a/web', 'a/db', 5432))).toEqual({
    verdict: 'allow',
    from: { apiVersion: 'v1', kind: 'Pod', namespace: 'a', name: 'web' },
    to: { apiVersion: 'v1', kind: 'Pod', namespace: 'a', name: 'db' },
    port: 5432,
    protocol: 'TCP',
    egress: {
      verdict: 'allow',
      because: [{ policy: null, rule: null, effect: 'no-policy', words: 'no policy restricts what the pod sends', location: null }],
    },
    ingress: {
      verdict: 'allow',
      because: [
        {
          policy: { apiVersion: 'cilium.io/v2', kind: 'CiliumNetworkPolicy', namespace: 'a', name: 'p' },
          rule: '/spec/ingress/0',
          effect: 'allow',
          words: 'allows pods app=web of namespace a',
          location: expect.objectContaining({ file: 'scenario.yaml', line, column: 62 }),
        },
      ],
    },
  });
});
