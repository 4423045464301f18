/** What an update asks of the cluster: which pods, how many at which stage, under which rules. */
import type { Cluster } from '../facts/cluster';
import type { Field } from '../manifest/field';
import { Autoscaling } from '../resources/autoscaling';
import { selectorMatches } from '../resources/label-selector';
import { ReplacedDeployments } from '../resources/replaced-deployments';
import type { Resources } from '../resources/resources';
import { type Workload, workloadOf } from '../resources/workload';
import type { PodQuestion } from './board';
import { nodeFilterOf } from './node-filter';
import { placementRulesOf } from './placement-rules';
import { PodDemands } from './pod-demand';
import { mostPodsOf, type Stage, stagesOf } from './update-plan';

export interface UpdateTrial {
  /** Who makes the pods. */
  readonly controller: Workload;
  /** Whose template they have: another than the controller where a Rollout refers to a Deployment. */
  readonly template: Workload;
  readonly question: PodQuestion;
  readonly stages: readonly Stage[];
  /** It never asks for more pods at once. */
  readonly most: number;
}

/** Kinds whose number of pods is their own, and kinds that are taken to run one. */
const SCALED = new Set(['Deployment', 'StatefulSet', 'Rollout', 'ReplicaSet', 'ReplicationController']);
const SINGLE = new Set(['Pod', 'Job', 'CronJob']);

export class UpdateTrials {
  private readonly autoscaling: Autoscaling;
  private readonly replaced: ReplacedDeployments;
  private readonly demands: PodDemands;
  private readonly selecting = new Map<string, readonly string[]>();

  constructor(
    private readonly resources: Resources,
    cluster: Cluster,
  ) {
    this.autoscaling = resources.view(Autoscaling);
    this.replaced = resources.view(ReplacedDeployments);
    this.demands = new PodDemands(resources, cluster);
  }

  /** The workload as declared. @returns undefined for what no scheduler of ours places: a DaemonSet, a pod bound to a node, a template that a Rollout borrows */
  of(workload: Workload): UpdateTrial | undefined {
    const template = this.templateOf(workload);
    if (template === undefined || (!SCALED.has(workload.kind) && !SINGLE.has(workload.kind))) return undefined;
    const { podSpec } = template;
    if (podSpec.at('nodeName').isSet || (podSpec.at('schedulerName').string ?? DEFAULT_SCHEDULER) !== DEFAULT_SCHEDULER) return undefined;
    const replicas = this.replicasOf(workload);
    return Number.isInteger(replicas) && replicas >= 0 ? this.trial(workload, template, replicas) : undefined;
  }

  /** The same workload when its autoscaler is at its end. @returns undefined where nothing scales it further */
  atMost({ controller, template, question }: UpdateTrial): UpdateTrial | undefined {
    const most = this.autoscaling.of(controller)?.maxReplicas;
    return most !== undefined && Number.isInteger(most) && most > question.replicas ? this.trial(controller, template, most) : undefined;
  }

  private trial(controller: Workload, template: Workload, replicas: number): UpdateTrial {
    const rules = placementRulesOf(template, controller, (selector) => this.isShared(selector, template));
    const question: PodQuestion = {
      filter: nodeFilterOf(template.podSpec),
      rules,
      demand: this.demands.of(template),
      requested: 'by-others',
      replicas,
    };
    return { controller, template, question, stages: stagesOf(controller, replicas), most: mostPodsOf(controller, replicas) };
  }

  private templateOf(workload: Workload): Workload | undefined {
    const reference = workload.resource.at('spec', 'workloadRef');
    if (workload.kind === 'Rollout' && reference.isMap) {
      const found = this.resources.find('apps', reference.at('kind').string ?? '', workload.namespace, reference.at('name').text ?? '');
      return found === undefined ? undefined : workloadOf(found);
    }
    return workload.podSpec.isMap && this.replaced.by(workload) === undefined ? workload : undefined;
  }

  /** Of what scales down to none, one: an update without pods asks for nothing. */
  private replicasOf(workload: Workload): number {
    const autoscaler = this.autoscaling.of(workload);
    if (autoscaler !== undefined) return Math.max(1, autoscaler.minReplicas);
    return SINGLE.has(workload.kind) ? 1 : (workload.replicas ?? 1);
  }

  /** Whether a selector matches pods of more than this workload. Each selector is looked up once for its namespace. */
  private isShared(selector: Field, template: Workload): boolean {
    const key = `${template.namespace ?? ''}\n${JSON.stringify(selector.value)}`;
    const known = this.selecting.get(key);
    const names = known ?? this.selectedNames(selector, template.namespace);
    if (known === undefined) this.selecting.set(key, names);
    return names.some((name) => name !== template.toString());
  }

  /** At most two different workloads: enough to tell. */
  private selectedNames(selector: Field, namespace: string | null): readonly string[] {
    const names = new Set<string>();
    for (const workload of this.resources.workloadsLabelled(namespace, equalitiesOf(selector))) {
      if (workload.template.isMap && !workload.isJob && selectorMatches(selector, workload.podLabels)) names.add(workload.toString());
      if (names.size > 1) break;
    }
    return [...names];
  }
}

const DEFAULT_SCHEDULER = 'default-scheduler';

/** The labels that a selector asks for with one value. */
function equalitiesOf(selector: Field): Readonly<Record<string, string>> {
  const single = selector
    .at('matchExpressions')
    .items.filter((item) => item.at('operator').string === 'In' && item.at('values').items.length === 1);
  return {
    ...selector.at('matchLabels').texts,
    ...Object.fromEntries(single.map((item) => [item.at('key').string ?? '', item.at('values', 0).text ?? ''])),
  };
}
