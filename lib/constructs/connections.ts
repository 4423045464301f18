/**
 * Declares who may talk to a workload and to whom it may talk.
 *
 * One property, `connections`, makes a construct a party. Declaring a connection on either side is enough; the policies
 * of both sides follow from it.
 */
import type { Construct } from 'constructs';
import type { Flows, PodPort } from './flows';
import type { Input } from './input';
import type { Peer } from './peer';
import { flowsOf } from './platform';

/** A construct that others may connect to. */
export interface IConnectable {
  readonly connections: Connections;
}

export interface ConnectionsProps {
  /** The workload's name: its pods carry `app: <name>`. */
  readonly name: string;
  readonly namespace: string;
  /** The ports of its pods that serve; the first is the one meant when none is named. */
  readonly ports: readonly PodPort[];
  /** Whether its pods run a mesh sidecar. */
  readonly inMesh: boolean;
  /** Where wrong calls are reported. */
  readonly input: Input;
}

export class Connections implements IConnectable {
  readonly name: string;
  readonly namespace: string;
  readonly ports: readonly PodPort[];
  readonly inMesh: boolean;
  private readonly flows: Flows;
  private readonly input: Input;

  constructor(scope: Construct, props: ConnectionsProps) {
    this.name = props.name;
    this.namespace = props.namespace;
    this.ports = props.ports;
    this.inMesh = props.inMesh;
    this.input = props.input;
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
    if (!isConnectable(other)) return this.connect(this, other, port, [], reason);
    return this.connect(this, other.connections, port, other.connections.ports.slice(0, 1), reason);
  }

  /**
   * Allows connections to this workload.
   * @param port a port of this workload's pods; by default its first
   */
  allowFrom(other: IConnectable | Peer, port?: number | PodPort, reason = 'declared'): this {
    return this.connect(isConnectable(other) ? other.connections : other, this, port, this.ports.slice(0, 1), reason);
  }

  private connect(
    from: Connections | Peer,
    to: Connections | Peer,
    port: number | PodPort | undefined,
    otherwise: readonly PodPort[],
    reason: string,
  ): this {
    const ports = port === undefined ? otherwise : [typeof port === 'number' ? { number: port } : port];
    const target = 'kind' in to ? describePeer(to) : `${to.namespace}/${to.name}`;
    if (from === to) {
      this.input.reject('connections', target, 'a workload reaches itself without a policy: remove the connection');
    } else if (ports.length === 0) {
      this.input.reject('connections', target, 'it declares no port of its own: say which port is meant');
    } else if (ports.every((each) => this.input.port('connections port', each.number) === each.number)) {
      this.flows.add({ from, to, ports, reason });
    }
    return this;
  }
}

function isConnectable(party: IConnectable | Peer): party is IConnectable {
  return 'connections' in party;
}

/** A peer in a few words. */
export function describePeer(peer: Peer): string {
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
