/**
 * The peers of one rule of a Cilium policy: who is meant, and what an empty list means.
 *
 * Source: cilium 1.18 pkg/policy/api/{ingress,egress}.go getAggregatedSelectors and
 * get…EndpointSelectorsWithRequirements, pkg/policy/rule.go mergeIngress and mergeEgress.
 */
import type { Field } from '../manifest/field';
import { isAtLeast } from './cilium-version';
import { selectorMatches } from '../resources/label-selector';
import { namePatterns } from './dns-name';
import { entitySelectors } from './entity-selectors';
import { type IpRange, ipRange } from './ip-range';
import type { Direction, Peer } from './policy-rule';
import type { RuleReader } from './rule-reader';
import { nodeTerms, peerTerms, type Scope } from './selector-terms';
import { servicePeers } from './to-services';

/** Lists that select nobody when they are present and empty. */
const EMPTY_SELECTS_NOBODY = ['Endpoints', 'Nodes', 'Entities', 'CIDR', 'CIDRSet'];
/** The same beside toFQDNs, which Cilium adds after it has looked at the others. */
const EMPTY_SELECTS_NOBODY_BESIDE_NAMES = ['Endpoints', 'Nodes'];

export function ciliumPeers(
  rule: Field,
  direction: Direction,
  effect: 'allow' | 'deny',
  scope: Scope,
  reader: RuleReader,
): readonly Peer[] | 'all' {
  const at = (suffix: string): Field => rule.at(`${direction === 'ingress' ? 'from' : 'to'}${suffix}`);
  const hasNames = direction === 'egress' && effect === 'allow' && rule.at('toFQDNs').items.length > 0;
  const decisive = hasNames ? EMPTY_SELECTS_NOBODY_BESIDE_NAMES : EMPTY_SELECTS_NOBODY;
  if (decisive.some((suffix) => at(suffix).isList && at(suffix).items.length === 0)) return [];
  const hasPorts = rule.at('toPorts').items.length + rule.at('icmps').items.length > 0;
  const peers: Peer[] = [
    ...at('Endpoints').items.map((item): Peer => ({
      kind: 'selector',
      selector: reader.selectors.of(peerTerms(item, scope)),
      pointer: item.path,
    })),
    ...at('Nodes').items.map((item): Peer => ({
      kind: 'selector',
      selector: reader.selectors.of(nodeTerms(item, scope)),
      pointer: item.path,
    })),
    ...at('Entities').items.map((item) => entityPeer(item, reader)),
    ...at('CIDR').items.flatMap((item) => rangePeer(item, item.string, [])),
    ...at('CIDRSet').items.flatMap((item) => cidrSetPeers(item, reader)),
    ...at('Groups').items.map((item): Peer => ({
      kind: 'unknown',
      reason: 'the addresses of a cloud group are not in the manifests',
      pointer: item.path,
    })),
    ...(direction === 'egress' ? egressPeers(rule, effect, reader) : []),
  ];
  // Without any peer the rule is about ports alone: every peer. Without ports either it matches nothing.
  return peers.length === 0 && hasPorts ? 'all' : peers;
}

function egressPeers(rule: Field, effect: 'allow' | 'deny', reader: RuleReader): Peer[] {
  const names = rule.at('toFQDNs');
  // A deny rule is not expanded: with ports it is left without peers, and so denies everybody on them.
  const services = effect === 'allow' ? rule.at('toServices').items.flatMap((item) => servicePeers(item, reader)) : [];
  if (names.items.length === 0 || effect === 'deny') return services;
  return [...services, { kind: 'names', patterns: namePatterns(names, isAtLeast(reader.version, '1.20')), pointer: names.path }];
}

function entityPeer(item: Field, { selectors, clusterName }: RuleReader): Peer {
  const entity = item.string ?? '';
  return {
    kind: 'entity',
    entity,
    selectors: entitySelectors(entity, clusterName).map((terms) => selectors.of(terms)),
    pointer: item.path,
  };
}

function rangePeer(item: Field, text: string | undefined, except: readonly IpRange[]): Peer[] {
  const range = ipRange(text ?? '');
  return range === undefined ? [] : [{ kind: 'range', range, except, pointer: item.path }];
}

function cidrSetPeers(item: Field, { resources }: RuleReader): Peer[] {
  const except = item.at('except').strings.flatMap((text) => ipRange(text) ?? []);
  if (item.at('cidr').isSet) return rangePeer(item, item.at('cidr').string, except);
  const groups = resources.ofKind('cilium.io', 'CiliumCIDRGroup');
  const name = item.at('cidrGroupRef').string;
  const selector = item.at('cidrGroupSelector');
  const meant = groups.filter((group) => (name === undefined ? selectorMatches(selector, group.labels) : group.name === name));
  if (meant.length === 0) {
    const reason =
      name === undefined ? 'no CiliumCIDRGroup among the manifests has these labels' : `CiliumCIDRGroup ${name} is not among the manifests`;
    return [{ kind: 'unknown', reason, pointer: item.path }];
  }
  return meant.flatMap((group) => group.at('spec', 'externalCIDRs').items.flatMap((cidr) => rangePeer(item, cidr.string, except)));
}
