/**
 * One side of a flow: what the policies of `subject` say about `peer`.
 *
 * Deny beats allow whatever the order, kind or width of the rules; allows are a union; what neither covers is dropped
 * where the direction is default-deny. Source: cilium 1.18 pkg/policy/mapstate.go lookup and
 * determineAllowLocalhostIngress.
 */
import type { Identity } from './identity';
import { rangeMatches } from './ip-range';
import { both, certain, either, type Match } from './match';
import type { Direction, Peer, PortRule, TrafficRule } from './policy-rule';
import { becauseOf, defaultDenied, localHost, noPolicy, unknownBecause, unknownRule } from './reasons';
import type { AppliedTraffic, SubjectPolicy, SubjectSection } from './subject-policy';
import { type NamedPorts, portMatches, type Traffic } from './traffic-port';
import type { Because, SideVerdict } from './verdict';

export interface Side {
  readonly direction: Direction;
  readonly subject: Identity;
  readonly peer: Identity;
  readonly traffic: Traffic;
  /** What port names mean: on the subject for ingress, on the destination for egress. */
  readonly named: NamedPorts;
}

export function sideVerdict(side: Side, policy: SubjectPolicy): SideVerdict {
  if (policy.conflict !== undefined) return { verdict: 'unknown', because: [unknownBecause(policy.conflict)] };
  const section = policy[side.direction];
  const found = matchingRules(side, section);
  if (found.denied.length > 0) return { verdict: 'deny', because: found.denied.map((rule) => becauseOf(rule, 'deny')) };
  const isLocalHost = side.direction === 'ingress' && side.peer.isReserved('host') && !side.subject.isReserved('host');
  if (isLocalHost && section.restricted !== 'no') return uncertainIf(found.mayDeny, { verdict: 'allow', because: [localHost()] });
  if (found.allowed.length > 0) return uncertainIf(found.mayDeny, allowed(found.allowed, section.restricted !== 'no'));
  if (section.restricted === 'no') return uncertainIf(found.mayDeny, { verdict: 'allow', because: [noPolicy(side.direction)] });
  const open = [...found.mayDeny, ...found.mayAllow];
  if (found.mayAllow.length === 0 && section.restricted === 'yes')
    return { verdict: 'deny', because: defaultDenied(section, side.direction) };
  return {
    verdict: 'unknown',
    because: [...open.map(({ rule, reason }) => unknownRule(rule, reason)), ...defaultDenied(section, side.direction)],
  };
}

interface Found {
  readonly denied: TrafficRule[];
  readonly mayDeny: Uncertain[];
  readonly allowed: Allowing[];
  readonly mayAllow: Uncertain[];
}

interface Allowing {
  readonly rule: TrafficRule;
  readonly ports: readonly PortRule[];
}

interface Uncertain {
  readonly rule: TrafficRule;
  readonly reason: string;
}

function matchingRules(side: Side, section: SubjectSection): Found {
  const found: Found = { denied: [], mayDeny: [], allowed: [], mayAllow: [] };
  for (const applied of section.applied) {
    const { rule } = applied;
    const peer = peersMatch(side, rule, section);
    if (peer === 'no') continue;
    const ports = portsMatch(side, rule);
    if (ports === 'no') continue;
    if (applied.applies === 'yes' && peer === 'yes' && ports === 'yes') {
      if (rule.effect === 'deny') found.denied.push(rule);
      else found.allowed.push({ rule, ports: matchingPorts(side, rule) });
    } else {
      const reason = uncertainty(side, applied, section, peer);
      (rule.effect === 'deny' ? found.mayDeny : found.mayAllow).push({ rule, reason });
    }
  }
  return found;
}

/** Whether a rule is about the peer of a side. */
export function peersMatch(side: Pick<Side, 'peer'>, rule: TrafficRule, section: Pick<SubjectSection, 'required' | 'dnsNames'>): Match {
  if (rule.peers === 'all') return 'yes';
  let best: Match = 'no';
  for (const peer of rule.peers) {
    const match = peerMatches(side.peer, peer, rule, section);
    if (match === 'yes') return match;
    if (match === 'maybe') best = match;
  }
  return best;
}

