/**
 * One rule model for CiliumNetworkPolicy, CiliumClusterwideNetworkPolicy and NetworkPolicy.
 *
 * The insight is Cilium's: all three end as rules on the same endpoint. Allows are a union, denies subtract, and a
 * direction is default-deny as soon as one rule asks for it.
 */
import type { JsonPointer } from '../manifest/json-pointer';
import type { Resource } from '../resources/resource';
import type { NamePattern } from './dns-name';
import type { IpRange } from './ip-range';
import type { Match } from './match';
import type { Selector } from './selector';
import type { PortFilter } from './traffic-port';

export type Direction = 'ingress' | 'egress';

/** One `spec` of a policy: a subject, and what it may receive and send. */
export interface PolicyRule {
  readonly policy: Resource;
  readonly pointer: JsonPointer;
  readonly subject: Selector;
  /** The subject is nodes: needs the host firewall. */
  readonly selectsNodes: boolean;
  /** Only pods of this namespace are looked at. @default - all */
  readonly namespace?: string;
  /** `maybe` where a setting of Cilium decides whether the policy is enforced at all. */
  readonly enforced: Match;
  /** The directions that the rule has a section for. */
  readonly sections: Readonly<Partial<Record<Direction, Section>>>;
}

/** What a rule says of one direction. */
export interface Section {
  /** Whatever no rule allows is dropped. */
  readonly defaultDeny: boolean;
  readonly rules: readonly TrafficRule[];
  /** Selectors of fromRequires or toRequires, ANDed into every selector of all rules of the same subject. */
  readonly required: { readonly allow: readonly Selector[]; readonly deny: readonly Selector[] };
}

/** One element of ingress, ingressDeny, egress or egressDeny: peers AND ports. */
export interface TrafficRule {
  readonly policy: Resource;
  readonly pointer: JsonPointer;
  readonly effect: 'allow' | 'deny';
  /** ORed; an empty list matches nothing. */
  readonly peers: readonly Peer[] | 'all';
  readonly ports: readonly PortRule[] | 'all';
  readonly authentication?: string;
}

export type Peer =
  | {
      readonly kind: 'selector';
      readonly selector: Selector;
      readonly pointer: JsonPointer;
      /** Why it may not match what it should. */ readonly doubt?: string;
    }
  | { readonly kind: 'entity'; readonly entity: string; readonly selectors: readonly Selector[]; readonly pointer: JsonPointer }
  | RangePeer
  | { readonly kind: 'names'; readonly patterns: readonly NamePattern[]; readonly pointer: JsonPointer }
  | { readonly kind: 'unknown'; readonly reason: string; readonly pointer: JsonPointer };

export interface RangePeer {
  readonly kind: 'range';
  readonly range: IpRange;
  readonly except: readonly IpRange[];
  readonly pointer: JsonPointer;
  /** Whether addresses of pods count is up to the engine. @default false: they never do */
  readonly mayMatchPods?: boolean;
}

/** One element of toPorts, ports or icmps. */
export interface PortRule {
  readonly filters: readonly PortFilter[];
  readonly l7?: L7Rule;
}

/** What may be said inside of an allowed connection. */
export interface L7Rule {
  readonly parser: 'http' | 'dns' | 'kafka' | 'tls' | 'listener' | 'other';
  readonly pointer: JsonPointer;
  /** TLS is inspected by server name, or ended here. */
  readonly tls?: 'by-server-name' | 'terminated';
  /** The requests, names or servers that pass, in words. */
  readonly allows: readonly string[];
  /** Names that a DNS rule lets through. */
  readonly names?: readonly NamePattern[];
}
