/** Pods of two revisions over the places of a board, and why a place takes no further one. */
import type { AffinityOnBoard, Board, SpreadOnBoard } from './board';
import type { Revision } from './placement-rules';

export interface Placement {
  /** Pods by place. */
  readonly stable: readonly number[];
  readonly canary: readonly number[];
}

const REVISIONS: readonly Revision[] = ['stable', 'canary'];

export function emptyPlacement({ places }: Board): Placement {
  return { stable: places.map(() => 0), canary: places.map(() => 0) };
}

export function withPods(placement: Placement, revision: Revision, place: number, change: number): Placement {
  const changed = placement[revision].map((count, index) => (index === place ? count + change : count));
  return revision === 'stable' ? { ...placement, stable: changed } : { ...placement, canary: changed };
}

export function podsAt({ stable, canary }: Placement, place: number): number {
  return (stable[place] ?? 0) + (canary[place] ?? 0);
}

export function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/** For each place the reasons why it takes no further pod of this revision; none where it does. */
export function refusalsOf(board: Board, placement: Placement, revision: Revision): (readonly string[])[] {
  const spread = board.spread.map((rule) => spreadTest(rule, placement, revision));
  const affinity = affinityTest(board.affinity, placement, revision);
  const isFull = sumOf(placement.stable) + sumOf(placement.canary) >= board.most;
  return board.places.map((place, index) => {
    if (place.refusal !== undefined) return [place.refusal];
    if (isFull || podsAt(placement, index) >= place.capacity) return place.fullRefusals;
    if (!spread.every((passes) => passes(index))) return ["node(s) didn't match pod topology spread constraints"];
    const reason = affinity(index);
    return reason === undefined ? [] : [reason];
  });
}

/** Pods that count for one of this revision, by domain. */
function countsIn(rule: SpreadOnBoard | AffinityOnBoard, placement: Placement, revision: Revision): number[] {
  const counts = new Array<number>(rule.domainCount).fill(0);
  for (const existing of REVISIONS) {
    if (!rule.counts[revision][existing]) continue;
    for (const [index, pods] of placement[existing].entries()) {
      const domain = rule.domains[index] ?? -1;
      if (domain >= 0) counts[domain] = (counts[domain] ?? 0) + pods;
    }
  }
  return counts;
}

function spreadTest(rule: SpreadOnBoard, placement: Placement, revision: Revision): (place: number) => boolean {
  const counts = countsIn(rule, placement, revision);
  const fewest =
    counts.length === 0 || counts.length < rule.minDomains ? 0 : counts.reduce((least, count) => Math.min(least, count), Infinity);
  const itself = rule.counts[revision][revision] ? 1 : 0;
  return (place) => (counts[rule.domains[place] ?? -1] ?? 0) + itself - fewest <= rule.maxSkew;
}

function affinityTest(rules: readonly AffinityOnBoard[], placement: Placement, revision: Revision): (place: number) => string | undefined {
  const counted = rules.map((rule) => ({ rule, counts: countsIn(rule, placement, revision) }));
  const together = counted.filter(({ rule }) => rule.kind === 'together');
  const isFirst = together.every(({ counts }) => sumOf(counts) === 0);
  return (place) => {
    const podsNear = ({ rule, counts }: (typeof counted)[number]): number => counts[rule.domains[place] ?? -1] ?? 0;
    if (!isFirst && together.some((each) => podsNear(each) === 0)) return "node(s) didn't match pod affinity rules";
    const isKeptAway = counted.some((each) => each.rule.kind === 'apart' && podsNear(each) > 0);
    return isKeptAway ? "node(s) didn't match pod anti-affinity rules" : undefined;
  };
}
