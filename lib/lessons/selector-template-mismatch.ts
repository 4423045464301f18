import type { Cluster } from '../facts/cluster';
import { factsNamePods } from '../facts/known-pods';
import { Field } from '../manifest/field';
import { DeclaredPods } from '../resources/declared-pods';
import { InstalledElsewhere } from '../resources/installed-elsewhere';
import { type Labels, selectorMatches } from '../resources/label-selector';
import { NamedObjects } from '../resources/named-objects';
import { type PodSelector, podSelectorsOf } from '../resources/pod-selector';
import type { Resource } from '../resources/resource';
import { type Workload, workloadOf } from '../resources/workload';
import { type Context, type Lesson, violation, type Violation } from './lesson';

/** The labels and expressions of a LabelSelector that these labels do not meet. */
export function unmetParts(selector: Field, labels: Labels): readonly Field[] {
  const expressions = selector.at('matchExpressions').items;
  return [
    ...selector.at('matchLabels').entries.flatMap(([key, field]) => (labels[key] === field.text ? [] : [field])),
    ...expressions.filter((expression) => !selectorMatches(new Field({ matchExpressions: [expression.value] }), labels)),
  ];
}

export const selectorTemplateMismatch: Lesson = {
  id: 'selector-template-mismatch',
  title: 'A selector matches the pods that it is written for',
  section: 'Rollouts and workloads',
  severity: 'error',
  incident: {
    symptom:
      '`selector` does not match template `labels`: the sync fails; or a policy or a budget is applied without a word and protects nothing',
    cause:
      'a label was changed in one place. For a workload the API server compares selector and template and refuses them; nobody compares the selector of a PodDisruptionBudget or of a network policy with anything',
    source: 'kubernetes.io, Deployments, Selector, and Network Policies; Kubernetes practice',
  },
  remedy: 'write in the template the labels that the selector asks for: the selector of a workload that exists cannot be changed',
  confirm: ['kubectl apply --dry-run=server -f <file>', 'kubectl get pods -n <namespace> -l <selector>'],
  limits:
    'Budgets and policies are judged only where workloads of their namespace are declared and nothing else (a chart, an operator, the facts) provides the pods. ' +
    'Labels that controllers add, such as a revision hash, are not missed. Services and monitors have lessons of their own.',
  bad: [
    {
      yaml: `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: blog}
spec:
  selector:
    matchLabels:
      app: web
      tier: front # <- here
  template: {metadata: {labels: {app: web, tier: backend}}}
---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: api, namespace: blog}
spec:
  selector:
    matchExpressions:
      - {key: app, operator: In, values: [api]} # <- here
      - {key: track, operator: DoesNotExist}
  workloadRef: {apiVersion: apps/v1, kind: Deployment, name: was}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: was, namespace: blog}
spec:
  selector: {matchLabels: {app: was}}
  template: {metadata: {labels: {app: was}}}
`,
    },
    {
      yaml: `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: mysql, namespace: blog}
spec:
  selector: {matchLabels: {app: mysql}}
  template: {metadata: {labels: {app: mysql}}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: mysql, namespace: blog}
spec:
  maxUnavailable: 1
  selector:
    matchLabels:
      app: mysql-server # <- here
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: mysql-isolation, namespace: blog}
spec:
  endpointSelector:
    matchLabels:
      k8s:app: mysql
      k8s:tier: database # <- here
  ingress: [{fromEndpoints: [{matchLabels: {app: api}}]}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: exporter, namespace: blog}
spec:
  podSelector: {matchExpressions: [{key: app, operator: In, values: [exporter, mysql-exporter]}]} # <- here
  policyTypes: [Ingress]
`,
    },
  ],
  good: [
    {
      yaml: `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: blog}
spec:
  selector:
    matchLabels: {app: web}
    matchExpressions: [{key: track, operator: NotIn, values: [canary]}]
  template: {metadata: {labels: {app: web, tier: front}}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web, namespace: blog}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: web, pod-template-hash: 6bcf8c4f5d}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: default-deny, namespace: blog}
spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: any-source, namespace: blog}
spec:
  endpointSelector: {matchLabels: {any:app: web, k8s:io.kubernetes.pod.namespace: blog, io.cilium.k8s.policy.serviceaccount: web}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: migrate, namespace: blog}
spec: {template: {metadata: {labels: {app: migrate}}}}
---
apiVersion: v1
kind: ReplicationController
metadata: {name: old, namespace: blog}
spec:
  selector: {app: old}
  template: {metadata: {labels: {app: old}}}
`,
    },
    {
      yaml: `# The pods of these come from a chart, from an operator, and from a namespace of which nothing is declared.
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: grafana, namespace: argocd}
spec:
  source: {repoURL: "https://charts.example.org", chart: grafana, targetRevision: 8.0.0}
  destination: {namespace: monitoring, server: "https://kubernetes.default.svc"}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: exporter, namespace: monitoring}
spec:
  selector: {matchLabels: {app: exporter}}
  template: {metadata: {labels: {app: exporter}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: grafana, namespace: monitoring}
spec: {podSelector: {matchLabels: {app.kubernetes.io/name: grafana}}}
---
apiVersion: kafka.strimzi.io/v1beta2
kind: Kafka
metadata: {name: events, namespace: blog}
spec: {kafka: {replicas: 3}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: blog}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: events, namespace: blog}
spec: {maxUnavailable: 1, selector: {matchLabels: {strimzi.io/cluster: events}}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: server, namespace: argocd}
spec: {maxUnavailable: 1, selector: {matchLabels: {app.kubernetes.io/name: argocd-server}}}
`,
    },
    {
      yaml: `# A cluster-wide policy reaches the pods of any namespace.
apiVersion: cilium.io/v2
kind: CiliumClusterwideNetworkPolicy
metadata: {name: databases}
spec: {endpointSelector: {matchLabels: {tier: database}}}
---
apiVersion: cilium.io/v2
kind: CiliumClusterwideNetworkPolicy
metadata: {name: health}
spec: {endpointSelector: {matchLabels: {"reserved:health": ""}}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: mysql, namespace: blog}
spec:
  selector: {matchLabels: {app: mysql}}
  template: {metadata: {labels: {app: mysql, tier: database}}}
`,
    },
  ],
  *violations({ resources, cluster }: Context): Iterable<Violation> {
    const pods = resources.view(DeclaredPods);
    const named = resources.view(NamedObjects);
    const elsewhere = resources.view(InstalledElsewhere);
    for (const resource of resources.all) {
      yield* judgeWorkload(resource, named);
      for (const selector of podSelectorsOf(resource))
        if (!isProvided(selector, pods, elsewhere, cluster)) yield* judgeSelector(selector, pods);
    }
  },
};

