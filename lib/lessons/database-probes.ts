import type { Container } from '../resources/container';
import { databaseServerOf } from '../resources/database';
import { workloadOf } from '../resources/workload';
import { type Context, type Lesson, violation, type Violation } from './lesson';

/** How long a server may take to recover after a crash before it is killed: what the constructs allow. */
const RECOVERY_SECONDS = 600;

/** What is reported is less than this: enough for an ordinary start, not for a recovery. */
const LEAST_RECOVERY_SECONDS = 120;
/** With a startup probe somebody has thought about it; a minute is still too short. */
const LEAST_STARTUP_SECONDS = 60;

/** A startup probe's failures that give a server `RECOVERY_SECONDS`. */
export function recoveryFailureThreshold(periodSeconds: number): number {
  return Math.ceil(RECOVERY_SECONDS / periodSeconds);
}

export const databaseProbes: Lesson = {
  id: 'database-probes',
  title: 'A database is asked whether it is ready, and never killed while it recovers',
  section: 'Database and storage',
  severity: 'warning',
  incident: {
    symptom:
      'after a node failure MySQL restarts every minute and never comes up; or clients get "connection refused" during every restart',
    cause:
      'crash recovery replays the log before the server answers. A liveness probe that gives up sooner kills the recovery, and the next start has more to replay. Without a readiness probe the Service sends clients to a server that does not answer yet',
    source: 'kubernetes.io, Configure Liveness, Readiness and Startup Probes; dev.mysql.com, InnoDB Crash Recovery',
  },
  remedy: `add a readiness probe that asks the server (mysqladmin ping, pg_isready), and a startup probe that allows ${RECOVERY_SECONDS / 60} minutes, so that liveness starts only after it`,
  confirm: ['kubectl describe pod <pod> | grep -iE "unhealthy|killing"', 'kubectl logs <pod> --previous | tail'],
  limits: `A database is recognized by its image. Liveness is reported when it can kill within ${LEAST_RECOVERY_SECONDS} seconds of the start without a startup probe, or ${LEAST_STARTUP_SECONDS} with one; how long a recovery really takes depends on the data.`,
  bad: [
    {
      yaml: `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: mysql, namespace: blog}
spec:
  selector: {matchLabels: {app: mysql}}
  template:
    metadata: {labels: {app: mysql}}
    spec:
      containers:
        - name: mysql # <- here
          image: mysql:8.4
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: postgres, namespace: blog}
spec:
  selector: {matchLabels: {app: postgres}}
  template:
    metadata: {labels: {app: postgres}}
    spec:
      containers:
        - name: postgres
          image: postgres:16
          readinessProbe: {exec: {command: [pg_isready]}}
          livenessProbe:
            exec: {command: [pg_isready]} # <- here
            initialDelaySeconds: 30
            periodSeconds: 10
`,
    },
  ],
  good: [
    {
      yaml: `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: mysql, namespace: blog}
spec:
  selector: {matchLabels: {app: mysql}}
  template:
    metadata: {labels: {app: mysql}}
    spec:
      containers:
        - name: mysql
          image: mysql:8.4
          startupProbe: {exec: {command: [mysqladmin, ping]}, periodSeconds: 10, failureThreshold: 60}
          readinessProbe: {exec: {command: [mysqladmin, ping]}}
          livenessProbe: {tcpSocket: {port: 3306}, periodSeconds: 10, failureThreshold: 3}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: patient, namespace: blog}
spec:
  selector: {matchLabels: {app: patient}}
  template:
    metadata: {labels: {app: patient}}
    spec:
      containers:
        - name: mariadb
          image: mariadb:11
          readinessProbe: {exec: {command: [healthcheck.sh, --connect]}}
          livenessProbe: {exec: {command: [healthcheck.sh, --connect]}, initialDelaySeconds: 120, periodSeconds: 30, failureThreshold: 6}
        - name: exporter
          image: prom/mysqld-exporter:v0.15.1
          livenessProbe: {httpGet: {port: 9104, path: /health}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: restore, namespace: blog}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{name: mysql, image: "mysql:8.4"}]
`,
    },
  ],
  *violations({ resources }: Context): Iterable<Violation> {
    for (const resource of resources.all) {
      const workload = workloadOf(resource);
      const server = workload === undefined ? undefined : databaseServerOf(workload);
      if (server === undefined) continue;
      const { container, engine, evidence } = server;
      if (!container.at('readinessProbe').isMap)
        yield violation(
          resource,
          container.at('readinessProbe'),
          `the container ${container.name} serves ${engine} (inferred from ${evidence}) and has no readiness probe: the Service sends clients to it while it starts and recovers`,
          { fix: { description: 'add a readiness probe that asks the server, such as mysqladmin ping or pg_isready' } },
        );
      const patience = patienceOf(container);
      if (patience === undefined) continue;
      yield violation(
        resource,
        container.at('livenessProbe'),
        `the container ${container.name} serves ${engine} (inferred from ${evidence}), and its liveness probe can kill it ${patience} seconds after the start: a crash recovery that takes longer never ends`,
        { fix: { description: `add a startup probe that allows ${RECOVERY_SECONDS} seconds; liveness begins only when it has succeeded` } },
      );
    }
  },
};

/** The seconds after which a starting server can be killed, where they are too few. */
function patienceOf(container: Container): number | undefined {
  if (!container.at('livenessProbe').isMap) return undefined;
  const hasStartup = container.at('startupProbe').isMap;
  const probe = container.at(hasStartup ? 'startupProbe' : 'livenessProbe');
  const seconds =
    (probe.at('initialDelaySeconds').number ?? 0) + (probe.at('periodSeconds').number ?? 10) * (probe.at('failureThreshold').number ?? 3);
  return seconds < (hasStartup ? LEAST_STARTUP_SECONDS : LEAST_RECOVERY_SECONDS) ? seconds : undefined;
}
