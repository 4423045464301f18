/**
 * NetworkPolicy as rules, the way Cilium reads it; where the engine is another, the way Kubernetes means it.
 *
 * The difference that people meet: Cilium enforces the rules of a direction that policyTypes leaves out, and its ipBlock
 * never matches pods or nodes. Source: cilium 1.18 pkg/k8s/network_policy.go; k8s.io/api/networking/v1.
 */
import { type Field } from '../manifest/field';
import type { Resource } from '../resources/resource';
import { type IpRange, ipRange } from './ip-range';
import type { Direction, Peer, PolicyRule, Section, TrafficRule } from './policy-rule';
import type { RuleReader } from './rule-reader';
import { UNKNOWN_NAMESPACE } from './selector';
import { networkPolicyPeerTerms, podSelectorTerms } from './selector-terms';
import { networkPolicyPort } from './traffic-port';

export function kubernetesRule(policy: Resource, reader: RuleReader): PolicyRule {
  const namespace = policy.namespace ?? UNKNOWN_NAMESPACE;
  return {
    policy,
    pointer: '/spec',
    subject: reader.selectors.of(podSelectorTerms(policy.at('spec', 'podSelector'), namespace)),
    selectsNodes: false,
    namespace,
    enforced: 'yes',
    sections: { ingress: sectionOf(policy, 'ingress', namespace, reader), egress: sectionOf(policy, 'egress', namespace, reader) },
  };
}

/** The directions that a NetworkPolicy isolates: those it names, else ingress, and egress when it has egress rules. */
function policyTypes(policy: Resource): readonly Direction[] {
  const named = policy.at('spec', 'policyTypes').strings;
  if (named.length === 0) return policy.at('spec', 'egress').items.length > 0 ? ['ingress', 'egress'] : ['ingress'];
  return [...(named.includes('Ingress') ? ['ingress' as const] : []), ...(named.includes('Egress') ? ['egress' as const] : [])];
}

function sectionOf(policy: Resource, direction: Direction, namespace: string, reader: RuleReader): Section | undefined {
  const isolates = policyTypes(policy).includes(direction);
  const rules = policy.at('spec', direction).items;
  if (!isolates && (reader.isOtherEngine || rules.length === 0)) return undefined;
  return {
    defaultDeny: true,
    rules: rules.map((rule) => ruleOf(policy, rule, direction, namespace, reader)),
    required: { allow: [], deny: [] },
  };
}

function ruleOf(policy: Resource, rule: Field, direction: Direction, namespace: string, reader: RuleReader): TrafficRule {
  const peers = rule.at(direction === 'ingress' ? 'from' : 'to').items;
  const ports = rule.at('ports').items;
  return {
    policy,
    pointer: rule.path,
    effect: 'allow',
    peers: peers.length === 0 ? everybody(rule, reader) : peers.flatMap((peer) => peersOf(peer, namespace, reader)),
    ports: ports.length === 0 ? 'all' : [{ filters: ports.flatMap((port) => networkPolicyPort(port) ?? []) }],
  };
}

/** To Cilium an empty list is a selector without terms, which what other rules require narrows. */
function everybody(rule: Field, reader: RuleReader): readonly Peer[] | 'all' {
  return reader.isOtherEngine ? 'all' : [{ kind: 'selector', selector: reader.selectors.of([]), pointer: rule.path }];
}

function peersOf(peer: Field, namespace: string, reader: RuleReader): Peer[] {
  const block = peer.at('ipBlock');
  if (block.isSet) {
    const range = ipRange(block.at('cidr').string ?? '');
    const except = block.at('except').strings.flatMap((text): IpRange[] => [ipRange(text)].filter((found) => found !== undefined));
    return range === undefined ? [] : [{ kind: 'range', range, except, pointer: peer.path, mayMatchPods: reader.isOtherEngine }];
  }
  if (!peer.at('podSelector').isSet && !peer.at('namespaceSelector').isSet) return [];
  const terms = networkPolicyPeerTerms(peer, namespace, reader.defaultLocalCluster ? reader.clusterName : undefined);
  // Elsewhere than in Cilium only pods can match, whatever the selector says.
  const pods = reader.isOtherEngine
    ? [...terms, { source: 'k8s', key: 'io.kubernetes.pod.namespace', operator: 'Exists' as const, values: [] }]
    : terms;
  return [{ kind: 'selector', selector: reader.selectors.of(pods), pointer: peer.path }];
}
