/** Whom to ask a rule about: somebody known, or whom the rule names itself. */
import { CILIUM_ENTITIES, type CiliumEntity } from './cilium-entities';
import type { Endpoint } from './endpoint';
import type { Peer, TrafficRule } from './policy-rule';
import type { Traffic } from './traffic-port';

/** Somebody to connect from or to. */
export interface Candidate {
  readonly endpoint: Endpoint;
  /** Where it is known to serve. @default - unknown */
  readonly ports?: readonly Traffic[];
  /** @default - the endpoint's own */
  readonly words?: string;
}

/** Of entities that hold any pod, whose own policies nobody knows: a part that has none. */
const PARTS: Readonly<Partial<Record<CiliumEntity, CiliumEntity>>> = { all: 'world', cluster: 'remote-node' };

/** Whom a rule names itself: entities, addresses and names. */
export function namedPeers({ peers }: TrafficRule): readonly Candidate[] {
  return peers === 'all' ? [{ endpoint: { kind: 'entity', entity: 'world' }, words: 'entity:all' }] : peers.flatMap(namedPeer);
}

function namedPeer(peer: Peer): readonly Candidate[] {
  switch (peer.kind) {
    case 'entity': {
      const entity = CILIUM_ENTITIES.find((known) => known === peer.entity);
      return entity === undefined ? [] : [{ endpoint: { kind: 'entity', entity: PARTS[entity] ?? entity }, words: `entity:${entity}` }];
    }
    case 'range': {
      const { text } = peer.range;
      // Of a range that is meant, or excepted, in part, its first address may still be told.
      return [{ endpoint: { kind: 'cidr', cidr: text } }, { endpoint: { kind: 'cidr', cidr: text.split('/')[0] ?? text }, words: text }];
    }
    case 'names':
      return peer.patterns.map(({ text }) => ({ endpoint: { kind: 'fqdn', name: text.replaceAll('*', 'x') }, words: `fqdn:${text}` }));
    case 'selector':
    case 'unknown':
      return [];
  }
}
