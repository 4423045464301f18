/**
 * Who talks to whom, as declared.
 *
 * Edges are collected as data while the app is defined and rendered once at synth, on both sides: the policy of the
 * source and the policy of the target come from the same edge and cannot disagree.
 */
import { append } from '../manifest/append';
import type { Connections } from './connections';
import type { Peer } from './peer';

export type Protocol = 'TCP' | 'UDP';

/** A port of a pod, not of the Service in front of it: policies see packets after service translation. */
export interface PodPort {
  readonly number: number;
  /** @default 'TCP' */
  readonly protocol?: Protocol;
}

export function samePort(a: PodPort, b: PodPort): boolean {
  return a.number === b.number && (a.protocol ?? 'TCP') === (b.protocol ?? 'TCP');
}

/** A workload of this app, or something outside of it. */
export type Party = Connections | Peer;

export interface Flow {
  readonly from: Party;
  readonly to: Party;
  readonly ports: readonly PodPort[];
  /** Why the flow exists; for readers of the expected flows. */
  readonly reason: string;
}

export class Flows {
  private readonly edges: Flow[] = [];
  private readonly bySource = new Map<Party, Flow[]>();
  private readonly byTarget = new Map<Party, Flow[]>();

  get all(): readonly Flow[] {
    return this.edges;
  }

  add(flow: Flow): void {
    this.edges.push(flow);
    append(this.bySource, flow.from, flow);
    append(this.byTarget, flow.to, flow);
  }

  from(party: Party): readonly Flow[] {
    return this.bySource.get(party) ?? [];
  }

  to(party: Party): readonly Flow[] {
    return this.byTarget.get(party) ?? [];
  }
}
