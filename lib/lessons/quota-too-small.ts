import type { Cluster } from '../facts/cluster';
import { Mesh } from '../facts/mesh';
import { sidecarResourcesOf } from '../facts/sidecar-resources';
import { append } from '../manifest/append';
import { refusalsOf } from '../resources/limit-refusals';
import {
  amountsAt,
  type ContainerLimits,
  containerLimitsOf,
  type ContainerResources,
  containerResourcesOf,
  podAmount,
  withDefaults,
} from '../resources/pod-resources';
import { quantityText } from '../resources/quantity';
import type { Resource } from '../resources/resource';
import { NamespacePods, type RunningPods } from '../resources/running-pods';
import { containsLabels } from '../resources/label-selector';
import { nodeFilterOf, nodeViewOf } from '../scheduling/node-filter';
import { type Workload, workloadOf } from '../resources/workload';
import { type Context, type Lesson, type Severity, type Skip, violation, type Violation } from './lesson';

export const quotaTooSmall: Lesson = {
  id: 'quota-too-small',
  title: 'Quotas and limits of a namespace admit its pods with their sidecars, in an update and at full scale',
  section: 'Rollouts and workloads',
  severity: 'error',
  incident: {
    symptom:
      'an update stands still with `exceeded quota` or `maximum cpu usage per Container` in the events of a ReplicaSet, while the workload itself looks healthy',
    cause:
      'the quota was measured against what the manifests show. Admission counts what is there then: the sidecar of the mesh with its limit of two cores, the canary beside the stable pods, the replicas that an autoscaler adds',
    source: 'kubernetes.io, Resource Quotas and Limit Ranges; istio.io, Installation Options; Kubernetes practice',
  },
  remedy:
    'raise the quota to the peak of an update, or ask for less; give the sidecar limits of its own with sidecar.istio.io/proxyCPULimit and its sisters',
  confirm: ['kubectl describe quota,limitrange -n <namespace>', 'kubectl get events -n <namespace> --field-selector reason=FailedCreate'],
  limits:
    'Jobs are not counted, nor pods that no manifest declares, nor quotas with scopes. Updates of two workloads at once are not added up: the second waits for the first. Pods of a DaemonSet are counted on the nodes of the facts. ' +
    'Only pods, CPU and memory are compared.',
  needs: ['nodes'],
  bad: [
    {
      yaml: `# Three replicas, and the canary at full size beside them before the last step: six pods with sidecars.
apiVersion: v1
kind: ResourceQuota
metadata: {name: blog, namespace: blog}
spec:
  hard:
    pods: "10"
    requests.cpu: 1800m # <- here
---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web, namespace: blog}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  strategy: {canary: {canaryService: c, stableService: s, trafficRouting: {istio: {virtualService: {name: web}}}}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: "web:1", resources: {requests: {cpu: 250m}}}]
`,
      cluster: { mesh: { kind: 'istio', injectedNamespaces: ['blog'] } },
    },
    {
      yaml: `# The limit of the sidecar is Istio's own: two cores.
apiVersion: v1
kind: LimitRange
metadata: {name: blog, namespace: blog}
spec:
  limits:
    - type: Container
      max: {cpu: "1", memory: 1Gi}
      default: {memory: 512Mi}
      maxLimitRequestRatio: {cpu: "4"}
---
apiVersion: v1
kind: Namespace
metadata: {name: blog, labels: {istio-injection: enabled}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: was, namespace: blog}
spec:
  selector: {matchLabels: {app: was}}
  template: {metadata: {labels: {app: was}}, spec: {containers: [{name: was, image: "was:1", resources: {requests: {cpu: 250m, memory: 256Mi}}}]}} # <- here
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: plain, namespace: blog}
spec:
  selector: {matchLabels: {app: plain}}
  template:
    metadata: {labels: {app: plain, sidecar.istio.io/inject: "false"}}
    spec:
      containers:
        - name: large
          image: large:1
          resources:
            requests:
              cpu: 100m
              memory: 768Mi # <- here
            limits:
              cpu: 600m # <- here
`,
    },
    {
      yaml: `# Enough for what is declared, not for the autoscaler (a warning); and a container that says nothing is refused at once.
apiVersion: v1
kind: ResourceQuota
metadata: {name: shop, namespace: shop}
spec:
  hard:
    pods: "5" # <- here
    limits.memory: 8Gi
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop}
spec:
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec:
      containers:
        - {name: api, image: "api:1", resources: {limits: {memory: 512Mi}}}
        - name: proxy
          image: proxy:1
          resources: {requests: {memory: 64Mi}} # <- here
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: api, namespace: shop}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: api}, minReplicas: 2, maxReplicas: 8}
`,
    },
  ],
  good: [
    {
      yaml: `# Exactly enough: 3 x 100m as 0.3, one more for the update, and a namespace without sidecars.
apiVersion: v1
kind: ResourceQuota
metadata: {name: blog, namespace: blog}
spec: {hard: {requests.cpu: "0.4", limits.memory: 1Gi, pods: 4, count/deployments.apps: "1", services.loadbalancers: "0"}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: blog}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      initContainers: [{name: wait, image: "wait:1", resources: {requests: {cpu: 100m}, limits: {memory: 256Mi}}}]
      containers: [{name: web, image: "web:1", resources: {requests: {cpu: 100m}, limits: {memory: 256Mi}}}]
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: best-effort, namespace: blog}
spec: {hard: {pods: "0"}, scopes: [BestEffort]}
`,
    },
    {
      yaml: `# The LimitRange fills in what the quota counts; the sidecar has limits of its own; the database replaces its pod.
apiVersion: v1
kind: LimitRange
metadata: {name: blog, namespace: blog}
spec: {limits: [{type: Container, max: {cpu: "1"}, default: {cpu: 500m}, defaultRequest: {cpu: 100m}}]}
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: blog, namespace: blog}
spec: {hard: {requests.cpu: 200m, limits.cpu: "1", pods: "1"}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: mysql, namespace: blog}
spec:
  strategy: {type: Recreate}
  selector: {matchLabels: {app: mysql}}
  template:
    metadata:
      labels: {app: mysql}
      annotations: {sidecar.istio.io/proxyCPU: 100m, sidecar.istio.io/proxyCPULimit: 500m}
    spec: {containers: [{name: mysql, image: "mysql:8.4"}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: other, namespace: other}
spec:
  replicas: 20
  selector: {matchLabels: {app: other}}
  template: {metadata: {labels: {app: other}}, spec: {containers: [{name: other, image: "other:1"}]}}
`,
      cluster: { mesh: { kind: 'istio', injectedNamespaces: ['blog'] } },
    },
    {
      yaml: `# Without the nodes a DaemonSet cannot be counted: skipped.
apiVersion: v1
kind: ResourceQuota
metadata: {name: agents, namespace: agents}
spec: {hard: {pods: "2"}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: agents}
spec:
  selector: {matchLabels: {app: agent}}
  template: {metadata: {labels: {app: agent}}, spec: {containers: [{name: agent, image: "agent:1"}]}}
`,
    },
  ],
  *violations(context: Context): Iterable<Violation | Skip> {
    const { resources, cluster } = context;
    const mesh = new Mesh(resources, cluster);
    const containersOf = (workload: Workload): readonly ContainerResources[] => {
      const own = containerResourcesOf(workload);
      return mesh.hasSidecar(workload) === true ? [...own, sidecarResourcesOf(workload, cluster)] : own;
    };
    const ranges = new Map<string | null, ContainerLimits[]>();
    for (const range of resources.ofKind('', 'LimitRange'))
      for (const limits of containerLimitsOf(range)) append(ranges, range.namespace, limits);
    for (const resource of resources.all) {
      const workload = workloadOf(resource);
      if (workload === undefined || workload.namespace === null) continue;
      for (const limits of ranges.get(workload.namespace) ?? []) yield* judgeContainers(workload, containersOf(workload), limits);
    }
    const pods = resources.view(NamespacePods);
    for (const quota of resources.all.filter(({ kind, group }) => kind === 'ResourceQuota' && group === '')) {
      if (quota.at('spec', 'scopes').isSet || quota.at('spec', 'scopeSelector').isSet) continue;
      const filled = (workload: Workload): readonly ContainerResources[] =>
        containersOf(workload).map((container) => (ranges.get(quota.namespace) ?? []).reduce(withDefaults, container));
      yield* judgeQuota(quota, pods.besides(quota), filled, cluster);
    }
  },
};

