/** What patches and policies from other hands open is told, with the rule that opens it and how to declare it; nothing else is. */
import { ApiObject, Chart, JsonPatch } from 'cdk8s';
import type { IConstruct } from 'constructs';
import { BlogWeb, Cluster, type ClusterFacts, Peer, PlatformApp, Was } from '../../lib/index';

interface Shop {
  readonly chart: Chart;
  readonly web: BlogWeb;
  readonly api: Was;
  readonly policyOf: (name: string) => ApiObject;
  /** What synth says of connections that nobody declared. */
  readonly told: () => string[];
}

function shop(facts: ClusterFacts = {}): Shop {
  const warnings: string[] = [];
  const app = new PlatformApp({ cluster: new Cluster(facts), onWarning: (text) => warnings.push(text) });
  const chart = new Chart(app, 'shop', { namespace: 'shop' });
  const api = new Was(chart, 'api', { image: 'registry.example/api:1.4.2' });
  const web = new BlogWeb(chart, 'front', { image: 'registry.example/front:2.0.0', backends: { '/api': api } });
  const isPolicy = (each: IConstruct, name: string): each is ApiObject => ApiObject.isApiObject(each) && each.kind === 'CiliumNetworkPolicy' && each.name === name; // prettier-ignore
  const policyOf = (name: string): ApiObject => {
    const found = app.node.findAll().find((each): each is ApiObject => isPolicy(each, name));
    if (found === undefined) throw new Error(`no policy ${name}`);
    return found;
  };
  const told = (): string[] => {
    app.synthYaml();
    return warnings.filter((text) => /not declared|nobody declared/.test(text));
  };
  return { chart, web, api, policyOf, told };
}

function policy(chart: Chart, name: string, spec: object, kind = 'CiliumNetworkPolicy'): ApiObject {
  const object = new ApiObject(chart, name, { apiVersion: 'cilium.io/v2', kind, metadata: { name } });
  object.addJsonPatch(JsonPatch.add('/spec', spec));
  return object;
}

/** A deployment of the user's own, without isolation. */
function legacy(chart: Chart): ApiObject {
  const labels = { app: 'legacy' };
  const object = new ApiObject(chart, 'legacy', { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'legacy' } });
  const container = { name: 'legacy', image: 'registry.example/legacy:1.0.0', ports: [{ containerPort: 9000 }] };
  object.addJsonPatch(JsonPatch.add('/spec', { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [container] } } })); // prettier-ignore
  return object;
}

const OF_SHOP = { matchLabels: { 'k8s:io.kubernetes.pod.namespace': 'shop' } };
const FROM_LEGACY = { fromEndpoints: [{ matchLabels: { app: 'legacy' } }], toPorts: [{ ports: [{ port: '8080', protocol: 'TCP' }] }] };

test('names a flow that a patched rule opens: from, to, port, the rule where it stands, and how to declare it', () => {
  const { chart, policyOf, told } = shop();
  legacy(chart);
  policyOf('api-isolation').addJsonPatch(JsonPatch.add('/spec/ingress/-', FROM_LEGACY));
  expect(told()).toEqual([
    'warning: shop/api/isolation/policy: shop/legacy to shop/api on TCP 8080 is possible and not declared: CiliumNetworkPolicy shop/api-isolation /spec/ingress/1: allows pods app=legacy of namespace shop on TCP 8080 (shop/api/isolation/policy); declare it with connections.allowFrom(Peer.pods({"namespace":"shop","labels":{"app":"legacy"}}), 8080) of shop/api, or take the rule back',
  ]);
});

test('is quiet once the flow is declared', () => {
  const { chart, api, policyOf, told } = shop();
  legacy(chart);
  api.connections.allowFrom(Peer.pods({ namespace: 'shop', labels: { app: 'legacy' } }), 8080);
  policyOf('api-isolation').addJsonPatch(JsonPatch.add('/spec/ingress/-', FROM_LEGACY));
  expect(told()).toEqual([]);
});

test('is quiet about what the constructs render, whatever is declared', () => {
  const { web, told } = shop({ mesh: { kind: 'istio', injectedNamespaces: ['shop'] }, prometheus: { namespace: 'monitoring', labels: { app: 'prometheus' } } }); // prettier-ignore
  web.connections.allowTo(Peer.entity('world'), 443).allowTo(Peer.fqdn('*.example.org'), 443).allowFrom(Peer.cidr('203.0.113.0/24'));
  expect(told()).toEqual([]);
});

