/** Who is in a cluster beside its workloads, and where it serves: DNS, mesh, ingress, monitoring, nodes, the API server, the world. */
import type { Cluster } from '../facts/cluster';
import type { PodsFacts } from '../facts/cluster-facts';
import { INGRESS_NGINX_PODS, PROMETHEUS_PODS } from '../facts/well-known-pods';
import type { CiliumEntity } from './cilium-entities';
import type { Candidate } from './candidate';
import { MESH_CONTROL_PORT } from './needs-mesh';
import type { Traffic } from './traffic-port';

const ENTITIES: readonly (readonly [CiliumEntity, readonly Traffic[]])[] = [
  ['world', [tcp(443), tcp(80)]],
  ['kube-apiserver', [tcp(443), tcp(6443)]],
  ['host', [tcp(10250)]],
  ['remote-node', [tcp(10250)]],
];

export function infrastructureOf(cluster: Cluster): readonly Candidate[] {
  const { mesh, ingressControllers = [INGRESS_NGINX_PODS], prometheus = PROMETHEUS_PODS } = cluster.facts;
  return [
    ...ENTITIES.map(([entity, ports]): Candidate => ({ endpoint: { kind: 'entity', entity }, ports })),
    pods(cluster.dns, [{ port: 53, protocol: 'UDP' }, tcp(53)]),
    ...(mesh === undefined ? [] : [pods(cluster.meshControlPlane, [tcp(MESH_CONTROL_PORT)])]),
    ...(mesh?.gateways ?? []).map((gateway) => pods(gateway, [tcp(80), tcp(443)])),
    ...ingressControllers.map((controller) => pods(controller, [tcp(80), tcp(443)])),
    pods(prometheus, [tcp(9090)]),
  ];
}

function pods({ namespace, labels, ...more }: PodsFacts & { readonly hostNetwork?: boolean }, ports: readonly Traffic[]): Candidate {
  return { endpoint: { kind: 'pods', namespace, labels, hostNetwork: more.hostNetwork }, ports };
}

function tcp(port: number): Traffic {
  return { port, protocol: 'TCP' };
}