function peerMatches(identity: Identity, peer: Peer, rule: TrafficRule, section: Pick<SubjectSection, 'required' | 'dnsNames'>): Match {
  switch (peer.kind) {
    case 'selector': {
      let match = peer.doubt === undefined ? peer.selector.matches(identity) : both(peer.selector.matches(identity), 'maybe');
      for (const selector of section.required[rule.effect]) match = both(match, selector.matches(identity));
      return match;
    }
    case 'entity':
      return peer.selectors.reduce<Match>((match, selector) => either(match, selector.matches(identity)), 'no');
    case 'range': {
      const { range } = identity.facts;
      if (identity.isPod && peer.mayMatchPods === true) return 'maybe';
      return range === undefined || !identity.isWorld ? 'no' : rangeMatches(peer.range, peer.except, range);
    }
    case 'names':
      return namesMatch(identity, peer, section);
    case 'unknown':
      return identity.isWorld ? 'maybe' : 'no';
  }
}

/** Only addresses that Cilium's DNS proxy has seen for the name match; so a DNS rule must let the question through. */
function namesMatch(identity: Identity, { patterns }: Extract<Peer, { kind: 'names' }>, section: Pick<SubjectSection, 'dnsNames'>): Match {
  const { fqdn } = identity.facts;
  if (!identity.isWorld) return 'no';
  if (fqdn === undefined) return 'maybe';
  if (!patterns.some((pattern) => pattern.matches(fqdn))) return 'no';
  return certain(section.dnsNames.some((pattern) => pattern.matches(fqdn)));
}

/** Whether a rule is about the port of a side. */
export function portsMatch(side: Side, rule: TrafficRule): Match {
  if (rule.ports === 'all') return 'yes';
  let match: Match = 'no';
  for (const port of rule.ports) match = either(match, portMatch(side, port));
  return match;
}

function portMatch({ traffic, named }: Side, { filters }: PortRule): Match {
  let match: Match = 'no';
  for (const filter of filters) match = either(match, portMatches(filter, traffic, named));
  return match;
}

function matchingPorts(side: Side, { ports }: TrafficRule): readonly PortRule[] {
  return ports === 'all' ? NO_PORTS : ports.filter((port) => portMatch(side, port) === 'yes');
}

const NO_PORTS: readonly PortRule[] = [];

function uncertainty(side: Side, { applies, rule }: AppliedTraffic, section: SubjectSection, match: Match): string {
  if (applies === 'maybe') return 'whether the policy applies to this pod is not known from the manifests';
  if (match === 'yes' || rule.peers === 'all') return 'the number of the named port is not known';
  const peer = rule.peers.find((one) => peerMatches(side.peer, one, rule, section) === 'maybe');
  switch (peer?.kind) {
    case 'range':
      return side.peer.isPod
        ? `whether ${peer.range.text} means pods with such addresses is up to the network engine`
        : `the rule is about ${peer.range.text}, part of the addresses asked for`;
    case 'names':
      return `the rule is about the addresses of ${peer.patterns.map(({ text }) => text).join(', ')}, which only DNS tells`;
    case 'unknown':
      return peer.reason;
    case 'selector':
      return peer.doubt ?? UNKNOWN_LABELS;
    case 'entity':
    case undefined:
      return UNKNOWN_LABELS;
  }
}

const UNKNOWN_LABELS = 'whether it is about this peer depends on labels that the manifests do not tell';

/** Where nothing is default-deny, Cilium lets whatever rules of layer 7 leave out pass as well. */
function allowed(rules: readonly Allowing[], isDefaultDeny: boolean): SideVerdict {
  const restricted = rules.map(({ ports }) => (isDefaultDeny ? ports.flatMap(({ l7 }) => l7 ?? []) : []));
  const because = rules.map(({ rule }, index): Because => becauseOf(rule, restricted[index]?.length === 0 ? 'allow' : 'allow-l7'));
  const isRestricted = rules.every(({ ports }, index) => ports.length > 0 && restricted[index]?.length === ports.length);
  return { verdict: 'allow', because, l7: isRestricted ? restricted.flat() : undefined };
}

function uncertainIf(mayDeny: readonly Uncertain[], side: SideVerdict): SideVerdict {
  if (mayDeny.length === 0) return side;
  return { verdict: 'unknown', because: [...mayDeny.map(({ rule, reason }) => unknownRule(rule, reason)), ...side.because] };
}
