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
import type { Direction, L7Rule, Peer, PortRule, TrafficRule } from './policy-rule';
import { becauseOf, defaultDenied, localHost, noPolicy, unknownBecause, unknownRule } from './reasons';
import type { Selector } from './selector';
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
  if (found.allowed.length > 0) return uncertainIf(found.mayDeny, allowed(found.allowed));
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
    const peer = peerMatches(side, rule, section);
    if (peer.match === 'no') continue;
    const ports = portsOf(side, rule);
    const match = both(both(applied.applies, peer.match), ports.match);
    if (match === 'no') continue;
    if (match === 'yes') {
      if (rule.effect === 'deny') found.denied.push(rule);
      else found.allowed.push({ rule, ports: ports.matching });
    } else {
      const reason = uncertainty(applied, peer, ports.match);
      (rule.effect === 'deny' ? found.mayDeny : found.mayAllow).push({ rule, reason });
    }
  }
  return found;
}

interface PeerMatch {
  readonly match: Match;
  readonly reason?: string;
}

const EVERY_PEER: PeerMatch = { match: 'yes' };
const NO_PEER: PeerMatch = { match: 'no' };

function peerMatches(side: Side, rule: TrafficRule, section: SubjectSection): PeerMatch {
  if (rule.peers === 'all') return EVERY_PEER;
  let best = NO_PEER;
  for (const peer of rule.peers) {
    const match = onePeer(side, peer, section.required[rule.effect], section);
    if (match.match === 'yes') return match;
    if (match.match === 'maybe') best = match;
  }
  return best;
}

function onePeer({ peer: identity }: Side, peer: Peer, required: readonly Selector[], section: SubjectSection): PeerMatch {
  switch (peer.kind) {
    case 'selector': {
      const match = required.reduce((narrowed, selector) => both(narrowed, selector.matches(identity)), peer.selector.matches(identity));
      return peer.doubt === undefined ? { match } : { match: both(match, 'maybe'), reason: peer.doubt };
    }
    case 'entity':
      return { match: peer.selectors.reduce<Match>((match, selector) => either(match, selector.matches(identity)), 'no') };
    case 'range': {
      const { range } = identity.facts;
      const match = range === undefined || !identity.isWorld ? 'no' : rangeMatches(peer.range, peer.except, range);
      return { match, reason: match === 'maybe' ? `the rule is about ${peer.range.text}, part of the addresses asked for` : undefined };
    }
    case 'names':
      return namesMatch(identity, peer, section);
    case 'unknown':
      return identity.isWorld ? { match: 'maybe', reason: peer.reason } : NO_PEER;
  }
}

/** Only addresses that Cilium's DNS proxy has seen for the name match; so a DNS rule must let the question through. */
function namesMatch(identity: Identity, peer: Extract<Peer, { kind: 'names' }>, section: SubjectSection): PeerMatch {
  const { fqdn } = identity.facts;
  if (!identity.isWorld) return NO_PEER;
  const texts = peer.patterns.map(({ text }) => text).join(', ');
  if (fqdn === undefined) return { match: 'maybe', reason: `the rule is about the addresses of ${texts}, which only DNS tells` };
  if (!peer.patterns.some((pattern) => pattern.matches(fqdn))) return NO_PEER;
  return { match: certain(section.dnsNames.some((pattern) => pattern.matches(fqdn))) };
}

function portsOf(side: Side, rule: TrafficRule): { match: Match; matching: readonly PortRule[] } {
  if (rule.ports === 'all') return { match: 'yes', matching: NO_PORTS };
  let match: Match = 'no';
  const matching: PortRule[] = [];
  for (const port of rule.ports) {
    let one: Match = 'no';
    for (const filter of port.filters) one = either(one, portMatches(filter, side.traffic, side.named));
    if (one === 'yes') matching.push(port);
    match = either(match, one);
  }
  return { match, matching };
}

const NO_PORTS: readonly PortRule[] = [];

function uncertainty(applied: AppliedTraffic, peer: PeerMatch, ports: Match): string {
  if (applied.applies === 'maybe') return 'whether the policy applies to this pod is not known from the manifests';
  if (peer.match === 'maybe') return peer.reason ?? 'whether it is about this peer depends on labels that the manifests do not tell';
  if (ports === 'maybe') return 'the number of the named port is not known';
  return 'it cannot be decided from the manifests';
}

function allowed(rules: readonly Allowing[]): SideVerdict {
  const restricted = rules.map(({ ports }) => ports.flatMap(({ l7 }) => l7 ?? []));
  const because = rules.map(({ rule }, index): Because => becauseOf(rule, restricted[index]?.length === 0 ? 'allow' : 'allow-l7'));
  const isRestricted = rules.every(({ ports }, index) => ports.length > 0 && restricted[index]?.length === ports.length);
  return { verdict: 'allow', because, l7: isRestricted ? restricted.flat() : undefined };
}

function uncertainIf(mayDeny: readonly Uncertain[], side: SideVerdict): SideVerdict {
  if (mayDeny.length === 0) return side;
  return { verdict: 'unknown', because: [...mayDeny.map(({ rule, reason }) => unknownRule(rule, reason)), ...side.because] };
}
