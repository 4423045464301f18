import { type Backup, scheduledBackups } from '../resources/backup';
import { type DatabaseServer, databaseServerOf } from '../resources/database';
import { mayBeSame } from '../resources/named-objects';
import type { Resource } from '../resources/resource';
import type { Resources } from '../resources/resources';
import { type Workload, workloadOf } from '../resources/workload';
import { type Context, type Lesson, violation, type Violation } from './lesson';

export const singleReplicaDatabase: Lesson = {
  id: 'single-replica-database',
  title: 'A database of one replica is a decision, and never without a backup',
  section: 'Database and storage',
  severity: 'warning',
  incident: {
    symptom: 'deleting or moving one pod stops the whole service; a broken volume ends it',
    cause:
      'one server holds the only copy of the data: a node drain, a crash or an update is an outage, and what is lost with the volume is lost',
    source: 'Kustomize labels and Cilium entities, on the single point of failure',
  },
  remedy:
    'run a cluster by an operator (MySQL: Percona XtraDB Cluster, InnoDB Cluster); or keep one replica knowingly, with a scheduled backup that a restore drill proves',
  confirm: ['kubectl get statefulset,deployment -A -o custom-columns=NS:.metadata.namespace,NAME:.metadata.name,REPLICAS:.spec.replicas'],
  limits:
    'A database is recognized by its image (not exporters, clients or consoles); caches such as Redis are left out. A backup is a CronJob that dumps this engine, or a scheduled backup of volumes (Velero, Longhorn, K8up, VolSync); whether it reaches this database is another lesson. ' +
    'With a backup it is information only; databases made by operators are not judged.',
  bad: [
    {
      yaml: `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: mysql, namespace: blog}
spec:
  replicas: 1 # <- here
  selector: {matchLabels: {app: mysql}}
  template:
    metadata: {labels: {app: mysql}}
    spec: {containers: [{name: mysql, image: "mysql:8.4"}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: postgres, namespace: blog}
spec:
  selector: {matchLabels: {app: postgres}} # <- here
  template:
    metadata: {labels: {app: postgres}}
    spec: {containers: [{name: postgres, image: "docker.io/bitnami/postgresql:16"}]}
`,
    },
    {
      // With a backup: information.
      yaml: `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: mysql, namespace: blog}
spec:
  replicas: 1 # <- here
  selector: {matchLabels: {app: mysql}}
  template:
    metadata: {labels: {app: mysql}}
    spec: {containers: [{name: mysql, image: "mysql:8.4"}]}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: mysql-backup, namespace: blog}
spec:
  schedule: "0 18 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers: [{name: dump, image: "mysql:8.4", command: [sh, -c, "mysqldump -h mysql blog > /out/blog.sql"]}]
`,
    },
  ],
  good: [
    {
      // A cluster; one that runs nothing; what only carries the engine's name.
      yaml: `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: mysql, namespace: blog}
spec:
  replicas: 3
  selector: {matchLabels: {app: mysql}}
  template:
    metadata: {labels: {app: mysql}}
    spec: {containers: [{name: mysql, image: "mysql:8.4"}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: old-mysql, namespace: blog}
spec:
  replicas: 0
  selector: {matchLabels: {app: old-mysql}}
  template:
    metadata: {labels: {app: old-mysql}}
    spec: {containers: [{name: mysql, image: "mysql:5.7"}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: mysql-exporter, namespace: blog}
spec:
  selector: {matchLabels: {app: mysql-exporter}}
  template:
    metadata: {labels: {app: mysql-exporter}}
    spec: {containers: [{name: mysql, image: "prom/mysqld-exporter:v0.15.1", ports: [{containerPort: 9104}]}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: mysql-client, namespace: blog}
spec:
  selector: {matchLabels: {app: mysql-client}}
  template:
    metadata: {labels: {app: mysql-client}}
    spec: {containers: [{name: mysql, image: "mysql:8.4", command: [sleep, infinity]}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: phpmyadmin, namespace: blog}
spec:
  selector: {matchLabels: {app: phpmyadmin}}
  template:
    metadata: {labels: {app: phpmyadmin}}
    spec: {containers: [{name: mysql, image: "phpmyadmin/phpmyadmin:5"}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: redis, namespace: blog}
spec:
  selector: {matchLabels: {app: redis}}
  template:
    metadata: {labels: {app: redis}}
    spec: {containers: [{name: redis, image: "redis:7"}]}
`,
    },
    {
      // A primary with its replica, each a StatefulSet of one; a Deployment that a HorizontalPodAutoscaler does not matter for.
      yaml: `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: mysql-primary, namespace: blog}
spec:
  replicas: 1
  selector: {matchLabels: {app.kubernetes.io/name: mysql, app.kubernetes.io/component: primary}}
  template:
    metadata: {labels: {app.kubernetes.io/name: mysql, app.kubernetes.io/instance: blog, app.kubernetes.io/component: primary}}
    spec: {containers: [{name: mysql, image: "bitnami/mysql:8.4"}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: mysql-secondary, namespace: blog}
spec:
  replicas: 1
  selector: {matchLabels: {app.kubernetes.io/name: mysql, app.kubernetes.io/component: secondary}}
  template:
    metadata: {labels: {app.kubernetes.io/name: mysql, app.kubernetes.io/instance: blog, app.kubernetes.io/component: secondary}}
    spec: {containers: [{name: mysql, image: "bitnami/mysql:8.4"}]}
`,
    },
  ],
  *violations({ resources }: Context): Iterable<Violation> {
    const servers = resources.all.flatMap((resource) => {
      const workload = workloadOf(resource);
      return workload === undefined ? [] : (databaseServerOf(workload) ?? []);
    });
    const backups = scheduledBackups(resources);
    const copies = volumeBackups(resources);
    const members = membersByReplication(servers);
    for (const server of servers) {
      const { workload, engine, evidence } = server;
      if (workload.replicas !== 1 || (members.get(replicationOf(server) ?? '') ?? 0) > 1) continue;
      const backup = backups.find((candidate) => backsUp(candidate, server))?.resource ?? copies.find((copy) => reaches(copy, workload));
      yield violation(workload.resource, workload.resource.at('spec', 'replicas'), messageOf(engine, evidence, backup), {
        severity: backup === undefined ? 'warning' : 'info',
        related: backup === undefined ? [] : [{ message: 'the backup', resource: backup, path: backup.at('spec').path }],
        fix: {
          description:
            backup === undefined
              ? 'schedule a backup, or run a replicated cluster'
              : 'run a replicated cluster where an outage during a node drain is too much',
        },
      });
    }
  },
};

