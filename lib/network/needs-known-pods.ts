/** Pods that the facts name, as the workload among the manifests that they are, or by what is known of them. */
import type { PodsFacts } from '../facts/cluster-facts';
import type { Resources } from '../resources/resources';
import type { Endpoint } from './endpoint';

/** @returns none where the facts do not tell where the pods are */
export function knownPods(pods: PodsFacts | undefined, resources: Resources): Endpoint[] {
  if (pods === undefined || pods.namespace === '' || Object.keys(pods.labels).length === 0) return [];
  const workloads = resources.workloadsLabelled(pods.namespace, pods.labels);
  if (workloads.length > 0) return workloads.map((workload): Endpoint => ({ kind: 'workload', workload }));
  const hostNetwork = 'hostNetwork' in pods && pods.hostNetwork === true;
  return [{ kind: 'pods', namespace: pods.namespace, labels: pods.labels, hostNetwork }];
}
