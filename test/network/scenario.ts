/** A small cluster in YAML, and questions to it. */
import { Cluster } from '../../lib/facts/cluster';
import type { ClusterFacts } from '../../lib/facts/cluster-facts';
import { readYaml } from '../../lib/manifest/yaml';
import { Network, type FlowVerdict } from '../../lib/network/network';
import { readPeer } from '../../lib/network/peer-syntax';
import type { Protocol } from '../../lib/network/traffic-port';
import { Resources } from '../../lib/resources/resources';

export class Scenario {
  readonly network: Network;

  constructor(yaml: string, facts: ClusterFacts = {}) {
    const reading = readYaml(yaml, 'scenario.yaml');
    if (reading.problems.length > 0) throw new Error(JSON.stringify(reading.problems));
    const cluster = new Cluster(facts);
    this.network = new Network(new Resources(reading.documents, cluster.existing), cluster);
  }

  flow(from: string, to: string, port: number, protocol: Protocol = 'TCP'): FlowVerdict {
    const read = (text: string) => {
      const peer = readPeer(text, this.network.resources);
      if ('problem' in peer) throw new Error(peer.problem);
      return peer.endpoint;
    };
    return this.network.verdict(read(from), read(to), port, protocol);
  }

  /** The peers that reach `to`, by the ingress side alone. */
  enters(to: string, peers: readonly string[], port: number, protocol: Protocol = 'TCP'): string[] {
    return peers.filter((peer) => this.flow(peer, to, port, protocol).ingress.verdict === 'allow');
  }

  /** The peers that `from` reaches, by the egress side alone. */
  leaves(from: string, peers: readonly string[], port: number, protocol: Protocol = 'TCP'): string[] {
    return peers.filter((peer) => this.flow(from, peer, port, protocol).egress.verdict === 'allow');
  }
}

/** A Pod with labels and ports. */
export function pod(namespace: string, name: string, labels: string, more = ''): string {
  return `---
apiVersion: v1
kind: Pod
metadata: {name: ${name}, namespace: ${namespace}, labels: {${labels}}}
spec: {${more === '' ? '' : `${more}, `}containers: [{name: main, image: x, ports: [{name: pg, containerPort: 5432}]}]}
`;
}

export function namespace(name: string, labels = ''): string {
  return `---\napiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}, labels: {${labels}}}\n`;
}

/** A CiliumNetworkPolicy in namespace a, or a clusterwide one, from its spec in flow style. */
export function cnp(name: string, spec: string, where: { namespace?: string; clusterwide?: boolean } = {}): string {
  const metadata = where.clusterwide === true ? `{name: ${name}}` : `{name: ${name}, namespace: ${where.namespace ?? 'a'}}`;
  const kind = where.clusterwide === true ? 'CiliumClusterwideNetworkPolicy' : 'CiliumNetworkPolicy';
  return `---\napiVersion: cilium.io/v2\nkind: ${kind}\nmetadata: ${metadata}\nspec: ${spec}\n`;
}

export function netpol(name: string, spec: string, inNamespace = 'a'): string {
  return `---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: ${name}, namespace: ${inNamespace}}\nspec: ${spec}\n`;
}

/** Namespace a with web and db, namespace b with c; none selects anything yet. */
export const TWO_NAMESPACES = [
  namespace('a'),
  namespace('b'),
  pod('a', 'web', 'app: web'),
  pod('a', 'db', 'app: db'),
  pod('b', 'c', 'app: web'),
].join('');

/** web, c, the world, the pod's node, another node. */
export const EVERYONE = ['a/web', 'b/c', '1.2.3.4', 'entity:host', 'entity:remote-node'];
