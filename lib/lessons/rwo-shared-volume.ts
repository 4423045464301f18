import { isUpload, stepsOf } from '../resources/backup';
import { type HeldClaim, type Holder, heldClaims, shareNode } from '../resources/claim-holders';
import type { Resources } from '../resources/resources';
import { scriptsOf } from '../resources/scripts';
import { type Context, type Lesson, violation, type Violation } from './lesson';

/** Scratch space of a job: it needs no claim, it ends with the pod, and it cannot fill the node. */
export function scratchVolume(sizeLimit: string): { readonly emptyDir: { readonly sizeLimit: string } } {
  return { emptyDir: { sizeLimit } };
}

export const rwoSharedVolume: Lesson = {
  id: 'rwo-shared-volume',
  title: 'A ReadWriteOnce volume belongs to one workload',
  section: 'Database and storage',
  severity: 'error',
  incident: {
    symptom: 'the nightly backup never starts: "FailedAttachVolume: Multi-Attach error for volume", until the job runs into its deadline',
    cause:
      'a ReadWriteOnce volume is attached to one node at a time. A Job that mounts it waits for as long as another pod, on another node, holds it; so does a Job whose own scratch claim is still attached where the last run was',
    source: 'CI/CD troubleshooting guide, 8.3; kubernetes.io, Persistent Volumes, Access Modes',
  },
  remedy:
    'reach the data over the network instead of its volume; give a job an emptyDir with a sizeLimit as scratch space; a claim that must be shared needs ReadWriteMany',
  confirm: ['kubectl get events -A --field-selector reason=FailedAttachVolume', 'kubectl get volumeattachments'],
  limits:
    'Claims that no manifest declares and no StatefulSet makes are unknown. Workloads that are kept on one node (required pod affinity by hostname, the same node selector) may share a ReadWriteOnce claim and are accepted. ' +
    'That a claim is scratch space is inferred: a job mounts it for writing, nobody else mounts it, and a command uploads from below its mount path.',
  bad: [
    {
      yaml: `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: mysql, namespace: blog}
spec:
  serviceName: mysql
  selector: {matchLabels: {app: mysql}}
  template:
    metadata: {labels: {app: mysql}}
    spec:
      containers: [{name: mysql, image: "mysql:8.4"}]
      volumes: [{name: data, persistentVolumeClaim: {claimName: mysql-data}}]
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
          containers: [{name: copy, image: "busybox:1.36"}]
          volumes:
            - name: data
              persistentVolumeClaim:
                claimName: mysql-data # <- here
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: mysql-data, namespace: blog}
spec: {accessModes: [ReadWriteOnce]}
`,
    },
    {
      // Scratch space, whose result goes to an object store.
      yaml: `apiVersion: batch/v1
kind: CronJob
metadata: {name: mysql-backup, namespace: blog}
spec:
  schedule: "0 18 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          initContainers:
            - name: dump
              image: mysql:8.4
              command: [sh, -c, "mysqldump -h mysql blog > /backup/blog.sql"]
              volumeMounts: [{name: scratch, mountPath: /backup}]
          containers:
            - name: upload
              image: amazon/aws-cli:2.15.0
              command: [sh, -c, "aws s3 cp /backup/blog.sql s3://blog-backup/"]
              volumeMounts: [{name: scratch, mountPath: /backup}]
          volumes:
            - name: scratch
              persistentVolumeClaim:
                claimName: backup-scratch # <- here
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: backup-scratch, namespace: blog}
spec: {accessModes: [ReadWriteOnce]}
`,
    },
    {
      // The claim that a StatefulSet makes; two servers; replicas that share.
      yaml: `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: postgres, namespace: blog}
spec:
  replicas: 1
  selector: {matchLabels: {app: postgres}}
  template: {metadata: {labels: {app: postgres}}, spec: {containers: [{name: postgres, image: "postgres:16"}]}}
  volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce]}}]
---
apiVersion: batch/v1
kind: Job
metadata: {name: copy-data, namespace: blog}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{name: copy, image: "busybox:1.36"}]
      volumes:
        - name: data
          persistentVolumeClaim:
            claimName: data-postgres-0 # <- here
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: wiki, namespace: blog}
spec:
  strategy: {type: Recreate}
  selector: {matchLabels: {app: wiki}}
  template:
    metadata: {labels: {app: wiki}}
    spec:
      containers: [{name: wiki, image: "wiki:2"}]
      volumes: [{name: data, persistentVolumeClaim: {claimName: wiki}}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: indexer, namespace: blog}
spec:
  strategy: {type: Recreate}
  selector: {matchLabels: {app: indexer}}
  template:
    metadata: {labels: {app: indexer}}
    spec:
      containers: [{name: indexer, image: "indexer:2"}]
      volumes:
        - name: data
          persistentVolumeClaim:
            claimName: wiki # <- here
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: files, namespace: blog}
spec:
  replicas: 2 # <- here
  strategy: {type: Recreate}
  selector: {matchLabels: {app: files}}
  template:
    metadata: {labels: {app: files}}
    spec:
      containers: [{name: files, image: "files:2"}]
      volumes: [{name: data, persistentVolumeClaim: {claimName: files}}]
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: wiki, namespace: blog}
spec: {accessModes: [ReadWriteOnce]}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: files, namespace: blog}
spec: {accessModes: [ReadWriteOncePod]}
`,
    },
  ],
  good: [
    {
      yaml: `apiVersion: batch/v1
kind: CronJob
metadata: {name: mysql-backup, namespace: blog}
spec:
  schedule: "0 18 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers:
            - name: backup
              image: backup:1.0
              command: [sh, -c, "mysqldump -h mysql blog > /backup/blog.sql && aws s3 cp /backup/blog.sql s3://blog-backup/"]
              volumeMounts: [{name: scratch, mountPath: /backup}]
          volumes: [{name: scratch, emptyDir: {sizeLimit: 5Gi}}]
`,
    },
    {
      // The claim is the destination; it is read, not written; a claim of many; the same name in another namespace.
      yaml: `apiVersion: batch/v1
kind: CronJob
metadata: {name: dump-to-disk, namespace: blog}
spec:
  schedule: "0 18 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers:
            - name: dump
              image: mysql:8.4
              command: [sh, -c, "mysqldump -h mysql blog > /backup/blog.sql"]
              volumeMounts: [{name: dumps, mountPath: /backup}]
          volumes: [{name: dumps, persistentVolumeClaim: {claimName: dumps}}]
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: offsite, namespace: archive}
spec:
  schedule: "0 20 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers:
            - name: upload
              image: amazon/aws-cli:2.15.0
              command: [sh, -c, "aws s3 sync /backup s3://blog-backup/"]
              volumeMounts: [{name: dumps, mountPath: /backup, readOnly: true}]
          volumes: [{name: dumps, persistentVolumeClaim: {claimName: dumps}}]
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: dumps, namespace: blog}
spec: {accessModes: [ReadWriteOnce]}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: dumps, namespace: archive}
spec: {accessModes: [ReadWriteOnce]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: uploads, namespace: blog}
spec:
  replicas: 2
  selector: {matchLabels: {app: uploads}}
  template:
    metadata: {labels: {app: uploads}}
    spec:
      containers: [{name: uploads, image: "uploads:2"}]
      volumes: [{name: data, persistentVolumeClaim: {claimName: uploads}}]
---
apiVersion: batch/v1
kind: Job
metadata: {name: thumbnails, namespace: blog}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{name: thumbnails, image: "thumbnails:1"}]
      volumes: [{name: data, persistentVolumeClaim: {claimName: uploads}}]
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: uploads, namespace: blog}
spec: {accessModes: [ReadWriteMany]}
`,
    },
    {
      // Kept on the node of the first; an old Deployment that runs nothing any more.
      yaml: `apiVersion: apps/v1
kind: Deployment
metadata: {name: wiki, namespace: blog}
spec:
  strategy: {type: Recreate}
  selector: {matchLabels: {app: wiki}}
  template:
    metadata: {labels: {app: wiki}}
    spec:
      containers: [{name: wiki, image: "wiki:2"}]
      volumes: [{name: data, persistentVolumeClaim: {claimName: wiki}}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: indexer, namespace: blog}
spec:
  strategy: {type: Recreate}
  selector: {matchLabels: {app: indexer}}
  template:
    metadata: {labels: {app: indexer}}
    spec:
      affinity:
        podAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            - {topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: wiki}}}
      containers: [{name: indexer, image: "indexer:2"}]
      volumes: [{name: data, persistentVolumeClaim: {claimName: wiki}}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: old-wiki, namespace: blog}
spec:
  replicas: 0
  selector: {matchLabels: {app: old-wiki}}
  template:
    metadata: {labels: {app: old-wiki}}
    spec:
      containers: [{name: wiki, image: "wiki:1"}]
      volumes: [{name: data, persistentVolumeClaim: {claimName: wiki}}]
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: wiki, namespace: blog}
spec: {accessModes: [ReadWriteOnce]}
`,
    },
  ],
  *violations({ resources }: Context): Iterable<Violation> {
    for (const held of heldClaims(resources)) {
      yield* contested(held);
      for (const holder of held.holders) {
        const replicas = ownReplicas(holder, held);
        if (replicas !== undefined) yield replicas;
      }
      const [only, ...others] = held.holders;
      const scratch = only === undefined || others.length > 0 ? undefined : scratchOf(only, held, resources);
      if (scratch !== undefined) yield scratch;
    }
  },
};

