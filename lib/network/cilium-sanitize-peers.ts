/** The peers of a Cilium rule: what may stand in `from…` and `to…`, and what may not stand together. */
import { IPv4, IPv6 } from 'ipaddr.js';
import type { Field } from '../manifest/field';
import { entitiesOf } from './cilium-entities';
import type { RuleScope } from './cilium-sanitize';
import { fqdnRejections } from './cilium-sanitize-names';
import { isAtLeast } from './cilium-version';
import { contains, ipRange, type IpRange } from './ip-range';
import { notEnforced, oneOf, refusedByApiServer, type Rejection } from './rejection';
import { selectorRejections } from './selector-validation';

/** The kinds of peer of which a rule may hold one. */
const INGRESS_PEERS = ['fromEndpoints', 'fromCIDR', 'fromCIDRSet', 'fromEntities', 'fromNodes', 'fromGroups'];
const EGRESS_PEERS = ['toEndpoints', 'toCIDR', 'toCIDRSet', 'toEntities', 'toServices', 'toGroups', 'toNodes', 'toFQDNs'];

export function* peerRejections(rule: Field, scope: RuleScope): Iterable<Rejection> {
  const side = scope.isIngress ? 'from' : 'to';
  const kinds = scope.isIngress ? INGRESS_PEERS : EGRESS_PEERS;
  for (const kind of [...kinds, `${side}Requires`]) {
    const field = rule.at(kind);
    if (field.isSet && !field.isList) yield stringsAsPeers(field, kind) ?? refusedByApiServer(field, `${kind} must be a list`);
  }
  yield* combinationRejections(rule, kinds, scope);
  for (const kind of [`${side}Endpoints`, `${side}Nodes`, `${side}Requires`])
    for (const selector of rule.at(kind).items) {
      const asString = stringsAsPeers(selector, kind);
      if (asString === undefined) yield* ciliumSelectorRejections(selector);
      else yield asString;
    }
  yield* nodeRejections(rule.at(`${side}Nodes`));
  yield* requiresRejections(rule.at(`${side}Requires`), scope);
  for (const cidr of rule.at(`${side}CIDR`).items) yield* cidrRejections(cidr);
  for (const set of rule.at(`${side}CIDRSet`).items) yield* cidrSetRejections(set, scope);
  yield* entityRejections(rule.at(`${side}Entities`), scope);
  if (scope.isIngress) return;
  yield* nameRejections(rule.at('toFQDNs'), scope);
  for (const service of rule.at('toServices').items) yield* selectorRejections(service.at('k8sServiceSelector', 'selector'), 'nobody');
}

/** Cilium puts the label's source before each key: `app` becomes `any.app`. */
export function ciliumSelectorRejections(selector: Field): Iterable<Rejection> {
  return selectorRejections(selector, 'cilium', (key) => {
    const [, source = '', rest = key] = /^([^:]*):(.*)$/s.exec(key) ?? [];
    return `${source === '' ? 'any' : source}.${rest}`;
  });
}

function stringsAsPeers(field: Field, kind: string): Rejection | undefined {
  if (field.string === undefined || !/Endpoints$/.test(kind)) return undefined;
  return { ...refusedByApiServer(field, `${JSON.stringify(field.string)} is a string where a label selector belongs`), isString: true };
}

function* combinationRejections(rule: Field, kinds: readonly string[], { version, isIngress, isDeny }: RuleScope): Iterable<Rejection> {
  const [first, ...others] = kinds.filter((kind) => rule.at(kind).items.length > 0);
  for (const other of others)
    yield notEnforced(
      rule.at(other),
      `${first ?? ''} and ${other} stand in one rule, which combines them with "and"; each needs a rule of its own`,
    );
  const services = rule.at('toServices');
  if (!isIngress && !isAtLeast(version, '1.17') && services.items.length > 0 && rule.at('toPorts').items.length > 0)
    yield notEnforced(services, 'toServices and toPorts cannot be combined before Cilium 1.17');
  if (isDeny && rule.at('toFQDNs').isSet)
    yield refusedByApiServer(rule.at('toFQDNs'), 'names cannot be denied: toFQDNs is for egress, not egressDeny');
}