function* judgeWorkload(resource: Resource, named: NamedObjects): Iterable<Violation> {
  const workload = workloadOf(resource);
  if (workload === undefined || !workload.selector.isMap || workload.kind === 'Pod' || workload.kind === 'CronJob') return;
  const owner = templateOwner(workload, named);
  if (owner === undefined) return;
  const labels = owner.template.at('metadata', 'labels');
  for (const part of unmetParts(workload.selector, labels.texts)) {
    const wanted = part.isMap ? `${part.at('key').text ?? ''} ${part.at('operator').text ?? ''}` : `${keyOf(part)}: ${part.text ?? ''}`;
    yield violation(resource, part, `its selector asks for ${wanted}, which its pod template does not carry: the API server refuses it`, {
      related: [{ message: 'the labels of the template', resource: owner.resource, path: labels.path }],
      fix: {
        description: part.isMap ? 'give the template labels that the selector matches' : `add ${wanted} to the labels of the template`,
      },
    });
  }
}

/** The workload whose template it runs: itself, or the one that a Rollout refers to. @returns undefined when that one is not declared */
function templateOwner(workload: Workload, named: NamedObjects): Workload | undefined {
  const reference = workload.resource.at('spec', 'workloadRef');
  if (workload.template.isMap || !reference.isMap) return workload.template.isMap ? workload : undefined;
  const [target] = named.find('apps', reference.at('kind').string ?? 'Deployment', workload.namespace, reference.at('name').text ?? '');
  return target && workloadOf(target);
}

/** The last step of a field's pointer, which is a label's key. */
function keyOf(field: Field): string {
  return field.path
    .slice(field.path.lastIndexOf('/') + 1)
    .replaceAll('~1', '/')
    .replaceAll('~0', '~');
}

function* judgeSelector({ resource, selector, namespace, fieldOf }: PodSelector, pods: DeclaredPods): Iterable<Violation> {
  const labels = selector.at('matchLabels').texts;
  const near = pods.nearest(labels, namespace ?? null, resource.name);
  const [unmet] = Object.entries(labels).filter(([key, value]) => near?.podLabels[key] !== value);
  const place = namespace === undefined || namespace === null ? 'no declared pod template' : `no pod template of namespace ${namespace}`;
  const beyond = namespace !== undefined && pods.matches(selector, undefined) ? '; pods of another namespace would match' : '';
  yield violation(
    resource,
    unmet === undefined ? selector : fieldOf(unmet[0]),
    `its selector matches ${place}${beyond}: it is applied and does nothing`,
    {
      severity: 'warning',
      related:
        near === undefined
          ? []
          : [{ message: `the nearest: ${near.toString()}`, resource: near.resource, path: near.template.at('metadata', 'labels').path }],
      fix: { description: 'select labels that the pod template carries' },
    },
  );
}

/** Whether its pods are declared, or may well be there without being declared. */
function isProvided({ selector, namespace }: PodSelector, pods: DeclaredPods, elsewhere: InstalledElsewhere, cluster: Cluster): boolean {
  if (pods.matches(selector, namespace)) return true;
  const inNamespace = namespace ?? null;
  const labels = selector.at('matchLabels').texts;
  const isKnownTo = elsewhere.operatorOf(labels, inNamespace) !== undefined || factsNamePods(cluster, labels, inNamespace);
  return isKnownTo || !pods.in(inNamespace) || elsewhere.into(inNamespace);
}
