/**
 * What the API server refuses in a NetworkPolicy.
 *
 * Source: kubernetes pkg/apis/networking/validation. Unlike a Cilium policy, an invalid one never reaches the cluster.
 */
import type { Field } from '../manifest/field';
import type { Resource } from '../resources/resource';
import { contains, ipRange } from './ip-range';
import { oneOf, refusedByApiServer, type Rejection } from './rejection';
import { selectorRejections } from './selector-validation';

const PROTOCOLS = ['TCP', 'UDP', 'SCTP'];
const POLICY_TYPES = ['Ingress', 'Egress'];

/** Why the API server refuses a NetworkPolicy; nothing when it takes it. */
export function* networkPolicyRejections(policy: Resource): Iterable<Rejection> {
  const spec = policy.at('spec');
  yield* selectorRejections(spec.at('podSelector'), 'api-server');
  yield* policyTypeRejections(spec.at('policyTypes'));
  for (const [section, peers] of [
    ['ingress', 'from'],
    ['egress', 'to'],
  ] as const) {
    if (spec.at(section).isSet && !spec.at(section).isList)
      yield refusedByApiServer(spec.at(section), `${section} must be a list of rules`);
    for (const rule of spec.at(section).items) {
      if (rule.at(peers).isSet && !rule.at(peers).isList) yield refusedByApiServer(rule.at(peers), `${peers} must be a list of peers`);
      for (const peer of rule.at(peers).items) yield* peerRejections(peer);
      for (const port of rule.at('ports').items) yield* portRejections(port);
    }
  }
}

function* policyTypeRejections(types: Field): Iterable<Rejection> {
  if (types.items.length > POLICY_TYPES.length) yield refusedByApiServer(types, 'there may be no more than two policyTypes');
  for (const type of types.items)
    if (!POLICY_TYPES.includes(type.string ?? '')) yield refusedByApiServer(type, `a policy type must be ${oneOf(POLICY_TYPES)}`);
}

function* peerRejections(peer: Field): Iterable<Rejection> {
  const block = peer.at('ipBlock');
  const selectors = [peer.at('podSelector'), peer.at('namespaceSelector')].filter((selector) => selector.isSet);
  if (!block.isSet && selectors.length === 0) {
    yield refusedByApiServer(peer, 'a peer must name a podSelector, a namespaceSelector or an ipBlock; no peers at all mean everybody');
    return;
  }
  for (const selector of selectors) yield* selectorRejections(selector, 'api-server');
  if (!block.isSet) return;
  if (selectors.length > 0) yield refusedByApiServer(block, 'an ipBlock stands beside a selector; each needs a peer of its own');
  yield* cidrRejections(block.at('cidr'));
  const outer = ipRange(block.at('cidr').string ?? '');
  for (const except of block.at('except').items) {
    yield* cidrRejections(except);
    const inner = ipRange(except.string ?? '');
    if (outer === undefined || inner === undefined) continue;
    if (!contains(outer, inner) || contains(inner, outer))
      yield refusedByApiServer(
        except,
        `the exception ${except.string ?? ''} must lie within ${block.at('cidr').string ?? ''} and be smaller`,
      );
  }
}

function* cidrRejections(cidr: Field): Iterable<Rejection> {
  if (cidr.string === undefined || !cidr.string.includes('/') || ipRange(cidr.string) === undefined)
    yield refusedByApiServer(
      cidr,
      cidr.isSet ? `${JSON.stringify(cidr.text ?? null)} is no CIDR such as 10.0.0.0/8` : 'an ipBlock needs a cidr',
    );
}

function* portRejections(entry: Field): Iterable<Rejection> {
  const protocol = entry.at('protocol');
  const port = entry.at('port');
  const end = entry.at('endPort');
  if (protocol.isSet && !PROTOCOLS.includes(protocol.string ?? ''))
    yield refusedByApiServer(protocol, `the protocol must be ${oneOf(PROTOCOLS)}`);
  if (port.number !== undefined && !isPort(port.number)) yield refusedByApiServer(port, 'a port is a number from 1 to 65535');
  if (port.string !== undefined && !isPortName(port.string))
    yield refusedByApiServer(
      port,
      /^\d+$/.test(port.string)
        ? `the port ${JSON.stringify(port.string)} is a string, which means a name, and no name is all digits: leave the quotes out`
        : `${JSON.stringify(port.string)} is no port name`,
    );
  if (!end.isSet) return;
  if (!port.isSet) yield refusedByApiServer(end, 'endPort needs a port to start from');
  else if (port.number === undefined) yield refusedByApiServer(end, 'endPort needs a number to start from, not the name of a port');
  else if (end.number === undefined || !isPort(end.number)) yield refusedByApiServer(end, 'endPort is a number from 1 to 65535');
  else if (end.number < port.number) yield refusedByApiServer(end, `endPort ${end.number} is less than port ${port.number}`);
}

function isPort(number: number): boolean {
  return Number.isInteger(number) && number >= 1 && number <= 65535;
}

/** An IANA service name: at most 15 lower-case letters, digits and single dashes, with a letter. */
function isPortName(text: string): boolean {
  return text.length <= 15 && /^[a-z0-9]+(-[a-z0-9]+)*$/.test(text) && /[a-z]/.test(text);
}
