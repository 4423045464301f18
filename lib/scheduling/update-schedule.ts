/** Where the pods of each step of an update go, and the step at which one finds no node. */
import type { Cluster } from '../facts/cluster';
import type { JsonPointer } from '../manifest/json-pointer';
import type { Resource } from '../resources/resource';
import type { Resources } from '../resources/resources';
import type { Workload } from '../resources/workload';
import { type Board, boardOf, type PodQuestion } from './board';
import { type NodeView, nodeViewOf, refusalOf } from './node-filter';
import { podsAt, refusalsOf, sumOf } from './placement';
import { capacityOf } from './pod-demand';
import { exactly } from './replica-counts';
import { beginning, outcomeOf, type State } from './simulation';
import { type UpdateTrial, UpdateTrials } from './update-trial';

/**
 * - `fits`: every course of the update that was followed ends well
 * - `pending`: every course there is ends with a pod that waits for ever
 * - `unknown`: it depends on where the scheduler happens to place pods
 */
export type Verdict = 'fits' | 'pending' | 'unknown';

export interface NodePods {
  readonly name: string;
  readonly pods: number;
  readonly stable: number;
  readonly canary: number;
  /** Why it takes no further pod, as the scheduler words it; null where it does. */
  readonly refuses: string | null;
}

export interface ScheduledStep {
  readonly step: string;
  /** The field that asks for the step. */
  readonly path: JsonPointer;
  /** Pods asked for, those that wait included. */
  readonly stable: number;
  readonly canary: number;
  readonly pending: number;
  readonly nodes: readonly NodePods[];
  /** The scheduler's message for a pod that waits; null where none does. */
  readonly reason: string | null;
}

export interface UpdateSchedule {
  readonly resource: Resource;
  readonly verdict: Verdict;
  /** Up to the first step that cannot be placed. */
  readonly steps: readonly ScheduledStep[];
}

/** The update of one workload. For many, `UpdateTrials` answers from indexes built once. */
export function scheduleUpdate(workload: Workload, cluster: Cluster, resources: Resources): UpdateSchedule | undefined {
  const trial = new UpdateTrials(resources, cluster).of(workload);
  return trial === undefined ? undefined : played(trial, cluster.nodes.map(nodeViewOf));
}

/** Beyond these an update is not played pod by pod. */
const MOST_REPLICAS = 1000;

export function played({ controller, question, stages }: UpdateTrial, nodes: readonly NodeView[]): UpdateSchedule {
  const { resource } = controller;
  const { replicas } = question;
  if (replicas > MOST_REPLICAS) return { resource, verdict: 'unknown', steps: [] };
  const board = boardOf(nodes, question);
  const start = { step: 'start', path: '/spec/replicas', controllers: [exactly({ stable: replicas, canary: 0 })], byOrdinal: false };
  const steps: ScheduledStep[] = [];
  let states: readonly State[] = [beginning(board)];
  let [isComplete, mayStick] = [true, false];
  for (const { step, path, controllers, byOrdinal = false } of [start, ...stages]) {
    for (const move of controllers) {
      const { done, stuck, isComplete: isWhole } = outcomeOf(board, states, move, !byOrdinal);
      isComplete &&= isWhole;
      mayStick ||= stuck.length > 0;
      const [waiting] = stuck;
      if (done.length === 0) {
        const last = waiting === undefined ? [] : [stepOf(board, step, path, waiting)];
        return { resource, verdict: isComplete && waiting !== undefined ? 'pending' : 'unknown', steps: [...steps, ...last] };
      }
      states = done;
    }
    const [example] = states;
    if (example !== undefined) steps.push(stepOf(board, step, path, example));
  }
  return { resource, verdict: mayStick ? 'unknown' : 'fits', steps };
}

/** Whether there is anything to play: without rules, some node may have room for all. */
export function mayWait({ filter, rules, demand, requested }: PodQuestion, nodes: readonly NodeView[]): boolean {
  if (rules.spread.length + rules.affinity.length + rules.neededKeys.length > 0) return true;
  return !nodes.some(
    (node) => refusalOf(node, filter) === undefined && capacityOf(node, demand, requested === 'by-others').pods === Infinity,
  );
}

function stepOf(board: Board, step: string, path: JsonPointer, state: State): ScheduledStep {
  const { pending } = state;
  const revision = pending.stable > 0 ? 'stable' : 'canary';
  const refusals = refusalsOf(board, state, revision);
  const waits = pending.stable + pending.canary;
  const order = new Map(board.names.map((name, index) => [name, index]));
  const nodes = board.places.flatMap((place, index) => {
    const stable = spreadOver(place.capacities, state.stable[index] ?? 0);
    const all = spreadOver(place.capacities, podsAt(state, index));
    return place.nodes.map(({ name }, position): NodePods => {
      const [pods, ofStable] = [all[position] ?? 0, Math.min(all[position] ?? 0, stable[position] ?? 0)];
      const why = refusals[index] ?? [];
      return { name, pods, stable: ofStable, canary: pods - ofStable, refuses: why.length === 0 ? null : why.join(', ') };
    });
  });
  return {
    step,
    path,
    stable: sumOf(state.stable) + pending.stable,
    canary: sumOf(state.canary) + pending.canary,
    pending: waits,
    nodes: nodes.sort((a, b) => (order.get(a.name) ?? 0) - (order.get(b.name) ?? 0)),
    reason: waits === 0 ? null : reasonOf(board, refusals),
  };
}

/** Pods of one place over its nodes, evenly as far as there is room. */
function spreadOver(capacities: readonly number[], pods: number): readonly number[] {
  const counts = capacities.map(() => 0);
  for (let left = pods; left > 0; left--) {
    const open = counts.flatMap((count, index) => (count < (capacities[index] ?? 0) ? [index] : []));
    const emptiest = open.reduce<number | undefined>(
      (best, index) => (best === undefined || (counts[index] ?? 0) < (counts[best] ?? 0) ? index : best),
      undefined,
    );
    if (emptiest === undefined) break;
    counts[emptiest] = (counts[emptiest] ?? 0) + 1;
  }
  return counts;
}

/** `0/3 nodes are available: 1 node(s) had untolerated taint …, 2 Insufficient cpu.` */
function reasonOf({ places }: Board, refusals: readonly (readonly string[])[]): string {
  const counts = new Map<string, number>();
  for (const [index, { nodes }] of places.entries())
    for (const refusal of refusals[index] ?? []) counts.set(refusal, (counts.get(refusal) ?? 0) + nodes.length);
  const total = places.reduce((sum, { nodes }) => sum + nodes.length, 0);
  const parts = [...counts].map(([refusal, count]) => `${count} ${refusal}`).sort();
  return total === 0 ? 'no nodes available to schedule pods' : `0/${total} nodes are available: ${parts.join(', ')}.`;
}
