/**
 * What pods of a workload ask of each other's places: topology spread and required affinity.
 *
 * Only what the workload's own pods decide is a rule here. A term that pods of others satisfy or break is left out: where
 * those run is not known, and a finding has to be certain.
 * Sources: kube-scheduler plugins podtopologyspread and interpodaffinity.
 */
import type { Field } from '../manifest/field';
import { type Labels, selectorMatches } from '../resources/label-selector';
import type { Workload } from '../resources/workload';

export type Revision = 'stable' | 'canary';

/** Whether pods of one revision count for a pod of another. */
type Counts = Readonly<Record<Revision, Readonly<Record<Revision, boolean>>>>;

export interface SpreadRule {
  readonly field: Field;
  readonly topologyKey: string;
  readonly maxSkew: number;
  readonly minDomains: number;
  /** Nodes that the pod's selector and affinity refuse are no domains. */
  readonly honorsAffinity: boolean;
  /** Nodes with taints that the pod does not tolerate are no domains. */
  readonly honorsTaints: boolean;
  /** `counts[incoming][existing]` */
  readonly counts: Counts;
}

export interface AffinityRule {
  readonly kind: 'together' | 'apart';
  readonly field: Field;
  readonly topologyKey: string;
  /** For `apart` in both directions: what runs keeps away what comes, too. */
  readonly counts: Counts;
  /** It comes from the Rollout rather than from the pod's template. */
  readonly isInjected?: boolean;
}

export interface PlacementRules {
  readonly spread: readonly SpreadRule[];
  readonly affinity: readonly AffinityRule[];
  /** Labels without which a node is refused. */
  readonly neededKeys: readonly { readonly key: string; readonly reason: string; readonly field: Field }[];
}

/** What tells the pods of one revision from those of another. Source: the controllers' own labels. */
const HASH_LABELS: Readonly<Record<string, string>> = {
  Deployment: 'pod-template-hash',
  Rollout: 'rollouts-pod-template-hash',
  StatefulSet: 'controller-revision-hash',
};
/** Labels that differ from pod to pod of a StatefulSet. */
const POD_LABELS = new Set(['apps.kubernetes.io/pod-index', 'statefulset.kubernetes.io/pod-name']);

/** @param isShared whether pods of other workloads match a selector as well */
export function placementRulesOf(template: Workload, controller: Workload, isShared: (selector: Field) => boolean): PlacementRules {
  const { podSpec } = template;
  const labels = revisionLabels(template, controller);
  const hard = podSpec
    .at('topologySpreadConstraints')
    .items.filter((constraint) => constraint.at('whenUnsatisfiable').string === 'DoNotSchedule');
  const terms = (kind: string): readonly Field[] => podSpec.at('affinity', kind, 'requiredDuringSchedulingIgnoredDuringExecution').items;
  const together = terms('podAffinity');
  const own = together.filter((term) => !isShared(term.at('labelSelector')) && coversOwnNamespace(term, template));
  return {
    // A selector that is narrowed to one revision matches no pods of others.
    spread: hard
      .filter((constraint) => namesRevision(constraint, labels.stable, controller) || !isShared(constraint.at('labelSelector')))
      .flatMap((constraint) => spreadRule(constraint, labels)),
    affinity: [
      ...terms('podAntiAffinity')
        .filter((term) => coversOwnNamespace(term, template))
        .map((term) => affinityRule('apart', term, labels)),
      ...own.map((term) => affinityRule('together', term, labels)).filter(({ counts }) => counts.stable.stable && counts.canary.canary),
      ...injectedAntiAffinity(controller),
    ],
    neededKeys: [
      ...hard.map((field) => needed(field, "node(s) didn't match pod topology spread constraints (missing required label)")),
      ...together.map((field) => needed(field, "node(s) didn't match pod affinity rules")),
    ],
  };
}

function namesRevision(constraint: Field, labels: Labels, { kind }: Workload): boolean {
  const hash = HASH_LABELS[kind];
  return hash !== undefined && labels[hash] !== undefined && constraint.at('matchLabelKeys').strings.includes(hash);
}

