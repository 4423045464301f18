/** Routes and monitors of which nobody knows here whose traffic they bring: what the facts would have to tell. */
import type { Cluster } from '../facts/cluster';
import type { Resource } from '../resources/resource';
import type { Resources } from '../resources/resources';
import { GATEWAY_API, GATEWAY_ROUTES, gatewayPods, gatewaysOf, servingPods } from './needs-routes';

export interface UnknownSource {
  /** The key of the facts that would tell. @default - none would */
  readonly fact?: 'ingressControllers' | 'mesh' | 'prometheus';
  /** In words, whose traffic is meant. */
  readonly words: string;
  readonly resources: readonly Resource[];
}

const MONITORS = ['ServiceMonitor', 'PodMonitor', 'Probe'];

export function unknownSources(resources: Resources, cluster: Cluster): readonly UnknownSource[] {
  const monitors = MONITORS.flatMap((kind) => resources.ofKind('monitoring.coreos.com', kind));
  const ingresses = resources.ofKind('networking.k8s.io', 'Ingress').filter((ingress) => !hasController(ingress, cluster));
  const routes = resources
    .ofKind('networking.istio.io', 'VirtualService')
    .filter((route) => gatewaysOf(route).some((gateway) => servingPods(gateway, route, resources, cluster).length === 0));
  const gatewayRoutes = GATEWAY_ROUTES.flatMap((kind) => resources.ofKind(GATEWAY_API, kind)).filter((route) =>
    route.at('spec', 'parentRefs').items.some((parent) => gatewayPods(parent, route, resources).length === 0),
  );
  const sources: readonly UnknownSource[] = [
    { fact: 'ingressControllers', words: 'the ingress controller', resources: ingresses },
    { fact: 'mesh', words: 'the gateway', resources: routes },
    { words: 'the gateway', resources: gatewayRoutes },
    { fact: 'prometheus', words: 'Prometheus', resources: cluster.knows('prometheus') ? [] : monitors },
  ];
  return sources.filter((source) => source.resources.length > 0);
}

function hasController(ingress: Resource, cluster: Cluster): boolean {
  const ingressClass = ingress.at('spec', 'ingressClassName').string ?? ingress.annotations['kubernetes.io/ingress.class'];
  if (ingressClass === undefined) return false;
  const controller = cluster.ingressController(ingressClass);
  return controller === undefined ? ingressClass === 'cilium' : Object.keys(controller.labels).length > 0;
}
