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
  let last = 0;
  return steps.map((step): RolloutStep => {
    if ('pause' in step) return { pause: step.pause === 'until-promoted' ? {} : { duration: `${step.pause.toSeconds()}s` } };
    const { weight } = step;
    if (!Number.isInteger(weight) || weight < 0 || weight > 100) {
      input.reject('canary weight', weight, 'give a whole percentage from 0 to 100');
      return { setWeight: last };
    }
    if (weight < last) input.reject('canary weight', weight, `weights only grow during an update: it follows ${last}`);
    last = weight;
    return { setWeight: weight };
  });
}