function needed(field: Field, reason: string): PlacementRules['neededKeys'][number] {
  return { key: field.at('topologyKey').string ?? '', reason, field };
}

function revisionLabels({ podLabels }: Workload, { kind }: Workload): Readonly<Record<Revision, Labels>> {
  const hash = HASH_LABELS[kind];
  if (hash === undefined) return { stable: podLabels, canary: podLabels };
  return { stable: { ...podLabels, [hash]: 'stable' }, canary: { ...podLabels, [hash]: 'canary' } };
}

/** An absent selector matches nothing; of an empty one the scheduler counts nothing: neither ever blocks. */
function spreadRule(field: Field, labels: Readonly<Record<Revision, Labels>>): readonly SpreadRule[] {
  const selector = field.at('labelSelector');
  const keys = field.at('matchLabelKeys').strings;
  const isEmpty = selector.at('matchLabels').keys.length + selector.at('matchExpressions').items.length + keys.length === 0;
  if (!selector.isMap || isEmpty || keys.some((key) => POD_LABELS.has(key))) return [];
  const counts = countsOf((incoming, existing) => matches(selector, keys, [], labels[incoming], labels[existing]));
  return [
    {
      field,
      topologyKey: field.at('topologyKey').string ?? '',
      maxSkew: field.at('maxSkew').number ?? 1,
      minDomains: field.at('minDomains').number ?? 1,
      honorsAffinity: field.at('nodeAffinityPolicy').string !== 'Ignore',
      honorsTaints: field.at('nodeTaintsPolicy').string === 'Honor',
      counts,
    },
  ];
}

function affinityRule(kind: AffinityRule['kind'], field: Field, labels: Readonly<Record<Revision, Labels>>): AffinityRule {
  const [keys, mismatched] = [field.at('matchLabelKeys').strings, field.at('mismatchLabelKeys').strings];
  const ofEachPod = [...keys, ...mismatched].some((key) => POD_LABELS.has(key));
  const matched = (incoming: Revision, existing: Revision): boolean =>
    !ofEachPod && matches(field.at('labelSelector'), keys, mismatched, labels[incoming], labels[existing]);
  const counts = countsOf(kind === 'apart' ? (a, b) => matched(a, b) || matched(b, a) : matched);
  return { kind, field, topologyKey: field.at('topologyKey').string ?? '', counts };
}

/** The rule that the Rollout's controller adds to the pods of a new revision: away from the others. */
function injectedAntiAffinity({ kind, resource }: Workload): readonly AffinityRule[] {
  if (kind !== 'Rollout') return [];
  const fields = ['canary', 'blueGreen'].map((name) =>
    resource.at('spec', 'strategy', name, 'antiAffinity', 'requiredDuringSchedulingIgnoredDuringExecution'),
  );
  return fields
    .filter((field) => field.isMap)
    .map((field) => ({
      kind: 'apart',
      field,
      topologyKey: 'kubernetes.io/hostname',
      counts: countsOf((a, b) => a !== b),
      isInjected: true,
    }));
}

function countsOf(counts: (incoming: Revision, existing: Revision) => boolean): Counts {
  return {
    stable: { stable: counts('stable', 'stable'), canary: counts('stable', 'canary') },
    canary: { stable: counts('canary', 'stable'), canary: counts('canary', 'canary') },
  };
}

/** Keys that the incoming pod lacks are ignored. */
function matches(selector: Field, keys: readonly string[], mismatched: readonly string[], incoming: Labels, existing: Labels): boolean {
  return (
    selectorMatches(selector, existing) &&
    keys.every((key) => incoming[key] === undefined || incoming[key] === existing[key]) &&
    mismatched.every((key) => incoming[key] === undefined || incoming[key] !== existing[key])
  );
}

/** Of a selector over namespaces only the empty one is certain to select this one. */
function coversOwnNamespace(term: Field, { namespace }: Workload): boolean {
  const [names, selector] = [term.at('namespaces').strings, term.at('namespaceSelector')];
  if (names.length === 0 && !selector.isMap) return true;
  if (selector.isMap && selector.keys.length === 0) return true;
  return namespace !== null && names.includes(namespace);
}
