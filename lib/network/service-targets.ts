/**
 * Where a connection to a Service goes: policies see the pods behind it and their ports, never the Service.
 *
 * Source: cilium docs, layer4.rst; kubernetes.io, Service. A headless Service is no load balancer: names resolve to pods,
 * and the port that is dialled is the pod's.
 */
import type { Resources } from '../resources/resources';
import type { Service, ServicePort } from '../resources/service';
import type { Endpoint } from './endpoint';
import { endpointAddresses } from './service-endpoints';
import type { Because, Effect } from './verdict';

export interface ServiceTargets {
  readonly targets: readonly ServiceTarget[];
  /** Why there is none. */
  readonly problem?: Because;
}

export interface ServiceTarget {
  readonly endpoint: Endpoint;
  readonly port: number;
}

export function serviceTargets(service: Service, port: number, protocol: string, resources: Resources): ServiceTargets {
  const { resource } = service;
  const externalName = resource.at('spec', 'externalName').string;
  if (service.type === 'ExternalName' && externalName !== undefined)
    return { targets: [{ endpoint: { kind: 'fqdn', name: externalName }, port }] };
  const isHeadless = resource.at('spec', 'clusterIP').string === 'None';
  const offered = service.ports.find((candidate) => candidate.number === port && candidate.protocol === protocol);
  if (offered === undefined && !isHeadless) {
    const ports = service.ports.map((candidate) => `${candidate.number}/${candidate.protocol}`).join(', ');
    return problem(service, 'no-such-port', `offers no port ${port}/${protocol}${ports === '' ? '' : `, only ${ports}`}`);
  }
  if (!service.hasSelector) return addressTargets(service, offered, port, resources);
  const backends = resources.backendsOf(service);
  if (backends.length === 0) return withoutBackends(service, offered, port, resources);
  const targets = backends.flatMap((workload): ServiceTarget[] => {
    const podPort = isHeadless || offered === undefined ? port : service.podPort(offered, workload);
    return podPort === undefined ? [] : [{ endpoint: { kind: 'workload', workload }, port: podPort }];
  });
  if (targets.length > 0) return { targets };
  return problem(service, 'no-such-port', `sends to the port named ${String(offered?.targetPort)}, which none of its pods has`);
}

/** A Service that other hands provide stands for pods that are not among the manifests. */
function withoutBackends(service: Service, offered: ServicePort | undefined, port: number, resources: Resources): ServiceTargets {
  if (!resources.all.includes(service.resource) && typeof offered?.targetPort !== 'string') {
    const endpoint: Endpoint = { kind: 'pods', namespace: service.namespace ?? '', labels: service.selector };
    return { targets: [{ endpoint, port: offered?.targetPort ?? port }] };
  }
  return problem(
    service,
    'no-backends',
    'selects no pod of the manifests; if none is in the cluster either, Cilium answers "connect: operation not permitted", which looks like a denial by policy and is none',
  );
}

function addressTargets(service: Service, offered: ServicePort | undefined, port: number, resources: Resources): ServiceTargets {
  const addresses = endpointAddresses(service, resources);
  if (addresses === undefined || addresses.length === 0)
    return problem(service, 'no-backends', 'has no selector, and its endpoints are not among the manifests');
  const target = typeof offered?.targetPort === 'number' ? offered.targetPort : port;
  return { targets: addresses.map((cidr) => ({ endpoint: { kind: 'cidr', cidr }, port: target })) };
}

function problem(service: Service, effect: Effect, words: string): ServiceTargets {
  return { targets: [], problem: { policy: null, rule: null, effect, words: `${service.resource.toString()} ${words}` } };
}
