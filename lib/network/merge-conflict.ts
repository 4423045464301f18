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
        for (const selector of selectors)
          yield { key: `${selector} ${port}`, parser, authentication: rule.authentication, tls: l7?.tls, rule };
      }
    }
  }
}

function merges(a: Claim, b: Claim): boolean {
  if (a.authentication !== undefined && b.authentication !== undefined && a.authentication !== b.authentication) return false;
  if (a.parser === undefined || b.parser === undefined || a.parser === b.parser) return true;
  // The TLS parser gives way to any but these; and requests can be told apart by server name only where TLS ends.
  const parsers = [a.parser, b.parser];
  if (!parsers.includes('tls') || parsers.includes('dns') || parsers.includes('listener')) return false;
  const isByName = a.tls === 'by-server-name' || b.tls === 'by-server-name';
  return !isByName || a.tls === 'terminated' || b.tls === 'terminated';
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
