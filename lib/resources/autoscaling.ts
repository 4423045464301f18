/** What scales a workload: a HorizontalPodAutoscaler, or KEDA's ScaledObject that makes one. */
import { append } from '../manifest/append';
import { mayBeSame } from './named-objects';
import { groupOf, type Resource } from './resource';
import type { Resources } from './resources';
import type { Workload } from './workload';

export interface Autoscaler {
  readonly resource: Resource;
  readonly minReplicas: number;
  readonly maxReplicas: number;
}

/** KEDA's own defaults: it scales to nothing, and to a hundred. Source: keda.sh, ScaledObject specification */
const KEDA_MIN = 0;
const KEDA_MAX = 100;

export class Autoscaling {
  private readonly byTarget = new Map<string, Autoscaler[]>();

  constructor(resources: Resources) {
    for (const resource of resources.ofKind('autoscaling', 'HorizontalPodAutoscaler')) {
      const minReplicas = resource.at('spec', 'minReplicas').number ?? 1;
      this.add({ resource, minReplicas, maxReplicas: resource.at('spec', 'maxReplicas').number ?? minReplicas });
    }
    for (const resource of resources.ofKind('keda.sh', 'ScaledObject')) {
      const minReplicas = resource.at('spec', 'minReplicaCount').number ?? KEDA_MIN;
      this.add({ resource, minReplicas, maxReplicas: resource.at('spec', 'maxReplicaCount').number ?? KEDA_MAX });
    }
  }

  /** What scales this workload. @returns undefined when nothing declared does */
  of(workload: Workload): Autoscaler | undefined {
    const candidates = this.byTarget.get(`${workload.kind}/${workload.name}`) ?? [];
    return candidates.find(({ resource }) => mayBeSame(resource.namespace, workload.namespace) && groupFits(resource, workload));
  }

  private add(autoscaler: Autoscaler): void {
    const target = autoscaler.resource.at('spec', 'scaleTargetRef');
    const key = `${target.at('kind').string ?? 'Deployment'}/${target.at('name').text ?? ''}`;
    append(this.byTarget, key, autoscaler);
  }
}

function groupFits(resource: Resource, workload: Workload): boolean {
  const apiVersion = resource.at('spec', 'scaleTargetRef', 'apiVersion').string;
  return apiVersion === undefined || groupOf(apiVersion) === workload.resource.group;
}
