/**
 * Cilium's entities as the selectors that they stand for.
 *
 * Source: cilium 1.18 pkg/policy/api/entity.go, EntitySelectorMapping and InitEntities.
 */
import { POLICY_CLUSTER } from './identity';
import type { Requirement } from './selector';

/** The selectors of an entity, ORed, each a list of requirements, ANDed. @returns none for a name that is no entity */
export function entitySelectors(entity: string, clusterName: string): Requirement[][] {
  switch (entity) {
    case 'all':
      return [[]];
    case 'world':
      return [reserved('world'), reserved('world-ipv4'), reserved('world-ipv6')];
    case 'cluster':
      return [
        ...['host', 'remote-node', 'init', 'ingress', 'health', 'unmanaged', 'kube-apiserver'].map(reserved),
        [{ source: 'k8s', key: POLICY_CLUSTER, operator: 'In', values: [clusterName] }],
      ];
    case 'cluster-mesh':
      return [[{ source: 'k8s', key: POLICY_CLUSTER, operator: 'Exists', values: [] }]];
    case 'world-ipv4':
    case 'world-ipv6':
    case 'host':
    case 'init':
    case 'ingress':
    case 'unmanaged':
    case 'remote-node':
    case 'health':
    case 'none':
    case 'kube-apiserver':
      return [reserved(entity)];
    default:
      return [];
  }
}

function reserved(name: string): Requirement[] {
  return [{ source: 'reserved', key: name, operator: 'In', values: [''] }];
}
