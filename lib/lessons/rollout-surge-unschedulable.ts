import type { Cluster } from '../facts/cluster';
import type { Field } from '../manifest/field';
import { workloadOf } from '../resources/workload';
import { type Hindrance, hindranceOf, isSpread } from '../scheduling/hindrance';
import { asksForNodes, type NodeView, nodeViewOf } from '../scheduling/node-filter';
import { played, type ScheduledStep, verdictOf } from '../scheduling/update-schedule';
import { type UpdateTrial, UpdateTrials } from '../scheduling/update-trial';
import { type Context, type Edit, type Fix, type Lesson, type Severity, type Skip, violation, type Violation } from './lesson';

const TWO_WORKERS = { nodes: [{ name: 'cp', roles: ['control-plane'] }, { name: 'w1' }, { name: 'w2' }] };
const FOUR_WORKERS = { nodes: [...TWO_WORKERS.nodes, { name: 'w3' }, { name: 'w4' }] };

export const rolloutSurgeUnschedulable: Lesson = {
  id: 'rollout-surge-unschedulable',
  title: 'Every pod of every step of an update finds a node',
  section: 'Rollouts and workloads',
  severity: 'error',
  incident: {
    symptom: "a canary pod stays Pending, and the update with it: `2 node(s) didn't match pod topology spread constraints`",
    cause:
      'the spread is hard, and the tainted control plane counts as a domain in which no pod ever runs, because nodeTaintsPolicy defaults to Ignore. With a skew of 1 each worker takes one pod; the stable pods have them all, and the canary comes on top',
    source: 'CI/CD troubleshooting guide, 9.2; kubernetes.io, Pod Topology Spread Constraints',
  },
  remedy:
    'set nodeTaintsPolicy: Honor where that makes room, else whenUnsatisfiable: ScheduleAnyway; let an update take a pod away before it adds one (maxSurge: 0, maxUnavailable: 1), ask for less, or add nodes',
  confirm: [
    'kubectl get pods -n <namespace> --field-selector status.phase=Pending',
    'kubectl get events -n <namespace> --field-selector reason=FailedScheduling',
    'kubectl get nodes -o custom-columns=NAME:.metadata.name,TAINTS:.spec.taints',
  ],
  limits:
    'Reported is what no order of events avoids; where it depends on the nodes that the scheduler happens to choose, nothing is said. The running revision is taken to have the same pods as the new one. ' +
    'Pods of other workloads take room only as far as the facts say (requested), and a constraint that their pods count for is left out. Volumes, priorities and what an autoscaler of nodes would add are not looked at. ' +
    'A resource whose amount is not given for a node limits nothing there.',
  needs: ['nodes'],
  bad: [
    {
      cluster: TWO_WORKERS,
      yaml: `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web, namespace: blog-system}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  strategy: {canary: {steps: [{setWeight: 10}, {pause: {}}, {setWeight: 50}]}}
  template:
    metadata: {labels: {app: web}}
    spec:
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: DoNotSchedule # <- here
          labelSelector: {matchLabels: {app: web}}
      containers: [{name: nginx, image: "web:1.0"}]
`,
    },
    {
      // A third pod for two workers; a Deployment's surge; a hash label that Rollouts do not carry; a label that no node has.
      cluster: TWO_WORKERS,
      yaml: `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: cache, namespace: blog}
spec:
  replicas: 3
  selector: {matchLabels: {app: cache}}
  template:
    metadata: {labels: {app: cache}}
    spec:
      topologySpreadConstraints:
        - {maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: cache}}} # <- here
      containers: [{name: cache, image: "cache:1.0"}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: blog}
spec:
  replicas: 2
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec:
      affinity:
        podAntiAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            - {topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: api}}} # <- here
      containers: [{name: api, image: "api:1.0"}]
---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: was, namespace: blog}
spec:
  replicas: 2
  selector: {matchLabels: {app: was}}
  strategy: {canary: {}}
  template:
    metadata: {labels: {app: was}}
    spec:
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: DoNotSchedule # <- here
          labelSelector: {matchLabels: {app: was}}
          matchLabelKeys: [pod-template-hash]
      containers: [{name: was, image: "was:1.0"}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: zoned, namespace: blog}
spec:
  selector: {matchLabels: {app: zoned}}
  template:
    metadata: {labels: {app: zoned}}
    spec:
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: topology.kubernetes.io/zone
          whenUnsatisfiable: DoNotSchedule # <- here
          labelSelector: {matchLabels: {app: zoned}}
      containers: [{name: zoned, image: "zoned:1.0"}]
`,
    },
    {
      // The canary grows to the size of the stable pods, where the mesh splits the traffic; blue and green are both whole.
      cluster: FOUR_WORKERS,
      yaml: `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web, namespace: blog}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  strategy: {canary: {canaryService: c, stableService: s, trafficRouting: {istio: {virtualService: {name: web}}}, steps: [{setWeight: 30}]}}
  template:
    metadata: {labels: {app: web}}
    spec:
      affinity:
        podAntiAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            - labelSelector: {matchLabels: {app: web}} # <- here
              topologyKey: kubernetes.io/hostname
      containers: [{name: nginx, image: "web:1.0"}]
---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: was, namespace: blog}
spec:
  replicas: 3
  selector: {matchLabels: {app: was}}
  strategy: {blueGreen: {activeService: was}}
  template:
    metadata: {labels: {app: was}}
    spec:
      containers:
        - name: was
          image: was:1.0
          ports:
            - containerPort: 8080
              hostPort: 8080 # <- here
`,
    },
    {
      // Room for two, sidecars included; and pods that no node takes at all.
      cluster: {
        nodes: [
          { name: 'cp', roles: ['control-plane'], allocatable: { cpu: 4, memory: '8Gi' } },
          { name: 'w1', allocatable: { cpu: '1', memory: '2Gi' } },
          { name: 'w2', allocatable: { cpu: '1', memory: '2Gi' }, taints: [{ key: 'dedicated', value: 'db', effect: 'NoSchedule' }] },
        ],
        mesh: { kind: 'istio', injectedNamespaces: ['blog'] },
      },
      yaml: `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: blog}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: web:1.0
          resources:
            requests:
              memory: 1000Mi # <- here
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: disk, namespace: blog}
spec:
  selector: {matchLabels: {app: disk}}
  template:
    metadata: {labels: {app: disk}}
    spec:
      nodeSelector: {disk: ssd} # <- here
      containers: [{name: disk, image: "disk:1.0"}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: data}
spec:
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      nodeSelector: {kubernetes.io/hostname: w2}
      tolerations: [{key: dedicated, value: web}] # <- here
      containers: [{name: db, image: "db:1.0"}]
`,
    },
    {
      cluster: { nodes: [{ name: 'cp', roles: ['control-plane'] }] },
      yaml: `# No workers.
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: blog}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "web:1.0"}]} # <- here
`,
    },
    {
      cluster: TWO_WORKERS,
      yaml: `# The constraint stands in the Deployment whose template the Rollout takes; and, a warning, pods enough only at the autoscaler's end.
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web, namespace: blog}
spec: {replicas: 2, workloadRef: {apiVersion: apps/v1, kind: Deployment, name: web-template}, strategy: {canary: {}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web-template, namespace: blog}
spec:
  replicas: 0
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: DoNotSchedule # <- here
          labelSelector: {matchLabels: {app: web}}
      containers: [{name: web, image: "web:1.0"}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: blog}
spec:
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec:
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: DoNotSchedule # <- here
          labelSelector: {matchLabels: {app: api}}
      containers: [{name: api, image: "api:1.0"}]
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: api, namespace: blog}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: api}, minReplicas: 1, maxReplicas: 4}
`,
    },
  ],
  good: [
    {
      cluster: TWO_WORKERS,
      yaml: `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web, namespace: blog-system}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  strategy: {canary: {steps: [{setWeight: 10}, {pause: {}}, {setWeight: 50}]}}
  template:
    metadata: {labels: {app: web}}
    spec:
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: DoNotSchedule
          nodeTaintsPolicy: Honor
          labelSelector: {matchLabels: {app: web}}
      containers: [{name: nginx, image: "web:1.0"}]
`,
    },
    {
      // Soft; one pod away before one comes; at rest; as many as workers where no pod comes on top; by revision.
      cluster: TWO_WORKERS,
      yaml: `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: soft, namespace: blog}
spec:
  replicas: 5
  selector: {matchLabels: {app: soft}}
  strategy: {canary: {}}
  template:
    metadata: {labels: {app: soft}}
    spec:
      topologySpreadConstraints:
        - {maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: ScheduleAnyway, labelSelector: {matchLabels: {app: soft}}}
      affinity:
        podAntiAffinity:
          preferredDuringSchedulingIgnoredDuringExecution:
            - {weight: 100, podAffinityTerm: {topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: soft}}}}
      containers: [{name: soft, image: "soft:1.0"}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: swapped, namespace: blog}
spec:
  replicas: 2
  strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 1}}
  selector: {matchLabels: {app: swapped}}
  template:
    metadata: {labels: {app: swapped}}
    spec:
      affinity:
        podAntiAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            - {topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: swapped}}}
      containers: [{name: swapped, image: "swapped:1.0"}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: blog}
spec:
  replicas: 2
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      topologySpreadConstraints:
        - {maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: db}}}
      containers: [{name: db, image: "db:1.0"}]
---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: by-revision, namespace: blog}
spec:
  replicas: 2
  selector: {matchLabels: {app: by-revision}}
  strategy: {canary: {}}
  template:
    metadata: {labels: {app: by-revision}}
    spec:
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: DoNotSchedule
          labelSelector: {matchLabels: {app: by-revision}}
          matchLabelKeys: [rollouts-pod-template-hash]
      containers: [{name: web, image: "web:1.0"}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: stopped, namespace: blog}
spec:
  replicas: 0
  selector: {matchLabels: {app: stopped}}
  template:
    metadata: {labels: {app: stopped}}
    spec: {nodeSelector: {disk: none}, containers: [{name: stopped, image: "stopped:1.0"}]}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: blog}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec: {nodeSelector: {disk: none}, containers: [{name: agent, image: "agent:1.0", ports: [{containerPort: 9100, hostPort: 9100}]}]}
`,
    },
    {
      // Tolerated taints; an untainted control plane; exactly enough room; no amounts known.
      cluster: {
        nodes: [
          { name: 'cp', roles: ['control-plane'], taints: [], allocatable: { cpu: '1' } },
          { name: 'w1', labels: { disk: 'ssd' }, allocatable: { cpu: '1' }, requested: { cpu: '400m' } },
          { name: 'w2', taints: [{ key: 'dedicated', value: 'db', effect: 'NoSchedule' }] },
        ],
      },
      yaml: `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web, namespace: blog}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  strategy: {canary: {}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: "web:1.0", resources: {requests: {cpu: 500m}}}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: db, namespace: blog}
spec:
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      tolerations: [{key: dedicated, operator: Equal, value: db, effect: NoSchedule}]
      containers: [{name: db, image: "db:1.0", resources: {requests: {cpu: 64, memory: 512Gi}}}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: ssd, namespace: blog}
spec:
  selector: {matchLabels: {app: ssd}}
  template:
    metadata: {labels: {app: ssd}}
    spec:
      affinity:
        nodeAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            nodeSelectorTerms: [{matchExpressions: [{key: disk, operator: In, values: [ssd]}]}]
      containers: [{name: ssd, image: "ssd:1.0"}]
`,
    },
    {
      // Without the nodes nothing is known.
      yaml: `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: blog}
spec:
  replicas: 9
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      topologySpreadConstraints:
        - {maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: web}}}
      containers: [{name: web, image: "web:1.0"}]
`,
    },
  ],
  *violations({ resources, cluster }: Context): Iterable<Violation | Skip> {
    const trials = new UpdateTrials(resources, cluster);
    const nodes = cluster.nodes.map(nodeViewOf);
    for (const resource of resources.all) {
      const workload = workloadOf(resource);
      if (workload === undefined) continue;
      if (!cluster.knows('nodes')) {
        if (asksForNodes(workload.podSpec)) yield { resource, needs: ['nodes'] };
        continue;
      }
      const trial = trials.of(workload);
      if (trial === undefined) continue;
      const most = trials.atMost(trial);
      const found = waitingIn(trial, nodes, 'error') ?? (most === undefined ? undefined : waitingIn(most, nodes, 'warning'));
      if (found !== undefined) yield told(found, nodes, cluster);
    }
  },
};

