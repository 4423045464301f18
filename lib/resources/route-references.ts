/** What routes name: an Ingress, a VirtualService, a DestinationRule, a route of the Gateway API. */
import type { Field } from '../manifest/field';
import { partAt, type Reference, referenceAt } from './reference';
import type { Resource } from './resource';
import { serviceOfHost } from './service-host';

const SERVICE = ['', 'Service'] as const;
const ISTIO = 'networking.istio.io';
const GATEWAY_API = 'gateway.networking.k8s.io';
const GATEWAY_ROUTES = new Set(['HTTPRoute', 'GRPCRoute', 'TLSRoute', 'TCPRoute', 'UDPRoute']);

export function routeReferencesOf(resource: Resource): readonly Reference[] {
  if (resource.kind === 'Ingress' && (resource.group === 'networking.k8s.io' || resource.group === 'extensions'))
    return ingressReferences(resource);
  if (resource.group === ISTIO && resource.kind === 'VirtualService') return virtualServiceReferences(resource);
  if (resource.group === ISTIO && resource.kind === 'DestinationRule')
    return hostReference(resource, resource.at('spec', 'host'), 'the rule applies to no traffic');
  if (resource.group === GATEWAY_API && GATEWAY_ROUTES.has(resource.kind)) return gatewayRouteReferences(resource);
  return [];
}

function ingressReferences(ingress: Resource): readonly Reference[] {
  const spec = ingress.at('spec');
  const paths = spec.at('rules').items.flatMap((rule) => rule.at('http', 'paths').items.map((path) => path.at('backend')));
  const annotated = ingress.at('metadata', 'annotations', 'kubernetes.io/ingress.class');
  const className = spec.at('ingressClassName');
  return [
    ...[spec.at('defaultBackend'), spec.at('backend'), ...paths].flatMap((backend) => backendReference(ingress, backend)),
    ...spec
      .at('tls')
      .items.flatMap((tls) =>
        referenceAt(
          ingress,
          tls.at('secretName'),
          ['', 'Secret'],
          "visitors get the controller's own certificate, which their browsers refuse",
        ),
      ),
    ...referenceAt(ingress, className.isSet ? className : annotated, ['networking.k8s.io', 'IngressClass'], 'no controller serves it', {
      namespace: null,
    }),
  ];
}

function backendReference(ingress: Resource, backend: Field): readonly Reference[] {
  const current = backend.at('service');
  const name = current.isMap ? current.at('name') : backend.at('serviceName');
  const port = current.isMap ? first(current.at('port', 'number'), current.at('port', 'name')) : backend.at('servicePort');
  // The AWS controller reads a port of this name as "the action is in an annotation": there is no such Service.
  if (port.text === 'use-annotation') return [];
  return referenceAt(ingress, name, SERVICE, 'visitors get 503', { part: partAt('port', port) });
}

function virtualServiceReferences(rule: Resource): readonly Reference[] {
  const routes = ['http', 'tcp', 'tls'].flatMap((protocol) => rule.at('spec', protocol).items);
  const destinations = routes.flatMap((route) => [
    ...route.at('route').items.map((item) => item.at('destination')),
    route.at('mirror'),
    ...route.at('mirrors').items.map((item) => item.at('destination')),
  ]);
  const gateways = [
    rule.at('spec', 'gateways'),
    ...routes.flatMap((route) => route.at('match').items.map((match) => match.at('gateways'))),
  ];
  return [
    ...destinations.flatMap((destination) => {
      const parts = [partAt('port', destination.at('port', 'number')), partAt('subset', destination.at('subset'))];
      const asked = parts.filter((part) => part !== undefined);
      return (asked.length > 0 ? asked : [undefined]).flatMap((part) =>
        hostReference(rule, destination.at('host'), 'the request is answered with 503', part),
      );
    }),
    ...gateways.flatMap((list) => list.items).flatMap((gateway) => gatewayReference(rule, gateway)),
    ...routes.flatMap((route) =>
      referenceAt(rule, route.at('delegate', 'name'), [ISTIO, 'VirtualService'], 'the route is not served', {
        namespace: route.at('delegate', 'namespace').text ?? rule.namespace,
      }),
    ),
  ];
}

/** An Istio Gateway as `namespace/name` or `name`; the word mesh stands for all sidecars. */
function gatewayReference(rule: Resource, gateway: Field): readonly Reference[] {
  const text = gateway.string ?? 'mesh';
  if (text === 'mesh') return [];
  const [namespace, name] = text.includes('/') ? text.split('/') : [rule.namespace, text];
  return referenceAt(rule, gateway, [ISTIO, 'Gateway'], 'the route is served by no gateway', {
    namespace: namespace === '.' ? rule.namespace : (namespace ?? null),
    name,
  });
}

function hostReference(rule: Resource, host: Field, consequence: string, part?: Reference['part']): readonly Reference[] {
  const service = serviceOfHost(host.string ?? '', rule.namespace);
  return service === undefined ? [] : referenceAt(rule, host, SERVICE, consequence, { ...service, part });
}

function gatewayRouteReferences(route: Resource): readonly Reference[] {
  const backends = route.at('spec', 'rules').items.flatMap((rule) => rule.at('backendRefs').items);
  return [
    ...route
      .at('spec', 'parentRefs')
      .items.filter((parent) => (parent.at('kind').string ?? 'Gateway') === 'Gateway')
      .flatMap((parent) =>
        referenceAt(route, parent.at('name'), [parent.at('group').string ?? GATEWAY_API, 'Gateway'], 'the route is served by no gateway', {
          namespace: parent.at('namespace').text ?? route.namespace,
          part: partAt('listener', parent.at('sectionName')),
        }),
      ),
    ...backends
      .filter((backend) => (backend.at('kind').string ?? 'Service') === 'Service' && (backend.at('group').string ?? '') === '')
      .flatMap((backend) =>
        referenceAt(route, backend.at('name'), SERVICE, 'the request is answered with 500', {
          namespace: backend.at('namespace').text ?? route.namespace,
          part: partAt('port', backend.at('port')),
        }),
      ),
  ];
}

function first(a: Field, b: Field): Field {
  return a.isSet ? a : b;
}
