/**
 * What port names mean.
 *
 * For ingress, the names of the pod itself. For egress, up to 1.19, one map of all pods: a name that two pods give
 * different numbers means nothing. Source: cilium 1.18 pkg/types/portmap.go, pkg/endpoint/policy.go, pkg/k8s/labels.go.
 */
import type { Workload } from '../resources/workload';
import type { NamedPorts } from './traffic-port';

/** The named ports of a pod's containers; those of init containers do not count. */
export function containerPorts(workload: Workload): ReadonlyMap<string, number> {
  const byName = new Map<string, { protocol: string; number: number }>();
  for (const container of workload.containers) {
    for (const { name, number, protocol } of container.ports) if (name !== undefined) byName.set(name.toLowerCase(), { protocol, number });
  }
  return new Map([...byName].map(([name, { protocol, number }]) => [`${name}/${protocol}`, number]));
}

/** The names that all pods agree on. */
export function clusterPorts(workloads: readonly Workload[]): NamedPorts {
  const agreed = new Map<string, number>();
  const disputed = new Set<string>();
  for (const workload of workloads) {
    if (workload.hostNetwork) continue;
    for (const [name, number] of containerPorts(workload)) {
      if ((agreed.get(name) ?? number) !== number) disputed.add(name);
      agreed.set(name, number);
    }
  }
  for (const name of disputed) agreed.delete(name);
  return agreed;
}