interface Waiting {
  readonly trial: UpdateTrial;
  readonly step: ScheduledStep;
  readonly severity: Severity;
  /** It depends on whether the facts' `requested` holds the workload's own pods. */
  readonly isDoubtful: boolean;
  readonly isAtMost: boolean;
}

/** The step at which an update certainly stands still. */
function waitingIn(trial: UpdateTrial, nodes: readonly NodeView[], severity: Severity): Waiting | undefined {
  if (verdictOf(trial, nodes) !== 'pending') return undefined;
  const step = played(trial, nodes).steps.at(-1);
  if (step === undefined) return undefined;
  const isRequested = nodes.some(({ requested }) => requested.size > 0);
  const generous: UpdateTrial = { ...trial, question: { ...trial.question, requested: 'perhaps-by-itself' } };
  const isDoubtful = isRequested && verdictOf(generous, nodes) !== 'pending';
  return { trial, step, severity: isDoubtful ? 'warning' : severity, isDoubtful, isAtMost: severity === 'warning' };
}

function told(waiting: Waiting, nodes: readonly NodeView[], cluster: Cluster): Violation {
  const { trial, step, severity } = waiting;
  const hindrance = hindranceOf(trial, nodes);
  const { resource } = hindrance.owner;
  const field = isSpread(hindrance.field) ? hindrance.field.at('whenUnsatisfiable') : hindrance.field;
  return violation(resource, field, messageOf(waiting, hindrance, nodes), {
    severity,
    related: [{ message: `the step: ${step.step}`, resource: trial.controller.resource, path: step.path }],
    fix: fixOf(hindrance, cluster),
  });
}

