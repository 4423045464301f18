/** Proves that the rendered policies, also after patches, let through every connection that was declared. */
import type { Cluster } from '../facts/cluster';
import type { Endpoint } from '../network/endpoint';
import { knownFlows } from '../network/known-flows';
import type { Resources } from '../resources/resources';
import type { Workload } from '../resources/workload';
import { Connections, partyName } from './connections';
import type { Flow, Party } from './flows';

/** @returns a text for each declared connection that a policy denies */
export function deniedFlows(flows: readonly Flow[], resources: Resources, cluster: Cluster): string[] {
  const network = knownFlows(resources, cluster)?.network;
  if (network === undefined) return [];
  return flows.flatMap((flow) => {
    const from = endpointOf(flow.from, resources);
    const to = endpointOf(flow.to, resources);
    if (from === undefined || to === undefined) return [];
    return flow.ports.flatMap(({ number, protocol = 'TCP' }) => {
      const { verdict, egress, ingress } = network.verdict(from, to, number, protocol);
      if (verdict !== 'deny') return [];
      const side = egress.verdict === 'deny' ? `the egress of ${partyName(flow.from)}` : `the ingress of ${partyName(flow.to)}`;
      const because = (egress.verdict === 'deny' ? egress : ingress).because.flatMap(({ policy }) => policy?.toString() ?? []);
      return [
        `${partyName(flow.from)}: the connection to ${partyName(flow.to)} on ${number}/${protocol} (${flow.reason}) is declared and denied: ${side}${because.length === 0 ? '' : `, by ${[...new Set(because)].join(', ')}`}; take back the patch or the policy that denies it`,
      ];
    });
  });
}

function endpointOf(party: Party, resources: Resources): Endpoint | undefined {
  if (party instanceof Connections) {
    const workload: Workload | undefined = resources.workloadsLabelled(party.namespace, party.labels)[0];
    return workload === undefined ? undefined : { kind: 'workload', workload };
  }
  switch (party.kind) {
    case 'pods':
      return { kind: 'pods', namespace: party.namespace, labels: party.labels };
    case 'entity':
      return { kind: 'entity', entity: party.entity };
    case 'cidr':
      return { kind: 'cidr', cidr: party.cidr };
    case 'fqdn':
      // A pattern stands for many names; its rule is the rendered one.
      return party.name.includes('*') ? undefined : { kind: 'fqdn', name: party.name };
  }
}