/** The jobs among several holders are at fault; among servers, all but the first. */
function* contested({ name, mode, holders }: HeldClaim): Iterable<Violation> {
  const jobs = holders.filter(({ workload }) => workload.isJob);
  const servers = holders.filter(({ workload }) => !workload.isJob);
  const areAllJobs = servers.length === 0;
  const late = areAllJobs ? holders.slice(1) : [...jobs, ...servers.slice(1)];
  for (const holder of late) {
    const others = rivalsOf(holder, areAllJobs ? holders : servers, mode);
    const [first] = others;
    if (first === undefined) continue;
    yield violation(
      holder.workload.resource,
      holder.field,
      `mounts ${name}, which is ${mode} and which ${first.workload.toString()} mounts too: ` +
        (mode === 'ReadWriteOncePod'
          ? 'its pod waits until the other is gone'
          : 'on another node its pod waits for the volume until the other is gone (Multi-Attach)'),
      {
        severity: areAllJobs ? 'warning' : 'error',
        related: others.map(({ workload, field }) => ({ message: 'mounts it too', resource: workload.resource, path: field.path })),
        fix: {
          description: holder.workload.isJob
            ? 'reach the data over the network, and use an emptyDir with a sizeLimit as scratch space'
            : 'give each workload a claim of its own, or use ReadWriteMany',
        },
      },
    );
  }
}

