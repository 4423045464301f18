/** Parties outside of the app. An entity, a selector, a range and a name are different types, so that none lands where another belongs. */
import { CILIUM_ENTITIES, type CiliumEntity } from '../network/cilium-entities';
import { contains, ipRange } from '../network/ip-range';
import { DNS_LABEL, isText } from './input';

/** What Cilium calls the things that are no pods. Source: docs.cilium.io, Layer 3 Policies, Entities Based. */
export type Entity = Exclude<CiliumEntity, 'none'>;

const ENTITIES: readonly CiliumEntity[] = CILIUM_ENTITIES.filter((entity) => entity !== 'none');

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

const LABEL_KEY = /^[A-Za-z0-9][A-Za-z0-9:._/-]{0,316}$/;
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
const FQDN = /^(?=.{1,255}$)[-a-zA-Z0-9_*]+(\.[-a-zA-Z0-9_*]+)*\.?$/;

/** What is wrong with a peer, and the mend. @returns undefined when it is one */
export function peerProblem(peer: Peer): string | undefined {
  switch (peer.kind) {
    case 'pods':
      return podsProblem(peer);
    case 'entity':
      return ENTITIES.includes(peer.entity) ? undefined : `Cilium knows no such entity: give one of ${ENTITIES.join(', ')}`;
    case 'cidr':
      return cidrProblem(peer);
    case 'fqdn':
      return isText(FQDN, peer.name) ? undefined : 'it is no DNS name: give one such as api.example.com, or *.example.com';
  }
}

function podsProblem({ namespace, labels }: PodsPeer): string | undefined {
  if (!isText(DNS_LABEL, namespace)) return 'it names no namespace: give { namespace, labels }';
  if (!isMap(labels)) return 'it has no labels: give { namespace, labels }, with labels {} for every pod of the namespace';
  const wrong = Object.entries(labels).find(([key, value]) => !isText(LABEL_KEY, key) || !isText(LABEL_VALUE, value));
  if (wrong === undefined) return undefined;
  return `no pod can have the label ${JSON.stringify(wrong[0])}: ${JSON.stringify(wrong[1])}: use letters, digits and - _ . in at most 63 characters`;
}

function isMap(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function cidrProblem({ cidr, except }: CidrPeer): string | undefined {
  const range = rangeOf(cidr);
  if (range === undefined) return 'it is no range of addresses: give one such as 203.0.113.0/24';
  const outside = except.find((each) => {
    const hole = rangeOf(each);
    return hole === undefined || !contains(range, hole);
  });
  return outside === undefined ? undefined : `its exception ${JSON.stringify(outside)} is no range inside of it: remove it`;
}

function rangeOf(cidr: string) {
  return isText(/^[^/]+\/\d+$/, cidr) ? ipRange(cidr) : undefined;
}
