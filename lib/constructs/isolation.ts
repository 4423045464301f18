/**
 * One CiliumNetworkPolicy for each workload: default deny in both directions, and exactly what was declared.
 *
 * The policy is rendered at synth from the flows, so that a connection declared anywhere in the app is in it. Both
 * directions always carry a rule: a section without rules would leave its direction open. The kubelet's probes pass
 * whatever a policy says, as long as nothing denies the host.
 */
import { Lazy } from 'cdk8s';
import { Construct } from 'constructs';
import type { CiliumNetworkPolicy } from '../../imports/cilium';
import type { PodsFacts } from '../facts/cluster-facts';
import { defineObject } from '../kube/define';
import { NAMESPACE_LABEL } from '../lessons/cross-namespace-peer';
import { MESH_CONTROL_PORT, MESH_TELEMETRY_PORTS } from '../network/needs-mesh';
import { Connections } from './connections';
import { type Flow, type PodPort, samePort } from './flows';
import { type Peer } from './peer';
import { clusterOf, flowsOf } from './platform';

const DNS_PORTS: readonly PodPort[] = [
  { number: 53, protocol: 'UDP' },
  { number: 53, protocol: 'TCP' },
];

type Rule = Readonly<Record<string, unknown>>;

/** What a workload's policy is rendered from. */
export interface IsolationProps {
  readonly connections: Connections;
  /** Name of the policy. @default '<name>-isolation' */
  readonly name?: string;
  /** Whether its pods look names up without any connection. @default false */
  readonly looksUpNames?: boolean;
}

export class Isolation extends Construct {
  readonly connections: Connections;
  private readonly looksUpNames: boolean;

  constructor(scope: Construct, id: string, { connections, name = `${connections.name}-isolation`, looksUpNames = false }: IsolationProps) {
    super(scope, id);
    this.connections = connections;
    this.looksUpNames = looksUpNames;
    defineObject<CiliumNetworkPolicy>(this, 'policy', {
      apiVersion: 'cilium.io/v2',
      kind: 'CiliumNetworkPolicy',
      metadata: { name, namespace: connections.namespace },
      // eslint-disable-next-line @typescript-eslint/no-unsafe-assignment -- cdk8s types what is known at synth as any
      spec: Lazy.any({ produce: () => this.declared() }),
    });
  }

  /** The policy's spec as it follows from the declared connections, before patches. */
  declared(): Rule {
    return {
      endpointSelector: { matchLabels: this.connections.labels },
      ingress: orNothing(this.ingress(this.connections)),
      egress: orNothing(this.egress(this.connections)),
    };
  }

  private ingress(connections: Connections): Rule[] {
    const rules = merged(flowsOf(this).to(connections), ({ from }) => from).map(([party, ports]) => ({
      ...ingressPeer(party),
      ...toPorts(ports),
    }));
    const { mesh, facts } = clusterOf(this);
    if (connections.inMesh && mesh !== undefined && facts.prometheus !== undefined) {
      rules.push({ fromEndpoints: [selector(facts.prometheus)], ...toPorts(MESH_TELEMETRY_PORTS.map((number) => ({ number }))) });
    }
    return rules;
  }

  private egress(connections: Connections): Rule[] {
    const cluster = clusterOf(this);
    const flows = merged(flowsOf(this).from(connections), ({ to }) => to);
    const byName = flows.some(([party]) => 'kind' in party && party.kind === 'fqdn');
    const rules = flows.map(([party, ports]) => ({ ...egressPeer(party), ...toPorts(ports) }));
    if (connections.inMesh && cluster.mesh !== undefined) {
      rules.push({ toEndpoints: [selector(cluster.meshControlPlane)], ...toPorts([{ number: MESH_CONTROL_PORT }]) });
    }
    // Who connects to nobody has nothing to look up.
    if (rules.length === 0 && !this.looksUpNames) return rules;
    // A name matches only addresses that the DNS proxy has seen answered, and the proxy reads only what a DNS rule sends through it.
    const seen = byName ? { rules: { dns: [{ matchPattern: '*' }] } } : {};
    rules.push({ toEndpoints: [selector(cluster.dns)], toPorts: [{ ports: DNS_PORTS.map(portRule), ...seen }] });
    return rules;
  }
}

/** A list with one empty rule denies by default and allows nothing; an empty list would leave the direction open. */
function orNothing(rules: readonly Rule[]): readonly Rule[] {
  return rules.length === 0 ? [{}] : rules;
}

/** The flows' parties, each with all its ports. */
function merged(flows: readonly Flow[], partyOf: (flow: Flow) => Connections | Peer): [Connections | Peer, PodPort[]][] {
  const parties = new Map<string, [Connections | Peer, PodPort[]]>();
  for (const flow of flows) {
    const party = partyOf(flow);
    const key = party instanceof Connections ? `${party.namespace}/${party.name}` : JSON.stringify(party);
    const [, ports] = parties.get(key) ?? [party, []];
    for (const port of flow.ports) if (!ports.some((known) => samePort(known, port))) ports.push(port);
    parties.set(key, [party, ports]);
  }
  return [...parties.values()];
}

function ingressPeer(party: Connections | Peer): Rule {
  if (party instanceof Connections) return { fromEndpoints: [selector(party)] };
  switch (party.kind) {
    case 'pods':
      return { fromEndpoints: [selector(party)] };
    case 'entity':
      return { fromEntities: [party.entity] };
    case 'cidr':
      return party.except.length === 0 ? { fromCIDR: [party.cidr] } : { fromCIDRSet: [{ cidr: party.cidr, except: party.except }] };
    case 'fqdn':
      throw new Error(
        `fqdn:${party.name} cannot be a source: names are known only of destinations; use Peer.cidr() or Peer.entity('world')`,
      );
  }
}

function egressPeer(party: Connections | Peer): Rule {
  if (party instanceof Connections) return { toEndpoints: [selector(party)] };
  switch (party.kind) {
    case 'pods':
      return { toEndpoints: [selector(party)] };
    case 'entity':
      return { toEntities: [party.entity] };
    case 'cidr':
      return party.except.length === 0 ? { toCIDR: [party.cidr] } : { toCIDRSet: [{ cidr: party.cidr, except: party.except }] };
    case 'fqdn':
      return { toFQDNs: [party.name.includes('*') ? { matchPattern: party.name } : { matchName: party.name }] };
  }
}

function selector({ namespace, labels }: PodsFacts): Rule {
  return { matchLabels: { ...labels, [NAMESPACE_LABEL]: namespace } };
}

function toPorts(ports: readonly PodPort[]): Rule {
  return { toPorts: [{ ports: ports.map(portRule) }] };
}

function portRule({ number, protocol = 'TCP' }: PodPort): Rule {
  return { port: String(number), protocol };
}