test('names a flow between two workloads of the library that a policy from other hands opens on both sides', () => {
  const { chart, told } = shop();
  policy(chart, 'back', {
    endpointSelector: { matchLabels: { app: 'front' } },
    ingress: [{ fromEndpoints: [{ matchLabels: { app: 'api' } }] }],
  });
  expect(told()).toEqual([]);
  const other = shop();
  policy(other.chart, 'back', { endpointSelector: { matchLabels: { app: 'front' } }, ingress: [{ fromEndpoints: [{ matchLabels: { app: 'api' } }] }] }); // prettier-ignore
  policy(other.chart, 'out', { endpointSelector: { matchLabels: { app: 'api' } }, egress: [{ toEndpoints: [{ matchLabels: { app: 'front' } }] }] }); // prettier-ignore
  const [text, ...more] = other.told();
  expect(more).toEqual([]);
  expect(text).toContain('shop/api to shop/front on TCP 8080 is possible and not declared: ');
  expect(text).toContain('CiliumNetworkPolicy shop/out /spec/egress/0: allows pods app=front of namespace shop (shop/out)');
  expect(text).toContain('CiliumNetworkPolicy shop/back /spec/ingress/0: allows pods app=api of namespace shop (shop/back)');
  expect(text).toMatch(/; declare it with connections\.allowTo\(shop\/front, 8080\) of shop\/api, or take the rule back$/);
});

test.each([
  ['an entity', { toEntities: ['world'], toPorts: [{ ports: [{ port: '443', protocol: 'TCP' }] }] }, 'shop/api to entity:world on TCP 443', "allowTo(Peer.entity('world'), 443)"], // prettier-ignore
  ['every entity', { toEntities: ['all'], toPorts: [{ ports: [{ port: '443', protocol: 'TCP' }] }] }, 'shop/api to entity:all on TCP 443', "allowTo(Peer.entity('all'), 443)"], // prettier-ignore
  ['the world on every port', { toEntities: ['world'] }, 'shop/api to entity:world on every port', 'declare the ports that are meant, and take the rule back'], // prettier-ignore
  ['the API server', { toEntities: ['kube-apiserver'], toPorts: [{ ports: [{ port: '6443' }] }] }, 'shop/api to entity:kube-apiserver on TCP 6443', "Peer.entity('kube-apiserver'), 6443"], // prettier-ignore
  ['a range', { toCIDR: ['203.0.0.0/16'], toPorts: [{ ports: [{ port: '25', protocol: 'TCP' }] }] }, 'shop/api to 203.0.0.0/16 on TCP 25', "Peer.cidr('203.0.0.0/16'), 25"], // prettier-ignore
  ['a range with a hole', { toCIDRSet: [{ cidr: '203.0.0.0/16', except: ['203.0.113.0/24'] }], toPorts: [{ ports: [{ port: '25', protocol: 'TCP' }] }] }, 'shop/api to 203.0.0.0/16 on TCP 25', "Peer.cidr('203.0.0.0/16'), 25"], // prettier-ignore
  ['Prometheus', { toEndpoints: [{ matchLabels: { 'k8s:io.kubernetes.pod.namespace': 'monitoring', 'app.kubernetes.io/name': 'prometheus' } }] }, 'shop/api to pods app.kubernetes.io/name=prometheus of namespace monitoring on TCP 9090', '"namespace":"monitoring"'], // prettier-ignore
])('names %s that a rule of other hands lets a workload reach', (_, rule, flow, mend) => {
  const { chart, told } = shop();
  policy(chart, 'out', { endpointSelector: { matchLabels: { app: 'api' } }, egress: [rule] });
  const [text, ...more] = told();
  expect(more).toEqual([]);
  expect(text).toContain(`warning: shop/out: ${flow} is possible and not declared: CiliumNetworkPolicy shop/out /spec/egress/0: allows`);
  expect(text).toContain(mend);
});

test('names a name that a rule lets a workload reach, once DNS is seen', () => {
  const { chart, api, told } = shop();
  api.connections.allowTo(Peer.fqdn('api.example.org'), 443);
  policy(chart, 'out', { endpointSelector: { matchLabels: { app: 'api' } }, egress: [{ toFQDNs: [{ matchName: 'api.example.org' }, { matchPattern: '*.example.net' }], toPorts: [{ ports: [{ port: '443', protocol: 'TCP' }] }] }] }); // prettier-ignore
  expect(told()).toEqual([expect.stringContaining('shop/api to fqdn:*.example.net on TCP 443 is possible and not declared')]);
});

