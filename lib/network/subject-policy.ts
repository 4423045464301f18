/**
 * All that the policies say to one identity, gathered once and asked for every peer.
 *
 * Source: cilium 1.18 pkg/policy/repository.go computePolicyEnforcementAndRules and resolvePolicyLocked.
 */
import { append } from '../manifest/append';
import type { NamePattern } from './dns-name';
import { type Identity, POD_NAMESPACE, POLICY_CLUSTER } from './identity';
import { both, either, type Match } from './match';
import { conflictOf } from './merge-conflict';
import type { Direction, PolicyRule, TrafficRule } from './policy-rule';
import { type Requirement, type Selector, UNKNOWN_NAMESPACE } from './selector';

export interface SubjectPolicy {
  readonly ingress: SubjectSection;
  readonly egress: SubjectSection;
  /** The rules cannot be merged, so that Cilium keeps whatever policy it had. */
  readonly conflict?: string;
}

export interface SubjectSection {
  /** Whether what no rule allows is dropped. */
  readonly restricted: Match;
  /** The rules that make it so. */
  readonly restrictedBy: readonly AppliedRule[];
  readonly applied: readonly AppliedTraffic[];
  readonly required: { readonly allow: readonly Selector[]; readonly deny: readonly Selector[] };
  /** Some rule names a port, which pods of one identity may number differently. */
  readonly namesPorts: boolean;
  /** Names that the subject may ask its DNS server for through Cilium's proxy. */
  readonly dnsNames: readonly NamePattern[];
}

/** A rule, and whether it is about the subject. */
export interface AppliedRule {
  readonly rule: PolicyRule;
  readonly applies: Match;
}

export interface AppliedTraffic {
  readonly rule: TrafficRule;
  readonly applies: Match;
}

/** Cilium's `policyEnforcementMode`. */
export type Enforcement = 'default' | 'always' | 'never';

export class SubjectPolicies {
  private readonly clusterwide: RuleIndex;
  private readonly byNamespace = new Map<string, RuleIndex>();
  private readonly known: (SubjectPolicy | undefined)[] = [];

  constructor(
    private readonly rules: readonly PolicyRule[],
    private readonly enforcement: Enforcement,
  ) {
    this.clusterwide = new RuleIndex(rules.filter(({ namespace }) => namespace === undefined));
    const lists = new Map<string, PolicyRule[]>();
    for (const rule of rules) if (rule.namespace !== undefined) append(lists, rule.namespace, rule);
    for (const [namespace, list] of lists) this.byNamespace.set(namespace, new RuleIndex(list));
  }

  of(subject: Identity): SubjectPolicy {
    const known = this.known[subject.id];
    if (known !== undefined) return known;
    const applied = this.rulesFor(subject).flatMap((rule): AppliedRule[] => {
      const applies = both(rule.enforced, appliesTo(rule, subject));
      return applies === 'no' ? [] : [{ rule, applies }];
    });
    const alwaysRestricted = this.enforcement === 'always' || subject.isReserved('init');
    const ingress = sectionOf(applied, 'ingress', alwaysRestricted);
    const egress = sectionOf(applied, 'egress', alwaysRestricted);
    const policy = { ingress, egress, conflict: conflictOf(ingress, 'ingress') ?? conflictOf(egress, 'egress') };
    this.known[subject.id] = policy;
    return policy;
  }

  /** Rules of other namespaces are never looked at; of a pod whose namespace is not known, all may be. */
  private rulesFor(subject: Identity): readonly PolicyRule[] {
    if (this.enforcement === 'never') return [];
    const { namespace } = subject;
    if (namespace !== undefined) return [...this.clusterwide.about(subject), ...(this.byNamespace.get(namespace)?.about(subject) ?? [])];
    return subject.mayCarry('k8s', '') || subject.isPod ? this.rules : this.clusterwide.about(subject);
  }
}

/** Rules by a label that their subjects must carry, so that a pod is not held against the rules of all its neighbours. */
class RuleIndex {
  private readonly byKey = new Map<string, RulesOfKey>();
  private readonly others: number[] = [];

  constructor(private readonly rules: readonly PolicyRule[]) {
    for (const [order, { subject, selectsNodes }] of rules.entries()) {
      const decisive = selectsNodes ? undefined : subject.requirements.find(isDecisive);
      if (decisive === undefined) this.others.push(order);
      else this.add(decisive, order);
    }
  }

  /** Those that can be about the subject, in their order. */
  about(subject: Identity): readonly PolicyRule[] {
    const orders = new Set(this.others);
    for (const { source, key, all, byValue } of this.byKey.values()) {
      const label = subject.label(source, key);
      const isKnown = label === undefined ? !subject.mayCarry(source, key) : label.value !== undefined && label.value !== UNKNOWN_NAMESPACE;
      for (const order of isKnown ? (byValue.get(label?.value ?? '') ?? []) : all) orders.add(order);
    }
    return [...orders].sort((a, b) => a - b).flatMap((order) => this.rules[order] ?? []);
  }

  private add({ source, key, values }: Requirement, order: number): void {
    const text = `${source}:${key}`;
    const ofKey = this.byKey.get(text) ?? { source, key, all: [], byValue: new Map<string, number[]>() };
    this.byKey.set(text, ofKey);
    ofKey.all.push(order);
    for (const value of new Set(values)) append(ofKey.byValue, value, order);
  }
}

/** Rules whose subjects must carry a label of one key. */
interface RulesOfKey {
  readonly source: string;
  readonly key: string;
  readonly all: number[];
  readonly byValue: Map<string, number[]>;
}

/** The namespace tells nothing among the rules of one. */
function isDecisive({ operator, key }: Requirement): boolean {
  return operator === 'In' && key !== POD_NAMESPACE && key !== POLICY_CLUSTER;
}

function appliesTo(rule: PolicyRule, subject: Identity): Match {
  if (rule.selectsNodes !== subject.isReserved('host')) return 'no';
  // Whether the host firewall is on, and which labels the node has, is not known offline.
  return rule.selectsNodes ? 'maybe' : rule.subject.matches(subject);
}

function sectionOf(applied: readonly AppliedRule[], direction: Direction, alwaysRestricted: boolean): SubjectSection {
  const sections = applied.flatMap(({ rule, applies }) => {
    const section = rule.sections[direction];
    return section === undefined ? [] : [{ rule, applies, section }];
  });
  const restricting = sections.filter(({ section }) => section.defaultDeny);
  const certain = sections.filter(({ applies }) => applies === 'yes');
  const traffic = sections.flatMap(({ section, applies }) => section.rules.map((rule): AppliedTraffic => ({ rule, applies })));
  const dns = traffic.flatMap(({ rule }) => (rule.ports === 'all' ? [] : rule.ports.flatMap(({ l7 }) => l7?.names ?? [])));
  return {
    restricted: restricting.reduce<Match>((restricted, { applies }) => either(restricted, applies), alwaysRestricted ? 'yes' : 'no'),
    restrictedBy: restricting.map(({ rule, applies }) => ({ rule, applies })),
    applied: traffic,
    required: {
      allow: [...new Set(certain.flatMap(({ section }) => section.required.allow))],
      deny: [...new Set(certain.flatMap(({ section }) => section.required.deny))],
    },
    namesPorts: traffic.some(
      ({ rule }) => rule.ports !== 'all' && rule.ports.some(({ filters }) => filters.some(({ port }) => 'name' in port)),
    ),
    dnsNames: dns,
  };
}
