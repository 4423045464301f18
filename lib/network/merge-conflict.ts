/**
 * Rules that Cilium cannot merge: the endpoint then keeps its previous policy, and a new one never becomes ready.
 *
 * Source: cilium 1.18 pkg/policy/rule.go mergePortProto: per selector, port and protocol, one layer 7 parser and one
 * authentication mode.
 */
import type { Direction, L7Rule, Peer, TrafficRule } from './policy-rule';
import type { SubjectSection } from './subject-policy';
import { portText } from './traffic-port';

interface Claim {
  /** Selector, port and protocol. */
  readonly key: string;
  readonly parser?: string;
  readonly authentication?: string;
  readonly tls?: L7Rule['tls'];
  readonly rule: TrafficRule;
}

/** Why nobody knows what is enforced. @returns undefined when the certain rules of a direction merge */
export function conflictOf({ applied }: SubjectSection, direction: Direction): string | undefined {
  const merged = new Map<string, Claim>();
  for (const { rule, applies } of applied) {
    if (applies !== 'yes' || rule.effect === 'deny') continue;
    for (const claim of claimsOf(rule)) {
      const other = merged.get(claim.key);
      const outcome = other === undefined ? 'merge' : mergeOutcome(other, claim);
      if (other !== undefined && outcome !== 'merge')
        return `${nameOf(rule)} and ${nameOf(other.rule)} ask for different layer 7 parsers or authentication of the same ${direction} peers and port: ${CONSEQUENCE[outcome]}`;
      merged.set(claim.key, other === undefined ? claim : mergeOf(other, claim));
    }
  }
  return undefined;
}

function* claimsOf(rule: TrafficRule): Iterable<Claim> {
  if (rule.ports === 'all') return;
  const selectors = selectorTexts(rule.peers);
  for (const { filters, l7 } of rule.ports) {
    if (l7 === undefined && rule.authentication === undefined) continue;
    for (const filter of filters) {
      for (const protocol of filter.protocols) {
        // Only DNS is parsed in anything else than TCP.
        const parser = protocol === 'TCP' || l7?.parser === 'dns' ? l7?.parser : undefined;
        const port = portText({ ...filter, protocols: [protocol] });
        for (const selector of selectors)
          yield { key: `${selector} ${port}`, parser, authentication: rule.authentication, tls: l7?.tls, rule };
      }
    }
  }
}

type MergeOutcome = 'merge' | 'conflict' | 'by chance';

const CONSEQUENCE: Readonly<Record<Exclude<MergeOutcome, 'merge'>, string>> = {
  conflict: 'Cilium cannot merge them, and the pod keeps whatever policy it had',
  'by chance': 'whether Cilium can merge them depends on the order in which it reads them',
};

function mergeOutcome(a: Claim, b: Claim): MergeOutcome {
  if (a.authentication !== undefined && b.authentication !== undefined && a.authentication !== b.authentication) return 'conflict';
  if (a.parser === undefined || b.parser === undefined || a.parser === b.parser) return 'merge';
  // The TLS parser gives way to any but these.
  const parsers = [a.parser, b.parser];
  if (!parsers.includes('tls') || parsers.includes('dns') || parsers.includes('listener')) return 'conflict';
  // Requests can be told apart by server name only where TLS ends; Cilium asks that of the rules it has merged before.
  const isByName = a.tls === 'by-server-name' || b.tls === 'by-server-name';
  return !isByName || a.tls === 'terminated' || b.tls === 'terminated' ? 'merge' : 'by chance';
}

function mergeOf(a: Claim, b: Claim): Claim {
  const parser = a.parser === undefined || a.parser === 'tls' ? (b.parser ?? a.parser) : a.parser;
  const tls = a.tls === 'terminated' || b.tls === 'terminated' ? 'terminated' : (a.tls ?? b.tls);
  return { ...a, parser, authentication: a.authentication ?? b.authentication, tls };
}

function nameOf(rule: TrafficRule): string {
  return `${rule.policy.toString()} ${rule.pointer}`;
}

function selectorTexts(peers: readonly Peer[] | 'all'): string[] {
  if (peers === 'all') return [''];
  return peers.flatMap((peer) => {
    switch (peer.kind) {
      case 'selector':
        return [peer.selector.text];
      case 'entity':
        return peer.selectors.map(({ text }) => text);
      case 'range':
        return [`cidr ${peer.range.text}`];
      case 'names':
        return peer.patterns.map(({ text }) => `fqdn ${text}`);
      case 'unknown':
        return [];
    }
  });
}
