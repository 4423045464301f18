/** Pods that use names, and may not ask the DNS server for them. */
import type { Resource } from '../resources/resource';
import { flowsToPods, type KnownFlows } from './known-flows';
import type { Need } from './need';
import type { FlowVerdict } from './network';

export interface DroppedLookup {
  readonly need: Need;
  /** To the pods of the DNS server, over UDP where both are dropped. */
  readonly flow: FlowVerdict;
}

const DNS_PORT = 53;

/** By workload. */
export function droppedLookups(flows: KnownFlows): ReadonlyMap<Resource, DroppedLookup> {
  const dropped = new Map<Resource, DroppedLookup>();
  // UDP comes first of the two, and is the graver.
  for (const { need, flow: asked } of flows.needs) {
    const { from } = asked;
    if (need.purpose !== 'dns' || from.kind !== 'workload' || dropped.has(from.workload.resource)) continue;
    const flow = flowsToPods(asked).find(({ egress }) => isDropped(egress) && !goesElsewhere(asked, flows));
    if (flow !== undefined) dropped.set(from.workload.resource, { need, flow });
  }
  return dropped;
}

function isDropped({ verdict, because }: FlowVerdict['egress']): boolean {
  return verdict === 'deny' && because.every(({ effect }) => effect === 'default-deny');
}

/** Whether lookups seem to go to other servers than the usual ones: they are allowed somewhere, on purpose. */
function goesElsewhere(flow: FlowVerdict, { network, cluster }: KnownFlows): boolean {
  if (cluster.knows('dns') || network.nearMisses(flow).some(({ miss }) => miss === 'namespace')) return false;
  const rules = network.subjects(flow.from).flatMap(({ egress }) => egress.applied.map(({ rule }) => rule));
  return rules.some(
    ({ effect, peers, ports }) =>
      effect === 'allow' &&
      (peers === 'all' || peers.length > 0) &&
      ports !== 'all' &&
      ports.some(({ filters }) =>
        filters.some((filter) => filter.protocols.includes(flow.protocol) && 'first' in filter.port && filter.port.first === DNS_PORT),
      ),
  );
}
