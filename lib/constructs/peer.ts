/** Parties outside of the app. An entity, a selector, a range and a name are different types, so that none lands where another belongs. */

/** What Cilium calls the things that are no pods. Source: docs.cilium.io, Layer 3 Policies, Entities Based. */
export type Entity = 'all' | 'world' | 'cluster' | 'host' | 'remote-node' | 'kube-apiserver' | 'ingress' | 'init' | 'health' | 'unmanaged';

export type Peer = PodsPeer | EntityPeer | CidrPeer | FqdnPeer;

/** Pods by namespace and labels. The namespace is never implied: without one a policy would mean its own. */
export interface PodsPeer {
  readonly kind: 'pods';
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface EntityPeer {
  readonly kind: 'entity';
  readonly entity: Entity;
}

/** Addresses outside of the cluster: Cilium never matches pods or nodes by range. */
export interface CidrPeer {
  readonly kind: 'cidr';
  readonly cidr: string;
  readonly except: readonly string[];
}

/** A DNS name outside of the cluster; `*` stands for any characters but dots. */
export interface FqdnPeer {
  readonly kind: 'fqdn';
  readonly name: string;
}

export const Peer = {
  pods: (pods: { readonly namespace: string; readonly labels: Readonly<Record<string, string>> }): PodsPeer => ({
    kind: 'pods',
    namespace: pods.namespace,
    labels: pods.labels,
  }),
  entity: (entity: Entity): EntityPeer => ({ kind: 'entity', entity }),
  cidr: (cidr: string, ...except: readonly string[]): CidrPeer => ({ kind: 'cidr', cidr, except }),
  fqdn: (name: string): FqdnPeer => ({ kind: 'fqdn', name }),
} as const;
