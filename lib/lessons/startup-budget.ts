import type { Field } from '../manifest/field';
import type { Container } from '../resources/container';
import { javaSignOf } from '../resources/java';
import { type Workload, workloadOf } from '../resources/workload';
import { type Context, type Lesson, violation, type Violation } from './lesson';

/** How long a JVM may take to start: with a limit of half a core it needed more than 90 seconds. */
const STARTUP_MINIMUM_SECONDS = 120;

/** What a first pull on a slow line adds before a container starts. A 200 MB image took 70 seconds on a good day. */
const PULL_BUDGET_SECONDS = 180;

/** What Kubernetes and Argo Rollouts take `progressDeadlineSeconds` for when it is absent. */
const DEFAULT_PROGRESS_DEADLINE_SECONDS = 600;

/** The numbers of a probe, with Kubernetes' defaults. */
export interface ProbeTiming {
  /** @default 0 */
  readonly initialDelaySeconds?: number;
  /** @default 10 */
  readonly periodSeconds?: number;
  /** @default 3 */
  readonly failureThreshold?: number;
}

/** How long a container may fail a probe from its start until the kubelet acts, in seconds. */
export function probeBudgetSeconds({ initialDelaySeconds = 0, periodSeconds = 10, failureThreshold = 3 }: ProbeTiming): number {
  return initialDelaySeconds + periodSeconds * failureThreshold;
}

/** The least progress deadline for a workload whose pods may take this long to start, in seconds: a first pull comes before. */
export function progressDeadlineSeconds(startupSeconds: number): number {
  return PULL_BUDGET_SECONDS + startupSeconds;
}

export const startupBudget: Lesson = {
  id: 'startup-budget',
  title: 'A slow start is not a failure: the startup probe and the progress deadline give it time',
  section: 'Rollouts and workloads',
  severity: 'warning',
  incident: {
    symptom:
      'after a new version the pod is restarted again and again, each time shortly before it would have been ready; or it sits in ContainerCreating and the rollout is called failed',
    cause:
      'the liveness probe counts from the start of the container. A JVM with a limit of half a core needed more than 90 seconds, the probe gave it 60; every restart begins from nothing. A first image pull takes its minute as well, out of the progress deadline',
    source: 'CI/CD troubleshooting guide, 6.3 and 8; kubernetes.io, Configure Liveness, Readiness and Startup Probes',
  },
  remedy: `add a startupProbe on the same endpoint with ${STARTUP_MINIMUM_SECONDS} seconds or more (periodSeconds × failureThreshold), and keep progressDeadlineSeconds above it by the time of an image pull`,
  confirm: [
    'kubectl get events -n <namespace> --field-selector reason=Killing',
    "kubectl get pod <pod> -o jsonpath='{.status.containerStatuses[*].restartCount}'",
  ],
  limits:
    'That a container runs a JVM is inferred from its command, image, variables, probe path or name; other slow starters are not seen. A startup probe is taken as measured by its author, however short. ' +
    'The deadline is compared with what probes allow, not with what the start takes.',
  bad: [
    {
      yaml: `apiVersion: apps/v1
kind: Deployment
metadata: {name: was, namespace: blog}
spec:
  selector: {matchLabels: {app: was}}
  template:
    metadata: {labels: {app: was}}
    spec:
      containers:
        - name: spring-boot
          image: ghcr.io/example/board-was:v2
          livenessProbe: {httpGet: {path: /actuator/health/liveness, port: 8080}, initialDelaySeconds: 30, periodSeconds: 10} # <- here
`,
    },
    {
      yaml: `# What the startup probe allows does not fit into the deadline, given or default.
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: was, namespace: blog}
spec:
  progressDeadlineSeconds: 120 # <- here
  selector: {matchLabels: {app: was}}
  template:
    metadata: {labels: {app: was}}
    spec:
      containers:
        - name: was
          image: eclipse-temurin:21
          startupProbe: {httpGet: {path: /health, port: 8080}, periodSeconds: 10, failureThreshold: 24}
          livenessProbe: {httpGet: {path: /health, port: 8080}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: search, namespace: blog}
spec:
  selector: {matchLabels: {app: search}} # <- here
  template:
    metadata: {labels: {app: search}}
    spec:
      containers:
        - name: search
          image: registry.example/search:3
          startupProbe: {tcpSocket: {port: 9200}, periodSeconds: 15, failureThreshold: 60}
`,
    },
    {
      yaml: `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: worker, namespace: blog}
spec:
  selector: {matchLabels: {app: worker}}
  template:
    metadata: {labels: {app: worker}}
    spec:
      containers:
        - name: worker
          image: registry.example/worker:3
          command: [/bin/sh, -c, exec java -jar /app.jar]
          livenessProbe: {exec: {command: [test, -f, /tmp/alive]}, failureThreshold: 5} # <- here
`,
    },
  ],
  good: [
    {
      yaml: `apiVersion: apps/v1
kind: Deployment
metadata: {name: was, namespace: blog}
spec:
  progressDeadlineSeconds: 600
  selector: {matchLabels: {app: was}}
  template:
    metadata: {labels: {app: was}}
    spec:
      containers:
        - name: with-startup-probe
          image: ghcr.io/example/board-was:v2-jdk17
          startupProbe: {httpGet: {path: /actuator/health/liveness, port: 8080}, periodSeconds: 10, failureThreshold: 30}
          livenessProbe: {httpGet: {path: /actuator/health/liveness, port: 8080}, periodSeconds: 10}
        - name: patient
          image: eclipse-temurin:21
          livenessProbe: {tcpSocket: {port: 8080}, initialDelaySeconds: 90, periodSeconds: 10, failureThreshold: 3}
        - name: only-ready
          image: openjdk:21
          readinessProbe: {tcpSocket: {port: 8080}}
`,
    },
    {
      yaml: `# None of these runs a JVM, whatever their names recall.
apiVersion: apps/v1
kind: Deployment
metadata: {name: front, namespace: blog}
spec:
  selector: {matchLabels: {app: front}}
  template:
    metadata: {labels: {app: front}}
    spec:
      containers:
        - {name: front, image: "registry.example/javascript-app:2", livenessProbe: {httpGet: {path: /, port: 3000}}}
        - {name: exporter, image: "registry.example/tomcat-exporter:1", livenessProbe: {httpGet: {path: /metrics, port: 9404}}}
        - {name: nginx, image: "java.registry.example/nginx:1.27", livenessProbe: {httpGet: {path: /, port: 80}}}
        - {name: compiled, image: "registry.example/spring-app:1-native", livenessProbe: {httpGet: {path: /, port: 8080}}}
`,
    },
  ],
  *violations({ resources }: Context): Iterable<Violation> {
    for (const resource of resources.all) {
      const workload = workloadOf(resource);
      if (workload === undefined) continue;
      for (const container of workload.allContainers) yield* judgeLiveness(container, workload);
      if (workload.kind === 'Deployment' || workload.kind === 'Rollout') yield* judgeDeadline(workload);
    }
  },
};

