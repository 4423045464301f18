import type { Cluster } from '../facts/cluster';
import type { PrometheusFacts } from '../facts/cluster-facts';
import type { Field } from '../manifest/field';
import { InstalledElsewhere } from '../resources/installed-elsewhere';
import { type Labels, selectorMatches } from '../resources/label-selector';
import type { Resource } from '../resources/resource';
import type { Resources } from '../resources/resources';
import { type Namespaces, monitoredNamespaces, ScrapeTargets } from '../resources/scrape-targets';
import type { Service } from '../resources/service';
import type { Workload } from '../resources/workload';
import { type Context, type Lesson, type Skip, violation, type Violation } from './lesson';

/** The labels that an object needs for this Prometheus to pick it up. */
export function labelsForPrometheus(prometheus: PrometheusFacts | undefined, kind: MonitoringKind): Labels {
  return prometheus?.[SELECTOR_OF[kind]] ?? {};
}

export type MonitoringKind = 'ServiceMonitor' | 'PodMonitor' | 'Probe' | 'PrometheusRule';

const SELECTOR_OF = {
  ServiceMonitor: 'serviceMonitorSelector',
  PodMonitor: 'podMonitorSelector',
  Probe: 'probeSelector',
  PrometheusRule: 'ruleSelector',
} as const satisfies Record<MonitoringKind, keyof PrometheusFacts>;
const KINDS: readonly MonitoringKind[] = ['ServiceMonitor', 'PodMonitor', 'Probe', 'PrometheusRule'];
/** Namespaces that the cluster itself fills. */
const SYSTEM = new Set<string | null>(['kube-system', 'default']);

