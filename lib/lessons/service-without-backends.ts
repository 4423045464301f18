import type { Cluster } from '../facts/cluster';
import { factsNamePods } from '../facts/known-pods';
import { DeclaredPods, templateLabelsOf } from '../resources/declared-pods';
import { InstalledElsewhere } from '../resources/installed-elsewhere';
import type { Labels } from '../resources/label-selector';
import type { Resources } from '../resources/resources';
import { Service } from '../resources/service';
import type { Workload } from '../resources/workload';
import { type Context, type Lesson, type Severity, violation, type Violation } from './lesson';

/** The labels that a Service, or anything else that selects pods, does not find on them: what to compare before it is applied. */
export function unmatchedLabels(selector: Labels, podLabels: Labels): readonly string[] {
  return Object.keys(templateLabelsOf(selector)).filter((key) => podLabels[key] !== selector[key]);
}

export const serviceWithoutBackends: Lesson = {
  id: 'service-without-backends',
  title: 'Every Service selects the pods of some workload',
  section: 'Rollouts and workloads',
  severity: 'error',
  incident: {
    symptom:
      'the exporter reports `dial tcp 10.99.101.181:3306: connect: operation not permitted` and the alert "MySQL down" fires, while MySQL runs; the search goes through network policies that are innocent',
    cause:
      'a label transformer rewrote the selector of the Service and not the labels of the pods, so the Service had no backend. The socket load balancer of Cilium answers a connection to such a Service with EPERM, which looks exactly like a policy denial; with kube-proxy it is "connection refused"',
    source: 'Kustomize labels and Cilium entities, problems 1 and 2; docs.cilium.io, Kubernetes Without kube-proxy',
  },
  remedy: 'make the selector of the Service the labels that the pod template carries; keep common labels out of selectors',
  confirm: [
    'kubectl get endpointslices -n <namespace> -l kubernetes.io/service-name=<service>',
    "kubectl get pods -n <namespace> -l \"$(kubectl get svc -n <namespace> <service> -o go-template='{{range $k,$v := .spec.selector}}{{$k}}={{$v}},{{end}}' | sed 's/,$//')\"",
  ],
  limits:
    'A Service without a selector, an ExternalName and one with Endpoints of its own are not judged, nor one whose pods an operator or the facts provide. ' +
    'Where a chart is installed into the namespace, or no workload of it is declared, it is a warning: the pods may come from there.',
  bad: [
    {
      yaml: `apiVersion: v1
kind: Service
metadata: {name: mysql-service, namespace: blog}
spec:
  selector:
    app: blog-system # <- here
  ports: [{port: 3306}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: mysql, namespace: blog}
spec:
  selector: {matchLabels: {app: mysql}}
  template: {metadata: {labels: {app: mysql}}}
`,
    },
    {
      yaml: `apiVersion: v1
kind: Service
metadata: {name: mysql, namespace: blog}
spec:
  selector:
    app: mysql
    managed-by: argocd # <- here
  ports: [{port: 3306}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: mysql, namespace: blog}
spec:
  selector: {matchLabels: {app: mysql}}
  template: {metadata: {labels: {app: mysql}}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: mysql, namespace: staging}
spec:
  selector: {matchLabels: {app: mysql}}
  template: {metadata: {labels: {app: mysql, managed-by: argocd}}}
`,
    },
    {
      yaml: `# A warning: nothing of this namespace is declared.
apiVersion: v1
kind: Service
metadata: {name: argocd-nodeport, namespace: argocd}
spec:
  type: NodePort
  selector: {app.kubernetes.io/name: argocd-server} # <- here
  ports: [{port: 443}]
`,
    },
  ],
  good: [
    {
      yaml: `apiVersion: v1
kind: Service
metadata: {name: web, namespace: blog}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web, namespace: blog}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web, tier: front}}}
---
apiVersion: v1
kind: Service
metadata: {name: outside, namespace: blog}
spec: {type: ExternalName, externalName: db.example.org, selector: {app: ignored}}
---
apiVersion: v1
kind: Service
metadata: {name: by-hand, namespace: blog}
spec: {ports: [{port: 5432}]}
---
apiVersion: v1
kind: Service
metadata: {name: with-endpoints, namespace: blog}
spec: {selector: {app: none}, ports: [{port: 5432}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: with-endpoints-1, namespace: blog, labels: {kubernetes.io/service-name: with-endpoints}}
addressType: IPv4
endpoints: [{addresses: [192.168.1.10]}]
`,
    },
    {
      yaml: `# One pod of a StatefulSet, and the pods that an operator makes for its own resource.
apiVersion: v1
kind: Service
metadata: {name: mysql-0, namespace: blog}
spec: {selector: {app: mysql, statefulset.kubernetes.io/pod-name: mysql-0}, ports: [{port: 3306}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: mysql, namespace: blog}
spec:
  selector: {matchLabels: {app: mysql}}
  template: {metadata: {labels: {app: mysql}}}
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: pg, namespace: blog}
spec: {instances: 3}
---
apiVersion: v1
kind: Service
metadata: {name: pg-nodeport, namespace: blog}
spec: {type: NodePort, selector: {cnpg.io/cluster: pg, role: primary}, ports: [{port: 5432}]}
`,
    },
    {
      yaml: `# The pods are the facts', or another's who told them.
apiVersion: v1
kind: Service
metadata: {name: ingress-metrics, namespace: ingress-nginx}
spec: {selector: {app.kubernetes.io/name: ingress-nginx}, ports: [{port: 10254}]}
---
apiVersion: v1
kind: Service
metadata: {name: legacy, namespace: blog}
spec: {selector: {app: legacy}, ports: [{port: 80}]}
`,
      cluster: {
        ingressControllers: [{ class: 'nginx', namespace: 'ingress-nginx', labels: { 'app.kubernetes.io/name': 'ingress-nginx' } }],
        existing: [
          {
            apiVersion: 'apps/v1',
            kind: 'Deployment',
            metadata: { name: 'legacy', namespace: 'blog' },
            spec: { template: { metadata: { labels: { app: 'legacy' } } } },
          },
        ],
      },
    },
    {
      yaml: `# A namespace that only one of the two files knows.
apiVersion: v1
kind: Service
metadata: {name: web, namespace: blog}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}}
`,
    },
    {
      // Labels that Longhorn puts on its own pods while they serve.
      yaml: `apiVersion: v1
kind: Service
metadata: {name: longhorn-admission-webhook, namespace: longhorn-system}
spec: {selector: {longhorn.io/admission-webhook: longhorn-admission-webhook}, ports: [{port: 9502}]}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: longhorn-manager, namespace: longhorn-system}
spec:
  selector: {matchLabels: {app: longhorn-manager}}
  template: {metadata: {labels: {app: longhorn-manager}}}
`,
    },
  ],
  *violations({ resources, cluster }: Context): Iterable<Violation> {
    const pods = resources.view(DeclaredPods);
    const elsewhere = resources.view(InstalledElsewhere);
    const byHand = servicesWithEndpoints(resources);
    for (const resource of resources.all) {
      if (resource.kind !== 'Service' || resource.group !== '') continue;
      const service = new Service(resource);
      if (!service.hasSelector || service.type === 'ExternalName' || byHand.has(keyOf(service.namespace, service.name))) continue;
      if (pods.carry(service.selector, service.namespace) || isProvided(service, elsewhere, cluster)) continue;
      yield report(service, pods, elsewhere);
    }
  },
};

