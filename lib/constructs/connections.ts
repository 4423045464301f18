/**
 * Declares who may talk to a workload and to whom it may talk.
 *
 * One property, `connections`, makes a construct a party. Declaring a connection on either side is enough; the policies
 * of both sides follow from it.
 */
import type { Construct } from 'constructs';
import { type Flows, type PodPort, samePort } from './flows';
import { Input } from './input';
import { type Peer, peerProblem } from './peer';
import { clusterOf, flowsOf, namespaceOf } from './platform';

/** A construct that others may connect to. */
export interface IConnectable {
  readonly connections: Connections;
}

export interface ConnectionsProps {
  /** The workload's name: its pods carry `app: <name>`. */
  readonly name: string;
  /** @default - the chart's */
  readonly namespace?: string;
  /** The ports of its pods that serve; the first is the one meant when none is named. @default - none: nobody connects to it */
  readonly ports?: readonly PodPort[];
  /** Whether its pods run a mesh sidecar. @default - whether the cluster injects them into the namespace */
  readonly inMesh?: boolean;
  /** Where wrong calls are reported. @default - the scope's own errors */
  readonly input?: Input;
}

export class Connections implements IConnectable {
  readonly name: string;
  readonly namespace: string;
  readonly ports: readonly PodPort[];
  readonly inMesh: boolean;
  private readonly flows: Flows;
  private readonly input: Input;

  constructor(scope: Construct, props: ConnectionsProps) {
    this.input = props.input ?? new Input(scope);
    this.name = this.input.dnsLabel('connections.name', props.name);
    this.namespace = props.namespace ?? namespaceOf(scope);
    this.ports = this.servedPorts(props.ports ?? []);
    this.inMesh = props.inMesh ?? clusterOf(scope).injects(this.namespace);
    this.flows = flowsOf(scope);
  }

  get connections(): this {
    return this;
  }

  /** The labels that select its pods. */
  get labels(): Readonly<Record<string, string>> {
    return { app: this.name };
  }

  /**
   * Allows connections from this workload to another, or to something outside of the app.
   * @param port a port of the target's pods; by default the target's first. A peer outside of the app needs one
   * @param reason why, for readers of the expected flows
   */
  allowTo(other: IConnectable | Peer, port?: number | PodPort, reason = 'declared'): this {
    const party = this.partyOf(other);
    if (party !== undefined) this.connect(this, party, port, reason);
    return this;
  }

  /**
   * Allows connections to this workload.
   * @param port a port of this workload's pods; by default its first
   */
  allowFrom(other: IConnectable | Peer, port?: number | PodPort, reason = 'declared'): this {
    const party = this.partyOf(other);
    if (party === undefined) return this;
    if ('kind' in party && party.kind === 'fqdn') {
      const mend = "names are known only of destinations: give Peer.cidr() or Peer.entity('world') as a source";
      this.input.reject('connections', describePeer(party), mend);
    } else {
      this.connect(party, this, port, reason);
    }
    return this;
  }

  private connect(from: Connections | Peer, to: Connections | Peer, port: number | PodPort | undefined, reason: string): void {
    const served = to instanceof Connections ? to.ports : [];
    const ports = port === undefined ? served.slice(0, 1) : [typeof port === 'number' ? { number: port } : port];
    if (ports.length === 0) {
      this.input.reject('connections', partyName(to), 'it declares no port of its own: say which port is meant');
    } else if (ports.every((each) => this.isUsable(each, to))) {
      this.flows.add({ from, to, ports, reason });
    }
  }

  /** What policies know of the other side; a caller without types may have given anything. */
  private partyOf(other: IConnectable | Peer): Connections | Peer | undefined {
    if (isConnectable(other)) return this.ofThisApp(other.connections);
    if (!isPeer(other)) {
      this.input.reject('connections', other, 'give a workload of this app, or one of Peer.pods(), entity(), cidr() and fqdn()');
      return undefined;
    }
    const problem = peerProblem(other);
    if (problem !== undefined) this.input.reject('connections', other, problem);
    return problem === undefined ? other : undefined;
  }

  private ofThisApp(other: Connections): Connections | undefined {
    if (other === this) {
      this.input.reject('connections', partyName(other), 'a workload reaches itself without a policy: remove the connection');
      return undefined;
    }
    if (other.flows !== this.flows) {
      const { namespace, labels } = other;
      const peer = `Peer.pods(${JSON.stringify({ namespace, labels })})`;
      this.input.reject('connections', partyName(other), `it stands in another app, whose policies are not written here: give ${peer}`);
      return undefined;
    }
    return other;
  }

  private isUsable(port: PodPort, to: Connections | Peer): boolean {
    if (!this.isSound('connections port', port)) return false;
    if (!(to instanceof Connections) || to.ports.some((served) => samePort(served, port))) return true;
    const ports = to.ports.map(portText).join(', ');
    const mend = ports === '' ? 'which serves none: remove the connection' : `which serves ${ports}: give one of its ports`;
    this.input.reject('connections port', portText(port), `it is no port of ${partyName(to)}, ${mend}`);
    return false;
  }

  private servedPorts(ports: readonly PodPort[]): readonly PodPort[] {
    return ports.filter((port, index) => {
      if (!this.isSound(`connections.ports[${index}]`, port)) return false;
      const isRepeated = ports.slice(0, index).some((earlier) => samePort(earlier, port));
      if (isRepeated) this.input.reject(`connections.ports[${index}]`, portText(port), 'it is listed before: remove it');
      return !isRepeated;
    });
  }

  private isSound(prop: string, { number, protocol = 'TCP' }: PodPort): boolean {
    return this.input.port(prop, number) === number && this.input.choice(`${prop} protocol`, protocol, ['TCP', 'UDP']) === protocol;
  }
}

/** Whether a value is a workload that policies know. */
export function isConnectable(value: unknown): value is IConnectable {
  return typeof value === 'object' && value !== null && 'connections' in value && value.connections instanceof Connections;
}

/**
 * A construct that another cannot do without.
 * @param like who it might be
 * @throws Error when it is no such construct: nothing could stand in for it
 */
export function requireConnectable<Other extends IConnectable>(scope: Construct, prop: string, value: Other, like: string): Other {
  if (isConnectable(value)) return value;
  throw new Error(`${scope.node.path}: ${prop} is no construct with connections: give ${like}`);
}

function isPeer(value: unknown): value is Peer {
  return typeof value === 'object' && value !== null && 'kind' in value && PEERS.some((kind) => kind === value.kind);
}

const PEERS: readonly Peer['kind'][] = ['pods', 'entity', 'cidr', 'fqdn'];

function portText({ number, protocol = 'TCP' }: PodPort): string {
  return `${number}/${protocol}`;
}

/** A workload by namespace and name, or a peer in a few words. */
export function partyName(party: Connections | Peer): string {
  return party instanceof Connections ? `${party.namespace}/${party.name}` : describePeer(party);
}

function describePeer(peer: Peer): string {
  switch (peer.kind) {
    case 'pods':
      return `${peer.namespace}/${Object.entries(peer.labels)
        .map(([key, value]) => `${key}=${value}`)
        .join(',')}`;
    case 'entity':
      return `entity:${peer.entity}`;
    case 'cidr':
      return peer.cidr;
    case 'fqdn':
      return `fqdn:${peer.name}`;
  }
}
