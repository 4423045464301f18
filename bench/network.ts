import { Cluster } from '../lib/facts/cluster';
import type { Endpoint } from '../lib/network/endpoint';
import { Network } from '../lib/network/network';
import { Resources } from '../lib/resources/resources';
import { type Bench, rounded, type Row, seconds } from './measure';

interface Size {
  readonly workloads: number;
  readonly policies: number;
  /** Every workload has labels of its own, or ten share each label set. */
  readonly sharing?: boolean;
}

const SIZES: readonly Size[] = [
  { workloads: 250, policies: 500 },
  { workloads: 500, policies: 500 },
  { workloads: 1000, policies: 125 },
  { workloads: 1000, policies: 250 },
  { workloads: 1000, policies: 500 },
  { workloads: 1000, policies: 500, sharing: true },
];

const WORKLOADS_OF_NAMESPACE = 20;

/** Every pair of workloads: how that grows with pairs and with policies. */
export const networkBench: Bench = {
  name: 'network',
  description: 'the verdict on every pair of workloads',
  *rows(): Iterable<Row> {
    for (const size of SIZES) yield judged(size);
  },
};

function judged(size: Size): Row {
  const documents = objects(size).map((content) => ({ content, source: 'bench', locate: () => ({ construct: 'bench' }) }));
  let network = new Network(new Resources([]), new Cluster());
  const reading = seconds(() => {
    network = new Network(new Resources(documents), new Cluster());
  });
  const ends = network.resources.workloads.map((workload): Endpoint => ({ kind: 'workload', workload }));
  const count = { allow: 0, deny: 0, unknown: 0 };
  const judging = seconds(() => {
    for (const from of ends) for (const to of ends) count[network.verdict(from, to, 8080).verdict]++;
  });
  const pairs = ends.length ** 2;
  return {
    workloads: size.workloads,
    'to a label set': size.sharing === true ? 10 : 1,
    policies: size.policies,
    pairs,
    'read s': rounded(reading),
    'judge s': rounded(judging),
    'µs a pair': rounded((judging * 1e6) / pairs),
    ...count,
  };
}

function objects({ workloads, policies, sharing }: Size): unknown[] {
  const namespaces = Math.ceil(workloads / WORKLOADS_OF_NAMESPACE);
  const namespaceOf = (index: number): string => `ns-${index % namespaces}`;
  const appOf = (index: number): string => `app-${sharing === true ? Math.floor(index / namespaces / 10) : index}`;
  const deployments = Array.from({ length: workloads }, (_, index) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: `w-${index}`, namespace: namespaceOf(index) },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: appOf(index) } },
      template: {
        metadata: { labels: { app: appOf(index), tier: index % 2 === 0 ? 'front' : 'back' } },
        spec: { containers: [{ name: 'x', image: 'x' }] },
      },
    },
  }));
  const rules = Array.from({ length: policies }, (_, index) =>
    policyOf(index, namespaceOf(index), appOf(index % workloads), appOf((index * 7) % workloads)),
  );
  return [...deployments, ...rules];
}

/** What real policies look like: DNS, a database, a caller, sometimes for a whole namespace, one in fifty for the cluster. */
function policyOf(index: number, namespace: string, app: string, other: string): unknown {
  const isClusterwide = index % 50 === 49;
  return {
    apiVersion: 'cilium.io/v2',
    kind: isClusterwide ? 'CiliumClusterwideNetworkPolicy' : 'CiliumNetworkPolicy',
    metadata: isClusterwide ? { name: `p-${index}` } : { name: `p-${index}`, namespace },
    spec: {
      endpointSelector: index % 10 === 0 ? {} : { matchLabels: { app } },
      egress: [
        {
          toEndpoints: [{ matchLabels: { 'k8s:io.kubernetes.pod.namespace': 'kube-system', 'k8s-app': 'kube-dns' } }],
          toPorts: [{ ports: [{ port: '53', protocol: 'ANY' }] }],
        },
        {
          toEndpoints: [{ matchLabels: { app: other, 'k8s:io.kubernetes.pod.namespace': namespace } }],
          toPorts: [{ ports: [{ port: '8080', protocol: 'TCP' }] }],
        },
        { toEntities: ['kube-apiserver'] },
      ],
      ingress: [
        {
          fromEndpoints: [
            { matchLabels: { tier: 'front' } },
            { matchExpressions: [{ key: 'io.kubernetes.pod.namespace', operator: 'In', values: ['monitoring', `ns-${index % 7}`] }] },
          ],
        },
        { fromEntities: ['ingress'], toPorts: [{ ports: [{ port: '8000', endPort: 9000, protocol: 'TCP' }] }] },
      ],
    },
  };
}
