/** What the kubelet needs: the ports that it probes, from the pod's own node. */
import type { Mesh } from '../facts/mesh';
import type { Field } from '../manifest/field';
import type { Container } from '../resources/container';
import type { Resources } from '../resources/resources';
import type { Workload } from '../resources/workload';
import type { Need } from './need';

/** Where a sidecar takes the probes of its application. Source: istio.io, Health Checking of Istio Services */
const REWRITTEN_PORT = 15020;

export function* probeNeeds(resources: Resources, mesh: Mesh): Iterable<Need> {
  for (const workload of resources.workloads) {
    if (workload.hostNetwork) continue;
    for (const container of workload.allContainers) {
      for (const kind of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
        const probe = container.at(kind);
        const port = probedPort(probe, container);
        if (port === undefined) continue;
        const words = `the kubelet probes container ${container.name} of ${workload.toString()} on port ${port}`;
        yield {
          from: { kind: 'entity', entity: 'host' },
          to: { kind: 'workload', workload },
          port: isRewritten(workload, mesh) ? REWRITTEN_PORT : port,
          protocol: 'TCP',
          purpose: 'probe',
          source: { resource: workload.resource, path: probe.path, words },
        };
      }
    }
  }
}

/** @returns undefined for a probe that runs inside of the pod */
function probedPort(probe: Field, { ports }: Container): number | undefined {
  const port = [probe.at('httpGet', 'port'), probe.at('tcpSocket', 'port'), probe.at('grpc', 'port')].find(({ isSet }) => isSet);
  return port?.number ?? ports.find(({ name }) => name !== undefined && name === port?.string)?.number;
}

function isRewritten(workload: Workload, mesh: Mesh): boolean {
  return mesh.hasSidecar(workload) === true && workload.podAnnotations['sidecar.istio.io/rewriteAppHTTPProbers'] !== 'false';
}