/** Naming more of them helps nobody. */
const MOST_RIVALS = 10;

/** The others that cannot hold the claim at the same time. */
function rivalsOf(holder: Holder, candidates: readonly Holder[], mode: HeldClaim['mode']): readonly Holder[] {
  const rivals: Holder[] = [];
  for (const other of candidates) {
    if (rivals.length === MOST_RIVALS) break;
    if (other !== holder && (mode === 'ReadWriteOncePod' || !shareNode(holder.workload, other.workload))) rivals.push(other);
  }
  return rivals;
}

/** Replicas that share one claim. A rolling Deployment is told by rwo-rolling-update already. */
function ownReplicas({ workload, volume }: Holder, { name, mode }: HeldClaim): Violation | undefined {
  const { kind, resource } = workload;
  const rolls = kind === 'Rollout' || (kind === 'Deployment' && resource.at('spec', 'strategy', 'type').string !== 'Recreate');
  if (volume === '' || rolls || (workload.replicas ?? 1) < 2) return undefined;
  return violation(
    resource,
    resource.at('spec', 'replicas'),
    `its ${workload.replicas ?? 1} replicas share ${name}, which is ${mode}: ${mode === 'ReadWriteOncePod' ? 'only one of them can ever start' : 'those on another node never start'}`,
    {
      severity: mode === 'ReadWriteOncePod' ? 'error' : 'warning',
      fix: { description: 'use volumeClaimTemplates of a StatefulSet, which give each replica its own claim' },
    },
  );
}

/** A job's claim that only carries a file to an upload. */
function scratchOf({ workload, field, volume }: Holder, { name, mode }: HeldClaim, resources: Resources): Violation | undefined {
  if (!workload.isJob) return undefined;
  const mounts = workload.allContainers.flatMap((container) =>
    container.at('volumeMounts').items.filter((mount) => mount.at('name').string === volume && mount.at('readOnly').boolean !== true),
  );
  const paths = mounts.map((mount) => mount.at('mountPath').string ?? '').filter((path) => path.length > 1);
  const isWritten = mounts.length > 0;
  const uploads = stepsOf(scriptsOf(workload, resources), isUpload);
  const upload = uploads.find(({ script, run }) => paths.some((path) => (script.text ?? run.command.words.join(' ')).includes(path)));
  if (!isWritten || upload === undefined) return undefined;
  const program = upload.run.command.words[0] ?? '';
  return violation(
    workload.resource,
    field,
    `mounts ${name}, which is ${mode}, as scratch space (inferred: ${program} uploads from it, nobody else mounts it): each run waits until the volume is attached to its node, for a file that is gone afterwards`,
    { severity: 'warning', fix: { description: 'use an emptyDir with a sizeLimit instead of the claim' } },
  );
}
