/**
 * Who reaches a workload from outside of the mesh, in the clear: ingress controllers without a sidecar.
 *
 * The insight: the incident is between two objects that do not know each other, the Ingress and the policy. What joins
 * them is the path Ingress → Service → pod port, and whether the controller's pods are in the mesh.
 */
import type { Field } from '../manifest/field';
import { containsLabels } from '../resources/label-selector';
import { NamedObjects } from '../resources/named-objects';
import type { Resource } from '../resources/resource';
import type { Resources } from '../resources/resources';
import { Service } from '../resources/service';
import type { Workload } from '../resources/workload';
import type { Cluster } from './cluster';
import type { Mesh } from './mesh';
import { INGRESS_NGINX_PODS } from './well-known-pods';

export interface IngressRoute {
  readonly ingress: Resource;
  /** The backend's service name. */
  readonly field: Field;
  readonly controller: string;
  /** Whether the controller's pods are in the mesh. @default - unknown */
  readonly isInMesh?: boolean;
  readonly workload: Workload;
  /** The pod's port. */
  readonly port: number;
}

/** Every way from an Ingress to a declared workload. */
export function ingressRoutes(resources: Resources, cluster: Cluster, mesh: Mesh): readonly IngressRoute[] {
  const services = resources.view(NamedObjects);
  const known = new Map<string, boolean | undefined>();
  return resources.ofKind('networking.k8s.io', 'Ingress').flatMap((ingress) => {
    const controller = classOf(ingress, resources, cluster);
    if (!known.has(controller)) known.set(controller, isInMesh(controller, resources, cluster, mesh));
    return backendsOf(ingress).flatMap((backend) =>
      services
        .find('', 'Service', ingress.namespace, backend.at('name').string ?? '')
        .flatMap((resource) => podPorts(new Service(resource), backend, resources))
        .map(({ workload, port }) => ({ ingress, field: backend.at('name'), controller, isInMesh: known.get(controller), workload, port })),
    );
  });
}

function backendsOf(ingress: Resource): readonly Field[] {
  const rules = ingress
    .at('spec', 'rules')
    .items.flatMap((rule) => rule.at('http', 'paths').items.map((path) => path.at('backend', 'service')));
  return [ingress.at('spec', 'defaultBackend', 'service'), ...rules].filter((backend) => backend.isMap);
}

function podPorts(service: Service, backend: Field, resources: Resources): readonly { workload: Workload; port: number }[] {
  const wanted = service.ports.find(
    ({ name, number }) =>
      number === backend.at('port', 'number').number || (name !== undefined && name === backend.at('port', 'name').string),
  );
  if (wanted === undefined) return [];
  return resources.backendsOf(service).flatMap((workload) => {
    const port = service.podPort(wanted, workload);
    return port === undefined ? [] : [{ workload, port }];
  });
}

/** The class of an Ingress: its own, the default class, or the only controller there is; empty when nothing tells. */
function classOf(ingress: Resource, resources: Resources, cluster: Cluster): string {
  const own = ingress.at('spec', 'ingressClassName').string ?? ingress.annotations['kubernetes.io/ingress.class'];
  if (own !== undefined) return own;
  const standard = resources
    .ofKind('networking.k8s.io', 'IngressClass')
    .find(({ annotations }) => annotations['ingressclass.kubernetes.io/is-default-class'] === 'true');
  const [only, ...others] = cluster.facts.ingressControllers ?? [];
  return standard?.name ?? (others.length === 0 ? (only?.class ?? '') : '');
}

/** Facts first; then the controller's own workload, where it is declared; nginx is taken to be outside, Istio's own inside. */
function isInMesh(controller: string, resources: Resources, cluster: Cluster, mesh: Mesh): boolean | undefined {
  const facts = cluster.ingressController(controller);
  if (facts !== undefined) return facts.inMesh ?? false;
  if (controller === 'istio') return true;
  if (controller !== 'nginx') return undefined;
  const declared = resources.workloads.filter(({ podLabels }) => containsLabels(podLabels, INGRESS_NGINX_PODS.labels));
  return declared.some((workload) => mesh.hasSidecar(workload) === true);
}
