import { append } from '../manifest/append';
import { AppliedObjects, applicationsOf, type ArgoApplication } from '../resources/argo-application';
import { controllerOwnedFields as ownedFields, type IgnoredFields, type OwnedField } from '../resources/controller-owned';
import { isIgnored, systemIgnores } from '../resources/ignored-differences';
import type { Resource } from '../resources/resource';
import type { Resources } from '../resources/resources';
import { type Context, type Edit, type Lesson, violation, type Violation } from './lesson';

/** Without it an ignored field is still overwritten by every sync that something else brings about. */
export const RESPECT_IGNORE_DIFFERENCES = 'RespectIgnoreDifferences=true';

export type IgnoreDifference = {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
} & IgnoredFields;

/** The `ignoreDifferences` of an Application over these manifests: the fields that HPAs, Rollouts and cert-manager own, and no others. */
export function ignoredDifferences(resources: Resources): readonly IgnoreDifference[] {
  return distinct(ownedFields(resources));
}

export const controllerOwnedFields: Lesson = {
  id: 'controller-owned-fields',
  title: 'an Application that heals itself leaves alone what controllers own',
  section: 'GitOps',
  severity: 'warning',
  incident: {
    symptom: 'the number of replicas or the weights of a canary jump back every few minutes, and the Application is OutOfSync for ever',
    cause:
      'Git sets a field that an autoscaler or Argo Rollouts also writes; self-heal takes every write of theirs for a drift and puts the value of Git back',
    source: 'CI/CD troubleshooting guide, 6.5; argo-cd.readthedocs.io, Diff Customization and Sync Options',
  },
  remedy: 'name exactly these fields in ignoreDifferences, with the sync option RespectIgnoreDifferences=true; or drop them from Git',
  confirm: [
    'argocd app diff <application>',
    'kubectl get hpa,rollout -A',
    "kubectl get application <name> -n argocd -o jsonpath='{.status.sync.status}'",
  ],
  limits:
    'Knows HorizontalPodAutoscalers, KEDA, Argo Rollouts with Istio, and cert-manager’s CA injection, for fields that Git sets. Which objects an Application applies is known for paths of this repository. ApplicationSets are not judged.',
  bad: [
    {
      yaml: `# file: argocd/blog.yaml
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: blog, namespace: argocd}
spec:
  project: default
  destination: {server: https://kubernetes.default.svc, namespace: blog}
  source: {repoURL: https://github.com/example/manifests.git, path: blog}
  syncPolicy:
    automated:
      prune: true
      selfHeal: true # <- here
# file: blog/was.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: was, namespace: blog}
spec:
  replicas: 2
  selector: {matchLabels: {app: was}}
  template:
    metadata: {labels: {app: was}}
    spec: {containers: [{name: was, image: "example.org/was:1"}]}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: was-hpa, namespace: blog}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: was}
  minReplicas: 2
  maxReplicas: 10
`,
    },
    {
      yaml: `# file: argocd/blog.yaml
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: blog, namespace: argocd}
spec:
  project: default
  destination: {server: https://kubernetes.default.svc, namespace: blog}
  source: {repoURL: https://github.com/example/manifests.git, path: blog}
  syncPolicy:
    automated:
      prune: true
      selfHeal: true
  ignoreDifferences:
    - {group: apps, kind: Deployment, jsonPointers: [/spec/replicas]} # <- here
# file: blog/was.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: was, namespace: blog}
spec:
  replicas: 2
  selector: {matchLabels: {app: was}}
  template:
    metadata: {labels: {app: was}}
    spec: {containers: [{name: was, image: "example.org/was:1"}]}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: was-hpa, namespace: blog}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: was}
  minReplicas: 2
  maxReplicas: 10
# file: blog/web.yaml
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web, namespace: blog}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: nginx, image: "nginx:1.27"}]}
  strategy:
    canary:
      trafficRouting:
        istio:
          virtualService: {name: web-vsvc}
          destinationRule: {name: web-dest-rule, canarySubsetName: canary, stableSubsetName: stable}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web-vsvc, namespace: blog}
spec:
  hosts: [web]
  http:
    - route:
        - destination: {host: web, subset: stable}
          weight: 100
        - destination: {host: web, subset: canary}
          weight: 0
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: web-dest-rule, namespace: blog}
spec:
  host: web
  subsets:
    - {name: stable, labels: {app: web}}
    - {name: canary, labels: {app: web}}
`,
    },
    {
      yaml: `# file: argocd/blog.yaml
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: blog, namespace: argocd}
spec:
  project: default
  destination: {server: https://kubernetes.default.svc, namespace: blog}
  source: {repoURL: https://github.com/example/manifests.git, path: blog}
  syncPolicy:
    automated:
      prune: true
      selfHeal: true
    syncOptions: [CreateNamespace=true] # <- here
  ignoreDifferences:
    - {group: apps, kind: Deployment, jsonPointers: [/spec/replicas]}
# file: blog/was.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: was, namespace: blog}
spec:
  replicas: 2
  selector: {matchLabels: {app: was}}
  template:
    metadata: {labels: {app: was}}
    spec: {containers: [{name: was, image: "example.org/was:1"}]}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: was-hpa, namespace: blog}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: was}
  minReplicas: 2
  maxReplicas: 10
`,
    },
  ],
  good: [
    {
      yaml: `# file: argocd/blog.yaml
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: blog, namespace: argocd}
spec:
  project: default
  destination: {server: https://kubernetes.default.svc, namespace: blog}
  source: {repoURL: https://github.com/example/manifests.git, path: blog}
  syncPolicy:
    automated:
      prune: true
      selfHeal: true
    syncOptions: [RespectIgnoreDifferences=true]
  ignoreDifferences:
    - {group: apps, kind: Deployment, name: was, jsonPointers: [/spec/replicas]}
    - group: networking.istio.io
      kind: VirtualService
      jqPathExpressions: [".spec.http[].route[].weight"]
    - group: networking.istio.io
      kind: DestinationRule
      jsonPointers: [/spec/subsets/0/labels, /spec/subsets/1/labels]
# file: blog/was.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: was, namespace: blog}
spec:
  replicas: 2
  selector: {matchLabels: {app: was}}
  template:
    metadata: {labels: {app: was}}
    spec: {containers: [{name: was, image: "example.org/was:1"}]}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: was-hpa, namespace: blog}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: was}
  minReplicas: 2
  maxReplicas: 10
# file: blog/web.yaml
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web, namespace: blog}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: nginx, image: "nginx:1.27"}]}
  strategy:
    canary:
      trafficRouting:
        istio:
          virtualService: {name: web-vsvc}
          destinationRule: {name: web-dest-rule, canarySubsetName: canary, stableSubsetName: stable}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web-vsvc, namespace: blog}
spec:
  hosts: [web]
  http:
    - route:
        - destination: {host: web, subset: stable}
          weight: 100
        - destination: {host: web, subset: canary}
          weight: 0
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: web-dest-rule, namespace: blog}
spec:
  host: web
  subsets:
    - {name: stable, labels: {app: web}}
    - {name: canary, labels: {app: web}}
`,
    },
    {
      yaml: `# file: argocd/blog.yaml
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: blog, namespace: argocd}
spec:
  project: default
  destination: {server: https://kubernetes.default.svc, namespace: blog}
  source: {repoURL: https://github.com/example/manifests.git, path: blog}
  syncPolicy:
    automated:
      prune: true
      selfHeal: false
# file: blog/was.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: was, namespace: blog}
spec:
  replicas: 2
  selector: {matchLabels: {app: was}}
  template:
    metadata: {labels: {app: was}}
    spec: {containers: [{name: was, image: "example.org/was:1"}]}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: was-hpa, namespace: blog}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: was}
  minReplicas: 2
  maxReplicas: 10
`,
    },
    {
      yaml: `# file: argocd/blog.yaml
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: blog, namespace: argocd}
spec:
  project: default
  destination: {server: https://kubernetes.default.svc, namespace: blog}
  source: {repoURL: https://github.com/example/manifests.git, path: blog}
  syncPolicy:
    automated:
      prune: true
      selfHeal: true
# file: blog/was.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: was, namespace: blog}
spec:
  selector: {matchLabels: {app: was}}
  template:
    metadata: {labels: {app: was}}
    spec: {containers: [{name: was, image: "example.org/was:1"}]}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: was-hpa, namespace: blog}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: was}
  minReplicas: 2
  maxReplicas: 10
`,
    },
    {
      yaml: `# file: argocd/blog.yaml
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: blog, namespace: argocd}
spec:
  project: default
  destination: {server: https://kubernetes.default.svc, namespace: blog}
  source: {repoURL: https://github.com/example/manifests.git, path: other}
  syncPolicy:
    automated:
      prune: true
      selfHeal: true
# file: blog/was.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: was, namespace: blog}
spec:
  replicas: 2
  selector: {matchLabels: {app: was}}
  template:
    metadata: {labels: {app: was}}
    spec: {containers: [{name: was, image: "example.org/was:1"}]}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: was-hpa, namespace: blog}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: was}
  minReplicas: 2
  maxReplicas: 10
`,
    },
  ],
  *violations({ resources, repository }: Context): Iterable<Violation> {
    const applications = applicationsOf(resources).filter(({ selfHeals }) => selfHeals);
    if (applications.length === 0) return;
    const byResource = new Map<Resource, OwnedField[]>();
    for (const owned of ownedFields(resources)) append(byResource, owned.resource, owned);
    if (byResource.size === 0) return;
    const applied = new AppliedObjects(resources, repository);
    const everywhere = systemIgnores(resources);
    for (const application of applications) {
      const fields = applied.of(application).flatMap((resource) => byResource.get(resource) ?? []);
      const open = fields.filter((owned) => !isIgnored(owned, application) && !everywhere(owned));
      if (open.length > 0) yield fought(application, open);
      else if (fields.length > 0 && !application.hasSyncOption(RESPECT_IGNORE_DIFFERENCES)) yield overwritten(application, fields);
    }
  },
};

