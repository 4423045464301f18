/** Which claims a workload's pods mount by name, and how many nodes may do so at once. */
import type { Field } from '../manifest/field';
import { NamedObjects } from './named-objects';
import type { Resource } from './resource';
import type { Resources } from './resources';
import type { Workload } from './workload';

/** `ReadWriteOnce`: one node at a time; `ReadWriteOncePod`: one pod. */
export type SingleMode = 'ReadWriteOnce' | 'ReadWriteOncePod';

export interface SingleClaim {
  readonly workload: Workload;
  /** The `claimName` of the pod's volume. */
  readonly field: Field;
  readonly claim: Resource;
  readonly mode: SingleMode;
  /** The volume's name, by which containers mount it. */
  readonly volume: string;
}

/** Claims that one node, or one pod, may hold at a time. Claims that nothing declares are unknown and left out. */
export class SingleClaims {
  private readonly claims: NamedObjects;

  constructor(resources: Resources) {
    this.claims = resources.view(NamedObjects);
  }

  mountedBy(workload: Workload): readonly SingleClaim[] {
    return workload.volumes.flatMap((volume) => {
      const field = volume.at('persistentVolumeClaim', 'claimName');
      if (field.string === undefined) return [];
      const [claim] = this.claims.find('', 'PersistentVolumeClaim', workload.namespace, field.string);
      const mode = claim === undefined ? undefined : singleModeOf(claim);
      return claim === undefined || mode === undefined ? [] : [{ workload, field, claim, mode, volume: volume.at('name').string ?? '' }];
    });
  }
}

/** The mode of a claim or of the template of one; a claim that many may mount in some mode is not single. */
export function singleModeOf(claim: Pick<Field, 'at'>): SingleMode | undefined {
  const modes = claim.at('spec', 'accessModes').strings;
  if (modes.some((mode) => mode !== 'ReadWriteOnce' && mode !== 'ReadWriteOncePod')) return undefined;
  if (modes.includes('ReadWriteOnce')) return 'ReadWriteOnce';
  return modes.includes('ReadWriteOncePod') ? 'ReadWriteOncePod' : undefined;
}
