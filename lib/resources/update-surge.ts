/** How many pods an update adds to those that run: what it cannot go on without, and what it would like. */
import type { Field } from '../manifest/field';
import type { Workload } from './workload';

export interface Surge {
  /** Without these the update stands still. */
  readonly least: number;
  /** As many as it adds when it may. */
  readonly most: number;
}

const NONE: Surge = { least: 0, most: 0 };

/** @param replicas the pods that run before the update */
export function surgeOf(workload: Workload, replicas: number): Surge {
  if (replicas === 0) return NONE;
  const strategy = workload.resource.at('spec', 'strategy');
  if (workload.kind === 'Deployment')
    return strategy.at('type').string === 'Recreate' ? NONE : rolling(strategy.at('rollingUpdate'), replicas);
  if (workload.kind !== 'Rollout') return NONE;
  if (strategy.at('blueGreen').isSet) return { least: replicas, most: replicas };
  const canary = strategy.at('canary');
  if (!canary.at('trafficRouting').isMap) return rolling(canary, replicas);
  // With traffic routing the canary grows to full size before the stable pods go, unless those shrink along.
  return canary.at('dynamicStableScale').boolean === true ? { least: 1, most: replicas } : { least: replicas, most: replicas };
}

/** Source: kubernetes.io, Deployments, Rolling Update: 25% each by default, surge rounded up, unavailable rounded down. */
function rolling(limits: Field, replicas: number): Surge {
  const most = share(limits.at('maxSurge'), replicas, Math.ceil);
  const unavailable = share(limits.at('maxUnavailable'), replicas, Math.floor);
  return { least: unavailable > 0 || most === 0 ? 0 : 1, most };
}

/** A number of pods, or a percentage of them such as `25%`, which is what holds where nothing is said. */
export function share(field: Field, replicas: number, round: (count: number) => number): number {
  if (field.number !== undefined) return Math.max(0, Math.floor(field.number));
  const percent = /^(\d+)%$/.exec(field.string ?? '25%')?.[1];
  return percent === undefined ? Number(field.string) || 0 : round((Number(percent) * replicas) / 100);
}
