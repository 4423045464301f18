/**
 * Which Cilium policies take no effect, and why: the schema of the CRD and Cilium's own sanitising, rule by rule.
 *
 * The insight: one bad rule is enough. Cilium parses a policy as a whole, so that every rule of it is lost with the bad one.
 * Source: cilium pkg/policy/api/rule_validation.go and pkg/k8s/apis/cilium.io/v2 (1.16 to 1.20), and the CRDs of those versions.
 */
import type { Field } from '../manifest/field';
import type { Resource } from '../resources/resource';
import { isAtLeast, DEFAULT_CILIUM_VERSION } from './cilium-version';
import { peerRejections, ciliumSelectorRejections } from './cilium-sanitize-peers';
import { icmpRejections, portRejections } from './cilium-sanitize-ports';
import { notEnforced, refusedByApiServer, type Rejection } from './rejection';

const SECTIONS = ['ingress', 'ingressDeny', 'egress', 'egressDeny'] as const;

/** What a rule is judged by beside its own text. */
export interface RuleScope {
  /** Minor version of Cilium. */
  readonly version: string;
  readonly isClusterwide: boolean;
  /** The policy is about nodes instead of pods. */
  readonly isHostPolicy: boolean;
  readonly isIngress: boolean;
  readonly isDeny: boolean;
}

/** Why a CiliumNetworkPolicy or CiliumClusterwideNetworkPolicy is not enforced; nothing when it is. */
export function ciliumRejections(policy: Resource, version: string = DEFAULT_CILIUM_VERSION): readonly Rejection[] {
  const last = known.get(policy);
  if (last?.version === version) return last.rejections;
  const rejections = [...rejectionsOf(policy, version)];
  known.set(policy, { version, rejections });
  return rejections;
}

/** The lesson and the evaluator both ask. */
const known = new WeakMap<Resource, { readonly version: string; readonly rejections: readonly Rejection[] }>();

function* rejectionsOf(policy: Resource, version: string): Iterable<Rejection> {
  const spec = policy.at('spec');
  const specs = policy.at('specs');
  if (!spec.isSet && !specs.isSet) {
    yield notEnforced(spec, 'the policy has neither spec nor specs');
    return;
  }
  const isClusterwide = policy.kind === 'CiliumClusterwideNetworkPolicy';
  if (spec.isSet) yield* ruleRejections(spec, version, isClusterwide);
  if (specs.isSet && !specs.isList) yield refusedByApiServer(specs, 'specs must be a list');
  for (const rule of specs.items) yield* ruleRejections(rule, version, isClusterwide);
}

function* ruleRejections(rule: Field, version: string, isClusterwide: boolean): Iterable<Rejection> {
  if (!rule.isMap) {
    yield refusedByApiServer(rule, 'a policy must be a map');
    return;
  }
  yield* sectionRejections(rule, version);
  yield* subjectRejections(rule, isClusterwide);
  yield* logRejections(rule);
  const isHostPolicy = rule.at('nodeSelector').isSet;
  for (const section of SECTIONS) {
    const field = rule.at(section);
    if (field.isSet && !field.isList) yield refusedByApiServer(field, `${section} must be a list of rules`);
    const scope: RuleScope = {
      version,
      isClusterwide,
      isHostPolicy,
      isIngress: section.startsWith('ingress'),
      isDeny: section.endsWith('Deny'),
    };
    for (const item of field.items) yield* itemRejections(item, scope);
  }
}

/** A rule without any section was harmless before 1.18. */
function* sectionRejections(rule: Field, version: string): Iterable<Rejection> {
  if (!isAtLeast(version, '1.18')) return;
  const sections = SECTIONS.map((section) => rule.at(section));
  if (sections.some((section) => section.isSet && (!section.isList || section.items.length > 0))) return;
  const present = sections.find((section) => section.isSet);
  const message =
    'the policy has no rule: one of ingress, ingressDeny, egress and egressDeny must hold one (an empty list holds none; [{}] denies all)';
  yield present === undefined ? refusedByApiServer(rule, message) : notEnforced(present, message);
}

function* subjectRejections(rule: Field, isClusterwide: boolean): Iterable<Rejection> {
  const endpoints = rule.at('endpointSelector');
  const nodes = rule.at('nodeSelector');
  if (!endpoints.isSet && !nodes.isSet)
    yield refusedByApiServer(rule.at('endpointSelector'), 'the policy selects nothing: it needs an endpointSelector ({} is every pod)');
  else if (endpoints.isSet && nodes.isSet) yield refusedByApiServer(nodes, 'the policy has both an endpointSelector and a nodeSelector');
  else if (nodes.isSet && !isClusterwide)
    yield notEnforced(nodes, 'a nodeSelector is for CiliumClusterwideNetworkPolicy; a namespaced policy cannot select nodes');
  yield* ciliumSelectorRejections(endpoints);
  yield* ciliumSelectorRejections(nodes);
}

function* logRejections(rule: Field): Iterable<Rejection> {
  const value = rule.at('log', 'value');
  if (value.string === undefined) return;
  // The schema wants printable characters: none of Unicode's group C.
  if (value.string.length > 32 || /\p{C}/u.test(value.string))
    yield refusedByApiServer(value, 'a log value has at most 32 characters, all printable');
}

function* itemRejections(item: Field, scope: RuleScope): Iterable<Rejection> {
  if (!item.isMap) {
    if (item.isSet) yield refusedByApiServer(item, 'a rule must be a map');
    return;
  }
  yield* peerRejections(item, scope);
  const mode = item.at('authentication', 'mode');
  if (item.at('authentication').isSet && !['disabled', 'required', 'test-always-fail'].includes(mode.string ?? ''))
    yield refusedByApiServer(mode, 'the authentication mode must be disabled, required or test-always-fail');
  const ports = item.at('toPorts');
  const icmps = item.at('icmps');
  if (icmps.items.length > 0 && ports.items.length > 0)
    yield notEnforced(icmps, 'icmps and toPorts stand in one rule; each needs a rule of its own');
  if (ports.isSet && !ports.isList) yield refusedByApiServer(ports, 'toPorts must be a list');
  for (const port of ports.items) yield* portRejections(port, scope);
  if (icmps.isSet && !icmps.isList) yield refusedByApiServer(icmps, 'icmps must be a list');
  for (const icmp of icmps.items) yield* icmpRejections(icmp);
}