function report(service: Service, pods: DeclaredPods, elsewhere: InstalledElsewhere): Violation {
  const { namespace, selector, resource } = service;
  const near = pods.nearest(selector, namespace, service.name);
  const unmatched = near === undefined ? [] : unmatchedLabels(selector, near.podLabels);
  const [first] = unmatched;
  const field = resource.at('spec', 'selector');
  const where = namespace === null ? 'in the manifests' : `in namespace ${namespace}`;
  const consequence =
    'the Service has no endpoints; behind Cilium a connection fails with "operation not permitted", which looks like a policy denial';
  const severity: Severity = isUncertain(service, near, pods, elsewhere) ? 'warning' : 'error';
  const doubt =
    severity === 'warning' ? '. The pods may come from what is not declared here: then name them under existing in the facts' : '';
  return violation(
    resource,
    first === undefined ? field : field.at(first),
    `no pod template ${where} has the labels ${textOf(selector)}: ${consequence}${doubt}`,
    {
      severity,
      related:
        near === undefined
          ? []
          : [
              {
                message: `the nearest: ${near.toString()} lacks ${unmatched.join(', ')}`,
                resource: near.resource,
                path: near.template.at('metadata', 'labels').path,
              },
            ],
      fix: {
        description:
          near === undefined
            ? 'select labels that a pod template carries'
            : `select the labels of ${near.toString()}: ${textOf(ownLabels(near))}`,
      },
    },
  );
}

function isUncertain(service: Service, near: Workload | undefined, pods: DeclaredPods, elsewhere: InstalledElsewhere): boolean {
  if (elsewhere.into(service.namespace)) return true;
  return near === undefined && (service.namespace === null || !pods.in(service.namespace));
}

function isProvided(service: Service, elsewhere: InstalledElsewhere, cluster: Cluster): boolean {
  return (
    elsewhere.operatorOf(service.selector, service.namespace) !== undefined || factsNamePods(cluster, service.selector, service.namespace)
  );
}

/** The labels that a workload selects its own pods by, else all that they have. */
function ownLabels(workload: Workload): Labels {
  const selector = workload.selector.at('matchLabels').texts;
  return Object.keys(selector).length > 0 ? selector : workload.podLabels;
}

/** The Services whose endpoints somebody wrote. */
function servicesWithEndpoints(resources: Resources): ReadonlySet<string> {
  const slices = resources.ofKind('discovery.k8s.io', 'EndpointSlice');
  return new Set([
    ...resources.ofKind('', 'Endpoints').map(({ namespace, name }) => keyOf(namespace, name)),
    ...slices.map(({ namespace, labels }) => keyOf(namespace, labels['kubernetes.io/service-name'] ?? '')),
  ]);
}

function keyOf(namespace: string | null, name: string): string {
  return `${namespace ?? ''}/${name}`;
}

function textOf(labels: Labels): string {
  return `{${Object.entries(labels)
    .map(([key, value]) => `${key}: ${value}`)
    .join(', ')}}`;
}
