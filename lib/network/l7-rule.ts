/**
 * The layer 7 part of an element of toPorts, in words.
 *
 * It never changes what connects: the proxy accepts the connection, and then answers 403 or REFUSED. Source: cilium 1.18
 * pkg/policy/api/l7.go, http.go, pkg/policy/l4.go createL4Filter.
 */
import type { Field } from '../manifest/field';
import { namePatterns } from './dns-name';
import type { L7Rule } from './policy-rule';

/** @returns undefined when nothing is restricted beyond the port */
export function l7Rule(toPorts: Field, doubleStar: boolean): L7Rule | undefined {
  const rules = toPorts.at('rules');
  const [http, dns, kafka] = [rules.at('http'), rules.at('dns'), rules.at('kafka')];
  if (toPorts.at('listener').isSet) {
    const listener = toPorts.at('listener');
    return { parser: 'listener', pointer: listener.path, allows: [`what the Envoy listener ${listener.at('name').text ?? ''} passes`] };
  }
  const tls = tlsOf(toPorts);
  if (dns.items.length > 0) {
    const names = namePatterns(dns, doubleStar);
    return { parser: 'dns', pointer: dns.path, allows: names.map(({ text }) => `questions for ${text}`), names };
  }
  if (http.items.length > 0) return { parser: 'http', tls, pointer: http.path, allows: http.items.map(requestText) };
  if (kafka.items.length > 0) return { parser: 'kafka', tls, pointer: kafka.path, allows: ['the Kafka requests listed there'] };
  const protocol = rules.at('l7proto').string;
  if (protocol !== undefined && protocol !== '')
    return { parser: 'other', tls, pointer: rules.path, allows: [`what the parser ${protocol} passes`] };
  const servers = toPorts.at('serverNames');
  if (servers.items.length > 0)
    return { parser: 'tls', tls, pointer: servers.path, allows: servers.strings.map((name) => `TLS to ${name}`) };
  return undefined;
}

function tlsOf(toPorts: Field): L7Rule['tls'] {
  if (toPorts.at('terminatingTLS').isSet) return 'terminated';
  return toPorts.at('serverNames').items.length > 0 ? 'by-server-name' : undefined;
}

function requestText(rule: Field): string {
  const method = rule.at('method').text;
  const path = rule.at('path').text;
  const host = rule.at('host').text;
  const headers = [...rule.at('headers').strings, ...rule.at('headerMatches').items.map((match) => match.at('name').text ?? '')];
  const parts = [
    method === undefined || method === '' ? 'any method' : method,
    path === undefined || path === '' ? 'any path' : path,
    ...(host === undefined || host === '' ? [] : [`host ${host}`]),
    ...(headers.length === 0 ? [] : [`headers ${headers.join(', ')}`]),
  ];
  return parts.join(' ');
}
