/**
 * Ports and protocols of rules, and whether they cover a packet.
 *
 * Policies see packets after load balancing: ports are those of pods, never of Services. Source: cilium 1.18
 * pkg/policy/api/l4.go, pkg/policy/l4.go createL4Filter and toMapState.
 */
import type { Field } from '../manifest/field';
import type { JsonPointer } from '../manifest/json-pointer';
import { icmpNumberOf } from './icmp-types';
import { certain, type Match } from './match';

export type Protocol = 'TCP' | 'UDP' | 'SCTP' | 'ICMP' | 'ICMPv6' | 'OTHER';

/** What is asked for: a port of the destination pod; for ICMP, the type. */
export interface Traffic {
  readonly protocol: Protocol;
  readonly port: number;
}

export interface PortFilter {
  readonly pointer: JsonPointer;
  readonly protocols: readonly Protocol[];
  readonly port: PortRange | PortName;
}

/** Inclusive. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

export interface PortName {
  readonly name: string;
  /** Where a range that begins at the named port ends. @default - the port alone */
  readonly last?: number;
}

/** Numbers of named ports by `name/PROTOCOL`; undefined where some may be named that are not known. */
export type NamedPorts = ReadonlyMap<string, number> | undefined;

const EVERY_PORT: PortRange = { first: 0, last: 65535 };

/** IANA service names: what Cilium takes for a name and not for a number. */
const SERVICE_NAME = /^([a-zA-Z0-9]-?)*[a-zA-Z](-?[a-zA-Z0-9])*$/;

/** The ports of one entry of `ports` of a Cilium rule. */
export function ciliumPort(field: Field): PortFilter | undefined {
  const text = field.at('port').text ?? '';
  const protocols = protocolsOf(field.at('protocol').string);
  const endPort = field.at('endPort').number ?? 0;
  if (text.length <= 15 && SERVICE_NAME.test(text))
    return { pointer: field.path, protocols, port: { name: text.toLowerCase(), last: endPort } };
  const first = parseNumber(text);
  return first === undefined ? undefined : { pointer: field.path, protocols, port: rangeOf(first, endPort) };
}

/** The ports of one entry of `ports` of a NetworkPolicy. */
export function networkPolicyPort(field: Field): PortFilter | undefined {
  const protocols = protocolsOf(field.at('protocol').string ?? 'TCP');
  const port = field.at('port');
  if (!port.isSet) return { pointer: field.path, protocols, port: EVERY_PORT };
  if (port.number !== undefined) return { pointer: field.path, protocols, port: rangeOf(port.number, field.at('endPort').number ?? 0) };
  return port.string === undefined ? undefined : { pointer: field.path, protocols, port: { name: port.string.toLowerCase() } };
}

/** The types of one entry of `fields` of an ICMP rule. */
export function icmpType(field: Field): PortFilter | undefined {
  const family = field.at('family').string === 'IPv6' ? 'IPv6' : 'IPv4';
  const number = icmpNumberOf(field.at('type').text ?? '', family);
  if (number === undefined) return undefined;
  return { pointer: field.path, protocols: [family === 'IPv6' ? 'ICMPv6' : 'ICMP'], port: { first: number, last: number } };
}

export function portMatches(filter: PortFilter, traffic: Traffic, named: NamedPorts): Match {
  if (!filter.protocols.includes(traffic.protocol)) return 'no';
  if (!('name' in filter.port)) return certain(filter.port.first <= traffic.port && traffic.port <= filter.port.last);
  if (named === undefined) return 'maybe';
  const first = named.get(`${filter.port.name}/${traffic.protocol}`);
  if (first === undefined || first === traffic.port) return certain(first !== undefined);
  // Cilium keeps one end for all rules with the same name: which one is left to chance.
  return first < traffic.port && traffic.port <= (filter.port.last ?? 0) ? 'maybe' : 'no';
}

/** `TCP 3306`, `TCP 8000-8100`, `UDP port named dns`, `ICMP type 8`. */
export function portText({ protocols, port }: PortFilter): string {
  const protocol = protocols.length > 1 ? 'TCP, UDP and SCTP' : (protocols[0] ?? '');
  if ('name' in port) return `${protocol} port named ${port.name}`;
  if (protocol.startsWith('ICMP')) return `${protocol} type ${port.first}`;
  if (port.first === EVERY_PORT.first && port.last === EVERY_PORT.last) return `every ${protocol} port`;
  return `${protocol} ${port.first}${port.last === port.first ? '' : `-${port.last}`}`;
}

export function trafficText({ protocol, port }: Traffic): string {
  return protocol.startsWith('ICMP') ? `${protocol} type ${port}` : `${protocol} ${port}`;
}

function protocolsOf(protocol: string | undefined): readonly Protocol[] {
  switch ((protocol ?? 'ANY').toUpperCase()) {
    case '':
    case 'ANY':
      return ['TCP', 'UDP', 'SCTP'];
    case 'TCP':
      return ['TCP'];
    case 'UDP':
      return ['UDP'];
    case 'SCTP':
      return ['SCTP'];
    case 'ICMP':
      return ['ICMP'];
    case 'ICMPV6':
      return ['ICMPv6'];
    default:
      return ['OTHER'];
  }
}

/** An end before the beginning is ignored. Port 0 is every port, or with an end every port up to there. */
function rangeOf(first: number, endPort: number): PortRange {
  if (first === 0 && endPort === 0) return EVERY_PORT;
  return { first, last: Math.max(first, endPort) };
}

/** As Go parses it with base 0: a leading 0 is octal, and underscores may separate digits. */
function parseNumber(text: string): number | undefined {
  const digits = text.replaceAll(/(?<=\d)_(?=\d)/g, '');
  const number = /^0[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : /^(0|[1-9]\d*)$/.test(digits) ? Number(digits) : Number.NaN;
  return number <= 65535 ? number : undefined;
}
