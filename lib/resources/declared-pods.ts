/**
 * The pod templates that a set of labels selects, where namespaces may be unknown and controllers add labels of their own.
 *
 * What no template says but every pod carries (a StatefulSet's pod name, a revision's hash) cannot be missed in the
 * manifests: such labels are left out of the question.
 */
import { append } from '../manifest/append';
import { Field } from '../manifest/field';
import { type Labels, selectorMatches } from './label-selector';
import { mayBeSame } from './named-objects';
import type { Resources } from './resources';
import type { Workload } from './workload';

/** Labels that controllers put on pods. Source: kubernetes.io, Well-Known Labels; argo-rollouts, Best Practices; istio.io, Resource Labels; longhorn-manager; Patroni. */
const ADDED_BY_CONTROLLERS = new Set([
  'pod-template-hash',
  'rollouts-pod-template-hash',
  'controller-revision-hash',
  'pod-template-generation',
  'statefulset.kubernetes.io/pod-name',
  'apps.kubernetes.io/pod-index',
  'job-name',
  'controller-uid',
  'batch.kubernetes.io/job-name',
  'batch.kubernetes.io/controller-uid',
  'batch.kubernetes.io/job-completion-index',
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'istio.io/rev',
  'security.istio.io/tlsMode',
  'service.istio.io/canonical-name',
  'service.istio.io/canonical-revision',
  // Programs that mark which of their own pods are ready for a task, or lead.
  'longhorn.io/admission-webhook',
  'longhorn.io/conversion-webhook',
  'longhorn.io/recovery-backend',
  'spilo-role',
]);

/** The labels that a pod template would have to carry. */
export function templateLabelsOf(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([key]) => !ADDED_BY_CONTROLLERS.has(key)));
}

/** Enough candidates to name the nearest; more would make a repository of equal workloads slow. */
const MOST_CANDIDATES = 20;

export class DeclaredPods {
  private readonly byLabel = new Map<string, Workload[]>();
  private readonly byName = new Map<string, Workload[]>();
  private readonly namespaces = new Set<string | null>();
  private readonly workloads: readonly Workload[];

  constructor(resources: Resources) {
    this.workloads = resources.workloads;
    for (const workload of resources.workloads) {
      this.namespaces.add(workload.namespace);
      append(this.byName, workload.name, workload);
      for (const pair of Object.entries(workload.podLabels)) append(this.byLabel, pair.join('\n'), workload);
    }
  }

  /** Whether any workload may be in this namespace. */
  in(namespace: string | null): boolean {
    return this.namespaces.size > 0 && (namespace === null || this.namespaces.has(namespace) || this.namespaces.has(null));
  }

  /** Whether some pod of this namespace, of any where it is undefined, may carry all these labels. */
  carry(labels: Labels, namespace: string | null | undefined): boolean {
    return this.matches(new Field({ matchLabels: labels }), namespace);
  }

  /** Whether a LabelSelector may match some pod of this namespace, of any where it is undefined. */
  matches(selector: Field, namespace: string | null | undefined): boolean {
    const template = templateSelectorOf(selector);
    return this.candidatesFor(template).some(
      (workload) =>
        workload.template.isMap &&
        (namespace === undefined || mayBeSame(workload.namespace, namespace)) &&
        selectorMatches(template, workload.podLabels),
    );
  }

  /** The fewest workloads that an index finds for a selector: those with one of its labels, or one of the values that it allows. */
  private candidatesFor(selector: Field): readonly Workload[] {
    const found = Object.entries(selector.at('matchLabels').texts).map((pair) => this.byLabel.get(pair.join('\n')) ?? []);
    for (const expression of selector.at('matchExpressions').items) {
      if (expression.at('operator').string !== 'In') continue;
      const key = expression.at('key').string ?? '';
      found.push(expression.at('values').items.flatMap((value) => this.byLabel.get(`${key}\n${value.text ?? ''}`) ?? []));
    }
    return found.reduce<readonly Workload[]>((fewest, list) => (list.length < fewest.length ? list : fewest), this.workloads);
  }

  /**
   * The workload of this namespace that labels, which nothing carries, were most likely meant for: it carries some of them,
   * or one of them is its name.
   */
  nearest(labels: Labels, namespace: string | null, name: string): Workload | undefined {
    const wanted = Object.entries(templateLabelsOf(labels));
    const candidates = [
      ...wanted.flatMap((pair) => this.byLabel.get(pair.join('\n'))?.slice(0, MOST_CANDIDATES) ?? []),
      ...[name, ...wanted.map(([, value]) => value)].flatMap((text) => this.byName.get(text)?.slice(0, MOST_CANDIDATES) ?? []),
    ].filter((workload) => mayBeSame(workload.namespace, namespace));
    const agreement = (workload: Workload): number => wanted.filter(([key, value]) => workload.podLabels[key] === value).length;
    return candidates.reduce<Workload | undefined>(
      (best, workload) => (best === undefined || agreement(workload) > agreement(best) ? workload : best),
      undefined,
    );
  }
}

/** The selector without what asks for labels that controllers add. */
function templateSelectorOf(selector: Field): Field {
  const expressions = selector
    .at('matchExpressions')
    .items.filter((expression) => !ADDED_BY_CONTROLLERS.has(expression.at('key').string ?? ''));
  return new Field({
    matchLabels: templateLabelsOf(selector.at('matchLabels').texts),
    matchExpressions: expressions.map((expression) => expression.value),
  });
}
