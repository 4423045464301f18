/**
 * Rules that Cilium cannot merge: the endpoint then keeps its previous policy, and a new one never becomes ready.
 *
 * Source: cilium 1.18 pkg/policy/rule.go mergePortProto: per selector, port and protocol, one layer 7 parser and one
 * authentication mode.
 */
import type { Direction, Peer, TrafficRule } from './policy-rule';
import type { SubjectSection } from './subject-policy';
import { portText } from './traffic-port';

interface Claim {
  /** Selector, port and protocol. */
  readonly key: string;
  readonly parser?: string;
  readonly authentication?: string;
  readonly rule: TrafficRule;
}

/** @returns undefined when the certain rules of a direction merge */
export function conflictOf({ applied }: SubjectSection, direction: Direction): string | undefined {
  const merged = new Map<string, Claim>();
  for (const { rule, applies } of applied) {
    if (applies !== 'yes' || rule.effect === 'deny') continue;
    for (const claim of claimsOf(rule)) {
      const other = merged.get(claim.key);
      if (other !== undefined && !merges(other, claim))
        return `${nameOf(rule)} and ${nameOf(other.rule)} ask for different layer 7 parsers or authentication of the same ${direction} peers and port: Cilium cannot merge them, and the pod keeps whatever policy it had`;
      merged.set(claim.key, {
        ...claim,
        parser: other?.parser ?? claim.parser,
        authentication: other?.authentication ?? claim.authentication,
      });
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
        for (const selector of selectors) yield { key: `${selector} ${port}`, parser, authentication: rule.authentication, rule };
      }
    }
  }
}

function merges(a: Claim, b: Claim): boolean {
  if (a.authentication !== undefined && b.authentication !== undefined && a.authentication !== b.authentication) return false;
  if (a.parser === undefined || b.parser === undefined || a.parser === b.parser) return true;
  // The TLS parser gives way to any but these.
  const parsers = [a.parser, b.parser];
  return parsers.includes('tls') && !parsers.includes('dns') && !parsers.includes('listener');
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