function* judgeContainers(workload: Workload, containers: readonly ContainerResources[], limits: ContainerLimits): Iterable<Violation> {
  for (const container of containers) {
    const injected = container.name === 'istio-proxy' && !container.field.path.endsWith('/resources');
    for (const { of, name, limit, message } of refusalsOf(withDefaults(container, limits), limits)) {
      const field = injected ? container.field : container.field.at(of, name);
      const who = injected ? 'the sidecar that is injected' : `container ${container.name}`;
      yield violation(workload.resource, field, `LimitRange ${limits.resource.name} refuses ${who}: ${message}; no pod is created`, {
        related: [{ message: 'the limit', resource: limits.resource, path: limits.at(limit, name).path }],
        fix: {
          description: injected
            ? 'set sidecar.istio.io/proxyCPULimit and its sisters on the pod template, or widen the LimitRange'
            : 'set the resources of the container within the LimitRange, or widen that',
        },
      });
    }
  }
}

/** The part and resource that a key of a quota counts; `pods` counts pods. */
function countedBy(key: string): { readonly of: 'requests' | 'limits'; readonly name: string } | 'pods' | undefined {
  if (key === 'pods' || key === 'count/pods') return 'pods';
  if (key === 'cpu' || key === 'memory') return { of: 'requests', name: key };
  const [, of, name] = /^(requests|limits)\.(cpu|memory)$/.exec(key) ?? [];
  return (of === 'requests' || of === 'limits') && name !== undefined ? { of, name } : undefined;
}

