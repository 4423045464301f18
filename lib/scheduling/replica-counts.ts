/**
 * How many pods of each revision a controller asks for, given how many it has.
 *
 * The insight: an update is a conversation. A controller raises or lowers two numbers by what is available at the moment,
 * and a pod that stays Pending is never available; so whether an update ends is only known by playing it.
 * Sources: argo-rollouts v1.9, canary and traffic-routed replica counts; kubernetes.io, Deployments, Rolling Update.
 */

export interface Scale {
  readonly stable: number;
  readonly canary: number;
}

/** Pods of a revision: asked for, and running. */
export interface Pods {
  readonly wanted: number;
  readonly available: number;
}

/** What a controller asks for next. The same as what it has when it is done, or waits. */
export type Controller = (stable: Pods, canary: Pods) => Scale;

/** What an update may add to and take from the declared number of pods. */
export interface Bounds {
  readonly replicas: number;
  readonly maxSurge: number;
  readonly maxUnavailable: number;
}

/** The numbers of pods that come closest to a weight, neither of them none unless the weight says so. */
export function closestCounts(replicas: number, weight: number, maxSurge: number, maxWeight = 100): Scale {
  if (replicas === 0) return { stable: 0, canary: 0 };
  const exact = (replicas * weight) / maxWeight;
  const mayBeNone = weight === 0 || weight === maxWeight || (replicas === 1 && maxSurge === 0);
  const totals = maxSurge > 0 ? [replicas, replicas + 1] : [replicas];
  const options = totals.flatMap((total) => {
    const isTied = ((total * weight) / maxWeight) % 1 === 0.5;
    const up = total > replicas || Math.ceil(exact) < replicas || mayBeNone ? [Math.ceil(exact)] : [];
    const down = !isTied && (Math.floor(exact) > 0 || mayBeNone) ? [Math.floor(exact)] : [];
    return [...up, ...down].map((canary) => ({ canary, total, error: Math.abs((canary * maxWeight) / total - weight) }));
  });
  const best = options.reduce<(typeof options)[number] | undefined>(
    (nearest, option) => (nearest === undefined || option.error < nearest.error ? option : nearest),
    undefined,
  );
  return best === undefined ? { stable: replicas, canary: 0 } : { stable: best.total - best.canary, canary: best.canary };
}

/** A canary whose weight is the share of its pods: both revisions together stay within the bounds. */
export function basicCanary(target: Scale, { replicas, maxSurge, maxUnavailable }: Bounds, older = 0): Controller {
  const most = replicas + maxSurge;
  const fewest = replicas - maxUnavailable;
  return (stable, canary) => {
    // Upwards: the stable pods first, with what room there is.
    const room = most - older - stable.wanted - canary.wanted;
    const stableGrowth = clamp(target.stable - stable.wanted, 0, Math.max(0, room));
    const canaryGrowth = clamp(target.canary - canary.wanted, 0, Math.max(0, room - stableGrowth));
    const grown = { stable: stable.wanted + stableGrowth, canary: canary.wanted + canaryGrowth };
    if (older > 0) return grown;
    // Downwards: what shrinks counts as asked for, what grows counts as far as it runs.
    const canaryGrows = target.canary >= canary.wanted;
    const counted = countedOf(stable, canaryGrows) + countedOf(canary, !canaryGrows);
    const spare = counted - fewest;
    if (spare <= 0) return grown;
    if (canaryGrows) {
      const [stableCount, canaryCount] = drained(stable, canary, target.stable, grown.stable, grown.canary, spare, most, fewest);
      return { stable: stableCount, canary: canaryCount };
    }
    const [canaryCount, stableCount] = drained(canary, stable, target.canary, grown.canary, grown.stable, spare, most, fewest);
    return { stable: stableCount, canary: canaryCount };
  };
}

function countedOf({ wanted, available }: Pods, asWanted: boolean): number {
  return asWanted ? wanted : Math.min(wanted, available);
}

/** Takes from the shrinking side what is spare, then from the growing one what is above the most, unless that is needed to serve. */
function drained(
  shrinking: Pods,
  growing: Pods,
  target: number,
  shrinkingCount: number,
  growingCount: number,
  spare: number,
  most: number,
  fewest: number,
): readonly [number, number] {
  const left = shrinking.wanted > target ? Math.max(target, shrinking.wanted - spare) : shrinkingCount;
  const cut = growingCount - Math.max(0, growingCount + left - most);
  const serving = Math.min(shrinking.available, left) + Math.min(growing.available, cut);
  const kept = cut + Math.min(Math.max(0, growing.available - cut), Math.max(0, fewest - serving));
  return [left - Math.max(0, kept + left - most), kept];
}

/** What a step of a traffic-routed canary says of the pods: a weight, or a number of its own. */
export interface CanarySize {
  readonly weight: number;
  /** `setCanaryScale.replicas`. @default - by weight */
  readonly replicas?: number;
}

export interface TrafficRouted {
  readonly replicas: number;
  readonly maxWeight: number;
  readonly minPodsPerReplicaSet: number;
  readonly dynamicStableScale: boolean;
}

/**
 * A canary whose weight the mesh or the ingress sets: the stable pods stay, unless they shrink as their traffic does.
 * @param stableWeight the traffic that the stable pods have at the moment
 */
export function trafficRoutedCounts(size: CanarySize, settings: TrafficRouted, stableWeight: number): Scale {
  const { replicas, maxWeight, minPodsPerReplicaSet: least, dynamicStableScale } = settings;
  const byWeight = (weight: number): number => Math.ceil((weight * replicas) / maxWeight);
  const atLeast = (count: number): number => (count === 0 ? 0 : Math.max(count, least));
  if (!dynamicStableScale) return { stable: replicas, canary: size.replicas ?? atLeast(byWeight(size.weight)) };
  const weight = size.replicas === undefined ? size.weight : 0;
  return {
    stable: atLeast(Math.max(byWeight(maxWeight - weight), byWeight(stableWeight))),
    canary: atLeast(size.replicas ?? byWeight(size.weight)),
  };
}

/** Asks for both numbers at once, whatever runs. */
export function exactly(target: Scale): Controller {
  return () => target;
}

/** A Deployment that rolls: new pods as far as the surge goes, old ones go as far as enough are available. */
export function rollingUpdate({ replicas, maxSurge, maxUnavailable }: Bounds): Controller {
  const fewest = replicas - maxUnavailable;
  return (stable, canary) => {
    const room = Math.max(0, replicas + maxSurge - stable.wanted - canary.wanted);
    const grown = Math.max(canary.wanted, Math.min(replicas, canary.wanted + room));
    const removable = stable.wanted + grown - fewest - (grown - canary.available);
    if (removable <= 0) return { stable: stable.wanted, canary: grown };
    const idle = Math.min(removable, stable.wanted - stable.available);
    const spare = clamp(stable.available + canary.available - fewest, 0, stable.wanted - idle);
    return { stable: stable.wanted - idle - spare, canary: grown };
  };
}

/** All old pods go before the first new one comes. */
export function recreate(replicas: number): Controller {
  return (stable) => ({ stable: 0, canary: stable.wanted > 0 ? 0 : replicas });
}

/** A StatefulSet: one pod at a time, the next when all run. */
export const oneByOne: Controller = (stable, canary) => {
  if (stable.wanted === 0 || canary.available < canary.wanted) return { stable: stable.wanted, canary: canary.wanted };
  return { stable: stable.wanted - 1, canary: canary.wanted + 1 };
};

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, value));
}
