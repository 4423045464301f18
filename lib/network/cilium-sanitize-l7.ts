/** Rules of layer 7: HTTP, DNS and, until 1.19, Kafka and parsers of the proxy's own. */
import type { Field } from '../manifest/field';
import type { RuleScope } from './cilium-sanitize';
import { fqdnRejections } from './cilium-sanitize-names';
import { isAtLeast } from './cilium-version';
import { regexProblem } from './go-regex';
import { notEnforced, oneOf, refusedByApiServer, type Rejection } from './rejection';

const MISMATCH_ACTIONS = ['LOG', 'ADD', 'DELETE', 'REPLACE'];

/** Source: github.com/cilium/proxy, pkg/policy/api/kafka. */
const KAFKA_API_KEYS = new Set([
  'produce', 'fetch', 'offsets', 'metadata', 'leaderandisr', 'stopreplica', 'updatemetadata', 'controlledshutdown', 'offsetcommit', 'offsetfetch',
  'findcoordinator', 'joingroup', 'heartbeat', 'leavegroup', 'syncgroup', 'describegroups', 'listgroups', 'saslhandshake', 'apiversions', 'createtopics',
  'deletetopics', 'deleterecords', 'initproducerid', 'offsetforleaderepoch', 'addpartitionstotxn', 'addoffsetstotxn', 'endtxn', 'writetxnmarkers',
  'txnoffsetcommit', 'describeacls', 'createacls', 'deleteacls', 'describeconfigs', 'alterconfigs',
]); // prettier-ignore

/** How many rules of each protocol; an empty list restricts nothing. */
export function countL7Rules(rules: Field): { readonly http: number; readonly dns: number; readonly kafka: number; readonly all: number } {
  const [http = 0, dns = 0, kafka = 0, l7 = 0] = ['http', 'dns', 'kafka', 'l7'].map((protocol) => rules.at(protocol).items.length);
  return { http, dns, kafka, all: http + dns + kafka + l7 };
}

export function* l7Rejections(entry: Field, scope: RuleScope): Iterable<Rejection> {
  const rules = entry.at('rules');
  if (!rules.isSet) return;
  yield* protocolRejections(rules, scope.version);
  const count = countL7Rules(rules);
  if (count.all === 0) return;
  yield* sideRejections(rules, scope);
  yield* portsRejections(entry, count.dns > 0);
  for (const rule of rules.at('http').items) yield* httpRejections(rule);
  for (const rule of rules.at('dns').items) yield* fqdnRejections(rule);
  for (const rule of rules.at('kafka').items) yield* kafkaRejections(rule);
  for (const rule of rules.at('l7').items) if (rule.at('').isPresent) yield notEnforced(rule, 'a rule of layer 7 has an empty key');
}

/** Exactly one protocol may be named. */
function* protocolRejections(rules: Field, version: string): Iterable<Rejection> {
  const protocols = isAtLeast(version, '1.20') ? ['http', 'dns'] : ['http', 'kafka', 'dns', 'l7proto'];
  const named = protocols.filter((protocol) => rules.at(protocol).isSet);
  if (named.length > 1) yield refusedByApiServer(rules, `${named.join(' and ')} stand in one entry; a port speaks one protocol`);
  if (named.length > 0) return;
  const message =
    rules.at('l7').isSet && protocols.includes('l7proto')
      ? "'l7' needs an 'l7proto' beside it"
      : `rules must hold one of ${oneOf(protocols)}`;
  yield refusedByApiServer(rules, message);
}

/** The proxy reads each protocol on some sides only. */
function* sideRejections(rules: Field, { isIngress, isHostPolicy }: RuleScope): Iterable<Rejection> {
  const count = countL7Rules(rules);
  if (isIngress && isHostPolicy) yield notEnforced(rules, 'traffic into a node cannot be judged by rules of layer 7');
  else if (isIngress && count.dns > 0) yield notEnforced(rules.at('dns'), 'DNS rules work for egress only: they are about what a pod asks');
  if (isIngress || !isHostPolicy) return;
  for (const protocol of ['http', 'kafka'] as const)
    if (count[protocol] > 0)
      yield notEnforced(rules.at(protocol), `traffic out of a node cannot be judged by ${protocol} rules, only by DNS rules`);
}

function* portsRejections(entry: Field, isDns: boolean): Iterable<Rejection> {
  const ports = entry.at('ports');
  if (isDns && ports.items.length === 0) yield notEnforced(entry.at('rules', 'dns'), 'DNS rules need their port, 53, beside them');
  for (const port of ports.items) {
    if (/^0+$/.test(port.at('port').string ?? '')) yield notEnforced(port.at('port'), 'rules of layer 7 need a port; 0 means every port');
    const protocol = port.at('protocol');
    if (isDns || (protocol.string ?? '').toUpperCase() === 'TCP') continue;
    yield notEnforced(
      protocol,
      `rules of layer 7 apply to TCP, not to ${protocol.isSet ? (protocol.text ?? '') : 'ANY, which an absent protocol means'}; write protocol: TCP`,
    );
  }
}

function* httpRejections(rule: Field): Iterable<Rejection> {
  for (const field of [rule.at('path'), rule.at('method')]) {
    const problem = regexProblem(field.string ?? '');
    if (problem !== undefined) yield notEnforced(field, `${JSON.stringify(field.string)} is no regular expression: ${problem}`);
  }
  for (const match of rule.at('headerMatches').items) {
    const mismatch = match.at('mismatch');
    const secret = match.at('secret', 'name');
    if ((match.at('name').string ?? '') === '') yield refusedByApiServer(match.at('name'), 'a header match needs the name of its header');
    if (mismatch.isSet && !MISMATCH_ACTIONS.includes(mismatch.string ?? ''))
      yield refusedByApiServer(mismatch, `the mismatch action must be ${oneOf(MISMATCH_ACTIONS)}`);
    if (match.at('secret').isSet && !secret.isSet) yield refusedByApiServer(secret, 'the Secret of a header match needs a name');
    else if (secret.string === '') yield notEnforced(secret, 'the Secret of a header match needs a name');
  }
}

function* kafkaRejections(rule: Field): Iterable<Rejection> {
  const [role, apiKey, apiVersion, topic] = [rule.at('role'), rule.at('apiKey'), rule.at('apiVersion'), rule.at('topic')];
  if (role.isSet && role.string !== 'produce' && role.string !== 'consume')
    yield refusedByApiServer(role, 'the role must be produce or consume');
  if ((role.string ?? '') !== '' && (apiKey.string ?? '') !== '') yield notEnforced(apiKey, 'role and apiKey exclude each other');
  else if ((apiKey.string ?? '') !== '' && !KAFKA_API_KEYS.has((apiKey.string ?? '').toLowerCase()))
    yield notEnforced(apiKey, `${JSON.stringify(apiKey.string)} is no API key of Kafka`);
  if ((apiVersion.string ?? '') !== '' && !(/^\+?\d{1,6}$/.test(apiVersion.string ?? '') && Number(apiVersion.string) <= 32767))
    yield notEnforced(apiVersion, 'apiVersion is a number from 0 to 32767');
  if ((topic.string ?? '').length > 255) yield refusedByApiServer(topic, 'a topic has at most 255 characters');
  else if ((topic.string ?? '') !== '' && !/^[a-zA-Z0-9\\._-]+$/.test(topic.string ?? ''))
    yield notEnforced(topic, `${JSON.stringify(topic.string)} is no topic`);
}
