/** The ports of a Cilium rule, with what stands beside them: layer 7 rules, listeners, server names; and ICMP types. */
import type { Field } from '../manifest/field';
import type { RuleScope } from './cilium-sanitize';
import { l7Rejections, countL7Rules } from './cilium-sanitize-l7';
import { icmpFamiliesOf } from './icmp-types';
import { isAtLeast } from './cilium-version';
import { notEnforced, oneOf, refusedByApiServer, type Rejection } from './rejection';

/** Of ports in one entry, and of ICMP types in one field list. */
const MAX_ENTRIES = 40;
const PROTOCOLS = ['TCP', 'UDP', 'SCTP', 'ANY'];
/** Without ports of their own; known since 1.20. */
const PORTLESS_PROTOCOLS = ['VRRP', 'IGMP', 'GRE', 'IPIP', 'IPV6', 'ESP', 'AH'];

export function* portRejections(entry: Field, scope: RuleScope): Iterable<Rejection> {
  if (!entry.isMap) {
    if (entry.isSet) yield refusedByApiServer(entry, 'an entry of toPorts is a map with a list of ports, not a port');
    return;
  }
  const ports = entry.at('ports');
  if (ports.isSet && !ports.isList) yield refusedByApiServer(ports, 'ports must be a list');
  if (ports.items.length > MAX_ENTRIES) {
    const message = `${ports.items.length} ports in one entry are more than the ${MAX_ENTRIES} that Cilium takes`;
    yield scope.isDeny ? notEnforced(ports, message) : refusedByApiServer(ports, message);
  }
  const { dns } = countL7Rules(entry.at('rules'));
  for (const port of ports.items) yield* portProtocolRejections(port, scope, dns > 0);
  if (scope.isDeny) {
    if (entry.at('rules').isSet) yield refusedByApiServer(entry.at('rules'), 'a deny rule ends at the port: it has no rules of layer 7');
    return;
  }
  yield* l7Rejections(entry, scope);
  yield* listenerRejections(entry, scope);
  yield* tlsRejections(entry, scope);
}

function* portProtocolRejections(entry: Field, { version }: RuleScope, hasDnsRules: boolean): Iterable<Rejection> {
  const protocol = entry.at('protocol');
  const portless = isAtLeast(version, '1.20') ? PORTLESS_PROTOCOLS : [];
  const protocols = [...PROTOCOLS, ...portless];
  if (protocol.isSet && !protocols.includes(protocol.string ?? ''))
    yield refusedByApiServer(
      protocol,
      `the protocol ${JSON.stringify(protocol.text ?? null)} must be ${oneOf(protocols)}${protocols.includes((protocol.string ?? '').toUpperCase()) ? ', in capitals' : ''}`,
    );
  const isPortless = portless.includes(protocol.string ?? '');
  yield* numberRejections(entry.at('port'), version, isPortless);
  const end = entry.at('endPort');
  if (end.isSet && !(Number.isInteger(end.number) && (end.number ?? -1) >= 0 && (end.number ?? 0) <= 65535))
    yield refusedByApiServer(end, 'endPort is a whole number from 0 to 65535');
  const start = goUint16(entry.at('port').string ?? '');
  if (hasDnsRules && start !== undefined && (end.number ?? 0) > start) yield notEnforced(end, 'DNS rules do not take a range of ports');
}

function* numberRejections(port: Field, version: string, isPortless: boolean): Iterable<Rejection> {
  if (!port.isSet) {
    if (isPortless) return;
    yield isAtLeast(version, '1.20') ? notEnforced(port, 'a port must be given') : refusedByApiServer(port, 'a port must be given');
  } else if (port.string === undefined) {
    const rejection = refusedByApiServer(
      port,
      `the port ${port.text ?? ''} is a ${typeof port.value} where the schema wants a string: quote it`,
    );
    yield { ...rejection, meant: port.number === undefined ? undefined : String(port.number) };
  } else if (isPortless) {
    if (port.string !== '0') yield notEnforced(port, 'this protocol has no ports: leave the port out');
  } else if (!isServiceName(port.string) && goUint16(port.string) === undefined) {
    const message = `${JSON.stringify(port.string)} is neither a port from 0 to 65535 nor the name of one`;
    yield passesSchema(port.string) ? notEnforced(port, message) : refusedByApiServer(port, message);
  }
}

/** IANA service names, as Cilium tells port names from numbers: `0x10` is a name. */
function isServiceName(text: string): boolean {
  return text.length <= 15 && /^[a-z0-9]+(-[a-z0-9]+)*$/i.test(text) && /[a-z]/i.test(text);
}

/** A number as Go's `ParseUint(text, 0, 16)` reads it: a leading zero means octal, so that 0080 is none. */
function goUint16(text: string): number | undefined {
  if (!/^\d+(_\d+)*$/.test(text)) return undefined;
  const digits = text.replaceAll('_', '');
  const isOctal = digits.length > 1 && digits.startsWith('0');
  if (digits.length > 18 || (isOctal && !/^[0-7]+$/.test(digits))) return undefined;
  const value = Number.parseInt(digits, isOctal ? 8 : 10);
  return value <= 65535 ? value : undefined;
}

