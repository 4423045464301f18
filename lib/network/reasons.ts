/** Why a side of a flow is allowed, denied or unknown, in words: built once for each rule. */
import type { Direction, Peer, TrafficRule } from './policy-rule';
import { selectorText } from './selector-text';
import type { AppliedRule, SubjectSection } from './subject-policy';
import { portText } from './traffic-port';
import type { Because } from './verdict';

const LOCAL_HOST: Because = {
  policy: null,
  rule: null,
  effect: 'local-host',
  words: 'the node that a pod runs on always reaches it, so that probes work',
};
const NO_POLICY: Readonly<Record<Direction, Because>> = {
  ingress: { policy: null, rule: null, effect: 'no-policy', words: 'no policy restricts what the pod receives' },
  egress: { policy: null, rule: null, effect: 'no-policy', words: 'no policy restricts what the pod sends' },
};

const words = new WeakMap<TrafficRule, string>();
const restrictions = new WeakMap<SubjectSection, readonly Because[]>();

export function localHost(): Because {
  return LOCAL_HOST;
}

export function noPolicy(direction: Direction): Because {
  return NO_POLICY[direction];
}

export function notEnforced(text: string): Because {
  return { policy: null, rule: null, effect: 'not-enforced', words: text };
}

export function unknownBecause(text: string): Because {
  return { policy: null, rule: null, effect: 'unknown', words: text };
}

export function becauseOf(rule: TrafficRule, effect: 'allow' | 'allow-l7' | 'deny'): Because {
  return { policy: rule.policy, rule: rule.pointer, effect, words: ruleText(rule) };
}

export function unknownRule(rule: TrafficRule, reason: string): Because {
  return { policy: rule.policy, rule: rule.pointer, effect: 'unknown', words: `${ruleText(rule)}; ${reason}` };
}

/** The rules that make a direction default-deny; for one that always is, that. */
export function defaultDenied(section: SubjectSection, direction: Direction): readonly Because[] {
  const known = restrictions.get(section);
  if (known !== undefined) return known;
  const because = section.restrictedBy.map((applied) => restriction(applied, direction));
  const always = `every pod is restricted, and no policy allows this ${direction} flow`;
  const all: readonly Because[] = because.length > 0 ? because : [{ policy: null, rule: null, effect: 'default-deny', words: always }];
  restrictions.set(section, all);
  return all;
}

/** `allows pods app=web of namespace blog on TCP 80`. */
export function ruleText(rule: TrafficRule): string {
  const known = words.get(rule);
  if (known !== undefined) return known;
  const text = `${rule.effect === 'allow' ? 'allows' : 'denies'} ${peersText(rule)}${portsText(rule)}`;
  words.set(rule, text);
  return text;
}

function peerText(peer: Peer): string {
  switch (peer.kind) {
    case 'selector':
      return selectorText(peer.selector);
    case 'entity':
      return `entity ${peer.entity}`;
    case 'range':
      return peer.range.text + (peer.except.length === 0 ? '' : ` except ${peer.except.map(({ text }) => text).join(', ')}`);
    case 'names':
      return `the addresses of ${peer.patterns.map(({ text }) => text).join(', ')}`;
    case 'unknown':
      return `peers not known here (${peer.reason})`;
  }
}

function peersText({ peers }: TrafficRule): string {
  if (peers === 'all') return 'every peer';
  return peers.length === 0 ? 'no peer' : peers.map(peerText).join(' or ');
}

/** ` on TCP 80`; nothing for every port. */
export function portsText({ ports }: TrafficRule): string {
  if (ports === 'all') return '';
  const texts = ports.flatMap(({ filters, l7 }) =>
    filters.map((filter) => portText(filter) + (l7 === undefined ? '' : ` (only ${l7.allows.join(', ')})`)),
  );
  return texts.length === 0 ? ' on no port' : ` on ${texts.join(', ')}`;
}

function restriction({ rule, applies }: AppliedRule, direction: Direction): Because {
  const does = direction === 'ingress' ? 'receives' : 'sends';
  const certainty = applies === 'yes' ? '' : ' if it applies, which is not known from the manifests,';
  return {
    policy: rule.policy,
    rule: rule.pointer,
    effect: 'default-deny',
    words: `selects the pod${certainty} and has ${direction} rules: what the pod ${does} is dropped unless a rule allows it, and none does`,
  };
}
