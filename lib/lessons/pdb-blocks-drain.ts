import { Autoscaling } from '../resources/autoscaling';
import { selectorMatches } from '../resources/label-selector';
import type { Resource } from '../resources/resource';
import type { Resources } from '../resources/resources';
import { ReplacedDeployments } from '../resources/replaced-deployments';
import type { Workload } from '../resources/workload';
import { type Context, type Lesson, violation, type Violation } from './lesson';

/** A count of pods, or a percentage of them such as `50%`. */
export type PodCount = number | string;

export interface DisruptionBudget {
  readonly minAvailable?: PodCount;
  readonly maxUnavailable?: PodCount;
}

/** Whether a budget refuses every eviction while `pods` healthy pods run. Both percentages are rounded up, as the disruption controller does. */
export function refusesEveryEviction({ minAvailable, maxUnavailable }: DisruptionBudget, pods: number): boolean {
  if (pods <= 0) return false;
  if (maxUnavailable !== undefined) return countOf(maxUnavailable, pods) === 0;
  if (minAvailable !== undefined) return (countOf(minAvailable, pods) ?? 0) >= pods;
  return false;
}

/** @returns undefined for what is neither a number nor a percentage */
function countOf(count: PodCount, pods: number): number | undefined {
  if (typeof count === 'number') return count;
  const percent = /^(\d+)%$/.exec(count)?.[1];
  return percent === undefined ? undefined : Math.ceil((Number(percent) * pods) / 100);
}

/** Any number does: for budgets whose pods are not declared only those count that refuse whatever the number is. */
const MANY_PODS = 1_000_000;

export const pdbBlocksDrain: Lesson = {
  id: 'pdb-blocks-drain',
  title: 'A PodDisruptionBudget leaves at least one pod evictable',
  section: 'Rollouts and workloads',
  severity: 'warning',
  incident: {
    symptom:
      'kubectl drain repeats "Cannot evict pod as it would violate the pod\'s disruption budget" until somebody deletes the pod or the budget by hand',
    cause:
      'the budget keeps as many pods available as there are: one of one, 100%, maxUnavailable 0. An eviction never replaces the pod first, so no eviction is ever allowed. Two budgets over one pod end the same way: the eviction API refuses a pod that has more than one',
    source: 'kubernetes.io, Specifying a Disruption Budget for your Application; Kubernetes practice',
  },
  remedy: 'set maxUnavailable: 1, or run one replica more than minAvailable; leave the budget out where there is a single replica',
  confirm: ['kubectl get pdb -A', 'kubectl drain <node> --ignore-daemonsets --delete-emptydir-data --dry-run=server'],
  limits:
    'Pods that no manifest declares are counted as unknown: then only budgets that refuse every count are reported. DaemonSets are left out, since drain passes over them. ' +
    'A single database that must not move without a person may want exactly this: accept the finding with that reason.',
  bad: [
    {
      yaml: `apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: mysql, namespace: blog}
spec:
  minAvailable: 1 # <- here
  selector: {matchLabels: {app: mysql}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: mysql, namespace: blog}
spec:
  selector: {matchLabels: {app: mysql}}
  template: {metadata: {labels: {app: mysql}}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: elsewhere, namespace: blog}
spec:
  maxUnavailable: 0% # <- here
  selector: {matchLabels: {app: installed-by-a-chart}}
`,
    },
    {
      yaml: `# The Deployment is only the template of the Rollout, whose two replicas count.
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web, namespace: blog}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  workloadRef: {apiVersion: apps/v1, kind: Deployment, name: web}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: blog}
spec:
  replicas: 0
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web, namespace: blog}
spec:
  minAvailable: 51% # <- here
  selector: {matchExpressions: [{key: app, operator: In, values: [web]}]}
`,
    },
    {
      yaml: `apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: blog}
spec:
  replicas: 3
  selector: {matchLabels: {app: api}}
  template: {metadata: {labels: {app: api, tier: backend}}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: api, namespace: blog}
spec:
  maxUnavailable: 1
  selector: {matchLabels: {app: api}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: backend, namespace: blog}
spec:
  maxUnavailable: 1
  selector: {matchLabels: {tier: backend}} # <- here
`,
    },
  ],
  good: [
    {
      yaml: `apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web, namespace: blog}
spec:
  minAvailable: 1
  selector: {matchLabels: {app: web}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: blog}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: one-of-one-may-go, namespace: blog}
spec:
  maxUnavailable: 10%
  selector: {matchLabels: {app: mysql}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: mysql, namespace: blog}
spec:
  selector: {matchLabels: {app: mysql}}
  template: {metadata: {labels: {app: mysql}}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: same-name-other-namespace, namespace: shop}
spec:
  minAvailable: 1
  selector: {matchLabels: {app: mysql}}
`,
    },
    {
      yaml: `# No replicas in Git because the autoscaler owns them, and it keeps three at least.
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: blog}
spec:
  selector: {matchLabels: {app: api}}
  template: {metadata: {labels: {app: api}}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: api, namespace: blog}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: api}
  minReplicas: 3
  maxReplicas: 6
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: api, namespace: blog}
spec:
  minAvailable: 2
  selector: {matchLabels: {app: api}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: parked, namespace: blog}
spec:
  replicas: 0
  selector: {matchLabels: {app: parked}}
  template: {metadata: {labels: {app: parked}}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: parked, namespace: blog}
spec:
  minAvailable: 1
  selector: {matchLabels: {app: parked}}
`,
    },
  ],
  *violations({ resources }: Context): Iterable<Violation> {
    const counter = new PodCounter(resources);
    const budgetOf = new Map<Workload, Resource>();
    const selections = new Map<string, Selection>();
    const judged = new Set(resources.all);
    for (const budget of resources.ofKind('policy', 'PodDisruptionBudget')) {
      const key = JSON.stringify([budget.namespace, budget.at('spec', 'selector').value]);
      const selection = selections.get(key) ?? counter.selectedBy(budget);
      selections.set(key, selection);
      if (judged.has(budget)) yield* judgeCount(budget, selection);
      const shared = selection.workloads.find((workload) => budgetOf.has(workload));
      const other = shared && budgetOf.get(shared);
      if (shared !== undefined && other !== undefined && judged.has(budget) && other.name !== budget.name)
        yield second(budget, other, shared);
      if (other === undefined) for (const workload of selection.workloads) budgetOf.set(workload, budget);
    }
  },
};

