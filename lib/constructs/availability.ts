/** What keeps a workload reachable while nodes are drained, load changes and versions follow each other. */
import { type Construct } from 'constructs';
import type { HorizontalPodAutoscaler, PodDisruptionBudget } from '../../imports/kubernetes';
import { defineObject } from '../kube/define';
import type { Input, PropNames } from './input';
import { clusterOf } from './platform';

export interface Autoscaling {
  readonly min: number;
  readonly max: number;
  /** Average CPU use in percent of the request, above which pods are added. @default 70 */
  readonly cpuPercent?: number;
}

const AUTOSCALING_PROPS: PropNames<Autoscaling> = { min: true, max: true, cpuPercent: true };

/**
 * How pods of one workload are spread over the nodes.
 * - `soft`: evenly where there is room, but a pod is never kept waiting for it
 * - `hard`: evenly or not at all; needs nodes that can hold every step of an update
 * - `none`
 */
export type Spread = 'soft' | 'hard' | 'none';

/** Topology spread constraints for pods labelled `app: <name>`. */
export function topologySpread(scope: Construct, input: Input, name: string, spread: Spread) {
  if (input.choice('spread', spread, ['soft', 'hard', 'none']) === 'none') return [];
  const { workers } = clusterOf(scope);
  if (spread === 'hard' && workers.length === 0) {
    input.reject(
      'spread',
      spread,
      'no node that takes ordinary pods is declared in the cluster facts: declare the nodes, or spread softly',
    );
  }
  const constraint = { maxSkew: 1, topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: name } } };
  if (spread === 'soft') return [{ ...constraint, whenUnsatisfiable: 'ScheduleAnyway' as const }];
  // A tainted node counts as an empty domain unless told otherwise, and then one pod a worker is all that ever fits.
  return [{ ...constraint, whenUnsatisfiable: 'DoNotSchedule' as const, nodeTaintsPolicy: 'Honor' as const }];
}

/** Lets a drain evict one pod at a time, and never blocks it. */
export function definePdb(scope: Construct, name: string, selects: string): void {
  defineObject<PodDisruptionBudget>(scope, 'pdb', {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name },
    spec: { maxUnavailable: 1, selector: { matchLabels: { app: selects } } },
  });
}

export interface HpaProps {
  readonly name: string;
  readonly target: { readonly apiVersion: string; readonly kind: string; readonly name: string };
  readonly autoscaling: Autoscaling;
}

export function defineHpa(scope: Construct, input: Input, { name, target, autoscaling }: HpaProps): void {
  input.known(autoscaling, AUTOSCALING_PROPS, 'autoscaling');
  const { min, max, cpuPercent = 70 } = autoscaling;
  const minReplicas = input.wholeNumber('autoscaling.min', min, 1);
  const maxReplicas = input.wholeNumber('autoscaling.max', max, 1);
  if (maxReplicas < minReplicas) input.reject('autoscaling.max', max, `it is below autoscaling.min, which is ${min}`);
  defineObject<HorizontalPodAutoscaler>(scope, 'hpa', {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name },
    spec: {
      scaleTargetRef: target,
      minReplicas,
      maxReplicas,
      metrics: [
        {
          type: 'Resource',
          resource: {
            name: 'cpu',
            target: { type: 'Utilization', averageUtilization: input.wholeNumber('autoscaling.cpuPercent', cpuPercent, 1) },
          },
        },
      ],
      // A short lull is no reason to take pods away that the next minute needs.
      behavior: { scaleDown: { stabilizationWindowSeconds: 300 } },
    },
  });
}
