/**
 * The identity labels of a pod: its own and those that Cilium adds, minus what its label filter removes.
 *
 * Source: cilium 1.18 pkg/k8s/utils SanitizePodLabels, pkg/labelsfilter defaultLabelPrefixCfg and filterLabels.
 */
import type { Labels } from '../resources/label-selector';
import { type IdentityLabel, NAMESPACE_LABEL_PREFIX, POD_NAMESPACE, POLICY_CLUSTER, POLICY_SERVICE_ACCOUNT } from './identity';

export interface PodFacts {
  readonly namespace: string;
  readonly labels: Labels;
  readonly namespaceLabels: Labels;
  readonly serviceAccount?: string;
  readonly clusterName: string;
}

export function podLabels(pod: PodFacts): IdentityLabel[] {
  const labels = new Map(Object.entries(pod.labels).filter(([key]) => !key.startsWith('io.cilium.k8s')));
  for (const [key, value] of Object.entries(pod.namespaceLabels)) labels.set(NAMESPACE_LABEL_PREFIX + key, value);
  labels.set(NAMESPACE_LABEL_PREFIX + 'kubernetes.io/metadata.name', pod.namespace);
  labels.set(POD_NAMESPACE, pod.namespace);
  if (pod.serviceAccount !== undefined) labels.set(POLICY_SERVICE_ACCOUNT, pod.serviceAccount);
  labels.set(POLICY_CLUSTER, pod.clusterName);
  return [...labels].filter(([key]) => isIdentityKey(key)).map(([key, value]) => ({ source: 'k8s', key, value }));
}

/** Whether a selector can see the key. The longest include must be longer than the shortest exclusion. */
export function isIdentityKey(key: string): boolean {
  const known = identityKeys.get(key);
  if (known !== undefined) return known;
  const isKey = passesFilter(key);
  identityKeys.set(key, isKey);
  return isKey;
}

/** Few keys are on many pods. */
const identityKeys = new Map<string, boolean>();

function passesFilter(key: string): boolean {
  const included = Math.max(0, ...INCLUDED.filter((prefix) => key.startsWith(prefix)).map((prefix) => prefix.length));
  const excluded = EXCLUDED.flatMap((pattern) => pattern.exec(key)?.[0].length ?? []);
  return excluded.length === 0 || included > Math.min(...excluded);
}

const INCLUDED = [POD_NAMESPACE, 'io.cilium.k8s.namespace.labels', 'app.kubernetes.io', POLICY_CLUSTER, POLICY_SERVICE_ACCOUNT];

const EXCLUDED = [
  /^io\.kubernetes/,
  /^kubernetes\.io/,
  /^statefulset\.kubernetes\.io\/pod-name/,
  /^apps\.kubernetes\.io\/pod-index/,
  /^batch\.kubernetes\.io\/job-completion-index/,
  /^batch\.kubernetes\.io\/controller-uid/,
  /^.*beta\.kubernetes\.io/,
  /^k8s\.io/,
  /^pod-template-generation/,
  /^pod-template-hash/,
  /^controller-revision-hash/,
  /^controller-uid/,
  /^annotation.*/,
  /^etcd_node/,
];
