/** An endpoint as the peer of a rule, in the words of each kind of policy. */
import type { Labels } from '../resources/label-selector';
import { containsLabels } from '../resources/label-selector';
import type { Workload } from '../resources/workload';
import type { Endpoint } from './endpoint';
import { ipRange } from './ip-range';
import type { Direction } from './policy-rule';

type Plain = Readonly<Record<string, unknown>>;

/** The peer keys of a Cilium rule. `namespace` is the policy's, null for a clusterwide one. @returns undefined where rules cannot name the endpoint */
export function ciliumPeer(endpoint: Endpoint, direction: Direction, namespace: string | null): Plain | undefined {
  const key = (suffix: string): string => `${direction === 'ingress' ? 'from' : 'to'}${suffix}`;
  const pods = podsOf(endpoint);
  if (pods === 'nodes') return { [key('Entities')]: ['host', 'remote-node'] };
  if (pods !== undefined) {
    const elsewhere: Labels = pods.namespace === namespace ? {} : { 'k8s:io.kubernetes.pod.namespace': pods.namespace };
    return { [key('Endpoints')]: [{ matchLabels: { ...pods.labels, ...elsewhere } }] };
  }
  if (endpoint.kind === 'entity') return { [key('Entities')]: [endpoint.entity] };
  if (endpoint.kind === 'cidr') return { [key('CIDR')]: [cidrOf(endpoint.cidr)] };
  return endpoint.kind === 'fqdn' && direction === 'egress' ? { toFQDNs: [{ matchName: endpoint.name.toLowerCase() }] } : undefined;
}

/** One peer of a NetworkPolicy. @returns undefined where such a policy cannot name the endpoint */
export function networkPolicyPeer(endpoint: Endpoint, namespace: string | null): Plain | undefined {
  const pods = podsOf(endpoint);
  if (pods === 'nodes') return undefined;
  if (pods !== undefined) {
    const elsewhere =
      pods.namespace === namespace ? {} : { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': pods.namespace } } };
    return { ...elsewhere, podSelector: { matchLabels: pods.labels } };
  }
  return endpoint.kind === 'cidr' ? { ipBlock: { cidr: cidrOf(endpoint.cidr) } } : undefined;
}

/** The labels that tell a workload's pods from others: its selector's, else the usual ones, else all. */
export function tellingLabels(workload: Workload): Labels {
  const selected = workload.selector.at('matchLabels').texts;
  if (Object.keys(selected).length > 0 && containsLabels(workload.podLabels, selected)) return selected;
  for (const key of ['app', 'app.kubernetes.io/name', 'k8s-app']) {
    const value = workload.podLabels[key];
    if (value !== undefined) return { [key]: value };
  }
  return workload.podLabels;
}

function podsOf(endpoint: Endpoint): { namespace: string; labels: Labels } | 'nodes' | undefined {
  if (endpoint.kind === 'pods') return endpoint.hostNetwork === true ? 'nodes' : { namespace: endpoint.namespace, labels: endpoint.labels };
  if (endpoint.kind !== 'workload') return undefined;
  const { workload } = endpoint;
  return workload.hostNetwork ? 'nodes' : { namespace: workload.namespace ?? '', labels: tellingLabels(workload) };
}

function cidrOf(text: string): string {
  return text.includes('/') ? text : `${text}/${ipRange(text)?.family === 6 ? 128 : 32}`;
}
