/** The declared workloads that a Cilium selector means, where that can be told from labels and namespaces alone. */
import { Field } from '../manifest/field';
import { selectorMatches } from './label-selector';
import type { Resource } from './resource';
import type { Resources } from './resources';
import type { Workload } from './workload';

const POD_NAMESPACE = 'io.kubernetes.pod.namespace';

/** @returns undefined for selectors over anything else: nodes, entities, labels of namespaces */
export function workloadsOf(selector: Field, policy: Resource, resources: Resources): readonly Workload[] | undefined {
  if (!selector.isMap) return undefined;
  const labels = selector.at('matchLabels').entries.map(([key, value]) => [plainKey(key), value.text ?? ''] as const);
  const expressions = selector.at('matchExpressions').items.map((expression) => ({
    key: plainKey(expression.at('key').string ?? ''),
    operator: expression.at('operator').string ?? '',
    values: expression.at('values').strings,
  }));
  const keys = [...labels.map(([key]) => key), ...expressions.map(({ key }) => key)];
  if (keys.some((key) => key === undefined || key.startsWith('io.cilium.'))) return undefined;
  const namespaces = namespacesOf(new Map(labels.map(([key, value]) => [key ?? '', value])), expressions, policy);
  if (namespaces === undefined) return undefined;
  const matchLabels: Record<string, string> = Object.fromEntries(
    labels.flatMap(([key, value]) => (key === undefined || key === POD_NAMESPACE ? [] : [[key, value] as const])),
  );
  const matchExpressions = expressions.filter(({ key }) => key !== POD_NAMESPACE);
  const candidates =
    namespaces === 'all' ? resources.workloads : namespaces.flatMap((namespace) => resources.workloadsLabelled(namespace, matchLabels));
  const plain = new Field({ matchLabels, matchExpressions });
  return candidates.filter(({ podLabels }) => selectorMatches(plain, podLabels));
}

interface Expression {
  readonly key: string | undefined;
  readonly operator: string;
  readonly values: readonly string[];
}

/** A selector that names no namespace means the policy's own; a cluster-wide policy has none, and means all. */
function namespacesOf(
  labels: ReadonlyMap<string, string>,
  expressions: readonly Expression[],
  policy: Resource,
): readonly (string | null)[] | 'all' | undefined {
  const named = labels.get(POD_NAMESPACE);
  if (named !== undefined) return [named];
  const expression = expressions.find(({ key }) => key === POD_NAMESPACE);
  if (expression === undefined) return policy.isClusterScoped ? 'all' : [policy.namespace];
  if (expression.operator === 'In') return expression.values;
  return expression.operator === 'Exists' ? 'all' : undefined;
}

/** The key without the source of the label. @returns undefined for sources other than Kubernetes */
function plainKey(key: string): string | undefined {
  const source = /^([a-z]+):/.exec(key)?.[1];
  if (source !== undefined && source !== 'k8s' && source !== 'any') return undefined;
  return key.startsWith('reserved.') ? undefined : key.replace(/^(k8s|any):/, '');
}