interface Usage extends RunningPods {
  readonly count: number;
  readonly each: bigint;
}

function* judgeQuota(
  quota: Resource,
  running: readonly RunningPods[],
  containersOf: (workload: Workload) => readonly ContainerResources[],
  cluster: Cluster,
): Iterable<Violation | Skip> {
  const hard = quota.at('spec', 'hard');
  const unknown = running.some(({ replicas }) => replicas === undefined) && !cluster.knows('nodes');
  for (const [key, allowed] of amountsAt(hard)) {
    const counted = countedBy(key);
    if (counted === undefined) continue;
    if (counted !== 'pods') yield* judgeSilent(quota, key, counted, running, containersOf);
    const usages = running.map((pods): Usage => {
      const count = pods.replicas ?? daemonNodes(pods.workload, cluster);
      return { ...pods, count, each: counted === 'pods' ? 1000n : podAmount(containersOf(pods.workload), counted.of, counted.name) };
    });
    const over = overrun(usages, allowed);
    if (over !== undefined) yield quotaViolation(quota, key, allowed, over);
    else if (unknown) yield { resource: quota, needs: ['nodes'] };
  }
}

/** A container that says nothing about a resource which a quota counts: such a pod is refused whatever the quota holds. */
function* judgeSilent(
  quota: Resource,
  key: string,
  counted: { readonly of: 'requests' | 'limits'; readonly name: string },
  running: readonly RunningPods[],
  containersOf: (workload: Workload) => readonly ContainerResources[],
): Iterable<Violation> {
  for (const { workload } of running)
    for (const container of containersOf(workload)) {
      if (container[counted.of].has(counted.name) || !container.field.path.endsWith('/resources')) continue;
      yield violation(
        workload.resource,
        container.field.at(counted.of, counted.name),
        `container ${container.name} names no ${counted.of}.${counted.name}, which ResourceQuota ${quota.name} counts: no pod is created ("must specify ${key}")`,
        {
          related: [{ message: 'the quota', resource: quota, path: quota.at('spec', 'hard', key).path }],
          fix: {
            description: `set resources.${counted.of}.${counted.name} of the container, or give the namespace a LimitRange with a default`,
          },
        },
      );
    }
}

