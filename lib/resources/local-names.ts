/** Names that have to be explained within one object, or between a Service and its pods: volumes and ports. */
import type { Field } from '../manifest/field';
import type { Container } from './container';
import type { Resources } from './resources';
import type { Service } from './service';
import type { Workload } from './workload';

export interface UnknownName {
  readonly field: Field;
  /** `volume data`, `port http`. */
  readonly what: string;
  /** Where it should have been declared. */
  readonly where: string;
  readonly consequence: string;
}

/** Ports that the injection of a sidecar adds to a pod. */
const INJECTED_PORTS = new Set(['http-envoy-prom']);

/** The volumes that containers mount and the ports that their probes ask which the pod does not declare. */
export function unknownNamesIn(workload: Workload): readonly UnknownName[] {
  const templates = workload.kind === 'StatefulSet' ? workload.resource.at('spec', 'volumeClaimTemplates').items : [];
  const volumes = new Set([
    ...workload.volumes.flatMap((volume) => volume.at('name').text ?? []),
    ...templates.flatMap((template) => template.at('metadata', 'name').text ?? []),
  ]);
  return workload.allContainers.flatMap((container) => [...unknownVolumes(container, volumes), ...unknownProbePorts(container)]);
}

function unknownVolumes(container: Container, volumes: ReadonlySet<string>): readonly UnknownName[] {
  return [...container.at('volumeMounts').items, ...container.at('volumeDevices').items].flatMap((mount) => {
    const field = mount.at('name');
    if (field.text === undefined || volumes.has(field.text)) return [];
    return [{ field, what: `volume ${field.text}`, where: 'the volumes of the pod', consequence: 'the API server refuses the pod' }];
  });
}

function unknownProbePorts(container: Container): readonly UnknownName[] {
  const names = new Set(container.ports.flatMap(({ name }) => name ?? []));
  return ['livenessProbe', 'readinessProbe', 'startupProbe'].flatMap((probe) =>
    ['httpGet', 'tcpSocket'].flatMap((handler) => {
      const field = container.at(probe, handler, 'port');
      if (field.string === undefined || /^\d+$/.test(field.string) || names.has(field.string)) return [];
      return [
        { field, what: `port ${field.string}`, where: `the ports of container ${container.name}`, consequence: 'the probe can only fail' },
      ];
    }),
  );
}

/** The named ports that a Service sends to and none of its pods declares. */
export function unknownTargetPorts(service: Service, resources: Resources): readonly UnknownName[] {
  const backends = resources.backendsOf(service).filter(({ isJob }) => !isJob);
  if (backends.length === 0) return [];
  return service.ports.flatMap((port) => {
    const { targetPort } = port;
    if (typeof targetPort === 'number' || /^\d+$/.test(targetPort) || INJECTED_PORTS.has(targetPort)) return [];
    if (backends.some((workload) => service.podPort(port, workload) !== undefined)) return [];
    return [
      {
        field: port.field.at('targetPort'),
        what: `port ${targetPort} (${port.protocol})`,
        where: `the containers of ${backends.map(String).slice(0, 3).join(', ')}`,
        consequence: 'the Service has no endpoint on it',
      },
    ];
  });
}
