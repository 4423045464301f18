/** Everything that an object names and somebody has to provide. */
import { podReferencesOf, storageClassReference } from './pod-references';
import type { Reference } from './reference';
import type { Resource } from './resource';
import { rolloutReferencesOf } from './rollout-references';
import { routeReferencesOf } from './route-references';
import { workloadOf } from './workload';

export function referencesOf(resource: Resource): readonly Reference[] {
  const workload = workloadOf(resource);
  return [
    ...(workload === undefined ? [] : podReferencesOf(workload)),
    ...(resource.kind === 'PersistentVolumeClaim' ? claimReferences(resource) : []),
    ...routeReferencesOf(resource),
    ...rolloutReferencesOf(resource),
  ];
}

/** A claim for one certain volume asks no StorageClass for anything. */
function claimReferences(claim: Resource): readonly Reference[] {
  return claim.at('spec', 'volumeName').isSet ? [] : storageClassReference(claim, claim.at('spec', 'storageClassName'));
}
