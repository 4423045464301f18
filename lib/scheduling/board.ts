/**
 * The nodes as pods of one workload see them.
 *
 * The insight: pods of a workload are alike, so nodes that no rule tells apart are one place with room for the sum, and
 * places that differ in nothing but a name of their own are interchangeable. What is left to try is small.
 */
import { append } from '../manifest/append';
import { capacityOf, type PodDemand } from './pod-demand';
import { type NodeFilter, type NodeView, refusalOf } from './node-filter';
import type { AffinityRule, PlacementRules, SpreadRule } from './placement-rules';

export interface Place {
  readonly nodes: readonly NodeView[];
  /** Why none of its nodes ever takes the pod, as the scheduler words it. */
  readonly refusal?: string;
  /** Pods that fit. */
  readonly capacity: number;
  /** Pods that fit on each node. */
  readonly capacities: readonly number[];
  /** Why not more of them. */
  readonly fullRefusals: readonly string[];
  /** Places of the same kind are interchangeable. */
  readonly kind: number;
}

/** A rule over the board: the domain of each place, -1 where it has none. */
export interface SpreadOnBoard extends SpreadRule {
  readonly domains: readonly number[];
  readonly domainCount: number;
}

export interface AffinityOnBoard extends AffinityRule {
  readonly domains: readonly number[];
  readonly domainCount: number;
}

export interface Board {
  readonly places: readonly Place[];
  readonly spread: readonly SpreadOnBoard[];
  readonly affinity: readonly AffinityOnBoard[];
  /** Pods that fit in all, at most. */
  readonly most: number;
  /** The places of each kind of which there are several. */
  readonly interchangeable: readonly (readonly number[])[];
  /** All nodes in the order in which they were given. */
  readonly names: readonly string[];
}

export interface PodQuestion {
  readonly filter: NodeFilter;
  readonly rules: PlacementRules;
  readonly demand: PodDemand;
  /** Whether what runs on the nodes already is other than the workload's own pods, or may be those too. */
  readonly requested: 'by-others' | 'perhaps-by-itself';
  readonly replicas: number;
}

interface Seen {
  readonly node: NodeView;
  readonly refusal?: string;
  readonly capacity: number;
  readonly fullRefusals: readonly string[];
  /** Whether it counts as a domain, by spread rule. */
  readonly counted: readonly boolean[];
  /** Its value of each topology key in use. */
  readonly values: readonly (string | undefined)[];
}

export function boardOf(nodes: readonly NodeView[], question: PodQuestion): Board {
  const { rules } = question;
  const keys = [...new Set([...rules.spread, ...rules.affinity].map(({ topologyKey }) => topologyKey))];
  const groups = new Map<string, Seen[]>();
  for (const node of nodes) {
    const seen = look(node, question, keys);
    append(groups, JSON.stringify([seen.refusal ?? '', seen.counted, seen.values]), seen);
  }
  const grouped = [...groups.values()];
  const holders = keys.map((_, index) => tally(grouped.map((group) => group[0]?.values[index])));
  const kinds = new Map<string, number[]>();
  const places = grouped.map((group, index) => {
    const likeness = likenessOf(group, holders);
    append(kinds, likeness, index);
    return { ...placeOf(group), kind: kinds.get(likeness)?.[0] ?? index };
  });
  const domainsOf = (topologyKey: string, counts: (seen: Seen) => boolean): { domains: number[]; domainCount: number } => {
    const index = keys.indexOf(topologyKey);
    const ids = new Map<string, number>();
    const domains = grouped.map(([seen]) => {
      const value = seen?.values[index];
      if (seen === undefined || value === undefined || !counts(seen)) return -1;
      return ids.get(value) ?? (ids.set(value, ids.size), ids.size - 1);
    });
    return { domains, domainCount: ids.size };
  };
  return {
    places,
    spread: rules.spread.map((rule, index) => ({ ...rule, ...domainsOf(rule.topologyKey, ({ counted }) => counted[index] === true) })),
    affinity: rules.affinity.map((rule) => ({ ...rule, ...domainsOf(rule.topologyKey, () => true) })),
    most: mostPods(nodes, question),
    interchangeable: [...kinds.values()].filter(({ length }) => length > 1),
    names: nodes.map(({ name }) => name),
  };
}

function look(node: NodeView, { filter, rules, demand, requested }: PodQuestion, keys: readonly string[]): Seen {
  const missing = rules.neededKeys.find(({ key }) => !Object.hasOwn(node.labels, key));
  const refusal = refusalOf(node, filter) ?? missing?.reason;
  const { pods, refusals } = capacityOf(node, demand, requested === 'by-others');
  const hasAllKeys = rules.spread.every(({ topologyKey }) => Object.hasOwn(node.labels, topologyKey));
  return {
    node,
    refusal,
    capacity: refusal === undefined ? pods : 0,
    fullRefusals: refusals,
    counted: rules.spread.map(
      ({ honorsAffinity, honorsTaints }) =>
        hasAllKeys && (!honorsAffinity || filter.selects(node)) && (!honorsTaints || filter.untolerated(node) === undefined),
    ),
    values: keys.map((key) => (Object.hasOwn(node.labels, key) ? node.labels[key] : undefined)),
  };
}

/** How many groups carry each value. */
function tally(values: readonly (string | undefined)[]): ReadonlyMap<string | undefined, number> {
  const counts = new Map<string | undefined, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

function placeOf(group: readonly Seen[]): Omit<Place, 'kind'> {
  const [first] = group;
  const capacities = group.map(({ capacity }) => capacity);
  return {
    nodes: group.map(({ node }) => node),
    refusal: first?.refusal,
    capacity: capacities.reduce((sum, each) => sum + each, 0),
    capacities,
    fullRefusals: first?.fullRefusals ?? [],
  };
}

/** All that matters of a place, without the values that it has for itself. */
function likenessOf(group: readonly Seen[], holders: readonly ReadonlyMap<string | undefined, number>[]): string {
  const [first] = group;
  const values = first?.values.map((value, index) =>
    value !== undefined && holders[index]?.get(value) === 1 ? { own: true } : (value ?? null),
  );
  return JSON.stringify([first?.refusal ?? '', group.map(({ capacity }) => String(capacity)), first?.counted, values]);
}

/** Where what is requested may be the running pods themselves, those and what is free beside them. */
function mostPods(nodes: readonly NodeView[], { filter, demand, requested, replicas }: PodQuestion): number {
  if (requested === 'by-others') return Infinity;
  const open = nodes.filter((node) => refusalOf(node, filter) === undefined);
  return open.reduce((sum, node) => sum + capacityOf(node, demand, true).pods, replicas);
}
