/** Which Rollout runs the pods of a Deployment that is only its template (`spec.workloadRef`). */
import { append } from '../manifest/append';
import { mayBeSame } from './named-objects';
import type { Resources } from './resources';
import { type Workload, workloadOf } from './workload';

export class ReplacedDeployments {
  private readonly rollouts = new Map<string, Workload[]>();

  constructor(resources: Resources) {
    for (const resource of resources.ofKind('argoproj.io', 'Rollout')) {
      const reference = resource.at('spec', 'workloadRef');
      const rollout = workloadOf(resource);
      if (!reference.isMap || rollout === undefined) continue;
      const key = `${reference.at('kind').string ?? 'Deployment'}/${reference.at('name').text ?? ''}`;
      append(this.rollouts, key, rollout);
    }
  }

  /** The Rollout that runs this workload's template. @returns undefined when it runs its pods itself */
  by(workload: Workload): Workload | undefined {
    const rollouts = this.rollouts.get(`${workload.kind}/${workload.name}`) ?? [];
    return rollouts.find((rollout) => mayBeSame(rollout.namespace, workload.namespace));
  }
}
