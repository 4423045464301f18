import { ReplacedDeployments } from '../resources/replaced-deployments';
import type { Resource } from '../resources/resource';
import type { Resources } from '../resources/resources';
import type { Workload } from '../resources/workload';
import { type Context, type Lesson, type Severity, violation, type Violation } from './lesson';

/** The one label of a selector, and the key of every selector that constructs write: one controller for each value of it in a namespace. */
const SELECTOR_LABEL = 'app';

export const overlappingSelectors: Lesson = {
  id: 'overlapping-selectors',
  title: 'One controller for each selector: no two workloads select the same pods',
  section: 'Rollouts and workloads',
  severity: 'error',
  incident: {
    symptom: 'a new version is rolled out and visitors still see the old one, on some requests or on all',
    cause:
      'the Deployment from before the move to Argo Rollouts was still there with the labels of the Rollout. The Service sends to the pods of both, and whoever counts pods by selector (an autoscaler, a disruption budget, kubectl) counts the pods of both',
    source: 'CI/CD troubleshooting guide, 9.1; kubernetes.io, Deployments, Selector',
  },
  remedy:
    'delete the workload that was replaced, or refer to it with workloadRef from the Rollout; where both are meant to stay, give each a label of its own in selector and template',
  confirm: [
    'kubectl get deploy,sts,ds,rollouts -n <namespace> -o wide',
    'kubectl get pods -n <namespace> -l app=<name> -o custom-columns=POD:.metadata.name,OWNER:.metadata.ownerReferences[0].name',
  ],
  limits:
    'A workload of no replicas is left alone: it is the last step of a migration. Jobs and single pods select nothing. Without any namespace, only workloads of one folder are compared, ' +
    'as a warning: nothing tells whether the others are ever applied together.',
  bad: [
    {
      yaml: `apiVersion: apps/v1
kind: Deployment
metadata: {name: web-old, namespace: blog}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web, from: before}}}
---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web, namespace: blog}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}} # <- here
  template: {metadata: {labels: {app: web}}}
`,
    },
    {
      yaml: `# The first selector is wider than the second: it selects the canary's pods as well, not the other way round.
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: blog}
spec:
  selector: {matchLabels: {app: api}} # <- here
  template: {metadata: {labels: {app: api}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api-canary, namespace: blog}
spec:
  selector: {matchLabels: {app: api, track: canary}}
  template: {metadata: {labels: {app: api, track: canary}}}
`,
    },
    {
      yaml: `# The Rollout runs the Deployment that it names; another one is in its way.
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web, namespace: blog}
spec:
  selector: {matchLabels: {app: web}}
  workloadRef: {apiVersion: apps/v1, kind: Deployment, name: web}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: blog}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web-static, namespace: blog}
spec:
  selector: {matchExpressions: [{key: app, operator: In, values: [web]}]} # <- here
  template: {metadata: {labels: {app: web}}}
`,
    },
  ],
  good: [
    {
      yaml: `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web, namespace: blog}
spec:
  selector: {matchLabels: {app: web}}
  workloadRef: {apiVersion: apps/v1, kind: Deployment, name: web}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: blog}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: blog-staging}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}}
`,
    },
    {
      yaml: `# Siblings that share a label and differ in another; a job with the labels of the service; a parked predecessor.
apiVersion: apps/v1
kind: Deployment
metadata: {name: api-stable, namespace: blog}
spec:
  selector: {matchLabels: {app: api, track: stable}}
  template: {metadata: {labels: {app: api, track: stable}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api-canary, namespace: blog}
spec:
  selector: {matchLabels: {app: api, track: canary}}
  template: {metadata: {labels: {app: api, track: canary}}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: api-migrate, namespace: blog}
spec:
  template: {metadata: {labels: {app: api, track: stable}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api-before, namespace: blog}
spec:
  replicas: 0
  selector: {matchLabels: {app: api}}
  template: {metadata: {labels: {app: api}}}
`,
    },
    {
      yaml: `# file: base/web.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: nginx}}
  template: {metadata: {labels: {app: nginx}}}
# file: other-tutorial/web.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: nginx}
spec:
  selector: {matchLabels: {app: nginx}}
  template: {metadata: {labels: {app: nginx}}}
`,
    },
  ],
  *violations({ resources }: Context): Iterable<Violation> {
    const judged = new Set(resources.all);
    const groups = groupsOf(resources, judged);
    for (const group of groups.values()) {
      const matching = matchedBy(group, groups, resources);
      const mutual = matching.filter((other) => other.sample.selects(group.sample.podLabels));
      const narrower = matching.find((other) => !mutual.includes(other))?.sample;
      for (const { workload, order } of group.members) {
        if (!judged.has(workload.resource)) continue;
        const earlier = readBefore(order, mutual);
        const [first] = earlier;
        if (first !== undefined)
          yield overlap(
            workload,
            earlier,
            'error',
            `it selects the pods of ${first.toString()}, which selects its pods in turn: Services and autoscalers take the two for one`,
          );
        else if (narrower !== undefined)
          yield overlap(
            workload,
            [narrower],
            'warning',
            `its selector also matches the pods of ${narrower.toString()}: whoever counts pods by this selector counts those too`,
          );
      }
    }
  },
};

