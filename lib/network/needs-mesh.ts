/** What sidecars need: their control plane, and to be read by Prometheus. Source: istio.io, Ports used by Istio. */
import type { Cluster } from '../facts/cluster';
import type { Mesh } from '../facts/mesh';
import type { Resources } from '../resources/resources';
import type { Workload } from '../resources/workload';
import type { Endpoint } from './endpoint';
import type { Need } from './need';
import { knownPods } from './needs-known-pods';

/** Configuration and certificates. */
export const MESH_CONTROL_PORT = 15012;
/** Merged telemetry of application and proxy, and the proxy's own: which of the two is read, the monitoring decides. */
export const MESH_TELEMETRY_PORTS: readonly number[] = [15020, 15090];

/** Only of pods that certainly get a sidecar. */
export function* meshNeeds(resources: Resources, cluster: Cluster, mesh: Mesh): Iterable<Need> {
  const controls = knownPods(cluster.meshControlPlane, resources);
  const scrapers = knownPods(cluster.facts.prometheus, resources);
  const name = `istiod.${cluster.meshControlPlane.namespace}.svc`;
  for (const workload of resources.workloads) {
    if (mesh.hasSidecar(workload) !== true) continue;
    const pod: Endpoint = { kind: 'workload', workload };
    const control = source(workload, `the sidecar of ${workload.toString()} gets its configuration and certificates from ${name}`);
    for (const to of controls) yield { from: pod, to, port: MESH_CONTROL_PORT, protocol: 'TCP', purpose: 'mesh', source: control, name };
    const telemetry = source(workload, `the sidecar of ${workload.toString()} offers its telemetry to Prometheus`);
    for (const from of scrapers)
      for (const port of MESH_TELEMETRY_PORTS) yield { from, to: pod, port, protocol: 'TCP', purpose: 'telemetry', source: telemetry };
  }
}

function source({ resource, template }: Workload, words: string): Need['source'] {
  return { resource, path: template.at('metadata').path, words };
}