export const monitorSelectsNothing: Lesson = {
  id: 'monitor-selects-nothing',
  title: 'a monitor selects a Service or pod that exists, by a port that exists, and Prometheus selects the monitor',
  section: 'Monitoring',
  severity: 'error',
  incident: {
    symptom: 'the dashboard is empty and the alert never fires: the target is in no list of Prometheus, not even as down',
    cause:
      'a ServiceMonitor looks for labels of the Service itself, not for its selector, and for the name of a port; an operator picks up only monitors and rules that carry the labels of its own selector. What matches nothing is no error anywhere',
    source:
      'prometheus-operator.dev, Troubleshooting ServiceMonitor changes; kube-prometheus-stack, serviceMonitorSelectorNilUsesHelmValues',
  },
  remedy: 'give the Service the labels that the monitor asks for, name its port, and give the monitor the labels that Prometheus asks for',
  confirm: [
    'kubectl get service -n <namespace> -l <selector> -o wide',
    "kubectl get prometheus -A -o jsonpath='{.items[*].spec.serviceMonitorSelector}'",
    'kubectl port-forward -n monitoring svc/prometheus-operated 9090 & curl -s localhost:9090/api/v1/targets | grep <name>',
  ],
  limits:
    'What a Helm chart or an operator installs is not in the manifests: in a namespace that declares no Service of its own a monitor without match is a warning, in kube-system and default nothing is said. Which labels Prometheus asks for is a fact, or a Prometheus object of these manifests.',
  needs: ['prometheus'],
  bad: [
    {
      yaml: `apiVersion: v1
kind: Service
metadata:
  name: mysql-exporter
  namespace: blog-system
spec:
  selector: {app: mysql-exporter}
  ports: [{name: metrics, port: 9104}]
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: mysql-exporter
  namespace: blog-system
spec:
  selector:
    matchLabels: {app: mysql-exporter} # <- here
  endpoints:
    - port: metrics
`,
    },
    {
      yaml: `apiVersion: v1
kind: Service
metadata:
  name: mysql-exporter
  namespace: blog-system
  labels: {app: mysql-exporter}
spec:
  selector: {app: mysql-exporter}
  ports: [{name: metrics, port: 9104}]
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: mysql-exporter
  namespace: blog-system
spec:
  selector:
    matchLabels: {app: mysql-exporter}
  endpoints:
    - port: http # <- here
`,
    },
    {
      yaml: `apiVersion: v1
kind: Service
metadata:
  name: mysql-exporter
  namespace: blog-system
  labels: {app: mysql-exporter}
spec:
  selector: {app: mysql-exporter}
  ports: [{name: metrics, port: 9104}]
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: mysql-exporter
  namespace: monitoring
spec:
  selector:
    matchLabels: {app: mysql-exporter} # <- here
  endpoints:
    - port: metrics
`,
    },
    {
      yaml: `apiVersion: v1
kind: Service
metadata:
  name: mysql-exporter
  namespace: blog-system
  labels: {app: mysql-exporter}
spec:
  selector: {app: mysql-exporter}
  ports: [{name: metrics, port: 9104}]
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: mysql-exporter # <- here
  namespace: blog-system
spec:
  selector:
    matchLabels: {app: mysql-exporter}
  endpoints:
    - port: metrics
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: mysql, namespace: blog-system, labels: {release: other}} # <- here
spec:
  groups: [{name: mysql, rules: [{alert: Down, expr: "absent(mysql_up)"}]}]
`,
      cluster: {
        prometheus: {
          namespace: 'monitoring',
          labels: {},
          serviceMonitorSelector: { release: 'kube-prometheus-stack' },
          ruleSelector: { release: 'kube-prometheus-stack' },
        },
      },
    },
    {
      yaml: `apiVersion: apps/v1
kind: Deployment
metadata: {name: was, namespace: blog-system}
spec:
  selector: {matchLabels: {app: was}}
  template:
    metadata: {labels: {app: was}}
    spec:
      containers:
        - name: spring-boot
          image: example.org/was:1
          ports: [{name: http, containerPort: 8080}]
---
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata: {name: was, namespace: blog-system}
spec:
  selector: {matchLabels: {app: was-old}} # <- here
  podMetricsEndpoints:
    - port: http
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: was, namespace: blog-system}
spec:
  selector: {matchLabels: {app: was}}
  template:
    metadata: {labels: {app: was}}
    spec:
      containers:
        - name: spring-boot
          image: example.org/was:1
          ports: [{name: http, containerPort: 8080}]
---
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata: {name: was, namespace: blog-system}
spec:
  selector: {matchLabels: {app: was}}
  podMetricsEndpoints:
    - port: metrics # <- here
`,
    },
    {
      yaml: `apiVersion: monitoring.coreos.com/v1
kind: Prometheus
metadata: {name: main, namespace: monitoring}
spec:
  serviceMonitorSelector: {matchLabels: {team: platform}}
  serviceMonitorNamespaceSelector: {}
---
apiVersion: v1
kind: Service
metadata:
  name: mysql-exporter
  namespace: blog-system
  labels: {app: mysql-exporter}
spec:
  selector: {app: mysql-exporter}
  ports: [{name: metrics, port: 9104}]
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: mysql-exporter
  namespace: blog-system
  labels: {team: blog} # <- here
spec:
  selector:
    matchLabels: {app: mysql-exporter}
  endpoints:
    - port: metrics
`,
    },
  ],
  good: [
    {
      yaml: `apiVersion: v1
kind: Service
metadata:
  name: mysql-exporter
  namespace: blog-system
  labels: {app: mysql-exporter}
spec:
  selector: {app: mysql-exporter}
  ports: [{name: metrics, port: 9104}]
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: mysql-exporter
  namespace: blog-system
  labels: {release: kube-prometheus-stack}
spec:
  selector:
    matchLabels: {app: mysql-exporter}
  endpoints:
    - port: metrics
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: mysql, namespace: blog-system, labels: {release: kube-prometheus-stack}}
spec:
  groups: [{name: mysql, rules: [{alert: Down, expr: "absent(mysql_up)"}]}]
`,
      cluster: {
        prometheus: {
          namespace: 'monitoring',
          labels: {},
          serviceMonitorSelector: { release: 'kube-prometheus-stack' },
          ruleSelector: { release: 'kube-prometheus-stack' },
        },
      },
    },
    {
      yaml: `apiVersion: v1
kind: Service
metadata:
  name: mysql-exporter
  namespace: blog-system
  labels: {app: mysql-exporter}
spec:
  selector: {app: mysql-exporter}
  ports: [{name: metrics, port: 9104}]
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: mysql-exporter
  namespace: monitoring
spec:
  namespaceSelector: {matchNames: [blog-system]}
  selector:
    matchLabels: {app: mysql-exporter}
  endpoints:
    - port: metrics
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: was, namespace: blog-system}
spec:
  selector: {matchLabels: {app: was}}
  template:
    metadata: {labels: {app: was}}
    spec:
      containers:
        - name: spring-boot
          image: example.org/was:1
          ports: [{name: http, containerPort: 8080}]
---
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata: {name: was, namespace: blog-system}
spec:
  selector: {matchLabels: {app: was}}
  podMetricsEndpoints:
    - port: http
`,
    },
    {
      yaml: `apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: mysql-exporter
  namespace: monitoring
spec:
  namespaceSelector: {matchNames: [kube-system]}
  selector:
    matchLabels: {k8s-app: kube-dns}
  endpoints:
    - port: metrics
---
apiVersion: v1
kind: Service
metadata:
  name: mysql-exporter
  namespace: blog-system
  labels: {app: mysql-exporter}
spec:
  selector: {app: mysql-exporter}
  ports: [{name: metrics, port: 9104}]
---
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata: {name: sidecars, namespace: blog-system}
spec:
  selector: {matchExpressions: [{key: app, operator: Exists}]}
  podMetricsEndpoints:
    - port: http-envoy-prom
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: was, namespace: blog-system}
spec:
  selector: {matchLabels: {app: was}}
  template:
    metadata: {labels: {app: was}}
    spec: {containers: [{name: was, image: "example.org/was:1"}]}
`,
    },
  ],
  *violations({ resources, cluster }: Context): Iterable<Violation | Skip> {
    const targets = resources.view(ScrapeTargets);
    const elsewhere = resources.view(InstalledElsewhere);
    const servers = prometheusObjects(resources);
    for (const resource of resources.all) {
      const kind = KINDS.find((candidate) => candidate === resource.kind && resource.group === 'monitoring.coreos.com');
      if (kind === undefined) continue;
      if (kind === 'ServiceMonitor') yield* judgeServiceMonitor(resource, targets, elsewhere);
      if (kind === 'PodMonitor') yield* judgePodMonitor(resource, targets, elsewhere);
      yield* judgeLabels(resource, kind, cluster, servers);
    }
  },
};

