/**
 * The identities that an endpoint may have when it is met.
 *
 * One for a pod. Several where nobody can know offline which: a host-network pod is `host` to pods of its own node and
 * `remote-node` to all others; the API server is a node or an outside address. Source: cilium 1.18
 * pkg/identity/numericidentity.go, pkg/identity/reserved.go.
 */
import type { Cluster } from '../facts/cluster';
import type { Labels } from '../resources/label-selector';
import type { Resources } from '../resources/resources';
import type { Workload } from '../resources/workload';
import type { CiliumEntity } from './cilium-entities';
import type { KnownPods } from './endpoint';
import { type Identities, type Identity, type IdentityFacts, type IdentityLabel, NAMESPACE_LABEL_PREFIX, type OpenKeys } from './identity';
import { contains, type IpRange, ipRange, overlaps } from './ip-range';
import { podLabels } from './pod-labels';
import { UNKNOWN_NAMESPACE } from './selector';
import { containerPorts } from './named-ports';
import type { NamedPorts } from './traffic-port';
import { addedLabels } from './added-labels';

export interface Party {
  readonly identity: Identity;
  readonly ports: NamedPorts;
  /** What it is, for when alternatives differ. */
  readonly words: string;
}

const CLUSTER_DEFAULT = 'default';
/** All that may be on a pod that nothing describes. */
const ANY_LABEL: OpenKeys = { source: 'k8s', prefix: '' };
const ANY_IPV4: IpRange = { family: 4, first: 0n, last: (1n << 32n) - 1n, text: '0.0.0.0/0' };

export class Parties {
  private readonly ofWorkloads = new WeakMap<Workload, readonly Party[]>();
  private readonly ofEntities = new Map<CiliumEntity, readonly Party[]>();
  private readonly namespaceLabels = new Map<string, Labels>();
  private readonly podRanges: readonly IpRange[];
  private readonly serviceRanges: readonly IpRange[];

  constructor(
    private readonly resources: Resources,
    private readonly cluster: Cluster,
    private readonly identities: Identities,
  ) {
    const network = cluster.facts.network;
    this.podRanges = (network?.podCIDRs ?? []).flatMap((cidr) => ipRange(cidr) ?? []);
    this.serviceRanges = (network?.serviceCIDRs ?? []).flatMap((cidr) => ipRange(cidr) ?? []);
    for (const { name, labels } of cluster.facts.namespaces ?? []) this.namespaceLabels.set(name, labels ?? {});
    for (const namespace of resources.ofKind('', 'Namespace'))
      this.namespaceLabels.set(namespace.name, { ...this.namespaceLabels.get(namespace.name), ...namespace.labels });
  }

  ofWorkload(workload: Workload): readonly Party[] {
    const known = this.ofWorkloads.get(workload);
    if (known !== undefined) return known;
    const parties = this.workloadParties(workload);
    this.ofWorkloads.set(workload, parties);
    return parties;
  }

  ofPods({ namespace, labels, hostNetwork }: KnownPods): readonly Party[] {
    if (hostNetwork === true) return this.nodes();
    return [{ identity: this.pod(namespace, labels, undefined, [], [ANY_LABEL]), ports: undefined, words: 'the pods' }];
  }

  ofEntity(entity: CiliumEntity): readonly Party[] {
    const known = this.ofEntities.get(entity);
    if (known !== undefined) return known;
    const parties = this.entityParties(entity);
    this.ofEntities.set(entity, parties);
    return parties;
  }

  private entityParties(entity: CiliumEntity): readonly Party[] {
    switch (entity) {
      case 'world':
        return [this.world()];
      case 'host':
        return [this.host()];
      case 'remote-node':
        return [this.remoteNode()];
      case 'kube-apiserver':
        return this.apiServer();
      case 'cluster':
        return [...this.nodes(), this.somePod()];
      case 'all':
        return [...this.nodes(), this.somePod(), this.world()];
      case 'ingress':
      case 'health':
      case 'init':
      case 'unmanaged':
        return [this.party(entity, { labels: [reserved(entity)] })];
      case 'none':
        return [];
    }
  }

  ofRange(cidr: string): readonly Party[] {
    const range = ipRange(cidr);
    if (range === undefined) return [];
    const server = this.apiServerAddress();
    if (server !== undefined && server.first === range.first && server.last === range.last) return this.apiServer();
    if (this.podRanges.some((pods) => contains(pods, range))) return [this.somePod()];
    const inside = [...this.podRanges, ...this.serviceRanges].some((inner) => overlaps(inner, range));
    return inside ? [this.world(range), this.somePod()] : [this.world(range)];
  }

