/** A flow as a test asks for it, put to the policies. */
import { flowTo } from '../network/expected-flows';
import { ipRange } from '../network/ip-range';
import type { FlowVerdict, Network } from '../network/network';
import { type Destination, readDestination, readProtocol } from '../network/peer-syntax';
import type { Protocol } from '../network/traffic-port';
import { networkOf } from './network-of';
import type { ClusterOption } from './received';

/** A workload by its construct: whatever has `connections`, as those of this library do. */
export interface ConnectedWorkload {
  readonly connections: {
    readonly namespace: string;
    readonly name: string;
    readonly ports: readonly { readonly number: number; readonly protocol?: 'TCP' | 'UDP' }[];
  };
}

export interface FlowQuery extends ClusterOption {
  /** `namespace/name` of a workload, `namespace/Kind/name`, `entity:world`, an address or CIDR, as `hindsight reach --from` takes it; or a construct. */
  readonly from: string | ConnectedWorkload;
  /** The same, also `namespace/Service/name` and `fqdn:host`; a name may end in `:PORT` or `:PORT/PROTOCOL`. */
  readonly to: string | ConnectedWorkload;
  /** The Service's for a Service, else the pod's: a number, or its name; the type for ICMP. @default - what `to` says, else the first port of the construct */
  readonly port?: number | string;
  /** @default - what `to` says, else that of the construct's first port where that is meant, else TCP */
  readonly protocol?: Exclude<Protocol, 'OTHER'>;
}

/** @throws Error for names, ports and manifests that cannot be understood: those prove nothing */
export function askedOf(received: unknown, query: FlowQuery): { readonly flow: FlowVerdict; readonly network: Network } {
  const from = typeof query.from === 'string' ? query.from : nameOf(query.from, 'from');
  const destination = destinationOf(query);
  const network = networkOf(received, query);
  const asked = flowTo(network, from, destination);
  if ('problem' in asked) throw new Error(asked.problem);
  return { flow: asked.flow, network };
}

function destinationOf(query: FlowQuery): Destination {
  const { to, port } = query;
  const protocol = query.protocol === undefined ? undefined : protocolOf(query.protocol);
  if (typeof to !== 'string') {
    const peer = nameOf(to, 'to');
    const [first] = to.connections.ports;
    if (port !== undefined) return { peer, port: String(port), protocol: protocol ?? 'TCP' };
    if (first === undefined) throw new Error(`${peer} declares no port of its own: say which port is meant`);
    return { peer, port: String(first.number), protocol: protocol ?? first.protocol ?? 'TCP' };
  }
  if (port !== undefined) {
    if (hasPort(to)) throw new Error(`to is ${JSON.stringify(to)}, and port is ${port}: say the port once`);
    return { peer: to.replace(BRACKETS, '$1'), port: String(port), protocol: protocol ?? 'TCP' };
  }
  const destination = readDestination(to);
  if ('problem' in destination) throw new Error(`${destination.problem}, unless port says it`);
  const isSaid = /\/[a-zA-Z0-9]+$/.test(to);
  if (isSaid && protocol !== undefined && protocol !== destination.protocol)
    throw new Error(`to is ${JSON.stringify(to)}, and protocol is ${protocol}: say the protocol once`);
  return { ...destination, protocol: protocol ?? destination.protocol };
}

const BRACKETS = /^\[(.*)\]$/;

/** Of all names only addresses hold colons of their own. */
function hasPort(to: string): boolean {
  const name = to.replace(/^(entity|fqdn):/, '').replace(BRACKETS, '$1');
  return name.includes(':') && ipRange(name) === undefined;
}

/** Tests in JavaScript may hand over anything. */
function nameOf(party: ConnectedWorkload, end: 'from' | 'to'): string {
  const given: unknown = party;
  if (typeof given !== 'object' || given === null || !('connections' in given))
    throw new Error(`${end} is ${given === undefined ? 'missing' : 'neither a name nor a construct with connections'}: name a workload as namespace/name`); // prettier-ignore
  return `${party.connections.namespace}/${party.connections.name}`;
}

function protocolOf(text: string): Protocol {
  const read = readProtocol(text);
  if ('problem' in read) throw new Error(read.problem);
  return read.protocol;
}