/** How many of the others a finding lists. */
const MOST_RELATED = 3;

/** Workloads that nothing here can tell apart: of one namespace, selector and set of labels. Where no namespace is known, of one folder. */
interface Group {
  readonly sample: Workload;
  /** In the order they were read, those that already exist first. */
  readonly members: { readonly workload: Workload; readonly order: number }[];
}

function groupsOf(resources: Resources, judged: ReadonlySet<Resource>): ReadonlyMap<string, Group> {
  const replaced = resources.view(ReplacedDeployments);
  const groups = new Map<string, Group>();
  const seen = new Set<string>();
  const existing = resources.workloads.filter(({ resource }) => !judged.has(resource));
  for (const [order, workload] of [...existing, ...resources.workloads.filter(({ resource }) => judged.has(resource))].entries()) {
    // An object that two overlays render is still one object.
    const identity = `${workload.toString()} ${placeOf(workload)}`;
    if (!runs(workload, replaced) || seen.has(identity)) continue;
    seen.add(identity);
    const key = groupKeyOf(workload);
    const group = groups.get(key) ?? { sample: workload, members: [] };
    groups.set(key, group);
    group.members.push({ workload, order });
  }
  return groups;
}

/** The groups whose pods the selector of a group matches; itself, when it has more than one member. */
function matchedBy(group: Group, groups: ReadonlyMap<string, Group>, resources: Resources): readonly Group[] {
  const { sample, members } = group;
  const candidates = resources.workloadsLabelled(sample.namespace, sample.selector.at('matchLabels').texts);
  const found = new Set(candidates.flatMap((candidate) => groups.get(groupKeyOf(candidate)) ?? []));
  return [...found].filter(
    (other) =>
      (other !== group || members.length > 1) && placeOf(other.sample) === placeOf(sample) && sample.selects(other.sample.podLabels),
  );
}

/** Of each group the first that were read before. */
function readBefore(order: number, groups: readonly Group[]): readonly Workload[] {
  return groups.flatMap(({ members }) => members.slice(0, MOST_RELATED).flatMap((member) => (member.order < order ? member.workload : [])));
}

function groupKeyOf(workload: Workload): string {
  return JSON.stringify([workload.namespace, placeOf(workload), workload.selector.value, workload.podLabels]);
}

function overlap(workload: Workload, others: readonly Workload[], severity: Severity, message: string): Violation {
  const related = others
    .slice(0, MOST_RELATED)
    .map(({ resource, selector }) => ({ message: 'the other selector', resource, path: selector.path }));
  const fix = { description: `delete the one that was replaced, or give each a value of its own for a label such as ${SELECTOR_LABEL}` };
  if (workload.namespace !== null) return violation(workload.resource, workload.selector, message, { severity, related, fix });
  const inferred = '; neither names a namespace: this holds where both are applied to the same one';
  return violation(workload.resource, workload.selector, message + inferred, { severity: 'warning', related, fix });
}

/**
 * Whether it keeps pods running under a selector of its own. For a Rollout that takes its template from a Deployment, the
 * Deployment stands, whatever its replicas.
 */
function runs(workload: Workload, replaced: ReplacedDeployments): boolean {
  if (workload.isJob || workload.kind === 'Pod' || !workload.selector.isMap || !workload.template.isMap) return false;
  if (workload.resource.at('metadata', 'ownerReferences').isSet) return false;
  return workload.replicas !== 0 || replaced.by(workload) !== undefined;
}

/** Where a workload meets others: its namespace; where that is unknown, its folder, since nothing tells whether others are ever applied with it. */
function placeOf({ namespace, resource }: Workload): string {
  if (namespace !== null) return '';
  const { source } = resource.document;
  return source.slice(0, source.lastIndexOf('/') + 1);
}