function* judgeServiceMonitor(monitor: Resource, targets: ScrapeTargets, elsewhere: InstalledElsewhere): Iterable<Violation> {
  const selector = monitor.at('spec', 'selector');
  const namespaces = monitoredNamespaces(monitor);
  const services = targets.services(selector, namespaces);
  if (services.length > 0) {
    for (const endpoint of monitor.at('spec', 'endpoints').items) yield* judgeEndpoint(monitor, endpoint, services);
    return;
  }
  if (isSomebodyElses(selector, namespaces, elsewhere)) return;
  const nearest = targets.nearestService(selector, namespaces);
  const isCertain =
    namespaces !== undefined && targets.declaresServices(namespaces) && !namespaces.some((namespace) => elsewhere.into(namespace));
  yield violation(
    monitor,
    selector,
    `selects no Service${place(namespaces)}${isCertain ? '' : ' of these manifests; where nobody else brings one'}${isCertain ? ': nothing' : ', nothing'} is scraped, and Prometheus does not say so`,
    {
      severity: isCertain ? 'error' : 'warning',
      related:
        nearest === undefined ? [] : [{ message: whyNot(nearest, selector, namespaces), resource: nearest.resource, path: '/metadata' }],
      fix: { description: 'give the Service the labels of the selector (its own labels count, not its selector), or correct the selector' },
    },
  );
}