function messageOf({ trial, step, isDoubtful, isAtMost }: Waiting, hindrance: Hindrance, nodes: readonly NodeView[]): string {
  const { controller, question } = trial;
  const isOwn = hindrance.owner.resource === controller.resource;
  const stay = step.pending === 1 ? 'stays' : 'stay';
  const update = `${isOwn ? 'its update' : `the update of ${controller.toString()}`} stands still${step.step === 'update' ? '' : ` at ${step.step}`}`;
  const what =
    step.step === 'start'
      ? `${pods(step.pending)} of ${question.replicas}${isOwn ? '' : ` of ${controller.toString()}`} ${stay} Pending for ever`
      : `${update}: of ${step.stable} stable and ${step.canary} new pods ${step.pending} ${stay} Pending`;
  const scale = isAtMost ? `when its autoscaler has it at ${question.replicas} pods, ` : '';
  const doubt = isDoubtful ? '. Pods of its own that are running may be in what the facts say is requested: then there is room' : '';
  return `${scale}${what}: ${step.reason ?? ''} ${causeOf(trial, hindrance, nodes)}${nodeByNode(step)}${doubt}`;
}

function pods(count: number): string {
  return count === 1 ? '1 pod' : `${count} pods`;
}

/** What is hard to see in the scheduler's message. */
function causeOf({ question }: UpdateTrial, { kind }: Hindrance, nodes: readonly NodeView[]): string {
  if (kind !== 'taints-counted') return '';
  const empty = nodes.filter((node) => question.filter.untolerated(node) !== undefined).map(({ name }) => name);
  return `Its pods never run on ${listed(empty)}, which yet counts as an empty domain (nodeTaintsPolicy is Ignore unless it says Honor), so that no domain may ever have more pods than maxSkew. `;
}

