/**
 * Who an endpoint is to the policy engine: a set of labels with sources, and nothing else.
 *
 * The insight is Cilium's own: pods with the same labels share one identity, so a thousand workloads are few subjects,
 * and whatever is computed for an identity is computed once.
 */
import type { IpRange } from './ip-range';

export interface IdentityLabel {
  /** `k8s`, `reserved`, `cidr`, `node`. */
  readonly source: string;
  readonly key: string;
  /** @default - carried, with a value that manifests do not tell */
  readonly value?: string;
}

/** Keys that an identity may carry although nothing offline says so; an empty prefix is any key of that source. */
export interface OpenKeys {
  readonly source: string;
  readonly prefix: string;
}

export interface IdentityFacts {
  readonly labels: readonly IdentityLabel[];
  readonly open?: readonly OpenKeys[];
  /** Addresses of an identity outside of the cluster. @default - none: CIDR rules never match it */
  readonly range?: IpRange;
  /** The DNS name that it was looked up by. */
  readonly fqdn?: string;
}

export class Identity {
  private readonly byKey = new Map<string, IdentityLabel[]>();
  private readonly open: readonly OpenKeys[];
  /** Whether several endpoints have it, so that what is found out about it is worth remembering. */
  isShared = false;

  constructor(
    /** Counts from 0 in each network: what caches are indexed by. */
    readonly id: number,
    readonly facts: IdentityFacts,
  ) {
    this.open = facts.open ?? [];
    for (const label of facts.labels) {
      const list = this.byKey.get(label.key);
      if (list === undefined) this.byKey.set(label.key, [label]);
      else list.push(label);
    }
  }

  /** The label of that key; the source `any` looks at all sources. */
  label(source: string, key: string): IdentityLabel | undefined {
    return this.byKey.get(key)?.find((label) => source === 'any' || label.source === source);
  }

  /** Whether it may carry the key without our knowing. Nodes carry labels of theirs only under a setting, for selectors that ask for them. */
  mayCarry(source: string, key: string): boolean {
    return this.open.some(
      (open) => (source === open.source || (source === 'any' && open.source !== 'node')) && key.startsWith(open.prefix),
    );
  }

  isReserved(name: string): boolean {
    return this.label('reserved', name) !== undefined;
  }

  /** The namespace of a pod. @returns undefined for what is no pod, or a pod of a namespace not known */
  get namespace(): string | undefined {
    return this.label('k8s', POD_NAMESPACE)?.value;
  }

  get isPod(): boolean {
    return this.label('k8s', POD_NAMESPACE) !== undefined;
  }

  get isWorld(): boolean {
    return this.isReserved('world') || this.isReserved('world-ipv4') || this.isReserved('world-ipv6');
  }
}

/** Hands out one identity per label set. */
export class Identities {
  private readonly known = new Map<string, Identity>();

  of(facts: IdentityFacts): Identity {
    const key = keyOf(facts);
    const known = this.known.get(key);
    if (known !== undefined) {
      known.isShared = true;
      return known;
    }
    const identity = new Identity(this.known.size, facts);
    this.known.set(key, identity);
    return identity;
  }
}

export const POD_NAMESPACE = 'io.kubernetes.pod.namespace';
export const NAMESPACE_LABEL_PREFIX = 'io.cilium.k8s.namespace.labels.';
export const POLICY_CLUSTER = 'io.cilium.k8s.policy.cluster';
export const POLICY_SERVICE_ACCOUNT = 'io.cilium.k8s.policy.serviceaccount';

function keyOf({ labels, open, range, fqdn }: IdentityFacts): string {
  const texts = labels.map(({ source, key, value }) => `${source}:${key}${value === undefined ? '' : `=${value}`}`).sort();
  const opened = (open ?? []).map(({ source, prefix }) => `${source}:${prefix}`).sort();
  return [texts.join(','), opened.join(','), range === undefined ? '' : `${range.first}-${range.last}/${range.family}`, fqdn ?? ''].join(
    ';',
  );
}