function whyNot({ resource, namespace, name }: Service, selector: Field, namespaces: Namespaces): string {
  if (selectorMatches(selector, resource.labels))
    return `Service ${name} would match, but it is in namespace ${namespace ?? 'default'}, which the monitor does not look into`;
  const lacking = Object.entries(selector.at('matchLabels').texts).filter(([key, value]) => resource.labels[key] !== value);
  const where = namespaces === undefined || namespaces.includes(namespace) ? '' : ` of namespace ${namespace ?? 'default'}`;
  return `Service ${name}${where} lacks the label ${lacking.map((pair) => pair.join(': ')).join(', ')}`;
}

function* judgeEndpoint(monitor: Resource, endpoint: Field, services: readonly Service[]): Iterable<Violation> {
  const port = endpoint.at('port');
  const wanted = port.text;
  if (wanted === undefined || services.some((service) => service.ports.some(({ name }) => name === wanted))) return;
  const [service] = services;
  const known = services.flatMap((candidate) => candidate.ports.map(({ name, number }) => name ?? `${String(number)} (unnamed)`));
  const hint = /^\d+$/.test(wanted) ? ' (a port’s name is wanted here, not its number)' : '';
  const [only] = known.length === 1 ? services.flatMap((candidate) => candidate.ports.flatMap(({ name }) => name ?? [])) : [];
  yield violation(
    monitor,
    port,
    `names the port ${wanted}${hint}, which ${services.map(({ name }) => `Service ${name}`).join(', ')} does not have: nothing is scraped`,
    {
      related:
        service === undefined ? [] : [{ message: `its ports: ${known.join(', ')}`, resource: service.resource, path: '/spec/ports' }],
      fix:
        only === undefined
          ? { description: 'name the port of the Service, and use that name' }
          : { description: `use ${only}`, edits: [{ path: port.path, value: only }] },
    },
  );
}

function* judgePodMonitor(monitor: Resource, targets: ScrapeTargets, elsewhere: InstalledElsewhere): Iterable<Violation> {
  const selector = monitor.at('spec', 'selector');
  const namespaces = monitoredNamespaces(monitor);
  const pods = targets.pods(selector, namespaces);
  if (pods.length > 0) {
    for (const endpoint of monitor.at('spec', 'podMetricsEndpoints').items) yield* judgePodEndpoint(monitor, endpoint, pods);
    return;
  }
  if (isSomebodyElses(selector, namespaces, elsewhere)) return;
  const isCertain =
    namespaces !== undefined && targets.declaresPods(namespaces) && !namespaces.some((namespace) => elsewhere.into(namespace));
  yield violation(
    monitor,
    selector,
    `selects no pod${place(namespaces)}${isCertain ? ': nothing' : ' of these manifests; where nobody else brings one, nothing'} is scraped, and Prometheus does not say so`,
    {
      severity: isCertain ? 'error' : 'warning',
      fix: { description: 'correct the selector: it is compared with the labels of the pod template' },
    },
  );
}

function* judgePodEndpoint(monitor: Resource, endpoint: Field, pods: readonly Workload[]): Iterable<Violation> {
  const ports = pods.flatMap((pod) => pod.allContainers.flatMap((container) => container.ports));
  const byName = endpoint.at('port');
  const byNumber = endpoint.at('portNumber');
  const field = byNumber.isSet ? byNumber : byName;
  // Sidecars that are injected bring ports that no template shows.
  if (!field.isSet || /envoy|istio|linkerd/.test(field.text ?? '') || [15020, 15090].includes(byNumber.number ?? 0)) return;
  if (ports.some(({ name, number }) => (byNumber.isSet ? number === byNumber.number : name === byName.text))) return;
  yield violation(
    monitor,
    field,
    `names the port ${field.text ?? ''}, which no container of ${pods.map(({ name }) => name).join(', ')} declares: nothing is scraped`,
    {
      related: pods.slice(0, 1).map((pod) => ({
        message: `its ports: ${ports.map(({ name, number }) => name ?? String(number)).join(', ') || 'none'}`,
        resource: pod.resource,
        path: pod.podSpec.path,
      })),
      fix: { description: 'declare the port under this name in the container, or use the name that it has' },
    },
  );
}