  ofName(fqdn: string): readonly Party[] {
    return [this.party(`an address of ${fqdn}`, { labels: [reserved('world')], range: ANY_IPV4, fqdn: fqdn.toLowerCase() })];
  }

  private workloadParties(workload: Workload): readonly Party[] {
    const template = this.templateOf(workload);
    if (template.hostNetwork) return this.nodes();
    const serviceAccount = template.podSpec.at('serviceAccountName').text ?? template.podSpec.at('serviceAccount').text ?? 'default';
    const { labels, open } = addedLabels(workload, this.cluster);
    const namespace = workload.namespace ?? UNKNOWN_NAMESPACE;
    const identity = this.pod(namespace, template.podLabels, serviceAccount, labels, open);
    return [{ identity, ports: containerPorts(template), words: 'its pods' }];
  }

  /** A Rollout may keep its pod template in a Deployment. */
  private templateOf(workload: Workload): Workload {
    const reference = workload.resource.at('spec', 'workloadRef');
    if (workload.kind !== 'Rollout' || !reference.isSet) return workload;
    const name = reference.at('name').text;
    const kind = reference.at('kind').text;
    return this.resources.workloadsIn(workload.namespace).find((other) => other.name === name && other.kind === kind) ?? workload;
  }

  private pod(
    namespace: string,
    labels: Labels,
    serviceAccount: string | undefined,
    added: readonly IdentityLabel[],
    open: readonly OpenKeys[],
  ): Identity {
    const namespaceLabels = this.namespaceLabels.get(namespace);
    const clusterName = this.cluster.facts.network?.clusterName ?? CLUSTER_DEFAULT;
    const own = podLabels({ namespace, labels, namespaceLabels: namespaceLabels ?? {}, serviceAccount, clusterName });
    const carried = new Set(own.map(({ key }) => key));
    const unknownNamespace: OpenKeys[] = namespaceLabels === undefined ? [{ source: 'k8s', prefix: NAMESPACE_LABEL_PREFIX }] : [];
    return this.identities.of({ labels: [...own, ...added.filter(({ key }) => !carried.has(key))], open: [...open, ...unknownNamespace] });
  }

  private somePod(): Party {
    const labels: IdentityLabel[] = [
      { source: 'k8s', key: 'io.kubernetes.pod.namespace' },
      { source: 'k8s', key: 'io.cilium.k8s.policy.cluster', value: this.cluster.facts.network?.clusterName ?? CLUSTER_DEFAULT },
    ];
    return this.party('a pod that nothing here describes', { labels, open: [ANY_LABEL] });
  }

  private world(range: IpRange = ANY_IPV4): Party {
    return this.party(range === ANY_IPV4 ? 'an address outside of the cluster' : range.text, { labels: [reserved('world')], range });
  }

  private nodes(): readonly Party[] {
    return [this.host(), this.remoteNode()];
  }

  /** The node of the pod that is talked to or from; it may run the API server. */
  private host(): Party {
    return this.party('the same node', { labels: [reserved('host')], ...this.mayBeApiServer() });
  }

  private remoteNode(): Party {
    return this.party('another node', { labels: [reserved('remote-node')], ...this.mayBeApiServer() });
  }

  private mayBeApiServer(): Pick<IdentityFacts, 'open'> {
    const isOutside = this.cluster.knows('nodes') && !this.hasControlPlane;
    const openNode: OpenKeys = { source: 'node', prefix: '' };
    return { open: isOutside ? [openNode] : [openNode, { source: 'reserved', prefix: 'kube-apiserver' }] };
  }

  private apiServer(): readonly Party[] {
    const label = reserved('kube-apiserver');
    const onNodes = [
      this.party('the API server on the same node', { labels: [reserved('host'), label] }),
      this.party('the API server on another node', { labels: [reserved('remote-node'), label] }),
    ];
    const outside = this.party('the API server outside of the cluster', {
      labels: [reserved('world'), label],
      range: this.apiServerAddress() ?? ANY_IPV4,
    });
    if (!this.cluster.knows('nodes')) return [...onNodes, outside];
    return this.hasControlPlane ? onNodes : [outside];
  }

  private apiServerAddress(): IpRange | undefined {
    const host = /^[a-z]+:\/\/\[?([^\]/]*?)\]?(:\d+)?(\/|$)/.exec(this.cluster.facts.apiServer ?? '')?.[1];
    return host === undefined ? undefined : ipRange(host);
  }

  private get hasControlPlane(): boolean {
    return (this.cluster.facts.nodes ?? []).some(({ roles }) => roles?.includes('control-plane') === true);
  }

  private party(words: string, facts: IdentityFacts): Party {
    return { identity: this.identities.of(facts), ports: undefined, words };
  }
}

function reserved(key: string): IdentityLabel {
  return { source: 'reserved', key, value: '' };
}
