/**
 * Which nodes a pod may never run on, whatever else runs there: selectors, required affinity and taints.
 *
 * Sources: kubernetes.io, Assigning Pods to Nodes, Taints and Tolerations; kube-scheduler plugins nodeunschedulable,
 * tainttoleration, nodeaffinity.
 */
import type { ClusterNode } from '../facts/cluster';
import type { TaintFacts } from '../facts/cluster-facts';
import { Field } from '../manifest/field';
import type { Labels } from '../resources/label-selector';
import { type Amounts, amountsAt } from '../resources/pod-resources';

/** A node, with what is asked of it often worked out once. */
export interface NodeView {
  readonly name: string;
  readonly labels: Labels;
  /** Taints that keep pods away; those that only discourage are left out. */
  readonly taints: readonly TaintFacts[];
  /** Thousandths by resource name; what is not listed is not known. */
  readonly allocatable: Amounts;
  /** By what runs there already. */
  readonly requested: Amounts;
}

export function nodeViewOf(node: ClusterNode): NodeView {
  const { name, labels, taints, facts } = node;
  return {
    name,
    labels,
    taints: taints.filter(({ effect }) => effect !== 'PreferNoSchedule'),
    allocatable: amountsAt(new Field(facts.allocatable)),
    requested: amountsAt(new Field(facts.requested)),
  };
}

/** What a pod spec asks of nodes, and what of it is to be left out of the question. */
export interface NodeFilter {
  /** Whether the node carries what the pod's selector and required affinity ask for. */
  selects(node: NodeView): boolean;
  /** The first taint that the pod does not tolerate. */
  untolerated(node: NodeView): TaintFacts | undefined;
}

export function nodeFilterOf(podSpec: Field): NodeFilter {
  const selector = podSpec.at('nodeSelector').texts;
  const required = requiredNodeAffinity(podSpec);
  const terms = required.at('nodeSelectorTerms').items;
  const tolerations = podSpec.at('tolerations').items;
  return {
    selects: (node) =>
      Object.entries(selector).every(([key, value]) => mayCarry(node.labels, key) || node.labels[key] === value) &&
      (!required.isMap || terms.some((term) => termMatches(term, node))),
    untolerated: (node) => node.taints.find((taint) => !tolerations.some((toleration) => tolerates(toleration, taint))),
  };
}

export function requiredNodeAffinity(podSpec: Field): Field {
  return podSpec.at('affinity', 'nodeAffinity', 'requiredDuringSchedulingIgnoredDuringExecution');
}

/** Why the node is out of the question, as the scheduler words it. */
export function refusalOf(node: NodeView, filter: NodeFilter): string | undefined {
  const taint = filter.untolerated(node);
  if (taint?.key === UNSCHEDULABLE) return 'node(s) were unschedulable';
  if (taint !== undefined) return `node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`;
  return filter.selects(node) ? undefined : "node(s) didn't match Pod's node affinity/selector";
}

const UNSCHEDULABLE = 'node.kubernetes.io/unschedulable';

function tolerates(toleration: Field, taint: TaintFacts): boolean {
  const effect = toleration.at('effect').string ?? '';
  if (effect !== '' && effect !== taint.effect) return false;
  const key = toleration.at('key').string ?? '';
  if (key !== '' && key !== taint.key) return false;
  if (toleration.at('operator').string === 'Exists') return true;
  return key !== '' && (toleration.at('value').text ?? '') === (taint.value ?? '');
}

/** A term without expressions matches nothing. */
function termMatches(term: Field, node: NodeView): boolean {
  const expressions = term.at('matchExpressions').items;
  const fields = term.at('matchFields').items;
  if (expressions.length + fields.length === 0) return false;
  return (
    expressions.every((expression) => expressionMatches(expression, node.labels)) &&
    fields.every((field) => expressionMatches(field, { 'metadata.name': node.name }))
  );
}

/** Labels that every kubelet sets, and that facts seldom repeat: their absence there says nothing. Source: kubernetes.io, Well-Known Labels */
const KUBELET_LABELS = new Set(['kubernetes.io/arch', 'beta.kubernetes.io/arch', 'beta.kubernetes.io/os']);

function mayCarry(labels: Labels, key: string): boolean {
  return KUBELET_LABELS.has(key) && !Object.hasOwn(labels, key);
}

function expressionMatches(expression: Field, labels: Labels): boolean {
  const key = expression.at('key').string ?? '';
  if (mayCarry(labels, key)) return true;
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  const values = expression.at('values').items.map((item) => item.text ?? '');
  switch (expression.at('operator').string) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return value !== undefined && Number(value) > Number(values[0]);
    case 'Lt':
      return value !== undefined && Number(value) < Number(values[0]);
    default:
      return false;
  }
}

/** Whether a pod can only be judged by the nodes that there are: it refuses some, or minds where its like are. */
export function asksForNodes(podSpec: Field): boolean {
  const affinity = podSpec.at('affinity');
  return (
    podSpec.at('nodeSelector').keys.length > 0 ||
    podSpec.at('topologySpreadConstraints').items.some((constraint) => constraint.at('whenUnsatisfiable').string === 'DoNotSchedule') ||
    ['nodeAffinity', 'podAffinity', 'podAntiAffinity'].some(
      (kind) => affinity.at(kind, 'requiredDuringSchedulingIgnoredDuringExecution').isSet,
    )
  );
}
