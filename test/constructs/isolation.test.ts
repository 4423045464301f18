/** One policy for each workload: what is declared, what the infrastructure needs, and nothing else. */
import { JsonPatch } from 'cdk8s';
import { Connections } from '../../lib/constructs/connections';
import { Isolation } from '../../lib/constructs/isolation';
import { Peer } from '../../lib/constructs/peer';
import { Was } from '../../lib/constructs/was';
import type { ClusterFacts } from '../../lib/facts/cluster-facts';
import { at, BLOG_CLUSTER, blogChart, kindsOf, objectOf } from './blog';
import { undone } from './undone';

function isolated(facts: ClusterFacts = BLOG_CLUSTER, inMesh?: boolean) {
  const chart = blogChart(facts);
  const connections = new Connections(chart, { name: 'shop', ports: [{ number: 8080 }], inMesh });
  new Isolation(chart, 'isolation', { connections });
  return { chart, connections };
}

const spec = (facts?: ClusterFacts, inMesh?: boolean) => at(objectOf(isolated(facts, inMesh).chart, 'CiliumNetworkPolicy'), 'spec');
const NOWHERE: ClusterFacts = { ...BLOG_CLUSTER, mesh: undefined, prometheus: undefined };

const DNS = {
  toEndpoints: [{ matchLabels: { 'k8s-app': 'kube-dns', 'k8s:io.kubernetes.pod.namespace': 'kube-system' } }],
  toPorts: [
    {
      ports: [
        { port: '53', protocol: 'UDP' },
        { port: '53', protocol: 'TCP' },
      ],
    },
  ],
};

describe('Isolation', () => {
  test('denies both directions by default: neither section is left out or empty, which would leave it open', () => {
    expect(at(spec(NOWHERE), 'ingress')).toEqual([{}]);
    expect(at(spec(NOWHERE), 'egress', 0)).toBeDefined();
    expect(at(spec(NOWHERE), 'endpointSelector')).toEqual({ matchLabels: { app: 'shop' } });
  });

  test('lets pods with a sidecar reach istiod, and Prometheus read their telemetry', () => {
    expect(at(spec(), 'egress', 0)).toEqual({
      toEndpoints: [{ matchLabels: { app: 'istiod', 'k8s:io.kubernetes.pod.namespace': 'istio-system' } }],
      toPorts: [{ ports: [{ port: '15012', protocol: 'TCP' }] }],
    });
    expect(at(spec(), 'ingress')).toEqual([
      {
        fromEndpoints: [{ matchLabels: { 'app.kubernetes.io/name': 'prometheus', 'k8s:io.kubernetes.pod.namespace': 'monitoring' } }],
        toPorts: [
          {
            ports: [
              { port: '15020', protocol: 'TCP' },
              { port: '15090', protocol: 'TCP' },
            ],
          },
        ],
      },
    ]);
    expect(JSON.stringify(spec(BLOG_CLUSTER, false))).not.toMatch(/istiod|15020/);
  });

  test('looks up names by both protocols wherever it may connect, at the DNS server of the facts', () => {
    const { chart, connections } = isolated(NOWHERE);
    connections.allowTo(Peer.entity('kube-apiserver'), 6443);
    expect(at(objectOf(chart, 'CiliumNetworkPolicy'), 'spec', 'egress', 1)).toEqual(DNS);
    const dns = { namespace: 'dns', labels: { app: 'unbound' } };
    expect(JSON.stringify(spec({ ...BLOG_CLUSTER, dns }))).toContain('"app":"unbound"');
  });

  test('has the DNS proxy see the names that it allows', () => {
    const { chart, connections } = isolated(NOWHERE);
    connections.allowTo(Peer.fqdn('api.example.com'), 443);
    expect(at(objectOf(chart, 'CiliumNetworkPolicy'), 'spec', 'egress')).toEqual([
      { toFQDNs: [{ matchName: 'api.example.com' }], toPorts: [{ ports: [{ port: '443', protocol: 'TCP' }] }] },
      { ...DNS, toPorts: [{ ...DNS.toPorts[0], rules: { dns: [{ matchPattern: '*' }] } }] },
    ]);
  });

  test('is called after the workload, or as told', () => {
    const { chart, connections } = isolated();
    new Isolation(chart, 'second', { connections, name: 'shop-more' });
    expect(kindsOf(chart)).toEqual(['CiliumNetworkPolicy shop-isolation', 'CiliumNetworkPolicy shop-more']);
  });

  test.each<[string, string, JsonPatch]>([
    ['fqdn-needs-dns-rule', 'the rule for names', JsonPatch.remove('/spec/egress/2/toPorts/0/rules')],
    ['dns-egress-missing', 'the way to the DNS server', JsonPatch.remove('/spec/egress/2')],
    ['isolation-without-mesh-ports', 'the way to istiod', JsonPatch.remove('/spec/egress/1')],
    ['entity-in-endpoints', 'entities where they belong', JsonPatch.add('/spec/egress/-', { toEndpoints: ['world'] })],
    ['cross-namespace-peer', 'namespaces beside labels', JsonPatch.remove('/spec/egress/1/toEndpoints/0/matchLabels/k8s:io.kubernetes.pod.namespace')],
    ['egress-too-wide', 'a peer and a port in each rule', JsonPatch.add('/spec/egress/-', { toEntities: ['all'] })],
  ])('%s gave it %s', (lesson, _, patch) => {
    const chart = blogChart();
    const was = new Was(chart, 'was', { image: 'registry.example/was:1.0.0' });
    was.connections.allowTo(Peer.fqdn('api.example.com'), 443);
    expect(undone(chart, 'CiliumNetworkPolicy', patch)).toContain(lesson);
  }); // prettier-ignore
});