/** What the cluster or an operator brings along. */
function isSomebodyElses(selector: Field, namespaces: Namespaces, elsewhere: InstalledElsewhere): boolean {
  if (namespaces?.every((namespace) => SYSTEM.has(namespace)) === true) return true;
  const labels = selector.at('matchLabels').texts;
  return (namespaces ?? [null]).some((namespace) => elsewhere.operatorOf(labels, namespace) !== undefined);
}

function place(namespaces: Namespaces): string {
  if (namespaces === undefined) return ' in any namespace';
  const known = namespaces.filter((namespace) => namespace !== null);
  return known.length === 0 ? '' : ` in ${known.length === 1 ? 'namespace' : 'namespaces'} ${known.join(', ')}`;
}

function prometheusObjects(resources: Resources): readonly Resource[] {
  return ['Prometheus', 'PrometheusAgent'].flatMap((kind) => resources.ofKind('monitoring.coreos.com', kind));
}

function* judgeLabels(
  resource: Resource,
  kind: MonitoringKind,
  cluster: Cluster,
  servers: readonly Resource[],
): Iterable<Violation | Skip> {
  const { prometheus } = cluster.facts;
  if (prometheus === undefined && servers.length === 0) {
    yield { resource, needs: ['prometheus'] };
    return;
  }
  if (prometheus === undefined) {
    yield* judgeByObject(resource, kind, servers);
    return;
  }
  const lacking = Object.entries(labelsForPrometheus(prometheus, kind)).filter(([key, value]) => resource.labels[key] !== value);
  const [first] = lacking;
  if (first === undefined) return;
  const labels = resource.at('metadata', 'labels');
  yield violation(
    resource,
    labels.at(first[0]),
    `lacks the label ${lacking.map((pair) => pair.join(': ')).join(', ')}, by which Prometheus (namespace ${prometheus.namespace}) picks its ${kind} objects: it is never loaded`,
    {
      fix: {
        description: 'add the label',
        edits: labels.isMap
          ? lacking.map(([key, value]) => ({ path: labels.at(key).path, value }))
          : [{ path: labels.path, value: Object.fromEntries(lacking) }],
      },
    },
  );
}

/** By the Prometheus objects of the manifests: one that selects it is enough. */
function* judgeByObject(resource: Resource, kind: MonitoringKind, servers: readonly Resource[]): Iterable<Violation> {
  const key = SELECTOR_OF[kind];
  const isSelected = (server: Resource): boolean => {
    const selector = server.at('spec', key);
    const namespaceSelector = server.at('spec', key.replace(/Selector$/, 'NamespaceSelector'));
    const isLookedInto =
      namespaceSelector.isMap || server.namespace === null || resource.namespace === null || server.namespace === resource.namespace;
    return isLookedInto && selectorMatches(selector, resource.labels);
  };
  const [server] = servers.filter(({ kind: serverKind }) => kind !== 'PrometheusRule' || serverKind === 'Prometheus');
  if (server === undefined || servers.some(isSelected)) return;
  yield violation(
    resource,
    resource.at('metadata', 'labels'),
    `is picked by no Prometheus of these manifests: its labels or its namespace do not fit their ${key}`,
    {
      related: [{ message: 'what this Prometheus selects', resource: server, path: server.at('spec', key).path }],
      fix: { description: 'give it the labels that the selector asks for' },
    },
  );
}
