/** Cilium's names for who is no pod of a selector: the cluster, its nodes, the world. */
import { isAtLeast } from './cilium-version';

/** What `fromEntities` and `toEntities` take. Source: the CRD's enumeration, 1.16 to 1.20. */
export const CILIUM_ENTITIES = [
  'all',
  'world',
  'cluster',
  'host',
  'init',
  'ingress',
  'unmanaged',
  'remote-node',
  'health',
  'none',
  'kube-apiserver',
] as const;

export type CiliumEntity = (typeof CILIUM_ENTITIES)[number];

/** The entities of a version: `cluster-mesh` came with 1.20. */
export function entitiesOf(version: string): readonly string[] {
  return isAtLeast(version, '1.20') ? [...CILIUM_ENTITIES, 'cluster-mesh'] : CILIUM_ENTITIES;
}