function messageOf(engine: string, evidence: string, backup: Resource | undefined): string {
  const what = `serves ${engine} (inferred from ${evidence}) by one replica`;
  return backup === undefined
    ? `${what}, and no backup of it is scheduled here: what happens to its volume happens to the data`
    : `${what}: it is gone during every node drain, crash and update`;
}

/** A backup of this engine that may be meant for this server: in its namespace, or in one of its own. */
function backsUp({ engine }: Backup, server: DatabaseServer): boolean {
  return { mysql: 'MySQL', postgres: 'PostgreSQL', mongodb: 'MongoDB', redis: '' }[engine] === server.engine;
}

/** What copies volumes by schedule, whatever is on them. */
function volumeBackups(resources: Resources): readonly Resource[] {
  return resources.all.filter((resource) => {
    switch (`${resource.group}/${resource.kind}`) {
      case 'velero.io/Schedule':
      case 'k8up.io/Schedule':
      case 'volsync.backube/ReplicationSource':
        return true;
      case 'longhorn.io/RecurringJob':
        return resource.at('spec', 'task').string?.startsWith('backup') === true;
      default:
        return false;
    }
  });
}

/** Velero and Longhorn reach every namespace, or those that they list; the others their own. */
function reaches(copy: Resource, { namespace }: Workload): boolean {
  if (copy.group === 'longhorn.io') return true;
  if (copy.group !== 'velero.io') return mayBeSame(copy.namespace, namespace);
  const included = copy.at('spec', 'template', 'includedNamespaces').strings;
  return included.length === 0 || included.includes('*') || namespace === null || included.includes(namespace);
}

/** Servers of one installation that replicate each other, by the labels that charts give them. */
function replicationOf({ workload, engine }: DatabaseServer): string | undefined {
  const { 'app.kubernetes.io/instance': instance, 'app.kubernetes.io/component': component } = workload.podLabels;
  if (instance === undefined || component === undefined || !/primary|secondary|master|slave|replica|arbiter/.test(component))
    return undefined;
  return [engine, workload.namespace ?? '', instance].join('\n');
}

function membersByReplication(servers: readonly DatabaseServer[]): ReadonlyMap<string, number> {
  const members = new Map<string, number>();
  for (const server of servers) {
    const key = replicationOf(server);
    if (key !== undefined) members.set(key, (members.get(key) ?? 0) + (server.workload.replicas ?? 1));
  }
  return members;
}
