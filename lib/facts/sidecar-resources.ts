/** What the sidecar that Istio injects into a pod asks for and may use. */
import type { Field } from '../manifest/field';
import type { ContainerResources } from '../resources/pod-resources';
import { thousandthsOf } from '../resources/quantity';
import type { Workload } from '../resources/workload';
import type { Cluster } from './cluster';

/** The defaults of Istio's chart. Source: istio.io, Installation Options, global.proxy.resources */
const ISTIO_DEFAULT = { requests: { cpu: '100m', memory: '128Mi' }, limits: { cpu: '2', memory: '1Gi' } };

/** Any of these annotations on a pod puts all four of them in place of the defaults. Source: istio.io, Resource Annotations */
const ANNOTATIONS = [
  ['requests', 'cpu', 'sidecar.istio.io/proxyCPU'],
  ['requests', 'memory', 'sidecar.istio.io/proxyMemory'],
  ['limits', 'cpu', 'sidecar.istio.io/proxyCPULimit'],
  ['limits', 'memory', 'sidecar.istio.io/proxyMemoryLimit'],
] as const;

export function sidecarResourcesOf(workload: Workload, cluster: Cluster): ContainerResources {
  const annotations = workload.template.at('metadata', 'annotations');
  const given = ANNOTATIONS.filter(([, , key]) => annotations.at(key).isSet);
  const defaults = cluster.mesh?.sidecar ?? ISTIO_DEFAULT;
  const amounts = (part: 'requests' | 'limits'): ReadonlyMap<string, bigint> => {
    const texts: (readonly [string, string | number])[] =
      given.length > 0
        ? given.filter(([of]) => of === part).map(([, name, key]) => [name, annotations.at(key).text ?? ''])
        : Object.entries(defaults[part] ?? {});
    return new Map(texts.flatMap(([name, text]) => (thousandthsOf(text) === undefined ? [] : [[name, thousandthsOf(text) ?? 0n]])));
  };
  const limits = amounts('limits');
  const [first] = given;
  const field: Field = first === undefined ? workload.template : annotations.at(first[2]);
  return { name: 'istio-proxy', field, stays: true, requests: new Map([...limits, ...amounts('requests')]), limits };
}