test('names a port that was added to a declared connection, and not the connection', () => {
  const { policyOf, told } = shop();
  policyOf('api-isolation').addJsonPatch(JsonPatch.add('/spec/ingress/0/toPorts/0/ports/-', { port: '5005', protocol: 'TCP' }));
  policyOf('front-isolation').addJsonPatch(JsonPatch.add('/spec/egress/0/toPorts/0/ports/-', { port: '5005', protocol: 'TCP' }));
  const [text, ...more] = told();
  expect(more).toEqual([]);
  expect(text).toContain('shop/front to shop/api on TCP 5005 is possible and not declared');
  expect(text).toContain('; shop/api is not known to serve there: take the rule back');
});

test('names visitors whom a NetworkPolicy, or a clusterwide policy, lets in', () => {
  const { chart, told } = shop();
  const object = new ApiObject(chart, 'open', { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: 'open' } });
  object.addJsonPatch(JsonPatch.add('/spec', { podSelector: { matchLabels: { app: 'api' } }, policyTypes: ['Ingress'], ingress: [{ from: [{ ipBlock: { cidr: '198.51.100.0/24' } }] }] })); // prettier-ignore
  policy(chart, 'nodes', { endpointSelector: OF_SHOP, ingress: [{ fromEntities: ['remote-node'] }] }, 'CiliumClusterwideNetworkPolicy');
  expect(told().map((text) => text.split(' is possible')[0])).toEqual([
    'warning: shop/nodes: entity:remote-node to shop/api on TCP 8080',
    'warning: shop/nodes: entity:remote-node to shop/front on TCP 8080',
    'warning: shop/open: 198.51.100.0/24 to shop/api on TCP 8080',
  ]);
});

test('tells a few examples of a rule that opens everything', () => {
  const { chart, told } = shop();
  for (let index = 0; index < 5; index++) new Was(chart, `was-${index}`, { image: 'registry.example/api:1.4.2' });
  policy(chart, 'open', { endpointSelector: {}, ingress: [{ fromEntities: ['all'] }] });
  expect(told()).toHaveLength(3);
});

test('is quiet about workloads without isolation, and about policies that only restrict', () => {
  const { chart, told } = shop();
  legacy(chart);
  policy(chart, 'legacy-open', { endpointSelector: { matchLabels: { app: 'legacy' } }, ingress: [{ fromEntities: ['all'] }], egress: [{ toEntities: ['all'] }] }); // prettier-ignore
  policy(chart, 'no-metadata', { endpointSelector: {}, egressDeny: [{ toCIDR: ['169.254.169.254/32'] }] });
  expect(told()).toEqual([]);
});

test('is quiet about a workload whose isolation was taken out of the tree', () => {
  const { chart, api, told } = shop();
  legacy(chart);
  api.node.tryRemoveChild('isolation');
  policy(chart, 'mine', { endpointSelector: { matchLabels: { app: 'api' } }, ingress: [FROM_LEGACY, { fromEndpoints: [{ matchLabels: { app: 'front' } }] }] }); // prettier-ignore
  expect(told()).toEqual([]);
});

test('is quiet about what a policy of the cluster, from other hands, opens', () => {
  const spec = { endpointSelector: OF_SHOP, ingress: [{ fromEntities: ['remote-node'] }] };
  const existing = [{ apiVersion: 'cilium.io/v2', kind: 'CiliumClusterwideNetworkPolicy', metadata: { name: 'nodes' }, spec }];
  expect(shop({ existing }).told()).toEqual([]);
});

test.each([
  ['its egress rules', JsonPatch.remove('/spec/egress'), 'sends'],
  ['its default deny', JsonPatch.add('/spec/enableDefaultDeny', { egress: false }), 'sends'],
  ['its ingress rules', JsonPatch.remove('/spec/ingress'), 'receives'],
])('names a workload of which a patch takes away %s', (_, patch, what) => {
  const { policyOf, told } = shop();
  policyOf('api-isolation').addJsonPatch(patch);
  const [text, ...more] = told();
  expect(more).toEqual([]);
  expect(text).toContain(`warning: shop/api/isolation/policy: nothing restricts what shop/api ${what}`);
});

test('asks nobody where every policy is as declared', () => {
  const { policyOf, told } = shop();
  policyOf('api-isolation').metadata.addAnnotation('team', 'shop');
  expect(told()).toEqual([]);
});
