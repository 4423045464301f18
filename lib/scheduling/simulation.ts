/**
 * Plays an update: the scheduler places what it can, all that is placed becomes available, the controller answers, until
 * nothing moves any more.
 *
 * The insight: the scheduler is free to choose among nodes and the controller among pods to remove, so an update has many
 * courses. All of them are followed, each state once; where every one ends with a pod that is Pending, that is certain.
 */
import type { Board } from './board';
import { emptyPlacement, type Placement, podsAt, refusalsOf, sumOf, withPods } from './placement';
import type { Revision } from './placement-rules';
import type { Controller, Pods, Scale } from './replica-counts';

export interface State extends Placement {
  readonly pending: Scale;
}

export interface Outcome {
  /** States in which all that was asked for runs. */
  readonly done: readonly State[];
  /** States in which a pod waits and nothing can change any more. */
  readonly stuck: readonly State[];
  /** Whether every course was followed. */
  readonly isComplete: boolean;
}

/** More than equal workers ever need; beyond, what was seen has to do. Large clusters get fewer, each of which costs more. */
const MOST_MOVES = 2000;
const MOST_WORK = 20_000;
/** Of the ways to choose pods to remove, times the places to choose among. */
const MOST_REMOVALS = 500;
/** Of the ways to begin the next stage, where not all can be followed. */
const MOST_BEGINNINGS = 200;

export function beginning(board: Board): State {
  return { ...emptyPlacement(board), pending: { stable: 0, canary: 0 } };
}

/**
 * All ways a controller's work may end, from all these states.
 * @param ranksPods whether the pods to remove are chosen as a ReplicaSet does, rather than by their number
 */
export function outcomeOf(board: Board, from: readonly State[], controller: Controller, ranksPods: boolean): Outcome {
  const seen = new Set<string>();
  const waiting = from.slice(0, MOST_BEGINNINGS);
  const [done, stuck]: [State[], State[]] = [[], []];
  let moves = movesFor(board, from[0], controller);
  let isWhole = from.length <= MOST_BEGINNINGS;
  for (let popped = waiting.pop(); popped !== undefined; popped = waiting.pop()) {
    const state = inOrder(board, popped);
    const key = `${state.stable.join()} ${state.canary.join()} ${state.pending.stable} ${state.pending.canary}`;
    if (seen.has(key)) continue;
    if (moves-- === 0) return { done, stuck, isComplete: false };
    seen.add(key);
    const { states: next, isComplete } = nextStates(board, state, controller, ranksPods);
    isWhole &&= isComplete;
    waiting.push(...next);
    if (next.length > 0) continue;
    (state.pending.stable + state.pending.canary === 0 ? done : stuck).push(state);
  }
  return { done, stuck, isComplete: isWhole };
}

/** Enough for one course at least: each pod comes once and goes once. */
function movesFor({ places }: Board, from: State | undefined, controller: Controller): number {
  if (from === undefined) return 0;
  const [stable, canary] = [podsOf(from, 'stable'), podsOf(from, 'canary')];
  const asked = controller(stable, canary);
  const pods = 2 * (stable.wanted + canary.wanted + asked.stable + asked.canary);
  return Math.min(MOST_MOVES, Math.ceil(MOST_WORK / Math.max(1, places.length))) + 2 * pods;
}

/** Interchangeable places sorted, so that states which differ in nothing else are one. */
function inOrder({ interchangeable }: Board, state: State): State {
  if (interchangeable.length === 0) return state;
  const [stable, canary] = [[...state.stable], [...state.canary]];
  for (const indexes of interchangeable) {
    const pairs = indexes.map((index) => [state.stable[index] ?? 0, state.canary[index] ?? 0] as const);
    pairs.sort((a, b) => b[0] - a[0] || b[1] - a[1]);
    for (const [position, [ofStable, ofCanary]] of pairs.entries()) {
      const index = indexes[position] ?? 0;
      [stable[index], canary[index]] = [ofStable, ofCanary];
    }
  }
  return { stable, canary, pending: state.pending };
}

interface Courses {
  readonly states: readonly State[];
  /** Whether these are all. */
  readonly isComplete: boolean;
}

