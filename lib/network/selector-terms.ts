/**
 * From the selector that somebody wrote to the one that Cilium enforces: sources are filled in and namespaces added.
 *
 * Source: cilium 1.18 pkg/k8s/apis/cilium.io/utils getEndpointSelector and ParseToCiliumRule,
 * pkg/k8s/network_policy.go parseNetworkPolicyPeer.
 */
import { type Field } from '../manifest/field';
import { NAMESPACE_LABEL_PREFIX, POD_NAMESPACE, POLICY_CLUSTER } from './identity';
import { type Operator, type Requirement, splitKey } from './selector';

export interface Scope {
  /** The policy's namespace. @default - cluster-wide */
  readonly namespace?: string;
  /** `policy-default-local-cluster`: peers are of this cluster unless they say otherwise. @default - off */
  readonly localCluster?: string;
  /** The subject may be an endpoint without labels. @default false */
  readonly matchesInit?: boolean;
}

/** The subject of a CiliumNetworkPolicy or a clusterwide one: always in the policy's namespace. */
export function subjectTerms(selector: Field, namespace: string | undefined): Requirement[] {
  const terms = termsOf(selector, splitKey);
  return namespace === undefined ? terms : withLabel(terms, 'k8s', POD_NAMESPACE, namespace);
}

/** A peer of fromEndpoints or toEndpoints. */
export function peerTerms(selector: Field, scope: Scope): Requirement[] {
  const terms = termsOf(selector, splitKey);
  return terms.some(({ source }) => source === 'reserved') ? terms : scoped(terms, scope);
}

/** A selector of fromRequires or toRequires: scoped even where it names a reserved label. */
export function requiredTerms(selector: Field, scope: Scope): Requirement[] {
  return scoped(termsOf(selector, splitKey), scope);
}

/** A selector of fromNodes or toNodes: never the local node. */
export function nodeTerms(selector: Field, scope: Scope): Requirement[] {
  return inLocalCluster([...termsOf(selector, splitKey), exists('reserved', 'remote-node')], scope);
}

/** The subject of a NetworkPolicy. */
export function podSelectorTerms(selector: Field, namespace: string): Requirement[] {
  return withLabel(termsOf(selector, podKey), 'k8s', POD_NAMESPACE, namespace);
}

/** A peer of a NetworkPolicy by its selectors, either of which may be absent. */
export function networkPolicyPeerTerms(peer: Field, namespace: string, localCluster: string | undefined): Requirement[] {
  const namespaceSelector = peer.at('namespaceSelector');
  const pods = termsOf(peer.at('podSelector'), podKey);
  const clustered =
    localCluster === undefined || hasKey(pods, POLICY_CLUSTER) ? pods : withLabel(pods, 'k8s', POLICY_CLUSTER, localCluster);
  if (!namespaceSelector.isSet) return withLabel(clustered, 'k8s', POD_NAMESPACE, namespace);
  const namespaces = termsOf(namespaceSelector, (key) => ({ source: 'k8s', key: NAMESPACE_LABEL_PREFIX + key }));
  return [...(namespaces.length === 0 ? [exists('k8s', POD_NAMESPACE)] : namespaces), ...clustered];
}

function podKey(key: string): { source: string; key: string } {
  return { source: 'k8s', key };
}

/** A requirement, and whether it stands in matchLabels, where another value for the same key replaces it. */
interface Term extends Requirement {
  readonly isLabel?: boolean;
}

function termsOf(selector: Field, split: (key: string) => { source: string; key: string }): Term[] {
  const labels = selector.at('matchLabels').entries.map(([key, value]): Term => {
    return { ...split(key), operator: 'In', values: [value.text ?? ''], isLabel: true };
  });
  const expressions = selector.at('matchExpressions').items.flatMap((expression): Term[] => {
    const operator = operatorOf(expression);
    if (operator === undefined) return [];
    return [
      { ...split(expression.at('key').text ?? ''), operator, values: expression.at('values').items.map((value) => value.text ?? '') },
    ];
  });
  return [...labels, ...expressions];
}

function operatorOf(expression: Field): Operator | undefined {
  const operator = expression.at('operator').string;
  return operator === 'In' || operator === 'NotIn' || operator === 'Exists' || operator === 'DoesNotExist' ? operator : undefined;
}

function scoped(terms: readonly Term[], scope: Scope): Term[] {
  const namesNamespace = terms.some(({ source, key }) => (source === 'k8s' || source === 'any') && key === POD_NAMESPACE);
  if (namesNamespace) return inLocalCluster(terms, scope);
  if (scope.namespace === undefined)
    return inLocalCluster(scope.matchesInit === true ? terms : [...terms, exists('k8s', POD_NAMESPACE)], scope);
  const namesNamespaceLabel = terms.some(
    ({ source, key }) => (source === 'k8s' || source === 'any') && key.startsWith(NAMESPACE_LABEL_PREFIX),
  );
  return inLocalCluster(namesNamespaceLabel ? terms : withLabel(terms, 'k8s', POD_NAMESPACE, scope.namespace), scope);
}

function inLocalCluster(terms: readonly Term[], { localCluster }: Scope): Term[] {
  return localCluster === undefined || hasKey(terms, POLICY_CLUSTER) ? [...terms] : withLabel(terms, 'k8s', POLICY_CLUSTER, localCluster);
}

function hasKey(terms: readonly Requirement[], wanted: string): boolean {
  return terms.some(({ source, key }) => (source === 'k8s' || source === 'any') && key === wanted);
}

/** As if written into matchLabels, where it replaces what stood at the very same key; expressions stay. */
function withLabel(terms: readonly Term[], source: string, key: string, value: string): Term[] {
  const others = terms.filter((term) => term.isLabel !== true || term.source !== source || term.key !== key);
  return [...others, { source, key, operator: 'In', values: [value], isLabel: true }];
}

function exists(source: string, key: string): Requirement {
  return { source, key, operator: 'Exists', values: [] };
}