function* nodeRejections(nodes: Field): Iterable<Rejection> {
  if (nodes.items.length === 0) return;
  yield {
    ...notEnforced(nodes, 'node selectors work only where Cilium runs with enable-node-selector-labels, which is off by default'),
    unless: 'enable-node-selector-labels',
  };
}

function* requiresRejections(requires: Field, { version }: RuleScope): Iterable<Rejection> {
  if (requires.items.length > 0 && isAtLeast(version, '1.19'))
    yield refusedByApiServer(requires, 'fromRequires and toRequires were removed in Cilium 1.19');
}

function* entityRejections(entities: Field, { version }: RuleScope): Iterable<Rejection> {
  const known = entitiesOf(version);
  for (const entity of entities.items)
    if (!known.includes(entity.string ?? ''))
      yield refusedByApiServer(
        entity,
        `${entity.text === undefined ? 'this' : JSON.stringify(entity.text)} is no entity: it must be ${oneOf(known)}`,
      );
}

function* nameRejections(names: Field, scope: RuleScope): Iterable<Rejection> {
  if (scope.isDeny) return;
  for (const name of names.items) yield* fqdnRejections(name);
}

/** The schema's format is a prefix with its length; Cilium itself took a bare address until 1.20, but never sees one. */
function* cidrRejections(cidr: Field): Iterable<Rejection> {
  if (cidr.string === undefined) yield refusedByApiServer(cidr, 'a CIDR is a string');
  else if (prefixOf(cidr.string) === undefined)
    yield refusedByApiServer(
      cidr,
      `${JSON.stringify(cidr.string)} is no CIDR such as 10.0.0.0/8${isAddress(cidr.string) ? '; a single address needs its length, /32 or /128' : ''}`,
    );
}

function* cidrSetRejections(set: Field, { version }: RuleScope): Iterable<Rejection> {
  const choices = ['cidr', 'cidrGroupRef', 'cidrGroupSelector'].filter((choice) => set.at(choice).isSet);
  if (choices.length !== 1) {
    yield refusedByApiServer(
      set,
      choices.length === 0 ? 'one of cidr, cidrGroupRef and cidrGroupSelector is required' : `${choices.join(' and ')} exclude each other`,
    );
    return;
  }
  yield* selectorRejections(set.at('cidrGroupSelector'), 'cilium', (key) => `cidrgroup.${key}`);
  const group = set.at('cidrGroupRef');
  if (group.string === '') yield refusedByApiServer(group, 'cidrGroupRef names no group');
  const cidr = set.at('cidr');
  if (cidr.isSet) yield* cidrRejections(cidr);
  const outer = prefixOf(cidr.string ?? '');
  for (const except of set.at('except').items) {
    yield* cidrRejections(except);
    const inner = prefixOf(except.string ?? '');
    if (outer !== undefined && inner !== undefined && !excepts(outer, inner, version))
      yield notEnforced(except, `the exception ${except.string ?? ''} lies outside of ${cidr.string ?? ''}`);
  }
}

/** A prefix with its length, as Go's parser takes it: no short forms, no octal parts, no zones. */
function prefixOf(text: string): IpRange | undefined {
  const [, address = '', length = ''] = /^([^/%]+)\/(0|[1-9]\d{0,2})$/.exec(text) ?? [];
  return isAddress(address) && Number(length) <= (address.includes(':') ? 128 : 32) ? ipRange(text) : undefined;
}

/** Before 1.20 only the address of the exception was looked at, not its length. */
function excepts(outer: IpRange, except: IpRange, version: string): boolean {
  const inner = isAtLeast(version, '1.20') ? except : ipRange(except.text.split('/')[0] ?? '');
  return inner !== undefined && contains(outer, inner);
}

function isAddress(text: string): boolean {
  return IPv4.isValidFourPartDecimal(text) || (text.includes(':') && !text.includes('%') && IPv6.isValid(text));
}
