/** Both halves of TLS are always there together, whichever way visitors come, and a lesson misses either. */
import { App, Chart, JsonPatch } from 'cdk8s';
import { ArgoCdIngress, type ArgoCdIngressProps } from '../../lib/constructs/argocd-ingress';
import { setCluster } from '../../lib/constructs/platform';
import { Cluster } from '../../lib/facts/cluster';
import type { ClusterFacts } from '../../lib/facts/cluster-facts';
import { at, errorsOf, findingsOf, kindsOf, objectOf } from './blog';
import { undone } from './undone';

const HOST = 'argocd.example.org';
const CLUSTER: ClusterFacts = {
  mesh: { kind: 'istio', gateways: [{ namespace: 'istio-ingress', labels: { istio: 'edge' } }] },
  ingressControllers: [
    { class: 'nginx', namespace: 'ingress-nginx', labels: { 'app.kubernetes.io/name': 'ingress-nginx' }, sslPassthrough: true },
    { class: 'plain', namespace: 'ingress-plain', labels: { app: 'plain' }, sslPassthrough: false },
  ],
};

function ingress(props: Partial<ArgoCdIngressProps> = {}, forced: object = {}, facts: ClusterFacts = CLUSTER) {
  const app = new App();
  setCluster(app, new Cluster(facts));
  const chart = new Chart(app, 'gitops', { namespace: 'argocd' });
  new ArgoCdIngress(chart, 'argocd', { host: HOST, ...props, ...forced });
  return chart;
}

const VIA = { tlsSecret: 'argocd-cert' };

describe('ArgoCdIngress through ingress-nginx', () => {
  test('passes TLS through to the server’s TLS port, by both annotations', () => {
    const object = objectOf(ingress(), 'Ingress');
    expect(at(object, 'metadata', 'annotations')).toEqual({
      'nginx.ingress.kubernetes.io/ssl-passthrough': 'true',
      'nginx.ingress.kubernetes.io/backend-protocol': 'HTTPS',
    });
    expect(at(object, 'spec', 'rules', 0)).toMatchObject({
      host: HOST,
      http: { paths: [{ backend: { service: { name: 'argocd-server', port: { number: 443 } } } }] },
    });
  });

  test.each([
    ['passthrough', JsonPatch.remove('/metadata/annotations/nginx.ingress.kubernetes.io~1ssl-passthrough')],
    ['the protocol', JsonPatch.remove('/metadata/annotations/nginx.ingress.kubernetes.io~1backend-protocol')],
    ['both', JsonPatch.remove('/metadata/annotations')],
  ])('argocd-ingress-tls misses %s', (_, patch) => {
    expect(undone(ingress(), 'Ingress', patch)).toEqual(['argocd-ingress-tls']);
  });

  test('takes another class, name and Service', () => {
    const object = objectOf(ingress({ ingressClass: 'inner', name: 'door', serviceName: 'argo-server' }), 'Ingress', 'door');
    expect(at(object, 'spec', 'ingressClassName')).toBe('inner');
    expect(JSON.stringify(object)).toContain('"argo-server"');
  });

  test('fails behind a controller that is known not to pass TLS through', () => {
    expect(errorsOf(ingress({ ingressClass: 'plain' }))).toEqual([
      expect.stringMatching(
        /^ingressClass is "plain": its controller runs without --enable-ssl-passthrough: start it with that flag, or use/,
      ),
    ]);
  });
});

describe('ArgoCdIngress through a gateway of the mesh', () => {
  test('ends TLS there, in front of a server that is told to speak plain HTTP', () => {
    const chart = ingress({ via: VIA });
    expect(kindsOf(chart)).toEqual(['Gateway argocd', 'VirtualService argocd', 'ConfigMap argocd-cmd-params-cm']);
    expect(at(objectOf(chart, 'ConfigMap'), 'data')).toEqual({ 'server.insecure': 'true' });
    expect(at(objectOf(chart, 'Gateway'), 'spec')).toEqual({
      selector: { istio: 'edge' },
      servers: [
        { hosts: [HOST], port: { name: 'https', number: 443, protocol: 'HTTPS' }, tls: { mode: 'SIMPLE', credentialName: 'argocd-cert' } },
      ],
    });
    expect(at(objectOf(chart, 'VirtualService'), 'spec')).toMatchObject({
      hosts: [HOST],
      gateways: ['argocd'],
      http: [{ route: [{ destination: { host: 'argocd-server', port: { number: 80 } } }] }],
    });
  });

  test.each<[string, string, JsonPatch]>([
    ['the server’s half', 'ConfigMap', JsonPatch.replace('/data/server.insecure', 'false')],
    ['the server’s half altogether', 'ConfigMap', JsonPatch.remove('/data')],
  ])('argocd-ingress-tls misses %s', (_, kind, patch) => {
    expect(undone(ingress({ via: VIA }), kind, patch)).toContain('argocd-ingress-tls');
  });

  test('selects the gateway that is told, the one of the facts, or Istio’s own', () => {
    const selector = (chart: Chart) => at(objectOf(chart, 'Gateway'), 'spec', 'selector');
    expect(selector(ingress({ via: { ...VIA, gateway: { app: 'mine' } } }))).toEqual({ app: 'mine' });
    expect(selector(ingress({ via: VIA }))).toEqual({ istio: 'edge' });
    expect(selector(ingress({ via: VIA }, {}, {}))).toEqual({ istio: 'ingressgateway' });
  });
});

test.each<[string, Partial<ArgoCdIngressProps>]>(
  [{}, { via: VIA }].flatMap((way) =>
    [{}, { name: 'door' }, { serviceName: 'argo-server' }, { name: 'door', serviceName: 'argo-server' }].map(
      (names): [string, Partial<ArgoCdIngressProps>] => [JSON.stringify({ ...way, ...names }), { ...way, ...names }],
    ),
  ),
)('no lesson finds anything with %s', (_, props) => {
  const server = (name: string) => ({ apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'argocd' } });
  const existing = [server('argocd-server'), server('argo-server')];
  for (const facts of [{ ...CLUSTER, existing }, { existing }]) expect(findingsOf(ingress(props, {}, facts), facts)).toEqual([]);
});

test.each<[string, object, RegExp]>([
  ['a host with a newline', { host: 'a.example\nannotations:' }, /^host is "a\.example\\nannotations:": give a DNS name/],
  ['no host', { host: undefined }, /^host is undefined: give a DNS name/],
  ['a Service that is no name', { serviceName: 'argocd server' }, /^serviceName is "argocd server": use at most 63/],
  ['a class that is no name', { ingressClass: 'ngi nx' }, /^ingressClass is "ngi nx": use at most 253/],
  ['a gateway and a class', { via: VIA, ingressClass: 'nginx' }, /^ingressClass is "nginx": a gateway of the mesh leads visitors in: remove it, or via/],
  ['a gateway without a certificate', { via: {} }, /^via\.tlsSecret is undefined: use at most 253/],
  ['a gateway that selects every pod', { via: { ...VIA, gateway: {} } }, /^via\.gateway is {}: it would select every pod of the mesh/],
  ['a misspelt certificate', { via: { ...VIA, tlsSecert: 'x' } }, /^via\.tlsSecert is no prop of this construct: write tlsSecret/],
  ['a typo', { ingresClass: 'nginx' }, /^ingresClass is no prop of this construct: write ingressClass/],
])('fails on %s, naming prop, value and mend', (_, forced, message) => {
  expect(errorsOf(ingress({}, forced))).toEqual([expect.stringMatching(message)]);
}); // prettier-ignore
