/** Labels that controllers and webhooks put on pods, with values that manifests do not always tell. */
import type { Cluster } from '../facts/cluster';
import type { Workload } from '../resources/workload';
import type { IdentityLabel, OpenKeys } from './identity';

/** What Istio's injection webhook adds. Source: istio.io, Labels, and the injection template of 1.24. */
const INJECTED = [
  'security.istio.io/tlsMode',
  'service.istio.io/canonical-name',
  'service.istio.io/canonical-revision',
  'topology.istio.io/',
];

export function addedLabels(workload: Workload, cluster: Cluster): { labels: readonly IdentityLabel[]; open: readonly OpenKeys[] } {
  return {
    labels: controllerLabels(workload),
    open: cluster.injects(workload.namespace) ? INJECTED.map((prefix) => ({ source: 'k8s', prefix })) : [],
  };
}

/** Only those that Cilium's label filter keeps. */
function controllerLabels({ kind, name }: Workload): IdentityLabel[] {
  switch (kind) {
    case 'Job':
      return [label('job-name', name), label('batch.kubernetes.io/job-name', name)];
    case 'CronJob':
      return [label('job-name'), label('batch.kubernetes.io/job-name')];
    case 'Rollout':
      return [label('rollouts-pod-template-hash')];
    default:
      return [];
  }
}

function label(key: string, value?: string): IdentityLabel {
  return { source: 'k8s', key, value };
}
