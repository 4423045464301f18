/** How many pods of each workload of a namespace run for ever: as declared, and as far as autoscalers may go. */
import { Autoscaling } from './autoscaling';
import { ReplacedDeployments } from './replaced-deployments';
import type { Resource } from './resource';
import type { Resources } from './resources';
import { type Surge, surgeOf } from './update-surge';
import type { Workload } from './workload';

export interface RunningPods {
  /** Whose template the pods have. */
  readonly workload: Workload;
  /** Who says how many there are: itself, or the Rollout that refers to it. */
  readonly controller: Workload;
  /** @default - not known: one on each node that takes it */
  readonly replicas?: number;
  readonly maxReplicas?: number;
  readonly surge: Surge;
}

export class NamespacePods {
  private readonly autoscaling: Autoscaling;
  private readonly replaced: ReplacedDeployments;

  constructor(private readonly resources: Resources) {
    this.autoscaling = resources.view(Autoscaling);
    this.replaced = resources.view(ReplacedDeployments);
  }

  /** The pods beside an object of a namespace, such as its quota. Where it names none, those of the same folder that name none. */
  besides(object: Resource): readonly RunningPods[] {
    const workloads = this.resources
      .workloadsIn(object.namespace)
      .filter(
        (workload) =>
          workload.template.isMap && !workload.isJob && (object.namespace !== null || folderOf(workload.resource) === folderOf(object)),
      );
    const distinct = new Map(workloads.map((workload) => [workload.toString(), workload]));
    return [...distinct.values()].map((workload) => this.count(workload));
  }

  private count(workload: Workload): RunningPods {
    const controller = this.replaced.by(workload) ?? workload;
    const autoscaler = this.autoscaling.of(controller);
    const replicas = autoscaler?.minReplicas ?? controller.replicas;
    return { workload, controller, replicas, maxReplicas: autoscaler?.maxReplicas ?? replicas, surge: surgeOf(controller, replicas ?? 0) };
  }
}

function folderOf(resource: Resource): string {
  const { source } = resource.document;
  return source.slice(0, source.lastIndexOf('/') + 1);
}