/** The schema's pattern for ports is anchored on one side only, so that much passes it which Cilium then cannot read. */
function passesSchema(text: string): boolean {
  return /^\d/.test(text) || /[a-z](-?[a-z0-9])*$/i.test(text.slice(-64));
}

function* listenerRejections(entry: Field, scope: RuleScope): Iterable<Rejection> {
  const listener = entry.at('listener');
  if (!listener.isSet) return;
  const kind = listener.at('envoyConfig', 'kind');
  const priority = listener.at('priority');
  if (scope.isIngress) yield notEnforced(listener, 'a listener works for egress only');
  if (countL7Rules(entry.at('rules')).all > 0) yield notEnforced(listener, 'a listener and rules of layer 7 exclude each other');
  if ((listener.at('name').string ?? '') === '') yield refusedByApiServer(listener.at('name'), 'a listener needs a name');
  if ((listener.at('envoyConfig', 'name').string ?? '') === '')
    yield refusedByApiServer(listener.at('envoyConfig', 'name'), 'a listener needs the name of its Envoy configuration');
  if (kind.isSet && !['CiliumEnvoyConfig', 'CiliumClusterwideEnvoyConfig'].includes(kind.string ?? ''))
    yield refusedByApiServer(kind, 'the kind must be CiliumEnvoyConfig or CiliumClusterwideEnvoyConfig');
  else if (scope.isClusterwide && kind.string === 'CiliumEnvoyConfig')
    yield notEnforced(kind, 'a cluster-wide policy cannot use the listener of a namespaced CiliumEnvoyConfig');
  if (priority.isSet && !(Number.isInteger(priority.number) && (priority.number ?? 0) >= 1 && (priority.number ?? 0) <= 100))
    yield refusedByApiServer(priority, 'the priority of a listener is a whole number from 1 to 100');
}

function* tlsRejections(entry: Field, { version }: RuleScope): Iterable<Rejection> {
  for (const tls of ['terminatingTLS', 'originatingTLS'])
    if (entry.at(tls).isSet && entry.at(tls, 'secret', 'name').string === undefined)
      yield refusedByApiServer(entry.at(tls), `${tls} needs the name of a Secret`);
  const names = entry.at('serverNames');
  if (!names.isSet) return;
  if (names.items.length === 0) yield refusedByApiServer(names, 'serverNames is empty; leave it out');
  const part = isAtLeast(version, '1.20') ? /^[-a-zA-Z0-9_*]+$/ : /^[-a-zA-Z0-9_]+$/;
  for (const name of names.items) {
    const text = (name.string ?? '').replace(isAtLeast(version, '1.20') ? '' : /^\*?\*\./, '').replace(/\.$/, '');
    if (text.length > 255 || !text.split('.').every((label) => part.test(label)))
      yield refusedByApiServer(name, `${JSON.stringify(name.text ?? null)} is no server name`);
  }
  if (names.items.length > 0 && countL7Rules(entry.at('rules')).all > 0 && !entry.at('terminatingTLS').isSet)
    yield notEnforced(names, 'serverNames and rules of layer 7 need terminatingTLS: the rules cannot read what is encrypted');
}

export function* icmpRejections(rule: Field): Iterable<Rejection> {
  const fields = rule.at('fields');
  if (fields.items.length > MAX_ENTRIES)
    yield refusedByApiServer(fields, `${fields.items.length} ICMP types are more than the ${MAX_ENTRIES} that Cilium takes`);
  for (const field of fields.items) yield* icmpFieldRejections(field);
}

function* icmpFieldRejections(field: Field): Iterable<Rejection> {
  const family = field.at('family');
  const type = field.at('type');
  if (family.isSet && family.string !== 'IPv4' && family.string !== 'IPv6') {
    yield refusedByApiServer(family, 'the family must be IPv4 or IPv6');
    return;
  }
  if (!type.isSet) yield refusedByApiServer(type, 'an ICMP field needs a type');
  if (type.string === undefined || /^(\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])$/.test(type.string)) return;
  if (type.string === 'ExtendedEchoReply') {
    yield refusedByApiServer(
      type,
      `the schema misspells ExtendedEchoReply, so that no spelling passes both gates: write ${family.string === 'IPv6' ? 161 : 43}`,
    );
    return;
  }
  const families = icmpFamiliesOf(type.string);
  if (families.some((known) => known === (family.string ?? 'IPv4'))) return;
  const message = `${JSON.stringify(type.string)} is no ICMP type of ${family.string ?? 'IPv4'}`;
  yield families.length > 0 ? notEnforced(type, message) : refusedByApiServer(type, message);
}
