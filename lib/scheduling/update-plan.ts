/** The stages of an update, each with what the controller asks for in it. */
import type { Field } from '../manifest/field';
import type { JsonPointer } from '../manifest/json-pointer';
import { share } from '../resources/update-surge';
import type { Workload } from '../resources/workload';
import {
  basicCanary,
  type Bounds,
  type CanarySize,
  closestCounts,
  type Controller,
  exactly,
  oneByOne,
  recreate,
  rollingUpdate,
  trafficRoutedCounts,
} from './replica-counts';

export interface Stage {
  /** What the workload itself calls it: `setWeight 20`, `promotion`. */
  readonly step: string;
  /** The field that asks for it; the strategy where none does. */
  readonly path: JsonPointer;
  /** What the controller does, one after the other. */
  readonly controllers: readonly Controller[];
  /** Pods are replaced by their number, wherever they stand. @default false */
  readonly byOrdinal?: boolean;
}

/** What an update does after all pods of the running revision are in place. Empty for what is never updated in place. */
export function stagesOf(controller: Workload, replicas: number): readonly Stage[] {
  if (replicas === 0) return [];
  const { resource, kind } = controller;
  switch (kind) {
    case 'Deployment':
      return [deploymentStage(resource.at('spec', 'strategy'), replicas)];
    case 'StatefulSet': {
      const strategy = resource.at('spec', 'updateStrategy');
      return strategy.at('type').string === 'OnDelete'
        ? []
        : [{ step: 'update', path: strategy.path, controllers: [oneByOne], byOrdinal: true }];
    }
    case 'Rollout': {
      const strategy = resource.at('spec', 'strategy');
      return strategy.at('blueGreen').isSet
        ? blueGreenStages(strategy.at('blueGreen'), replicas)
        : canaryStages(strategy.at('canary'), replicas);
    }
    default:
      return [];
  }
}

/** At no time are there more pods than these, whatever the order of events. */
export function mostPodsOf({ resource }: Workload, replicas: number): number {
  const strategy = resource.at('spec', 'strategy');
  const canary = strategy.at('canary');
  const limits = [strategy.at('rollingUpdate'), canary].map((field) => boundsOf(field, replicas).maxSurge);
  const explicit = [
    strategy.at('blueGreen', 'previewReplicaCount'),
    canary.at('minPodsPerReplicaSet'),
    ...canary.at('steps').items.map((step) => step.at('setCanaryScale', 'replicas')),
  ].map((field) => field.number ?? 0);
  const weights = canary
    .at('steps')
    .items.flatMap((step) => [step.at('setCanaryScale', 'weight').number ?? 0, step.at('setWeight').number ?? 0]);
  const byWeight = Math.ceil((Math.max(0, ...weights) * replicas) / (canary.at('trafficRouting', 'maxTrafficWeight').number ?? 100));
  return 2 * Math.max(replicas, byWeight, ...limits, ...explicit);
}

function deploymentStage(strategy: Field, replicas: number): Stage {
  const recreates = strategy.at('type').string === 'Recreate';
  const controller = recreates ? recreate(replicas) : rollingUpdate(boundsOf(strategy.at('rollingUpdate'), replicas));
  return { step: 'update', path: strategy.path, controllers: [controller] };
}

function blueGreenStages(blueGreen: Field, replicas: number): readonly Stage[] {
  const preview = blueGreen.at('previewReplicaCount');
  const both = {
    step: 'promotion',
    path: blueGreen.path,
    controllers: [
      { stable: replicas, canary: replicas },
      { stable: 0, canary: replicas },
    ].map(exactly),
  };
  if (preview.number === undefined || preview.number === replicas) return [both];
  return [
    {
      step: `previewReplicaCount ${preview.number}`,
      path: preview.path,
      controllers: [exactly({ stable: replicas, canary: preview.number })],
    },
    both,
  ];
}

function canaryStages(canary: Field, replicas: number): readonly Stage[] {
  return canary.at('trafficRouting').isMap ? routedStages(canary, replicas) : basicStages(canary, replicas);
}

function basicStages(canary: Field, replicas: number): readonly Stage[] {
  const bounds = boundsOf(canary, replicas);
  const stages = canary.at('steps').items.flatMap((step): Stage[] => {
    const weight = step.at('setWeight').number;
    if (weight === undefined) return [];
    return [
      {
        step: `setWeight ${weight}`,
        path: step.path,
        controllers: [basicCanary(closestCounts(replicas, weight, bounds.maxSurge), bounds)],
      },
    ];
  });
  return [...stages, { step: 'promotion', path: canary.path, controllers: [basicCanary({ stable: 0, canary: replicas }, bounds)] }];
}

/** Traffic follows the pods: each stage first raises the canary, then, with dynamicStableScale, lowers the stable pods. */
function routedStages(canary: Field, replicas: number): readonly Stage[] {
  const maxWeight = canary.at('trafficRouting', 'maxTrafficWeight').number ?? 100;
  const dynamicStableScale = canary.at('dynamicStableScale').boolean === true;
  const settings = { replicas, maxWeight, minPodsPerReplicaSet: canary.at('minPodsPerReplicaSet').number ?? 0, dynamicStableScale };
  const stages: Stage[] = [];
  let traffic = 0;
  let scale: CanarySize | undefined;
  const add = (step: string, path: JsonPointer, next: number, size: CanarySize): void => {
    const counts = [traffic, next].map((weight) => trafficRoutedCounts(size, settings, maxWeight - weight));
    stages.push({ step, path, controllers: (dynamicStableScale ? counts : counts.slice(0, 1)).map(exactly) });
    traffic = next;
  };
  for (const step of canary.at('steps').items) {
    const [setWeight, setScale] = [step.at('setWeight').number, step.at('setCanaryScale')];
    if (setWeight === undefined && !setScale.isMap) continue;
    const weight = setWeight ?? traffic;
    if (setScale.isMap) scale = scaleOf(setScale);
    add(setWeight === undefined ? 'setCanaryScale' : `setWeight ${setWeight}`, step.path, weight, scale ?? { weight });
  }
  const promoted = { stable: 0, canary: replicas };
  add('promotion', canary.path, maxWeight, { weight: maxWeight });
  return stages.map((stage, index) =>
    index === stages.length - 1 ? { ...stage, controllers: [...stage.controllers, exactly(promoted)] } : stage,
  );
}

/** @returns undefined where the canary is to follow the traffic again */
function scaleOf(setCanaryScale: Field): CanarySize | undefined {
  if (setCanaryScale.at('matchTrafficWeight').boolean === true) return undefined;
  const replicas = setCanaryScale.at('replicas').number;
  const weight = setCanaryScale.at('weight').number;
  return replicas === undefined && weight === undefined ? undefined : { weight: weight ?? 0, replicas };
}

/** A quarter each unless said otherwise; an update that may do neither takes one pod away. */
export function boundsOf(limits: Field, replicas: number): Bounds {
  const maxSurge = share(limits.at('maxSurge'), replicas, Math.ceil);
  const maxUnavailable = Math.min(replicas, share(limits.at('maxUnavailable'), replicas, Math.floor));
  return { replicas, maxSurge, maxUnavailable: maxSurge === 0 && maxUnavailable === 0 ? 1 : maxUnavailable };
}
