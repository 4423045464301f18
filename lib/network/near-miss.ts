/**
 * Rules that were probably meant to allow a flow, and why they do not.
 *
 * Two mistakes make up most of them: a rule with the port of the Service, where policies see the port of the pod; and a
 * selector without a namespace, which in a namespaced policy means its own.
 */
import type { JsonPointer } from '../manifest/json-pointer';
import type { Resource } from '../resources/resource';
import { NAMESPACE_LABEL_PREFIX, POD_NAMESPACE } from './identity';
import { both, type Match } from './match';
import type { Direction, Peer, TrafficRule } from './policy-rule';
import { portsText, ruleText } from './reasons';
import { Selector } from './selector';
import { peersMatch, portsMatch, type Side } from './side-verdict';
import type { SubjectSection } from './subject-policy';
import { trafficText } from './traffic-port';

export interface NearMiss {
  readonly policy: Resource;
  readonly rule: JsonPointer;
  readonly direction: Direction;
  readonly miss: 'port' | 'namespace';
  /** The peer that lacks its namespace. @default - it is the port that is missed */
  readonly peer?: JsonPointer;
  readonly words: string;
}

export function nearMissesOf(side: Side, section: SubjectSection): NearMiss[] {
  return section.applied.flatMap(({ rule }): NearMiss[] => {
    if (rule.effect === 'deny') return [];
    const peers = peersMatch(side, rule, section);
    const ports = portsMatch(side, rule);
    if (peers === 'yes' && ports === 'no') return [portMiss(side, rule)];
    const elsewhere = peers === 'no' && ports === 'yes' ? matchingElsewhere(side, rule) : undefined;
    return elsewhere === undefined ? [] : [namespaceMiss(side, rule, elsewhere)];
  });
}

function portMiss({ direction, traffic }: Side, rule: TrafficRule): NearMiss {
  const words = `allows this peer${portsText(rule)}, not on ${trafficText(traffic)}; policies see the port of the pod, behind the Service`;
  return { policy: rule.policy, rule: rule.pointer, direction, miss: 'port', words };
}

function namespaceMiss({ direction, peer }: Side, rule: TrafficRule, selector: Peer): NearMiss {
  const words = `${ruleText(rule)}; the peer has these labels, but is in namespace ${peer.namespace ?? ''}`;
  return { policy: rule.policy, rule: rule.pointer, direction, miss: 'namespace', peer: selector.pointer, words };
}

/** The selector that would match if it were not for the namespace; one about the namespace alone says nothing of the peer. */
function matchingElsewhere({ peer }: Side, { peers }: TrafficRule): Peer | undefined {
  if (peers === 'all' || !peer.isPod) return undefined;
  return peers.find((one) => {
    if (one.kind !== 'selector') return false;
    const own = one.selector.requirements.filter(({ key }) => key !== POD_NAMESPACE && !key.startsWith(NAMESPACE_LABEL_PREFIX));
    if (own.length === 0 || own.length === one.selector.requirements.length) return false;
    return own.reduce<Match>((match, requirement) => both(match, new Selector([requirement], '').matches(peer)), 'yes') === 'yes';
  });
}
