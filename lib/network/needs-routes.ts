/** What ingress controllers and gateways need to reach: the backends of Ingresses, VirtualServices and Gateway API routes. */
import type { Cluster } from '../facts/cluster';
import type { Field } from '../manifest/field';
import { containsLabels } from '../resources/label-selector';
import type { Resource } from '../resources/resource';
import type { Resources } from '../resources/resources';
import type { Service } from '../resources/service';
import { serviceOfHost } from '../resources/service-host';
import type { Endpoint } from './endpoint';
import type { Need } from './need';
import { knownPods } from './needs-known-pods';

const ISTIO = 'networking.istio.io';
export const GATEWAY_API = 'gateway.networking.k8s.io';
export const GATEWAY_ROUTES = ['HTTPRoute', 'GRPCRoute', 'TLSRoute', 'TCPRoute'];

export function* routeNeeds(resources: Resources, cluster: Cluster): Iterable<Need> {
  for (const ingress of resources.ofKind('networking.k8s.io', 'Ingress')) yield* ingressNeeds(ingress, resources, cluster);
  for (const route of resources.ofKind(ISTIO, 'VirtualService')) yield* virtualServiceNeeds(route, resources, cluster);
  for (const kind of GATEWAY_ROUTES) for (const route of resources.ofKind(GATEWAY_API, kind)) yield* gatewayRouteNeeds(route, resources);
}

function* ingressNeeds(ingress: Resource, resources: Resources, cluster: Cluster): Iterable<Need> {
  const spec = ingress.at('spec');
  const ingressClass = spec.at('ingressClassName').string ?? ingress.annotations['kubernetes.io/ingress.class'];
  const controller = ingressClass === undefined ? undefined : cluster.ingressController(ingressClass);
  const froms: Endpoint[] =
    ingressClass === 'cilium' && controller === undefined ? [{ kind: 'entity', entity: 'ingress' }] : knownPods(controller, resources);
  const backends = [
    spec.at('defaultBackend'),
    ...spec.at('rules').items.flatMap((rule) => rule.at('http', 'paths').items.map((path) => path.at('backend'))),
  ];
  for (const backend of backends) {
    const service = serviceNamed(backend.at('service', 'name').string, ingress.namespace, resources);
    const port =
      service === undefined
        ? undefined
        : portOf(service, backend.at('service', 'port', 'number').number ?? backend.at('service', 'port', 'name').string);
    const words = `${ingress.toString()} sends visitors to ${service?.resource.toString() ?? ''}`;
    if (service !== undefined && port !== undefined) yield* routes(froms, service, port, ingress, backend.at('service'), words);
  }
}

/** Routes for the mesh alone change where sidecars send what their pods already ask for. */
function* virtualServiceNeeds(route: Resource, resources: Resources, cluster: Cluster): Iterable<Need> {
  const froms = [...new Set(gatewaysOf(route))].flatMap((gateway) => servingPods(gateway, route, resources, cluster));
  for (const one of ['http', 'tls', 'tcp'].flatMap((protocol) => route.at('spec', protocol).items)) {
    for (const item of one.at('route').items) {
      const destination = item.at('destination');
      const named = serviceOfHost(destination.at('host').string ?? '', route.namespace);
      const service = named === undefined ? undefined : serviceNamed(named.name, named.namespace, resources);
      const port = service === undefined ? undefined : portOf(service, destination.at('port', 'number').number);
      const words = `${route.toString()} sends visitors to ${service?.resource.toString() ?? ''}`;
      if (service !== undefined && port !== undefined) yield* routes(froms, service, port, route, destination.at('host'), words);
    }
  }
}

/** The gateways that a VirtualService names, without the mesh itself. */
export function gatewaysOf(route: Resource): readonly string[] {
  return route.at('spec', 'gateways').strings.filter((gateway) => gateway !== 'mesh');
}

/** The pods that a Gateway selects, as far as the facts or the manifests know them; the only gateway of the facts, where it is not declared. */
export function servingPods(gateway: string, route: Resource, resources: Resources, cluster: Cluster): Endpoint[] {
  const [name = '', namespace = route.namespace] = gateway.split('/').reverse();
  const known = cluster.mesh?.gateways ?? [];
  const declared = resources.find(ISTIO, 'Gateway', namespace, name);
  const selector = declared?.at('spec', 'selector').texts ?? {};
  if (Object.keys(selector).length === 0) return known.length === 1 ? known.flatMap((pods) => knownPods(pods, resources)) : [];
  const selected = known.filter(({ labels }) => containsLabels(labels, selector));
  if (selected.length > 0) return selected.flatMap((pods) => knownPods(pods, resources));
  return resources.workloadsLabelled(namespace, selector).map((workload): Endpoint => ({ kind: 'workload', workload }));
}

function* gatewayRouteNeeds(route: Resource, resources: Resources): Iterable<Need> {
  const froms = route.at('spec', 'parentRefs').items.flatMap((parent) => gatewayPods(parent, route, resources));
  for (const backend of route.at('spec', 'rules').items.flatMap((rule) => rule.at('backendRefs').items)) {
    if ((backend.at('kind').string ?? 'Service') !== 'Service') continue;
    const service = serviceNamed(backend.at('name').string, backend.at('namespace').string ?? route.namespace, resources);
    const port = service === undefined ? undefined : portOf(service, backend.at('port').number);
    const words = `${route.toString()} sends visitors to ${service?.resource.toString() ?? ''}`;
    if (service !== undefined && port !== undefined) yield* routes(froms, service, port, route, backend, words);
  }
}

/** Who serves a Gateway: Cilium's Envoy, or the pods that Istio makes for it. */
export function gatewayPods(parent: Field, route: Resource, resources: Resources): Endpoint[] {
  const namespace = parent.at('namespace').string ?? route.namespace;
  const gateway = resources.find(GATEWAY_API, 'Gateway', namespace, parent.at('name').string ?? '');
  switch (gateway?.at('spec', 'gatewayClassName').string) {
    case 'cilium':
      return [{ kind: 'entity', entity: 'ingress' }];
    case 'istio':
      return knownPods({ namespace: namespace ?? '', labels: { 'gateway.networking.k8s.io/gateway-name': gateway.name } }, resources);
    default:
      return [];
  }
}

function* routes(
  froms: readonly Endpoint[],
  service: Service,
  port: number,
  resource: Resource,
  field: Field,
  words: string,
): Iterable<Need> {
  for (const from of froms)
    yield {
      from,
      to: { kind: 'service', service },
      port,
      protocol: 'TCP',
      purpose: 'route',
      source: { resource, path: field.path, words },
    };
}

function serviceNamed(name: string | undefined, namespace: string | null, resources: Resources): Service | undefined {
  const resource = name === undefined ? undefined : resources.find('', 'Service', namespace, name);
  return resource === undefined ? undefined : resources.services.find((service) => service.resource === resource);
}

/** By number, by name, or the only one there is. */
function portOf(service: Service, port: number | string | undefined): number | undefined {
  if (typeof port === 'number') return port;
  const [only, ...others] = service.ports;
  if (port === undefined) return others.length === 0 ? only?.number : undefined;
  return service.ports.find(({ name }) => name === port)?.number;
}
