/**
 * CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy as rules.
 *
 * Absent and empty lists differ: no peers and ports at all means every peer on those ports, an empty list of peers means
 * nobody. Source: cilium 1.18 pkg/policy/api/{ingress,egress}.go aggregated selectors, pkg/policy/rule.go mergeIngress and
 * mergeEgress, repository.go computePolicyEnforcementAndRules.
 */
import { type Field } from '../manifest/field';
import type { Resource } from '../resources/resource';
import { isAtLeast } from './cilium-version';
import { ciliumPeers } from './cilium-peers';
import { l7Rule } from './l7-rule';
import type { Match } from './match';
import type { Direction, PolicyRule, PortRule, Section, TrafficRule } from './policy-rule';
import type { RuleReader } from './rule-reader';
import type { Selector } from './selector';
import { UNKNOWN_NAMESPACE } from './selector';
import { requiredTerms, type Scope, subjectTerms } from './selector-terms';
import { ciliumPort, icmpType } from './traffic-port';

/** The rules of a policy: one for `spec`, one for each of `specs`. */
export function ciliumRules(policy: Resource, enforced: Match, reader: RuleReader): PolicyRule[] {
  return [policy.at('spec'), ...policy.at('specs').items]
    .filter((spec) => spec.isMap)
    .map((spec) => ruleOf(policy, spec, enforced, reader));
}

function ruleOf(policy: Resource, spec: Field, enforced: Match, reader: RuleReader): PolicyRule {
  const namespace = policy.kind === 'CiliumClusterwideNetworkPolicy' ? undefined : (policy.namespace ?? UNKNOWN_NAMESPACE);
  const selectsNodes = spec.at('nodeSelector').isSet;
  const subject = reader.selectors.of(subjectTerms(spec.at(selectsNodes ? 'nodeSelector' : 'endpointSelector'), namespace));
  const scope: Scope = {
    namespace,
    localCluster: reader.defaultLocalCluster ? reader.clusterName : undefined,
    matchesInit: subject.requirements.some(({ source, key }) => source === 'reserved' && key === 'init'),
  };
  const sections = { ingress: sectionOf(policy, spec, 'ingress', scope, reader), egress: sectionOf(policy, spec, 'egress', scope, reader) };
  return { policy, pointer: spec.path, subject, selectsNodes, namespace, enforced, sections };
}

function sectionOf(policy: Resource, spec: Field, direction: Direction, scope: Scope, reader: RuleReader): Section | undefined {
  const allowed = spec.at(direction).items;
  const denied = spec.at(`${direction}Deny`).items;
  if (allowed.length + denied.length === 0) return undefined;
  const rule =
    (effect: 'allow' | 'deny') =>
    (field: Field): TrafficRule => ({
      policy,
      pointer: field.path,
      effect,
      peers: ciliumPeers(field, direction, effect, scope, reader),
      ports: portsOf(field, effect, reader),
      authentication: field.at('authentication', 'mode').string,
    });
  return {
    defaultDeny: spec.at('enableDefaultDeny', direction).boolean ?? true,
    rules: [...allowed.map(rule('allow')), ...denied.map(rule('deny'))],
    required: { allow: requiredBy(allowed, direction, scope, reader), deny: requiredBy(denied, direction, scope, reader) },
  };
}

/** Removed in 1.19. */
function requiredBy(fields: readonly Field[], direction: Direction, scope: Scope, { selectors, version }: RuleReader): Selector[] {
  if (isAtLeast(version, '1.19')) return [];
  const key = direction === 'ingress' ? 'fromRequires' : 'toRequires';
  return fields.flatMap((field) => field.at(key).items.map((item) => selectors.of(requiredTerms(item, scope))));
}

/** Absent and empty lists restrict nothing; an element without ports allows nothing. */
function portsOf(field: Field, effect: 'allow' | 'deny', { version }: RuleReader): readonly PortRule[] | 'all' {
  const toPorts = field.at('toPorts').items;
  const icmps = field.at('icmps').items;
  if (toPorts.length + icmps.length === 0) return 'all';
  return [
    ...toPorts.map((entry) => ({
      filters: entry.at('ports').items.flatMap((port) => ciliumPort(port) ?? []),
      l7: effect === 'allow' ? l7Rule(entry, isAtLeast(version, '1.20')) : undefined,
    })),
    ...icmps.map((entry) => ({ filters: entry.at('fields').items.flatMap((type) => icmpType(type) ?? []) })),
  ];
}
