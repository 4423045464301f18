/**
 * What is known of the cluster beyond the manifests: one shape, in TypeScript and in `cluster.yaml`.
 *
 * Every key of the cluster is optional and unknown by default: a lesson that needs a fact says so and is skipped without it.
 */
export interface ClusterFacts {
  /** Minor version of the API server, such as `1.31`. */
  readonly kubernetesVersion?: string;
  /** @default 'cluster.local' */
  readonly clusterDomain?: string;
  /** URL of the API server, such as `https://192.168.1.187:6443`. */
  readonly apiServer?: string;
  readonly nodes?: readonly NodeFacts[];
  readonly namespaces?: readonly NamespaceFacts[];
  /** The cluster's DNS server. @default CoreDNS of kubeadm: kube-system, `k8s-app: kube-dns` */
  readonly dns?: PodsFacts;
  readonly network?: NetworkFacts;
  readonly ingressControllers?: readonly IngressControllerFacts[];
  readonly mesh?: MeshFacts;
  readonly storageClasses?: readonly StorageClassFacts[];
  readonly longhorn?: LonghornFacts;
  readonly prometheus?: PrometheusFacts;
  /** What other hands provide, shaped like manifests, as little of each as matters. Values of Secrets are never needed. */
  readonly existing?: readonly ExistingObject[];
}

export interface NodeFacts {
  readonly name: string;
  /** `control-plane` implies its label and its NoSchedule taint, unless `taints` are given. @default - an ordinary worker */
  readonly roles?: readonly string[];
  /** `kubernetes.io/hostname` and `kubernetes.io/os` are implied. @default - those alone */
  readonly labels?: Readonly<Record<string, string>>;
  /** @default - none, or those that the roles imply */
  readonly taints?: readonly TaintFacts[];
  /** Cordoned. @default false */
  readonly unschedulable?: boolean;
  /** Quantities as Kubernetes writes them. @default - unknown: resources limit nothing */
  readonly allocatable?: ResourceQuantities;
  /** Requested by what runs there already. @default - nothing */
  readonly requested?: ResourceQuantities;
  /** May hold Longhorn replicas. @default - every node that takes ordinary pods */
  readonly storage?: boolean;
}

export interface TaintFacts {
  readonly key: string;
  /** @default - none: the empty text */
  readonly value?: string;
  readonly effect: TaintEffect;
}

export type TaintEffect = 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';

export type ResourceQuantities = Readonly<Record<string, string | number>>;

export interface NamespaceFacts {
  readonly name: string;
  /** `kubernetes.io/metadata.name` is implied. @default - that alone */
  readonly labels?: Readonly<Record<string, string>>;
}

/** Pods by namespace and labels. */
export interface PodsFacts {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface NetworkFacts {
  /** @default 'cilium' */
  readonly engine?: 'cilium' | 'other';
  /** Minor version of the engine. @default '1.18' */
  readonly version?: string;
  /** Cilium's `policyEnforcementMode`. @default 'default' */
  readonly policyEnforcement?: 'default' | 'always' | 'never';
  /** Cilium's `policy-default-local-cluster`. @default false */
  readonly defaultLocalCluster?: boolean;
  /** @default 'default' */
  readonly clusterName?: string;
  /** @default - none: no address is known for a pod's */
  readonly podCIDRs?: readonly string[];
  /** @default - none: no address is known for a Service's */
  readonly serviceCIDRs?: readonly string[];
}

export interface IngressControllerFacts extends PodsFacts {
  /** The IngressClass it serves. */
  readonly class: string;
  /** Its pods have a sidecar. @default false */
  readonly inMesh?: boolean;
  /** @default false */
  readonly hostNetwork?: boolean;
  /** Started with TLS passthrough enabled. @default - unknown */
  readonly sslPassthrough?: boolean;
}

export interface MeshFacts {
  readonly kind: 'istio';
  readonly version?: string;
  /** Namespaces whose pods get a sidecar. @default - none but those whose labels ask for it */
  readonly injectedNamespaces?: readonly string[];
  /** Sidecars run as restartable init containers, so that jobs end. @default false */
  readonly nativeSidecars?: boolean;
  /** @default istiod in istio-system, `app: istiod` */
  readonly controlPlane?: PodsFacts;
  /** The pods that visitors come in by. @default - unknown */
  readonly gateways?: readonly PodsFacts[];
  /** What an injected sidecar asks for. @default Istio's own: requests 100m and 128Mi, limits 2 and 1Gi */
  readonly sidecar?: { readonly requests?: ResourceQuantities; readonly limits?: ResourceQuantities };
}

export interface StorageClassFacts {
  readonly name: string;
  /** @default - unknown */
  readonly provisioner?: string;
  /** @default false */
  readonly default?: boolean;
  /** @default - none */
  readonly parameters?: Readonly<Record<string, string>>;
}

export interface LonghornFacts {
  /** @default 'longhorn-system' */
  readonly namespace?: string;
  /** @default 3, the chart's own */
  readonly defaultReplicaCount?: number;
}

export interface PrometheusFacts extends PodsFacts {
  /** Labels that a ServiceMonitor needs to be picked up. @default - any */
  readonly serviceMonitorSelector?: Readonly<Record<string, string>>;
  /** The same for a PodMonitor. @default - any */
  readonly podMonitorSelector?: Readonly<Record<string, string>>;
  /** The same for a PrometheusRule. @default - any */
  readonly ruleSelector?: Readonly<Record<string, string>>;
  /** The same for a Probe. @default - any */
  readonly probeSelector?: Readonly<Record<string, string>>;
}

export interface ExistingObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Readonly<Record<string, string>> };
  readonly [key: string]: unknown;
}

/** A top-level key of the facts: what a lesson may need. */
export type FactName = keyof ClusterFacts;
