/**
 * What would have to be added so that a denied flow is allowed: a rule ready to paste, and where.
 *
 * A rule belongs into a policy that is about the pod in particular. Where only policies about others too restrict it (those
 * of a tier, a default-deny for the namespace or the cluster), a rule there would open more than the flow: the mend is a
 * new policy.
 */
import type { JsonPointer } from '../manifest/json-pointer';
import { pointerTo, stepsOf } from '../manifest/json-pointer';
import { containsLabels } from '../resources/label-selector';
import type { Resource } from '../resources/resource';
import type { Workload } from '../resources/workload';
import { type Endpoint, endpointText } from './endpoint';
import type { FlowVerdict, Network } from './network';
import { ciliumPeer, networkPolicyPeer, tellingLabels } from './peer-rule';
import type { Direction } from './policy-rule';
import { restrictedWorkloads } from './selected-workloads';
import { type Protocol, type Traffic, trafficText } from './traffic-port';
import { lacksRule } from './verdict';

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
  /** Whether it may stand in a policy that is about other pods too, who need the same. @default false */
  readonly forAll?: boolean;
}

/** For each side that denies for want of a rule; none where a deny rule covers the flow, which no allow rule can mend. */
export function missingRules(verdict: FlowVerdict, network: Network, extras: RuleExtras = {}): MissingRule[] {
  if (verdict.targets !== undefined) return verdict.targets.flatMap((target) => missingRules(target, network, extras));
  const flow: FlowAsked = { ...verdict, ...extras };
  return [...missing(flow, 'egress', flow.from, flow.to, network), ...missing(flow, 'ingress', flow.to, flow.from, network)];
}

function missing(flow: FlowAsked, direction: Direction, subject: Endpoint, peer: Endpoint, network: Network): MissingRule[] {
  const side = flow[direction];
  if (!lacksRule(side)) return [];
  const restricting = side.because.flatMap(({ policy, rule }) => (policy === null || rule === null ? [] : [{ policy, spec: rule }]));
  const toward = direction === 'egress' ? 'to' : 'from';
  const names = [...new Set(restricting.map(({ policy }) => policy.toString()))].join(', ');
  const words = `no ${direction} rule of ${names === '' ? 'any policy' : names} allows ${endpointText(subject)} ${toward} ${endpointText(peer)} on ${trafficText(flow)}`;
  const isKubernetes = restricting.length > 0 && restricting.every(({ policy }) => policy.kind === 'NetworkPolicy');
  const policy = newPolicy(subject, peer, direction, flow, isKubernetes);
  const into = restricting
    .filter((one) => flow.forAll === true || policy === undefined || isAlone(subject, restrictedWorkloads(network, one.policy, one.spec)))
    .flatMap((one) => extension(one.policy, one.spec, direction, peer, flow) ?? [])
    .at(0);
  return [{ direction, subject, words, into, policy }];
}

/** Whether nobody is among the workloads whom a policy of the subject's own would not select as well. */
function isAlone(subject: Endpoint, selected: readonly Workload[]): boolean {
  if (subject.kind !== 'workload') return selected.length === 0;
  const labels = tellingLabels(subject.workload);
  return selected.every(({ namespace, podLabels }) => namespace === subject.workload.namespace && containsLabels(podLabels, labels));
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

/** A NetworkPolicy where all that restrict are such, for any engine knows it; otherwise, or where it has no words for the peer, one of Cilium's. */
function newPolicy(subject: Endpoint, peer: Endpoint, direction: Direction, traffic: PortAsked, isKubernetes: boolean): Plain | undefined {
  if (subject.kind !== 'workload') return undefined;
  const { namespace } = subject.workload;
  const matchLabels = tellingLabels(subject.workload);
  const metadata = { name: policyName(subject.workload, peer, direction, traffic), ...(namespace === null ? {} : { namespace }) };
  const own = isKubernetes ? kubernetesRule(peer, direction, namespace, traffic) : undefined;
  if (own !== undefined) {
    const policyTypes = [direction === 'egress' ? 'Egress' : 'Ingress'];
    const spec = { podSelector: { matchLabels }, policyTypes, [direction]: [own] };
    return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata, spec };
  }
  const rule = ciliumRule(peer, direction, namespace, traffic);
  if (rule === undefined) return undefined;
  return {
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumNetworkPolicy',
    metadata,
    spec: { endpointSelector: { matchLabels }, [direction]: [rule] },
  };
}

/** `cache-from-api-6379`: one name for each flow, so that no mend overwrites another. */
function policyName({ name }: Workload, peer: Endpoint, direction: Direction, { port }: PortAsked): string {
  const toward = direction === 'egress' ? 'to' : 'from';
  const of = peerName(peer)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  return `${name}-${toward}-${of}-${port}`.slice(-LONGEST_NAME).replace(/^[^a-z0-9]+/, '');
}

/** Of an object. */
const LONGEST_NAME = 253;

function peerName(peer: Endpoint): string {
  switch (peer.kind) {
    case 'workload':
      return peer.workload.name;
    case 'pods':
      return Object.values(peer.labels)[0] ?? peer.namespace;
    case 'service':
      return peer.service.name;
    case 'entity':
      return peer.entity;
    case 'cidr':
      return peer.cidr;
    case 'fqdn':
      return peer.name;
  }
}

function ciliumRule(
  peer: Endpoint,
  direction: Direction,
  namespace: string | null,
  { showsNames, ...traffic }: PortAsked,
): Plain | undefined {
  const { port, protocol } = traffic;
  const peers = ciliumPeer(peer, direction, namespace);
  if (peers === undefined) return undefined;
  if (protocol === 'ICMP' || protocol === 'ICMPv6')
    return { ...peers, icmps: [{ fields: [{ type: port, family: protocol === 'ICMP' ? 'IPv4' : 'IPv6' }] }] };
  const ports = allowedPorts(traffic).map((one) => ({ port: String(one.port), protocol: one.protocol }));
  return { ...peers, toPorts: [{ ports, ...(showsNames === true ? { rules: { dns: [{ matchPattern: '*' }] } } : {}) }] };
}

function kubernetesRule(peer: Endpoint, direction: Direction, namespace: string | null, traffic: PortAsked): Plain | undefined {
  const { protocol } = traffic;
  const one = networkPolicyPeer(peer, namespace);
  if (one === undefined || protocol === 'ICMP' || protocol === 'ICMPv6') return undefined;
  return { [direction === 'egress' ? 'to' : 'from']: [one], ports: allowedPorts(traffic) };
}

/** Each port over each protocol. */
function allowedPorts({ port, protocol, also = [], ports = [] }: PortAsked): Traffic[] {
  return [port, ...ports].flatMap((number) => [protocol, ...also].map((one) => ({ protocol: one, port: number })));
}
