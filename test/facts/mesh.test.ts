import { Cluster } from '../../lib/facts/cluster';
import type { ClusterFacts } from '../../lib/facts/cluster-facts';
import { Mesh } from '../../lib/facts/mesh';
import { readYaml } from '../../lib/manifest/yaml';
import { Resources } from '../../lib/resources/resources';

const INJECTED: ClusterFacts = { mesh: { kind: 'istio', injectedNamespaces: ['shop'] } };

function meshOf(pod: string, others: readonly string[] = [], facts: ClusterFacts = INJECTED, namespace = 'shop') {
  const workload = `{apiVersion: apps/v1, kind: Deployment, metadata: {name: api, namespace: ${namespace}}, spec: {template: ${pod}}}`;
  const { documents, problems } = readYaml([workload, ...others].join('\n---\n'), 'x.yaml');
  expect(problems).toEqual([]);
  const resources = new Resources(documents);
  const [api] = resources.workloads;
  if (api === undefined) throw new Error('the example has no workload');
  return { mesh: new Mesh(resources, new Cluster(facts)), api };
}

const POD = '{metadata: {labels: {app: api}}, spec: {containers: []}}';
const namespaceWith = (labels: string): string => `{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {${labels}}}}`;
const policy = (spec: string, namespace = 'shop'): string =>
  `{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: p, namespace: ${namespace}}, spec: ${spec}}`;

describe('a sidecar', () => {
  test.each([
    ['comes with the namespace of the facts', POD, [], INJECTED, true],
    ['comes with the label of the Namespace', POD, [namespaceWith('istio-injection: enabled')], {}, true],
    ['comes with a revision of the Namespace', POD, [namespaceWith('istio.io/rev: stable')], {}, true],
    ['is switched off by the Namespace, whatever the facts say', POD, [namespaceWith('istio-injection: disabled')], INJECTED, false],
    ['does not come with ambient', POD, [namespaceWith('istio.io/dataplane-mode: ambient')], {}, false],
    ['is unknown without any word', POD, [], {}, undefined],
    [
      'is not there when the facts list other namespaces',
      POD,
      [],
      { mesh: { kind: 'istio' as const, injectedNamespaces: ['blog'] } },
      false,
    ],
    ['is refused by a label', '{metadata: {labels: {sidecar.istio.io/inject: "false"}}, spec: {}}', [], INJECTED, false],
    ['is refused by an annotation', '{metadata: {annotations: {sidecar.istio.io/inject: "false"}}, spec: {}}', [], INJECTED, false],
    ['is asked for by a label', '{metadata: {labels: {sidecar.istio.io/inject: "true"}}, spec: {}}', [], {}, true],
    [
      'is not asked for by an annotation alone',
      '{metadata: {annotations: {sidecar.istio.io/inject: "true"}}, spec: {}}',
      [namespaceWith('team: a')],
      {},
      false,
    ],
    [
      'obeys the label before the annotation',
      '{metadata: {labels: {sidecar.istio.io/inject: "true"}, annotations: {sidecar.istio.io/inject: "false"}}, spec: {}}',
      [],
      INJECTED,
      true,
    ],
    ['never comes to the network of the node', '{metadata: {}, spec: {hostNetwork: true}}', [], INJECTED, false],
  ])('%s', (_, pod, others, facts, expected) => {
    const { mesh, api } = meshOf(pod, others, facts);
    expect(mesh.hasSidecar(api)).toBe(expected);
  });
});

describe('mutual TLS', () => {
  const STRICT = '{mtls: {mode: STRICT}}';
  test.each([
    ['is PERMISSIVE without a policy', [], 'PERMISSIVE', 'default'],
    ['is what the mesh says', [policy(STRICT, 'istio-system')], 'STRICT', 'mesh'],
    [
      'is what the namespace says before the mesh',
      [policy(STRICT, 'istio-system'), policy('{mtls: {mode: DISABLE}}')],
      'DISABLE',
      'namespace',
    ],
    [
      'is what the workload says before the namespace',
      [policy(STRICT), policy('{selector: {matchLabels: {app: api}}, mtls: {mode: PERMISSIVE}}')],
      'PERMISSIVE',
      'workload',
    ],
    [
      'is what the port says before the workload',
      [policy('{selector: {matchLabels: {app: api}}, mtls: {mode: STRICT}, portLevelMtls: {8080: {mode: DISABLE}}}')],
      'DISABLE',
      'port',
    ],
    [
      'of another port does not count',
      [policy('{selector: {matchLabels: {app: api}}, mtls: {mode: STRICT}, portLevelMtls: {9090: {mode: DISABLE}}}')],
      'STRICT',
      'workload',
    ],
    [
      'is inherited where a policy leaves it open',
      [policy(STRICT), policy('{selector: {matchLabels: {app: api}}, mtls: {mode: UNSET}}')],
      'STRICT',
      'namespace',
    ],
    ['of other workloads does not count', [policy('{selector: {matchLabels: {app: web}}, mtls: {mode: STRICT}}')], 'PERMISSIVE', 'default'],
    [
      'by a selector in the root namespace does not count',
      [policy('{selector: {matchLabels: {app: api}}, mtls: {mode: STRICT}}', 'istio-system')],
      'PERMISSIVE',
      'default',
    ],
    ['of another namespace does not count', [policy(STRICT, 'blog')], 'PERMISSIVE', 'default'],
  ])('%s', (_, policies, mode, level) => {
    const { mesh, api } = meshOf(POD, policies);
    expect(mesh.mtlsOf(api, 8080)).toMatchObject({ mode, level });
  });
});

test.each([
  ['', true],
  ['traffic.sidecar.istio.io/excludeInboundPorts: "3306, 8080"', false],
  ['traffic.sidecar.istio.io/includeInboundPorts: "*"', true],
  ['traffic.sidecar.istio.io/includeInboundPorts: "9090"', false],
])('with the annotation {%s} the sidecar takes port 8080: %s', (annotation, expected) => {
  const { mesh, api } = meshOf(`{metadata: {annotations: {${annotation}}}, spec: {}}`);
  expect(mesh.intercepts(api, 8080)).toBe(expected);
});
