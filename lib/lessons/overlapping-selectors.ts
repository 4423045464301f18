import { ReplacedDeployments } from '../resources/replaced-deployments';
import type { Resources } from '../resources/resources';
import type { Workload } from '../resources/workload';
import { type Context, type Lesson, type Severity, violation, type Violation } from './lesson';

/** The one label of a selector, and the key of every selector that constructs write: one controller for each value of it in a namespace. */
export const SELECTOR_LABEL = 'app';

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
    const replaced = new ReplacedDeployments(resources);
    const judged = new Set(resources.all);
    const order = new Map(resources.workloads.map((workload, index) => [workload, index]));
    const running = (workload: Workload): boolean => runs(workload, replaced);
    for (const workload of resources.workloads) {
      if (!judged.has(workload.resource) || !running(workload)) continue;
      const others = selectedBy(workload, resources).filter((other) => running(other) && areTwo(workload, other));
      const mutual = others.filter((other) => other.selects(workload.podLabels));
      const earlier = mutual.filter((other) => !judged.has(other.resource) || (order.get(other) ?? 0) < (order.get(workload) ?? 0));
      const [first] = earlier;
      const [narrower] = others.filter((other) => !mutual.includes(other));
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
  },
};

/** How many of the others a finding lists. */
const MOST_RELATED = 3;

function overlap(workload: Workload, others: readonly Workload[], severity: Severity, message: string): Violation {
  const related = others
    .slice(0, MOST_RELATED)
    .map(({ resource, selector }) => ({ message: 'the other selector', resource, path: selector.path }));
  const fix = { description: `delete the one that was replaced, or give each a value of its own for a label such as ${SELECTOR_LABEL}` };
  if (workload.namespace !== null) return violation(workload.resource, workload.selector, message, { severity, related, fix });
  const inferred = '; neither names a namespace: this holds where both are applied to the same one';
  return violation(workload.resource, workload.selector, message + inferred, { severity: 'warning', related, fix });
}

function selectedBy(workload: Workload, resources: Resources): readonly Workload[] {
  return resources
    .workloadsLabelled(workload.namespace, workload.selector.at('matchLabels').texts)
    .filter((other) => workload.selects(other.podLabels));
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

/** Two objects that are there at the same time, as far as can be known. */
function areTwo(a: Workload, b: Workload): boolean {
  if (a.resource === b.resource || a.toString() === b.toString()) return false;
  return a.namespace !== null || folderOf(a) === folderOf(b);
}

function folderOf({ resource }: Workload): string {
  const { source } = resource.document;
  return source.slice(0, source.lastIndexOf('/') + 1);
}
