/** How an undeclared connection is declared, or taken back. */
import type { Endpoint } from '../network/endpoint';
import type { Opening } from '../network/openings';
import { tellingLabels } from '../network/peer-rule';
import type { Workload } from '../resources/workload';
import { type Connections, partyName } from './connections';
import { samePort } from './flows';

/** @param ends the workloads whose connections are declared */
export function connectionMend(opening: Opening, ends: ReadonlyMap<Workload, Connections>): string {
  const { flow, number } = opening;
  const back = 'take the rule back';
  const [from, to] = [connectionsOf(flow.from, ends), connectionsOf(flow.to, ends)];
  const { protocol } = flow;
  if (number === undefined || (protocol !== 'TCP' && protocol !== 'UDP')) return `declare the ports that are meant, and ${back}`;
  if (to !== undefined && !to.ports.some((served) => samePort(served, { number, protocol })))
    return `${partyName(to)} is not known to serve there: ${back}`;
  const port = protocol === 'TCP' ? String(number) : `{ number: ${number}, protocol: '${protocol}' }`;
  if (from !== undefined)
    return `declare it with connections.allowTo(${partyText(flow.to, to, opening.to)}, ${port}) of ${partyName(from)}, or ${back}`;
  if (to !== undefined)
    return `declare it with connections.allowFrom(${partyText(flow.from, from, opening.from)}, ${port}) of ${partyName(to)}, or ${back}`;
  return back;
}

function connectionsOf(endpoint: Endpoint, ends: ReadonlyMap<Workload, Connections>): Connections | undefined {
  return endpoint.kind === 'workload' ? ends.get(endpoint.workload) : undefined;
}

/** What stands in the brackets: the other construct by its name, or a peer as it is written. */
function partyText(endpoint: Endpoint, connections: Connections | undefined, words: string): string {
  if (connections !== undefined) return partyName(connections);
  switch (endpoint.kind) {
    case 'workload':
      return podsText(endpoint.workload.namespace ?? '', tellingLabels(endpoint.workload));
    case 'pods':
      return podsText(endpoint.namespace, endpoint.labels);
    case 'entity':
      return `Peer.entity('${words.slice('entity:'.length)}')`;
    case 'cidr':
      return `Peer.cidr('${words.includes('/') ? words : `${words}/${words.includes(':') ? 128 : 32}`}')`;
    case 'fqdn':
      return `Peer.fqdn('${words.slice('fqdn:'.length)}')`;
    case 'service':
      return endpoint.service.name;
  }
}

function podsText(namespace: string, labels: Readonly<Record<string, string>>): string {
  return `Peer.pods(${JSON.stringify({ namespace, labels })})`;
}
