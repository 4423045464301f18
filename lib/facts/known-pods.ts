/** The pods that the facts name, of components that no manifest declares: ingress controllers, gateways, DNS, Prometheus. */
import { containsLabels, type Labels } from '../resources/label-selector';
import { mayBeSame } from '../resources/named-objects';
import type { Cluster } from './cluster';

/** Whether the labels select pods of this namespace that the facts name. */
export function factsNamePods(cluster: Cluster, labels: Labels, namespace: string | null): boolean {
  const { ingressControllers = [], mesh, prometheus } = cluster.facts;
  const known = [
    cluster.dns,
    ...ingressControllers,
    ...(mesh === undefined ? [] : [cluster.meshControlPlane, ...(mesh.gateways ?? [])]),
    ...(prometheus === undefined ? [] : [prometheus]),
  ];
  return known.some((pods) => mayBeSame(pods.namespace, namespace) && containsLabels(pods.labels, labels));
}