function* judgeLiveness(container: Container, workload: Workload): Iterable<Violation> {
  const liveness = container.at('livenessProbe');
  if (!liveness.isMap || container.at('startupProbe').isSet) return;
  const seconds = probeBudgetSeconds(timingOf(liveness));
  const sign = javaSignOf(container);
  if (sign === undefined || seconds >= STARTUP_MINIMUM_SECONDS) return;
  yield violation(
    workload.resource,
    liveness,
    `container ${container.name} seems to run a JVM (${sign}) and is killed when it has not started within ${seconds} seconds: a slow start is taken for a failure and begins again`,
    {
      fix: {
        description: `add a startupProbe on the same endpoint that allows ${STARTUP_MINIMUM_SECONDS} seconds or more, such as periodSeconds: 10 and failureThreshold: 18`,
      },
    },
  );
}

function* judgeDeadline(workload: Workload): Iterable<Violation> {
  const field = workload.resource.at('spec', 'progressDeadlineSeconds');
  const deadline = field.number ?? DEFAULT_PROGRESS_DEADLINE_SECONDS;
  const slowest = slowestStart(workload);
  if (slowest === undefined || slowest.seconds <= deadline) return;
  const given =
    field.number === undefined ? `the default progress deadline of ${deadline} seconds` : `a progress deadline of ${deadline} seconds`;
  yield violation(
    workload.resource,
    field,
    `a pod may take ${slowest.seconds} seconds to become available and ${given} calls the update failed before`,
    {
      related: [{ message: 'what the start may take', resource: workload.resource, path: slowest.field.path }],
      fix: {
        description: `set progressDeadlineSeconds to ${progressDeadlineSeconds(slowest.seconds)}: the start, and ${PULL_BUDGET_SECONDS} seconds for the image`,
      },
    },
  );
}

/** The longest start that the probes of a pod allow: its sidecars one after the other, then the slowest container, then minReadySeconds. */
function slowestStart(workload: Workload): { readonly seconds: number; readonly field: Field } | undefined {
  const starts = workload.allContainers.flatMap((container) => {
    const [startup, readiness] = [container.at('startupProbe'), container.at('readinessProbe', 'initialDelaySeconds')];
    if (startup.isMap) return [{ seconds: probeBudgetSeconds(timingOf(startup)), field: startup, container }];
    return readiness.number === undefined ? [] : [{ seconds: readiness.number, field: readiness, container }];
  });
  const sidecars = starts.filter(({ container }) => container.isSidecar).reduce((sum, { seconds }) => sum + seconds, 0);
  const [slowest] = starts.filter(({ container }) => !container.isInit).sort((a, b) => b.seconds - a.seconds);
  const field = slowest?.field ?? starts[0]?.field;
  const minReady = workload.resource.at('spec', 'minReadySeconds').number ?? 0;
  return field && { seconds: sidecars + (slowest?.seconds ?? 0) + minReady, field };
}

function timingOf(probe: Field): ProbeTiming {
  return {
    initialDelaySeconds: probe.at('initialDelaySeconds').number,
    periodSeconds: probe.at('periodSeconds').number,
    failureThreshold: probe.at('failureThreshold').number,
  };
}