/** Enough nodes to see it by. */
const MOST_NODES = 8;

function nodeByNode({ nodes }: ScheduledStep): string {
  const each = nodes.slice(0, MOST_NODES).map(({ name, pods: count, refuses }) => `${name} (${pods(count)}): ${refuses ?? 'takes more'}`);
  if (each.length === 0) return '';
  return `Node by node: ${each.join('; ')}${nodes.length > MOST_NODES ? `; and ${nodes.length - MOST_NODES} more` : ''}`;
}

function listed(names: readonly string[]): string {
  return names.length > MOST_NODES ? `${names.slice(0, MOST_NODES).join(', ')}, …` : names.join(', ');
}

function fixOf({ kind, field, fields }: Hindrance, cluster: Cluster): Fix {
  switch (kind) {
    case 'taints-counted':
      if (!knowsTaintsPolicy(cluster)) return softened(fields);
      return {
        description: 'set nodeTaintsPolicy: Honor, so that only nodes that can run the pods count as domains',
        edits: fields.map((constraint) => ({ path: constraint.at('nodeTaintsPolicy').path, value: 'Honor' })),
      };
    case 'spread':
      return softened(fields);
    case 'affinity':
      return {
        description:
          'prefer it instead of requiring it, let an update take a pod away before it adds one (maxSurge: 0, maxUnavailable: 1), or add nodes',
      };
    case 'host-port':
      return {
        description:
          'leave the port of the node to a Service or a DaemonSet, let an update take a pod away first (maxSurge: 0), or add nodes',
      };
    case 'requests':
      return {
        description: 'ask for less, let an update take a pod away before it adds one (maxSurge: 0, maxUnavailable: 1), or add nodes',
      };
    case 'selector':
      return { description: `label a node as ${field.path} asks, or ask for labels that nodes have` };
    case 'taints':
      return { description: 'tolerate the taint where the pods may run there, or add nodes without it' };
    case 'several':
      return { description: 'several fields together leave no node: relax them one after the other, or add nodes' };
  }
}

/** What is asked of a hard constraint only goes with it. */
function softened(constraints: readonly Field[]): Fix {
  const edits = constraints.flatMap((constraint): Edit[] => [
    { path: constraint.at('whenUnsatisfiable').path, value: 'ScheduleAnyway' },
    ...(constraint.at('minDomains').isPresent ? [{ path: constraint.at('minDomains').path }] : []),
  ]);
  return { description: 'set whenUnsatisfiable: ScheduleAnyway: spread where there is room, and never wait for it', edits };
}

/** nodeTaintsPolicy works from Kubernetes 1.26 on. */
function knowsTaintsPolicy({ facts }: Cluster): boolean {
  const [major, minor] = (facts.kubernetesVersion ?? '').replace(/^v/, '').split('.').map(Number);
  return major === undefined || minor === undefined || major > 1 || minor >= 26;
}
