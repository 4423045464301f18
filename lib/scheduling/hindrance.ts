/**
 * Which field keeps an update from being placed: the one whose relaxation alone lets it through, the mildest first.
 */
import type { Field } from '../manifest/field';
import { containerResourcesOf } from '../resources/pod-resources';
import type { Workload } from '../resources/workload';
import type { PodQuestion } from './board';
import { type NodeView, requiredNodeAffinity } from './node-filter';
import type { PlacementRules, SpreadRule } from './placement-rules';
import { verdictOf } from './update-schedule';
import type { UpdateTrial } from './update-trial';

export interface Hindrance {
  /**
   * - `taints-counted`: nodes that the pods cannot use are counted as empty domains
   * - `several`: no single field is enough
   */
  readonly kind: 'taints-counted' | 'spread' | 'affinity' | 'host-port' | 'requests' | 'selector' | 'taints' | 'several';
  /** The field to blame, first of `fields`. */
  readonly field: Field;
  /** All fields to change. */
  readonly fields: readonly Field[];
  /** The object that the fields stand in. */
  readonly owner: Workload;
}

interface Relaxation extends Hindrance {
  readonly question: PodQuestion;
}

/** @param trial an update that is certain not to be placed */
export function hindranceOf(trial: UpdateTrial, nodes: readonly NodeView[]): Hindrance {
  for (const { question, ...hindrance } of relaxationsOf(trial)) {
    if (verdictOf({ ...trial, question }, nodes) === 'fits') return hindrance;
  }
  const { template, question } = trial;
  const field = question.rules.neededKeys[0]?.field ?? question.rules.affinity[0]?.field ?? template.podSpec;
  return { kind: 'several', field, fields: [field], owner: template };
}

function* relaxationsOf(trial: UpdateTrial): Iterable<Relaxation> {
  const { question, template, controller } = trial;
  const { rules, demand, filter } = question;
  const counting = rules.spread.filter(({ honorsTaints }) => !honorsTaints);
  for (const some of oneByOneAndAll(counting))
    yield { kind: 'taints-counted', ...named(some), owner: template, question: { ...question, rules: honoring(rules, some) } };
  for (const some of oneByOneAndAll(rules.neededKeys.filter(({ field }) => isSpread(field))))
    yield { kind: 'spread', ...named(some), owner: template, question: { ...question, rules: without(rules, some) } };
  const terms = [...rules.affinity, ...rules.neededKeys.filter(({ field }) => !isSpread(field))];
  for (const term of terms) {
    const owner = rules.affinity.some(({ field, isInjected }) => field === term.field && isInjected) ? controller : template;
    yield { kind: 'affinity', ...named([term]), owner, question: { ...question, rules: without(rules, [term]) } };
  }
  if (demand.hostPort !== undefined) {
    const field = demand.hostPort;
    yield { kind: 'host-port', field, fields: [field], owner: template, question: { ...question, demand: { requests: demand.requests } } };
  }
  for (const name of demand.requests.keys()) {
    const field = largestRequest(template, name);
    const requests = new Map([...demand.requests].filter(([other]) => other !== name));
    yield { kind: 'requests', field, fields: [field], owner: template, question: { ...question, demand: { ...demand, requests } } };
  }
  // First what keeps pods from the nodes that they ask for, then what they ask for.
  const tolerations = template.podSpec.at('tolerations');
  const tolerant = { ...filter, untolerated: () => undefined };
  yield { kind: 'taints', field: tolerations, fields: [tolerations], owner: template, question: { ...question, filter: tolerant } };
  const selector = template.podSpec.at('nodeSelector');
  const chosen = selector.isSet ? selector : requiredNodeAffinity(template.podSpec);
  yield {
    kind: 'selector',
    field: chosen,
    fields: [chosen],
    owner: template,
    question: { ...question, filter: { ...filter, selects: () => true } },
  };
}

interface Named {
  readonly field: Field;
}

/** Each alone, then, where there are more, all of them. */
function oneByOneAndAll<Rule extends Named>(rules: readonly Rule[]): readonly (readonly [Rule, ...Rule[]])[] {
  const alone = rules.map((rule): [Rule, ...Rule[]] => [rule]);
  const [first, ...others] = rules;
  return first === undefined || others.length === 0 ? alone : [...alone, [first, ...others]];
}

function named(rules: readonly [Named, ...Named[]]): { readonly field: Field; readonly fields: readonly Field[] } {
  return { field: rules[0].field, fields: rules.map(({ field }) => field) };
}

export function isSpread({ path }: Field): boolean {
  return path.includes('/topologySpreadConstraints/');
}

function honoring(rules: PlacementRules, some: readonly SpreadRule[]): PlacementRules {
  return { ...rules, spread: rules.spread.map((rule) => (some.includes(rule) ? { ...rule, honorsTaints: true } : rule)) };
}

function without(rules: PlacementRules, some: readonly Named[]): PlacementRules {
  const dropped = new Set(some.map(({ field }) => field.path));
  const kept = ({ field }: Named): boolean => !dropped.has(field.path);
  return { spread: rules.spread.filter(kept), affinity: rules.affinity.filter(kept), neededKeys: rules.neededKeys.filter(kept) };
}

/** Where the container that asks for most says so; of what only a sidecar or the scheduler itself asks for, the pod. */
function largestRequest(template: Workload, name: string): Field {
  const whole = template.podSpec.at('resources', 'requests', name);
  if (whole.isSet) return whole;
  const asking = containerResourcesOf(template).filter(({ requests }) => requests.has(name));
  const [first, ...others] = asking;
  if (first === undefined) return template.podSpec;
  const largest = others.reduce((most, each) => ((each.requests.get(name) ?? 0n) > (most.requests.get(name) ?? 0n) ? each : most), first);
  const request = largest.field.at('requests', name);
  return request.isSet ? request : largest.field.at('limits', name);
}