function nextStates(board: Board, state: State, controller: Controller, ranksPods: boolean): Courses {
  const placed = [...placings(board, state, 'stable'), ...placings(board, state, 'canary')];
  if (placed.length > 0) return { states: placed, isComplete: true };
  const [stable, canary] = [podsOf(state, 'stable'), podsOf(state, 'canary')];
  const asked = controller(stable, canary);
  if (asked.stable === stable.wanted && asked.canary === canary.wanted) return { states: [], isComplete: true };
  const first = scaled(board, state, 'stable', asked.stable, ranksPods);
  const second = first.states.map((each) => scaled(board, each, 'canary', asked.canary, ranksPods));
  return { states: second.flatMap(({ states }) => states), isComplete: [first, ...second].every(({ isComplete }) => isComplete) };
}

function podsOf(state: State, revision: Revision): Pods {
  const available = sumOf(state[revision]);
  return { available, wanted: available + state.pending[revision] };
}

/** Each place that takes a waiting pod; the one with the fewest pods comes last, and is followed first. */
function placings(board: Board, state: State, revision: Revision): readonly State[] {
  if (state.pending[revision] === 0) return [];
  const refusals = refusalsOf(board, state, revision);
  const tried = new Set<string>();
  const open = board.places.flatMap(({ kind }, index) => {
    const likeness = `${state.stable[index] ?? 0} ${state.canary[index] ?? 0} ${kind}`;
    if (refusals[index]?.length !== 0 || tried.has(likeness)) return [];
    tried.add(likeness);
    return [index];
  });
  const load = (index: number): number => podsAt(state, index) / (board.places[index]?.nodes.length ?? 1);
  open.sort((a, b) => load(b) - load(a));
  const pending = { ...state.pending, [revision]: state.pending[revision] - 1 };
  return open.map((index) => ({ ...withPods(state, revision, index, 1), pending }));
}

/** What waits is given up first, then what stands where most pods of the workload are. */
function scaled(board: Board, state: State, revision: Revision, count: number, ranksPods: boolean): Courses {
  const surplus = podsOf(state, revision).wanted - count;
  const waiting = Math.max(0, state.pending[revision] - surplus);
  const kept: State = { ...state, pending: { ...state.pending, [revision]: waiting } };
  const removed = surplus - (state.pending[revision] - waiting);
  return removed <= 0 ? { states: [kept], isComplete: true } : removals(board, kept, revision, removed, ranksPods);
}

/** Ranks are taken once, before the first pod goes. Of a place with many nodes only their bounds are known. */
function removals(board: Board, state: State, revision: Revision, count: number, ranksPods: boolean): Courses {
  const ranks = board.places.map(({ nodes }, index) => {
    const pods = podsAt(state, index);
    return { least: Math.ceil(pods / nodes.length), most: nodes.length === 1 && ranksPods ? pods : Infinity };
  });
  const most = Math.ceil(MOST_REMOVALS / board.places.length);
  let states: readonly State[] = [state];
  let isComplete = true;
  for (let removed = 0; removed < count; removed++) {
    const next = new Map<string, State>();
    for (const each of states) {
      const holders = board.places.flatMap((_, index) => ((each[revision][index] ?? 0) > 0 ? [index] : []));
      const highest = holders.reduce((most, index) => Math.max(most, ranks[index]?.least ?? 0), 0);
      for (const index of holders.filter((holder) => (ranks[holder]?.most ?? 0) >= highest)) {
        const fewer = { ...each, ...withPods(each, revision, index, -1) };
        next.set(likenessOf(board, fewer, ranks), fewer);
      }
    }
    isComplete &&= next.size <= most;
    states = [...next.values()].slice(0, most);
  }
  return { states, isComplete };
}

/** The same for states that differ only in which of two interchangeable places gave up its pod. */
function likenessOf({ places }: Board, { stable, canary }: State, ranks: readonly { readonly least: number }[]): string {
  const each = places.map(({ kind }, index) => `${kind} ${ranks[index]?.least ?? 0} ${stable[index] ?? 0} ${canary[index] ?? 0}`);
  return each.sort().join('\n');
}
