/**
 * The facts as people give them: what can be known without being told may be left out.
 *
 * Everything else reads the complete facts, so that no two readers fill a gap differently.
 */
import type { ClusterFacts, IngressControllerFacts, MeshFacts, PodsFacts, PrometheusFacts } from './cluster-facts';
import { DNS_PODS, ISTIOD_PODS, podsOfIngressClass, PROMETHEUS_PODS } from './well-known-pods';

type Unlocated<Facts extends PodsFacts> = Omit<Facts, keyof PodsFacts> & Partial<PodsFacts>;

export interface GivenFacts extends Omit<ClusterFacts, 'dns' | 'ingressControllers' | 'mesh' | 'prometheus'> {
  /** The cluster's DNS server. @default CoreDNS of kubeadm: kube-system, `k8s-app: kube-dns` */
  readonly dns?: Partial<PodsFacts>;
  /** Namespace and labels have defaults for the classes nginx and traefik, as their charts install them. */
  readonly ingressControllers?: readonly Unlocated<IngressControllerFacts>[];
  readonly mesh?: Omit<MeshFacts, 'kind' | 'controlPlane' | 'gateways'> & {
    /** @default 'istio' */
    readonly kind?: MeshFacts['kind'];
    /** @default istiod in istio-system, `app: istiod` */
    readonly controlPlane?: Partial<PodsFacts>;
    /** The namespace defaults to istio-system. */
    readonly gateways?: readonly (Pick<PodsFacts, 'labels'> & Partial<PodsFacts>)[];
  };
  /** Namespace and labels default to those of the operator's chart in namespace monitoring. */
  readonly prometheus?: Unlocated<PrometheusFacts>;
}

/** The facts with every gap filled that has a default. */
export function completeFacts({ dns, ingressControllers, mesh, prometheus, ...facts }: GivenFacts): ClusterFacts {
  return {
    ...facts,
    ...(dns === undefined ? {} : { dns: { ...DNS_PODS, ...dns } }),
    ...(ingressControllers === undefined ? {} : { ingressControllers: ingressControllers.map(completeController) }),
    ...(mesh === undefined ? {} : { mesh: completeMesh(mesh) }),
    ...(prometheus === undefined ? {} : { prometheus: { ...PROMETHEUS_PODS, ...prometheus } }),
  };
}

function completeController(controller: Unlocated<IngressControllerFacts>): IngressControllerFacts {
  return { namespace: '', labels: {}, ...podsOfIngressClass(controller.class), ...controller };
}

function completeMesh({ controlPlane, gateways, ...mesh }: NonNullable<GivenFacts['mesh']>): MeshFacts {
  return {
    kind: 'istio',
    ...mesh,
    ...(controlPlane === undefined ? {} : { controlPlane: { ...ISTIOD_PODS, ...controlPlane } }),
    ...(gateways === undefined ? {} : { gateways: gateways.map((pods) => ({ namespace: ISTIOD_PODS.namespace, ...pods })) }),
  };
}
