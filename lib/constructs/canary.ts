/** How a Rollout moves from one version to the next. */
import { Duration } from 'cdk8s';
import type { Input } from './input';

/** A step of a canary update. */
export type CanaryStep =
  /** Sends this percentage of the traffic to the new version. */
  | { readonly weight: number }
  /** Waits; for ever, until somebody promotes, when no duration is given. */
  | { readonly pause: Duration | 'until-promoted' };

/** A tenth first, and a last look before all of it. */
export const DEFAULT_CANARY_STEPS: readonly CanaryStep[] = [
  { weight: 10 },
  { pause: Duration.minutes(2) },
  { weight: 50 },
  { pause: Duration.minutes(2) },
  { weight: 90 },
  { pause: Duration.minutes(1) },
  { weight: 100 },
];

export type RolloutStep = { readonly setWeight: number } | { readonly pause: { readonly duration?: string } };

export function canarySteps(input: Input, steps: readonly CanaryStep[]): RolloutStep[] {
  let last = -1;
  return input.list('steps', steps).map((step, index): RolloutStep => {
    const prop = `steps[${index}]`;
    if (isPause(step))
      return { pause: step.pause === 'until-promoted' ? {} : { duration: `${input.seconds(`${prop}.pause`, step.pause)}s` } };
    if (!isWeight(step)) {
      input.reject(prop, step, "give { weight: 10 }, { pause: Duration.minutes(2) } or { pause: 'until-promoted' }");
      return { setWeight: Math.max(last, 0) };
    }
    const { weight } = step;
    if (!Number.isInteger(weight) || weight < 0 || weight > 100) {
      input.reject(`${prop}.weight`, weight, 'give a whole percentage from 0 to 100');
    } else if (weight <= last) {
      input.reject(`${prop}.weight`, weight, `weights only grow during an update, and it follows ${last}: raise it, or remove the step`);
    } else {
      last = weight;
    }
    return { setWeight: Math.max(last, 0) };
  });
}

/** Whoever writes no types may have written anything. */
function isPause(step: CanaryStep): step is Extract<CanaryStep, { readonly pause: unknown }> {
  return keysOf(step) === 'pause';
}

function isWeight(step: CanaryStep): step is Extract<CanaryStep, { readonly weight: unknown }> {
  return keysOf(step) === 'weight';
}

function keysOf(step: unknown): string {
  return typeof step === 'object' && step !== null ? Object.keys(step).join() : '';
}
