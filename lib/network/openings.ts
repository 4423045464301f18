/**
 * Flows that suspected policies let through, and that the policies as they were meant would not.
 *
 * The insight that keeps it cheap: a workload whose policies are as they were meant opens nothing, so that only suspected
 * rules are asked, each for whom it is about; and of two restricted ends both must have such a rule. Whoever opens
 * everything is told with a few examples.
 */
import type { Resource } from '../resources/resource';
import type { Workload } from '../resources/workload';
import { type Candidate, namedPeers } from './candidate';
import { type Endpoint, endpointText } from './endpoint';
import type { FlowVerdict, Network } from './network';
import type { Direction, TrafficRule } from './policy-rule';
import { peersMatch } from './side-verdict';
import { portMatches, type Protocol, type Traffic, trafficText } from './traffic-port';
import type { Because } from './verdict';

export interface OpeningsAsked {
  readonly network: Network;
  /** The same workloads with the policies as they were meant. */
  readonly meant: Network;
  readonly suspects: ReadonlySet<Resource>;
  /** The workloads that the meant policies restrict in both directions. */
  readonly restricted: readonly Workload[];
  /** Who is there beside the workloads. */
  readonly infrastructure: readonly Candidate[];
}

export interface Opening {
  readonly flow: FlowVerdict;
  readonly from: string;
  readonly to: string;
  readonly port: string;
  /** @default - every port */
  readonly number?: number;
  /** The suspected rules that let it through. */
  readonly by: readonly Because[];
}

/** How many flows of one rule are told. */
const MOST_EXAMPLES = 3;
/** Asked for where a rule is about every port and nobody knows where the other end serves. */
const SOME_PORT: Traffic = { protocol: 'TCP', port: 1 };

interface SuspectedRule {
  readonly rule: TrafficRule;
  readonly direction: Direction;
  readonly subjects: Workload[];
}

export function openings(asked: OpeningsAsked): Opening[] {
  const suspected = suspectedRules(asked);
  if (suspected.length === 0) return [];
  const closed = closedEnds(asked, suspected);
  const workloads = asked.network.resources.workloads.map((workload): Candidate => ({
    endpoint: { kind: 'workload', workload },
    ports: portsOf(workload),
  }));
  const everybody = [...workloads, ...asked.infrastructure];
  const found = new Map<string, Opening>();
  for (const one of suspected) {
    const opposite = closed[one.direction === 'egress' ? 'ingress' : 'egress'];
    const others = everybody.filter(
      ({ endpoint }) => !(endpoint.kind === 'workload' && opposite.has(endpoint.workload)) && concerns(asked.network, one.rule, endpoint),
    );
    for (const opening of openedBy(one, others, asked)) if (!found.has(keyOf(opening))) found.set(keyOf(opening), opening);
  }
  return [...found.values()];
}

function keyOf({ from, to, port }: Opening): string {
  return `${from} ${to} ${port}`;
}

function suspectedRules({ network, suspects, restricted }: OpeningsAsked): SuspectedRule[] {
  const rules = new Map<TrafficRule, SuspectedRule>();
  for (const workload of restricted) {
    for (const policy of network.subjects({ kind: 'workload', workload })) {
      for (const direction of ['egress', 'ingress'] as const) {
        for (const { rule } of policy[direction].applied) {
          if (rule.effect === 'deny' || !suspects.has(rule.policy)) continue;
          const known = rules.get(rule);
          if (known === undefined) rules.set(rule, { rule, direction, subjects: [workload] });
          else known.subjects.push(workload);
        }
      }
    }
  }
  return [...rules.values()];
}

/** The workloads that let nobody in, or out, but whom they were meant to. */
function closedEnds({ network, restricted }: OpeningsAsked, suspected: readonly SuspectedRule[]): Record<Direction, Set<Workload>> {
  const closed = (direction: Direction): Set<Workload> => {
    const opened = new Set(suspected.filter((one) => one.direction === direction).flatMap(({ subjects }) => subjects));
    return new Set(
      restricted.filter((workload) => !opened.has(workload) && network.restricted({ kind: 'workload', workload }, direction) === 'yes'),
    );
  };
  return { egress: closed('egress'), ingress: closed('ingress') };
}