function fought(application: ArgoApplication, open: readonly OwnedField[]): Violation {
  const { spec, resource } = application;
  const ignores = spec.at('ignoreDifferences');
  const place = ignores.items.length > 0 ? ignores : spec.at('syncPolicy', 'automated', 'selfHeal');
  const names = open.map(({ resource: object, field }) => `${field.path} of ${object.toString()}`).join(', ');
  const entries = distinct(open);
  return violation(
    resource,
    place,
    `heals itself over fields that a controller writes: ${names}; Argo CD puts the value of Git back each time`,
    {
      related: open.map((owned) => ({ message: owned.reason, resource: owned.resource, path: owned.field.path })),
      fix: {
        description: `add ${entries.length === 1 ? 'it' : 'them'} to ignoreDifferences, with ${RESPECT_IGNORE_DIFFERENCES}`,
        edits: [
          ...(ignores.isList ? entries.map((value) => ({ path: ignores.at('-').path, value })) : [{ path: ignores.path, value: entries }]),
          ...respecting(application),
        ],
      },
    },
  );
}

function overwritten(application: ArgoApplication, fields: readonly OwnedField[]): Violation {
  const options = application.spec.at('syncPolicy', 'syncOptions');
  const message = `ignores the differences in what controllers own, but has no ${RESPECT_IGNORE_DIFFERENCES}: every sync for another reason still writes the values of Git`;
  return violation(application.resource, options, message, {
    related: fields.map((owned) => ({ message: owned.reason, resource: owned.resource, path: owned.field.path })),
    fix: { description: `add ${RESPECT_IGNORE_DIFFERENCES} to syncOptions`, edits: respecting(application) },
  });
}

function respecting(application: ArgoApplication): readonly Edit[] {
  if (application.hasSyncOption(RESPECT_IGNORE_DIFFERENCES)) return [];
  const options = application.spec.at('syncPolicy', 'syncOptions');
  return [
    options.isList
      ? { path: options.at('-').path, value: RESPECT_IGNORE_DIFFERENCES }
      : { path: options.path, value: [RESPECT_IGNORE_DIFFERENCES] },
  ];
}

function distinct(fields: readonly OwnedField[]): readonly IgnoreDifference[] {
  const entries = new Map<string, IgnoreDifference>();
  for (const { resource, ignore } of fields) {
    const namespace = resource.namespace === null ? {} : { namespace: resource.namespace };
    const entry = { group: resource.group, kind: resource.kind, name: resource.name, ...namespace, ...ignore };
    entries.set(JSON.stringify(entry), entry);
  }
  return [...entries.values()];
}
