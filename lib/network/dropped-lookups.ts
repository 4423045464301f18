/** Pods that use names, and may not ask the DNS server for them. */
import type { Resource } from '../resources/resource';
import { contains, ipRange } from './ip-range';
import { flowsToPods, type KnownFlows } from './known-flows';
import type { Need } from './need';
import type { FlowVerdict } from './network';
import type { Peer } from './policy-rule';
import { lacksRule } from './verdict';

export interface DroppedLookup {
  readonly need: Need;
  /** To the pods of the DNS server, over UDP where both are dropped. */
  readonly flow: FlowVerdict;
}

const DNS_PORT = 53;
const CILIUM_POLICIES = ['CiliumNetworkPolicy', 'CiliumClusterwideNetworkPolicy'];

/** By workload. */
export function droppedLookups(flows: KnownFlows): ReadonlyMap<Resource, DroppedLookup> {
  const dropped = new Map<Resource, DroppedLookup>();
  const elsewhere = new Set<Resource>();
  // UDP comes first of the two, and is the graver.
  for (const { need, flow: asked } of flows.needs) {
    const { from } = asked;
    if (need.purpose !== 'dns' || from.kind !== 'workload') continue;
    const { resource } = from.workload;
    const flow = dropped.has(resource) || elsewhere.has(resource) ? undefined : flowsToPods(asked).find(({ egress }) => lacksRule(egress));
    if (flow === undefined) continue;
    if (goesElsewhere(asked, flows)) elsewhere.add(resource);
    else dropped.set(resource, { need, flow });
  }
  return dropped;
}

/** Whether lookups seem to go to other servers than the usual ones: they are allowed somewhere, on purpose. */
function goesElsewhere(flow: FlowVerdict, flows: KnownFlows): boolean {
  const { network, cluster } = flows;
  if (cluster.knows('dns') || network.nearMisses(flow).some(({ miss }) => miss === 'namespace')) return false;
  const rules = network.subjects(flow.from).flatMap(({ egress }) => egress.applied.map(({ rule }) => rule));
  return rules.some(
    ({ effect, peers, ports }) =>
      effect === 'allow' &&
      (peers === 'all' || peers.some((peer) => !isWholeOutside(peer, flows))) &&
      ports !== 'all' &&
      ports.some(({ filters }) =>
        filters.some((filter) => filter.protocols.includes(flow.protocol) && 'first' in filter.port && filter.port.first === DNS_PORT),
      ),
  );
}

/** Everybody, as it was meant; and nobody who answers the cluster's names, for behind Cilium no such rule is about pods. */
function isWholeOutside(peer: Peer, { cluster, resources }: KnownFlows): boolean {
  if (peer.kind === 'entity') return peer.entity === 'world';
  if (peer.kind !== 'range') return false;
  const { engine, serviceCIDRs = [] } = cluster.facts.network ?? {};
  const isCilium = engine === 'cilium' || CILIUM_POLICIES.some((kind) => resources.ofKind('cilium.io', kind).length > 0);
  const services = serviceCIDRs.flatMap((cidr) => ipRange(cidr) ?? []);
  return isCilium && (peer.range.text.endsWith('/0') || services.some((range) => contains(range, peer.range)));
}
