/**
 * What would have to be added so that a denied flow is allowed: a rule ready to paste, and where.
 *
 * A rule belongs into a policy that is about the pod in particular. Where only policies about everything restrict it (a
 * default-deny for the namespace or the cluster), a rule there would open more than the flow: the mend is a new policy.
 */
import type { JsonPointer } from '../manifest/json-pointer';
import { pointerTo, stepsOf } from '../manifest/json-pointer';
import type { Resource } from '../resources/resource';
import { type Endpoint, endpointText } from './endpoint';
import type { FlowVerdict } from './network';
import { ciliumPeer, networkPolicyPeer, tellingLabels } from './peer-rule';
import type { Direction } from './policy-rule';
import { type Protocol, trafficText } from './traffic-port';

type Plain = Readonly<Record<string, unknown>>;

export interface MissingRule {
  readonly direction: Direction;
  /** Whose policies deny the flow. */
  readonly subject: Endpoint;
  /** What is missing, in words. */
  readonly words: string;
  /** The policy to extend, at a path that ends in `-` where it appends to a list. @default - none is about the pod in particular */
  readonly into?: { readonly policy: Resource; readonly path: JsonPointer; readonly value: unknown };
  /** A policy of its own that allows the flow. */
  readonly policy?: Plain;
}

/** What the rule shall do beside allowing the flow. */
export interface RuleExtras {
  /** Further protocols of the same port. */
  readonly also?: readonly Protocol[];
  /** Further ports. */
  readonly ports?: readonly number[];
  /** Whether lookups are shown to Cilium's proxy, which learns the addresses of names from them. @default false */
  readonly showsNames?: boolean;
}

/**
 * For each side that denies for want of a rule; none where a deny rule covers the flow, which no allow rule can mend.
 *
 */
export function missingRules(verdict: FlowVerdict, extras: RuleExtras = {}): MissingRule[] {
  if (verdict.targets !== undefined) return verdict.targets.flatMap((target) => missingRules(target, extras));
  const flow: FlowAsked = { ...verdict, ...extras };
  return [...missing(flow, 'egress', flow.from, flow.to), ...missing(flow, 'ingress', flow.to, flow.from)];
}

function missing(flow: FlowAsked, direction: Direction, subject: Endpoint, peer: Endpoint): MissingRule[] {
  const { verdict, because } = flow[direction];
  if (verdict !== 'deny' || because.some(({ effect }) => effect !== 'default-deny')) return [];
  const restricting = because.flatMap(({ policy, rule }) => (policy === null || rule === null ? [] : [{ policy, spec: rule }]));
  const toward = direction === 'egress' ? 'to' : 'from';
  const names = [...new Set(restricting.map(({ policy }) => policy.toString()))].join(', ');
  const words = `no ${direction} rule of ${names === '' ? 'any policy' : names} allows ${endpointText(subject)} ${toward} ${endpointText(peer)} on ${trafficText(flow)}`;
  const into = restricting.flatMap(({ policy, spec }) => extension(policy, spec, direction, peer, flow) ?? []).at(0);
  return [{ direction, subject, words, into, policy: newPolicy(subject, peer, direction, flow) }];
}

interface PortAsked extends RuleExtras {
  readonly port: number;
  readonly protocol: Protocol;
}

type FlowAsked = FlowVerdict & PortAsked;

function extension(policy: Resource, spec: JsonPointer, direction: Direction, peer: Endpoint, traffic: PortAsked): MissingRule['into'] {
  const at = (...steps: string[]) => policy.at(...stepsOf(spec), ...steps);
  const isKubernetes = policy.kind === 'NetworkPolicy';
  const subject = isKubernetes ? at('podSelector') : at('endpointSelector');
  if (subject.at('matchLabels').keys.length === 0 && subject.at('matchExpressions').items.length === 0) return undefined;
  const rule = isKubernetes
    ? kubernetesRule(peer, direction, policy.namespace, traffic)
    : ciliumRule(peer, direction, policy.namespace, traffic);
  if (rule === undefined) return undefined;
  const list = at(direction);
  return list.items.length > 0 ? { policy, path: pointerTo(list.path, '-'), value: rule } : { policy, path: list.path, value: [rule] };
}

function newPolicy(subject: Endpoint, peer: Endpoint, direction: Direction, traffic: PortAsked): Plain | undefined {
  if (subject.kind !== 'workload') return undefined;
  const { workload } = subject;
  const rule = ciliumRule(peer, direction, workload.namespace, traffic);
  if (rule === undefined) return undefined;
  return {
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumNetworkPolicy',
    metadata: { name: `${workload.name}-${direction}`, ...(workload.namespace === null ? {} : { namespace: workload.namespace }) },
    spec: { endpointSelector: { matchLabels: tellingLabels(workload) }, [direction]: [rule] },
  };
}

function ciliumRule(
  peer: Endpoint,
  direction: Direction,
  namespace: string | null,
  { port, protocol, also = [], ports = [], showsNames }: PortAsked,
): Plain | undefined {
  const peers = ciliumPeer(peer, direction, namespace);
  if (peers === undefined) return undefined;
  if (protocol === 'ICMP' || protocol === 'ICMPv6')
    return { ...peers, icmps: [{ fields: [{ type: port, family: protocol === 'ICMP' ? 'IPv4' : 'IPv6' }] }] };
  const allowed = [port, ...ports].flatMap((number) => [protocol, ...also].map((one) => ({ port: String(number), protocol: one })));
  return { ...peers, toPorts: [{ ports: allowed, ...(showsNames === true ? { rules: { dns: [{ matchPattern: '*' }] } } : {}) }] };
}

function kubernetesRule(
  peer: Endpoint,
  direction: Direction,
  namespace: string | null,
  { port, protocol, also = [], ports = [] }: PortAsked,
): Plain | undefined {
  const one = networkPolicyPeer(peer, namespace);
  if (one === undefined || protocol === 'ICMP' || protocol === 'ICMPv6') return undefined;
  return {
    [direction === 'egress' ? 'to' : 'from']: [one],
    ports: [port, ...ports].flatMap((number) => [protocol, ...also].map((one) => ({ protocol: one, port: number }))),
  };
}