interface Overrun {
  readonly needed: bigint;
  readonly severity: Severity;
  readonly when: string;
  readonly largest: Workload;
}

/** The first need that is above what is allowed: as declared, in an update that cannot go on, in a slower update, at the autoscalers' maxima. */
function overrun(usages: readonly Usage[], allowed: bigint): Overrun | undefined {
  const steady = sum(usages, ({ count }) => count);
  const highest = sum(usages, ({ count, maxReplicas }) => Math.max(count, maxReplicas ?? 0));
  const largest = most(usages, ({ each, count }) => each * BigInt(count));
  const stuck = most(usages, ({ each, surge }) => each * BigInt(surge.least));
  const slowed = most(usages, ({ each, surge }) => each * BigInt(surge.most));
  const widest = most(usages, ({ each, count, maxReplicas }) => each * BigInt(Math.max(count, maxReplicas ?? 0)));
  if (largest === undefined || stuck === undefined || slowed === undefined || widest === undefined) return undefined;
  const inUpdate = (usage: Usage, more: number): bigint => steady + usage.each * BigInt(more);
  const cases: readonly Overrun[] = [
    { needed: steady, severity: 'error', when: 'all pods as declared', largest: largest.workload },
    {
      needed: inUpdate(stuck, stuck.surge.least),
      severity: 'error',
      when: `the update of ${stuck.controller.toString()}, which waits for pods that are refused`,
      largest: stuck.workload,
    },
    {
      needed: inUpdate(slowed, slowed.surge.most),
      severity: 'warning',
      when: `the update of ${slowed.controller.toString()} at its peak, which goes on with fewer pods at once`,
      largest: slowed.workload,
    },
    { needed: highest, severity: 'warning', when: 'the autoscalers at their maxima', largest: widest.workload },
  ];
  return cases.find(({ needed }) => needed > allowed);
}

function most(usages: readonly Usage[], amount: (usage: Usage) => bigint): Usage | undefined {
  return usages.reduce<Usage | undefined>((best, usage) => (best === undefined || amount(usage) > amount(best) ? usage : best), undefined);
}

function sum(usages: readonly Usage[], count: (usage: Usage) => number): bigint {
  return usages.reduce((total, usage) => total + usage.each * BigInt(count(usage)), 0n);
}

function quotaViolation(quota: Resource, key: string, allowed: bigint, { needed, severity, when, largest }: Overrun): Violation {
  return violation(
    quota,
    quota.at('spec', 'hard', key),
    `it allows ${key} ${quantityText(allowed)} and ${quantityText(needed)} are needed for ${when}, sidecars included: the pods above it are refused`,
    {
      severity,
      related: [{ message: 'what asks for most', resource: largest.resource, path: largest.podSpec.path }],
      fix: { description: `allow ${quantityText(needed)} or more, or ask for less` },
    },
  );
}

/** How many nodes take a pod of a DaemonSet, whose controller adds tolerations of what ails a node. */
function daemonNodes({ podSpec }: Workload, cluster: Cluster): number {
  const filter = nodeFilterOf(podSpec);
  return cluster.nodes.map(nodeViewOf).filter((node) => {
    const taints = node.taints.filter(({ key }) => !key.startsWith('node.kubernetes.io/'));
    // A label that the facts leave out is not taken for granted: what is counted here is told as an error.
    const isChosen = filter.selects(node) && containsLabels(node.labels, podSpec.at('nodeSelector').texts);
    return isChosen && filter.untolerated({ ...node, taints }) === undefined;
  }).length;
}
