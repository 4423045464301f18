/**
 * Endpoints as the command line and flow files name them: `namespace/name` of a workload, `namespace/Kind/name` where that
 * is ambiguous or for a Service, `entity:world`, an address or CIDR, `fqdn:host`.
 */
import type { Resources } from '../resources/resources';
import { CILIUM_ENTITIES } from './cilium-entities';
import type { Endpoint } from './endpoint';
import { ipRange } from './ip-range';
import type { Protocol } from './traffic-port';

export type ReadPeer = { readonly endpoint: Endpoint } | { readonly problem: string };

export interface Destination {
  readonly peer: string;
  /** A number, or the name of a port of the Service or pod. */
  readonly port: string;
  readonly protocol: Protocol;
}

const PROTOCOLS: readonly Protocol[] = ['TCP', 'UDP', 'SCTP', 'ICMP', 'ICMPv6'];

export function readPeer(text: string, resources: Resources): ReadPeer {
  if (text.startsWith('entity:')) return readEntity(text.slice('entity:'.length));
  if (text.startsWith('fqdn:')) return readName(text.slice('fqdn:'.length), resources);
  if (ipRange(text) !== undefined) return { endpoint: { kind: 'cidr', cidr: text } };
  const parts = text.split('/');
  const [namespace = '', second = '', third] = parts;
  if (parts.length > 3 || parts.length < 2 || parts.includes(''))
    return {
      problem: `cannot read ${JSON.stringify(text)}: use namespace/name, namespace/Kind/name, entity:NAME, an address, a CIDR or fqdn:HOST`,
    };
  return third === undefined ? readShort(text, namespace, second, resources) : readLong(text, namespace, second, third, resources);
}

/** `B:PORT` or `B:PORT/PROTOCOL`; the port follows the last colon. */
export function readDestination(text: string): Destination | { readonly problem: string } {
  const match = /^(?<peer>.+):(?<port>[a-zA-Z0-9-]+)(\/(?<protocol>[a-zA-Z0-9]+))?$/.exec(text);
  const { peer, port, protocol = 'TCP' } = match?.groups ?? {};
  if (peer === undefined || port === undefined || /^(entity|fqdn)$/.test(peer))
    return { problem: `cannot read ${JSON.stringify(text)}: a destination is B:PORT or B:PORT/PROTOCOL` };
  const known = readProtocol(protocol);
  return 'problem' in known ? known : { peer: peer.replace(/^\[(.*)\]$/, '$1'), port, protocol: known.protocol };
}

export function readProtocol(text: string): { readonly protocol: Protocol } | { readonly problem: string } {
  const protocol = PROTOCOLS.find((name) => name.toLowerCase() === text.toLowerCase());
  return protocol === undefined ? { problem: `unknown protocol ${text}: use ${PROTOCOLS.join(', ')}` } : { protocol };
}

/** The number of a port: written as one, or named by the Service or the workload's containers. */
export function readPort(port: string, endpoint: Endpoint, protocol: Protocol): { readonly number: number } | { readonly problem: string } {
  if (/^\d+$/.test(port)) {
    const number = Number(port);
    if (number === 0 && !protocol.startsWith('ICMP')) return { problem: 'no connection has port 0' };
    return number <= 65535 ? { number } : { problem: `port ${port} is greater than 65535` };
  }
  if (protocol.startsWith('ICMP'))
    return { problem: `${port} is no type of ${protocol}: use its number, such as ${protocol === 'ICMP' ? 8 : 128} for echo` };
  const named = namedPorts(endpoint).find((candidate) => candidate.name === port && candidate.protocol === protocol);
  return named === undefined ? { problem: `the destination has no ${protocol} port named ${port}` } : { number: named.number };
}

function namedPorts(endpoint: Endpoint): readonly { readonly name?: string; readonly number: number; readonly protocol: string }[] {
  if (endpoint.kind === 'service') return endpoint.service.ports;
  return endpoint.kind === 'workload' ? endpoint.workload.containers.flatMap(({ ports }) => ports) : [];
}

function readEntity(name: string): ReadPeer {
  const entity = CILIUM_ENTITIES.find((known) => known === name);
  if (entity === undefined) return { problem: `unknown entity ${JSON.stringify(name)}: use ${CILIUM_ENTITIES.join(', ')}` };
  return { endpoint: { kind: 'entity', entity } };
}

/** A name inside of the cluster is its Service. */
function readName(name: string, resources: Resources): ReadPeer {
  if (!/^[-a-zA-Z0-9_]+(\.[-a-zA-Z0-9_]+)*\.?$/.test(name)) return { problem: `${JSON.stringify(name)} is no host name` };
  const [service = '', namespace = '', kind] = name.split('.');
  if (kind !== 'svc') return { endpoint: { kind: 'fqdn', name } };
  return readLong(name, namespace, 'Service', service, resources);
}

function readShort(text: string, namespace: string, name: string, resources: Resources): ReadPeer {
  const found = resources.workloadsIn(namespace).filter((workload) => workload.name === name);
  const [workload] = found;
  if (workload === undefined) {
    const service = resources.services.find((candidate) => candidate.namespace === namespace && candidate.name === name);
    return service === undefined ? notFound(text, namespace, resources) : { endpoint: { kind: 'service', service } };
  }
  if (found.length === 1) return { endpoint: { kind: 'workload', workload } };
  return { problem: `${text} is ambiguous: use ${found.map(({ kind }) => `${namespace}/${kind}/${name}`).join(' or ')}` };
}

function readLong(text: string, namespace: string, kind: string, name: string, resources: Resources): ReadPeer {
  if (kind.toLowerCase() === 'service') {
    const service = resources.services.find((candidate) => candidate.namespace === namespace && candidate.name === name);
    return service === undefined ? noService(namespace, name, resources) : { endpoint: { kind: 'service', service } };
  }
  const workload = resources.workloadsIn(namespace).find((found) => found.name === name && found.kind.toLowerCase() === kind.toLowerCase());
  return workload === undefined ? notFound(text, namespace, resources) : { endpoint: { kind: 'workload', workload } };
}

function notFound(text: string, namespace: string, resources: Resources): ReadPeer {
  const names = resources.workloadsIn(namespace).map(({ name }) => name);
  const known =
    names.length === 0 ? `no workload of namespace ${namespace} is there` : `namespace ${namespace} has ${names.slice(0, 10).join(', ')}`;
  return { problem: `${text} is not among the manifests: ${known}` };
}

function noService(namespace: string, name: string, resources: Resources): ReadPeer {
  const names = resources.services.filter((service) => service.namespace === namespace).map((service) => service.name);
  const known = names.length === 0 ? '' : `: namespace ${namespace} has ${names.slice(0, 10).join(', ')}`;
  return { problem: `there is no Service ${namespace}/${name} among the manifests${known}` };
}