/** Whether a rule may be about an endpoint; what it says to it is the verdict's business. */
function concerns(network: Network, rule: TrafficRule, endpoint: Endpoint): boolean {
  return network.partiesOf(endpoint).some(({ identity }) => peersMatch({ peer: identity }, rule, NOTHING_REQUIRED) !== 'no');
}

const NOTHING_REQUIRED = { required: { allow: [], deny: [] }, dnsNames: [] };

function* openedBy(one: SuspectedRule, others: readonly Candidate[], asked: OpeningsAsked): Iterable<Opening> {
  const { rule, direction, subjects } = one;
  const named = namedPeers(rule);
  const told = new Set<string>();
  for (const workload of subjects) {
    const subject: Candidate = { endpoint: { kind: 'workload', workload }, ports: portsOf(workload) };
    // Whom the rule names covers everybody else it is about.
    for (const peers of [named, others]) {
      let isOpen = false;
      for (const peer of peers) {
        if (peer.endpoint.kind === 'workload' && peer.endpoint.workload === workload) continue;
        const [from, to] = direction === 'egress' ? [subject, peer] : [peer, subject];
        const opening = firstOpening(rule, from, to, asked);
        if (opening === undefined) continue;
        isOpen = true;
        if (!told.has(keyOf(opening))) yield opening;
        if (told.add(keyOf(opening)).size >= MOST_EXAMPLES) return;
      }
      if (isOpen) break;
    }
  }
}

function firstOpening(rule: TrafficRule, from: Candidate, to: Candidate, { network, meant, suspects }: OpeningsAsked): Opening | undefined {
  for (const traffic of trafficOf(rule, to.ports ?? [])) {
    const { port, protocol } = traffic;
    const flow = network.verdict(from.endpoint, to.endpoint, port, protocol);
    if (flow.verdict !== 'allow') continue;
    const before = meant.verdict(from.endpoint, to.endpoint, port, protocol);
    if (before.verdict !== 'deny') continue;
    const sides = (['egress', 'ingress'] as const).filter((side) => before[side].verdict !== 'allow');
    const by = sides.flatMap((side) => flow[side].because).filter(({ policy }) => policy !== null && suspects.has(policy));
    const ends = { flow, from: from.words ?? endpointText(from.endpoint), to: to.words ?? endpointText(to.endpoint), by };
    return traffic === SOME_PORT ? { ...ends, port: 'every port' } : { ...ends, port: trafficText(traffic), number: port };
  }
  return undefined;
}

/** Ports that exist: those where the destination serves, and those that the rule itself names. */
function trafficOf({ ports }: TrafficRule, served: readonly Traffic[]): readonly Traffic[] {
  if (ports === 'all') return served.length === 0 ? [SOME_PORT] : served;
  return ports.flatMap(({ filters }) =>
    filters.flatMap((filter): readonly Traffic[] => {
      const known = served.filter((traffic) => portMatches(filter, traffic, undefined) !== 'no');
      if (known.length > 0 || 'name' in filter.port) return known;
      const { first, last } = filter.port;
      const [protocol = 'TCP'] = filter.protocols;
      if (first === last) return [{ port: first, protocol }];
      if (served.length > 0) return [];
      return first === 0 ? [SOME_PORT] : [{ port: first, protocol }];
    }),
  );
}

function portsOf(workload: Workload): readonly Traffic[] {
  return workload.containers.flatMap(({ ports }) =>
    ports.flatMap(({ number, protocol }): Traffic[] => (isProtocol(protocol) ? [{ port: number, protocol }] : [])),
  );
}

function isProtocol(text: string): text is Protocol {
  return ['TCP', 'UDP', 'SCTP'].includes(text);
}