/** The pods that a budget is over, as far as they are declared. */
interface Selection {
  readonly workloads: readonly Workload[];
  /** Those of which the number is known: an autoscaler keeps it in a range. */
  readonly counted: readonly Workload[];
  readonly least: number;
  readonly most: number;
}

class PodCounter {
  private readonly autoscaling: Autoscaling;
  private readonly replaced: ReplacedDeployments;

  constructor(private readonly resources: Resources) {
    this.autoscaling = resources.view(Autoscaling);
    this.replaced = resources.view(ReplacedDeployments);
  }

  /** The workloads of the budget's namespace whose pods it selects. */
  selectedBy(budget: Resource): Selection {
    const selector = budget.at('spec', 'selector');
    const matching = this.resources
      .workloadsLabelled(budget.namespace, selector.at('matchLabels').texts)
      .filter(({ podLabels, template }) => template.isMap && selectorMatches(selector, podLabels));
    // An object that two overlays render is still one object.
    const workloads = [...new Map(matching.map((workload) => [workload.toString(), workload])).values()];
    const counted = workloads.filter(({ kind }) => kind !== 'DaemonSet' && kind !== 'Job' && kind !== 'CronJob');
    const ranges = counted.map((workload) => {
      const controller = this.replaced.by(workload) ?? workload;
      const autoscaler = this.autoscaling.of(controller);
      const replicas = controller.replicas ?? 1;
      return { least: autoscaler?.minReplicas ?? replicas, most: autoscaler?.maxReplicas ?? replicas };
    });
    const least = ranges.reduce((sum, range) => sum + range.least, 0);
    return { workloads, counted, least, most: ranges.reduce((sum, range) => sum + range.most, 0) };
  }
}

/** How many workloads a finding names. */
const MOST_NAMED = 3;

function* judgeCount(budget: Resource, { workloads, counted, ...range }: Selection): Iterable<Violation> {
  const [min, max] = [budget.at('spec', 'minAvailable'), budget.at('spec', 'maxUnavailable')];
  const field = max.isSet ? max : min;
  const limits: DisruptionBudget = { minAvailable: min.number ?? min.string, maxUnavailable: max.number ?? max.string };
  const isUnknown = workloads.length === 0;
  if (!isUnknown && counted.length === 0) return;
  const { least, most } = isUnknown ? { least: MANY_PODS, most: MANY_PODS } : range;
  const named = counted.slice(0, MOST_NAMED);
  const names = named.map(String).join(', ') + (counted.length > MOST_NAMED ? ', …' : '');
  const related = named.map(({ resource }) => ({ message: 'the pods', resource, path: resource.at('spec', 'replicas').path }));
  const setting = `${max.isSet ? 'maxUnavailable' : 'minAvailable'} ${field.text ?? ''}`;
  const fix = { description: 'set maxUnavailable: 1, or run more replicas than have to stay available' };
  if (refusesEveryEviction(limits, most)) {
    const of = isUnknown ? '' : ` of the ${most} ${most === 1 ? 'pod' : 'pods'} of ${names}`;
    yield violation(budget, field, `${setting}${of} allows no eviction: a node that runs one of them can never be drained`, {
      related,
      fix,
    });
  } else if (refusesEveryEviction(limits, least)) {
    const message = `${setting} allows no eviction while the autoscaler keeps ${names} at ${least}: nodes cannot be drained in quiet hours`;
    yield violation(budget, field, message, { severity: 'info', related, fix });
  }
}

function second(budget: Resource, other: Resource, shared: Workload): Violation {
  const selector = budget.at('spec', 'selector');
  return violation(
    budget,
    selector,
    `it selects the pods of ${shared.toString()} as PodDisruptionBudget ${other.name} does, and the eviction API refuses a pod that has two budgets`,
    {
      related: [{ message: 'the other budget', resource: other, path: other.at('spec', 'selector').path }],
      fix: { description: 'leave one budget over each pod' },
    },
  );
}
