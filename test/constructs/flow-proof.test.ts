/** Declared connections are proven against the policies as they will be written, patches included. */
import { ApiObject, Chart, JsonPatch } from 'cdk8s';
import type { IConstruct } from 'constructs';
import { BlogWeb, Peer, PlatformApp, Was } from '../../lib/index';

function shop(): { app: PlatformApp; web: BlogWeb; policyOf: (name: string) => ApiObject } {
  const app = new PlatformApp({ onWarning: () => undefined });
  const chart = new Chart(app, 'shop', { namespace: 'shop' });
  const api = new Was(chart, 'api', { image: 'registry.example/api:1.4.2' });
  const web = new BlogWeb(chart, 'front', { image: 'registry.example/front:2.0.0', backends: { '/api': api } });
  const isPolicy = (each: IConstruct, name: string): each is ApiObject =>
    ApiObject.isApiObject(each) && each.kind === 'CiliumNetworkPolicy' && each.name === name;
  const policyOf = (name: string): ApiObject => {
    const found = app.node.findAll().find((each): each is ApiObject => isPolicy(each, name));
    if (found === undefined) throw new Error(`no policy ${name}`);
    return found;
  };
  return { app, web, policyOf };
}

test('accepts the policies as they are rendered', () => {
  const { app, web } = shop();
  web.connections.allowTo(Peer.entity('world'), 443).allowTo(Peer.fqdn('api.example.org'), 443).allowFrom(Peer.cidr('203.0.113.0/24'));
  expect(() => app.synthYaml()).not.toThrow();
});

test('fails when a patch takes a declared connection out of the policy of its source', () => {
  const { app, policyOf } = shop();
  policyOf('front-isolation').addJsonPatch(JsonPatch.replace('/spec/egress/0/toPorts/0/ports/0/port', '9090'));
  expect(() => app.synthYaml()).toThrow(
    /shop\/front: the connection to shop\/api on 8080\/TCP \(proxies \/api\) is declared and denied: the egress of shop\/front/,
  );
});

test('fails when a patch takes a declared connection out of the policy of its target', () => {
  const { app, policyOf } = shop();
  policyOf('api-isolation').addJsonPatch(JsonPatch.replace('/spec/ingress', [{}]));
  expect(() => app.synthYaml()).toThrow(/is declared and denied: the ingress of shop\/api/);
});
