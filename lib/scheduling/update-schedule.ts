/** Where the pods of each step of an update go, and the step at which one finds no node. */
import type { Cluster } from '../facts/cluster';
import type { JsonPointer } from '../manifest/json-pointer';
import type { Resource } from '../resources/resource';
import type { Resources } from '../resources/resources';
import type { Workload } from '../resources/workload';
import { type Board, boardOf } from './board';
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

/** The course of an update as far as it gets, with one state of many at the end of each step. */
interface Course {
  readonly verdict: Verdict;
  readonly board: Board;
  readonly reached: readonly { readonly step: string; readonly path: JsonPointer; readonly state: State }[];
}

export function played(trial: UpdateTrial, nodes: readonly NodeView[]): UpdateSchedule {
  const { verdict, board, reached } = courseOf(trial, nodes);
  return { resource: trial.controller.resource, verdict, steps: reached.map(({ step, path, state }) => stepOf(board, step, path, state)) };
}

/** The verdict alone, for those who ask often. */
export function verdictOf(trial: UpdateTrial, nodes: readonly NodeView[]): Verdict {
  return mayWait(trial, nodes) ? courseOf(trial, nodes).verdict : 'fits';
}

function courseOf({ question, stages }: UpdateTrial, nodes: readonly NodeView[]): Course {
  const { replicas } = question;
  const board = boardOf(nodes, question);
  if (replicas > MOST_REPLICAS) return { verdict: 'unknown', board, reached: [] };
  const start = { step: 'start', path: '/spec/replicas', controllers: [exactly({ stable: replicas, canary: 0 })], byOrdinal: false };
  const reached: Course['reached'][number][] = [];
  let states: readonly State[] = [beginning(board)];
  let [isComplete, mayStick] = [true, false];
  for (const { step, path, controllers, byOrdinal = false } of [start, ...stages]) {
    for (const move of controllers) {
      const { done, stuck, isComplete: isWhole } = outcomeOf(board, states, move, !byOrdinal);
      isComplete &&= isWhole;
      mayStick ||= stuck.length > 0;
      const [waiting] = stuck;
      if (done.length === 0) {
        if (waiting !== undefined) reached.push({ step, path, state: waiting });
        return { verdict: isComplete && waiting !== undefined ? 'pending' : 'unknown', board, reached };
      }
      states = done;
    }
    const [state] = states;
    if (state !== undefined) reached.push({ step, path, state });
  }
  return { verdict: mayStick ? 'unknown' : 'fits', board, reached };
}

/** Whether there is anything to play: where pods do not mind each other, room for the most of them is enough. */
function mayWait({ question, most }: UpdateTrial, nodes: readonly NodeView[]): boolean {
  const { filter, rules, demand, requested } = question;
  if (rules.spread.length + rules.affinity.length + rules.neededKeys.length > 0 || requested !== 'by-others') return true;
  let room = 0;
  for (const node of nodes) {
    if (refusalOf(node, filter) === undefined) room += capacityOf(node, demand, true).pods;
    if (room >= most) return false;
  }
  return true;
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
  let left = Math.min(pods, sumOf(capacities));
  for (let round = 0; left > 0; round++) {
    for (const [index, capacity] of capacities.entries()) {
      if (left === 0 || capacity <= round) continue;
      counts[index] = round + 1;
      left--;
    }
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
