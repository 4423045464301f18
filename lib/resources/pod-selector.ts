/**
 * What selects pods besides workloads, Services and monitors: disruption budgets and policies.
 *
 * Cilium writes label keys with their source (`k8s:app`) and puts a pod's namespace among its labels; here all selectors
 * read alike.
 */
import { Field } from '../manifest/field';
import { pointerTo } from '../manifest/json-pointer';
import type { Resource } from './resource';

export interface PodSelector {
  readonly resource: Resource;
  /** A LabelSelector over the labels of a pod template, at the place where it was written. */
  readonly selector: Field;
  /** Where its pods are: a namespace, null where that is unknown, undefined for all namespaces. */
  readonly namespace: string | null | undefined;
  /** Where the label of that key was written. */
  readonly fieldOf: (key: string) => Field;
}

const ISTIO_POLICIES = new Set(['AuthorizationPolicy', 'PeerAuthentication', 'RequestAuthentication']);

/** Istio applies what stands in its root namespace everywhere. */
const MESH_ROOT = 'istio-system';

/** The selectors of a budget or policy that ask for certain pods; one that selects all pods asks for none. */
export function podSelectorsOf(resource: Resource): readonly PodSelector[] {
  return selectorFieldsOf(resource).flatMap((field) => {
    const plain = isCilium(resource)
      ? withoutSources(field)
      : { selector: field, namespace: undefined, written: new Map<string, string>() };
    if (plain === undefined || (!isFilled(plain.selector, 'matchLabels') && !isFilled(plain.selector, 'matchExpressions'))) return [];
    const namespace = plain.namespace ?? (reachesAllNamespaces(resource) ? undefined : resource.namespace);
    return [
      { resource, selector: plain.selector, namespace, fieldOf: (key: string) => field.at('matchLabels', plain.written.get(key) ?? key) },
    ];
  });
}

function selectorFieldsOf(resource: Resource): readonly Field[] {
  const spec = resource.at('spec');
  switch (`${resource.group}/${resource.kind}`) {
    case 'policy/PodDisruptionBudget':
      return [spec.at('selector')];
    case 'networking.k8s.io/NetworkPolicy':
      return [spec.at('podSelector')];
    case 'cilium.io/CiliumNetworkPolicy':
    case 'cilium.io/CiliumClusterwideNetworkPolicy':
      return [spec, ...resource.at('specs').items].map((rule) => rule.at('endpointSelector'));
    default:
      return resource.group === 'security.istio.io' && ISTIO_POLICIES.has(resource.kind) ? [spec.at('selector')] : [];
  }
}

function isCilium(resource: Resource): boolean {
  return resource.group === 'cilium.io';
}

function reachesAllNamespaces(resource: Resource): boolean {
  return resource.isClusterScoped || (resource.group === 'security.istio.io' && resource.namespace === MESH_ROOT);
}

function isFilled(selector: Field, part: string): boolean {
  return selector.at(part).keys.length > 0 || selector.at(part).items.length > 0;
}

const POD_NAMESPACE = 'io.kubernetes.pod.namespace';

/** The selector over plain keys. @returns undefined where it is about other endpoints than pods */
function withoutSources(
  field: Field,
): { readonly selector: Field; readonly namespace: string | undefined; readonly written: ReadonlyMap<string, string> } | undefined {
  const written = new Map<string, string>();
  const matchLabels: Record<string, string> = {};
  let namespace: string | undefined;
  for (const [key, value] of field.at('matchLabels').entries) {
    const plain = plainKey(key);
    if (plain === undefined) return undefined;
    if (plain === POD_NAMESPACE) namespace = value.text;
    else if (!plain.startsWith('io.cilium.') && !plain.startsWith('io.kubernetes.')) matchLabels[plain] = value.text ?? '';
    written.set(plain, key);
  }
  const matchExpressions = [];
  for (const expression of field.at('matchExpressions').items) {
    const plain = plainKey(expression.at('key').string ?? '');
    if (plain === undefined || plain === POD_NAMESPACE) return undefined;
    if (plain.startsWith('io.cilium.') || plain.startsWith('io.kubernetes.')) continue;
    matchExpressions.push({ key: plain, operator: expression.at('operator').value, values: expression.at('values').value });
  }
  return { selector: new Field({ matchLabels, matchExpressions }, pointerTo(field.path)), namespace, written };
}

/** The key without the source of the label. @returns undefined for sources other than Kubernetes */
function plainKey(key: string): string | undefined {
  const source = /^([a-z]+)[:.](?=.)/.exec(key)?.[1];
  if (source === 'reserved' || source === 'cidr' || source === 'fqdn') return undefined;
  return key.replace(/^(k8s|any):/, '');
}
