import { databaseServerOf } from '../resources/database';
import { ReplacedDeployments } from '../resources/replaced-deployments';
import { type SingleClaim, SingleClaims } from '../resources/volume-claims';
import { type Workload, workloadOf } from '../resources/workload';
import type { Field } from '../manifest/field';
import { type Context, type Fix, type Lesson, violation, type Violation } from './lesson';

/** The strategy of a Deployment whose volume has one writer: the old pod ends before the new one starts. */
export const SINGLE_WRITER_STRATEGY = { type: 'Recreate' } as const;

export const rwoRollingUpdate: Lesson = {
  id: 'rwo-rolling-update',
  title: 'A workload whose volume has one writer never runs two versions at once',
  section: 'Database and storage',
  severity: 'error',
  incident: {
    symptom:
      'an update hangs: the new pod waits in ContainerCreating with "Multi-Attach error for volume"; or, on one node, a second MySQL starts on a data directory that the first still writes',
    cause:
      'a rolling update, which is the default, starts the new pod before the old one is gone, and a ReadWriteOnce volume can be attached to one node only. On one node it can be mounted twice, and two servers share the files',
    source:
      'CI/CD troubleshooting guide, 8.3; Kustomize labels and Cilium entities, single MySQL; kubernetes.io, Persistent Volumes, Access Modes',
  },
  remedy: 'use a StatefulSet with volumeClaimTemplates; or, for a Deployment that stays one, strategy Recreate',
  confirm: [
    'kubectl get events -A --field-selector reason=FailedAttachVolume',
    'kubectl get pvc -n <namespace> -o custom-columns=NAME:.metadata.name,MODES:.spec.accessModes',
  ],
  limits:
    'Claims that no manifest declares have unknown access modes and are not judged. With maxSurge 0 the old pod is told to end first, but not waited for, so that it is a warning.',
  bad: [
    {
      yaml: `apiVersion: apps/v1
kind: Deployment
metadata: {name: mysql, namespace: blog}
spec:
  replicas: 1
  strategy:
    type: RollingUpdate # <- here
  selector: {matchLabels: {app: mysql}}
  template:
    metadata: {labels: {app: mysql}}
    spec:
      containers: [{name: mysql, image: "mysql:8.4"}]
      volumes: [{name: data, persistentVolumeClaim: {claimName: mysql-data}}]
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: mysql-data, namespace: blog}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Gi}}}
`,
    },
    {
      // The strategy that nobody wrote, and a canary.
      yaml: `apiVersion: apps/v1
kind: Deployment
metadata: {name: wiki, namespace: blog}
spec:
  selector: {matchLabels: {app: wiki}} # <- here
  template:
    metadata: {labels: {app: wiki}}
    spec:
      containers: [{name: wiki, image: "wiki:2"}]
      volumes: [{name: data, persistentVolumeClaim: {claimName: wiki}}]
---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: files, namespace: blog}
spec:
  selector: {matchLabels: {app: files}}
  strategy:
    canary:
      steps: [{setWeight: 20}] # <- here
  template:
    metadata: {labels: {app: files}}
    spec:
      containers: [{name: files, image: "files:2"}]
      volumes: [{name: data, persistentVolumeClaim: {claimName: files}}]
---
apiVersion: v1
kind: List
items:
  - {apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: wiki, namespace: blog}, spec: {accessModes: [ReadWriteOnce]}}
  - {apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: files, namespace: blog}, spec: {accessModes: [ReadWriteOncePod]}}
`,
    },
  ],
  good: [
    {
      yaml: `apiVersion: apps/v1
kind: Deployment
metadata: {name: mysql, namespace: blog}
spec:
  replicas: 1
  strategy: {type: Recreate}
  selector: {matchLabels: {app: mysql}}
  template:
    metadata: {labels: {app: mysql}}
    spec:
      containers: [{name: mysql, image: "mysql:8.4"}]
      volumes: [{name: data, persistentVolumeClaim: {claimName: mysql-data}}]
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: mysql-data, namespace: blog}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Gi}}}
`,
    },
    {
      // Each replica of a StatefulSet has its own claim; a claim of many writers; scratch space; a claim of the same name elsewhere.
      yaml: `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: mysql, namespace: blog}
spec:
  serviceName: mysql
  selector: {matchLabels: {app: mysql}}
  template:
    metadata: {labels: {app: mysql}}
    spec: {containers: [{name: mysql, image: "mysql:8.4"}]}
  volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce]}}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: uploads, namespace: blog}
spec:
  selector: {matchLabels: {app: uploads}}
  template:
    metadata: {labels: {app: uploads}}
    spec:
      containers: [{name: uploads, image: "uploads:2"}]
      volumes:
        - {name: shared, persistentVolumeClaim: {claimName: uploads}}
        - {name: scratch, emptyDir: {}}
        - {name: each, ephemeral: {volumeClaimTemplate: {spec: {accessModes: [ReadWriteOnce]}}}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: uploads, namespace: blog}
spec: {accessModes: [ReadWriteMany]}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: uploads, namespace: staging}
spec: {accessModes: [ReadWriteOnce]}
`,
    },
  ],
  *violations({ resources }: Context): Iterable<Violation> {
    const claims = resources.view(SingleClaims);
    const replaced = resources.view(ReplacedDeployments);
    for (const workload of resources.all.flatMap((resource) => workloadOf(resource) ?? [])) {
      // A Rollout that borrows a Deployment's template updates in its own way.
      const runner = replaced.by(workload) ?? workload;
      const update = overlapOf(runner);
      if (update === undefined || runner.replicas === 0) continue;
      const [held] = claims.mountedBy(workload);
      if (held === undefined) continue;
      const isDeployment = runner.kind === 'Deployment';
      yield violation(runner.resource, update.field, messageOf(held, update.way), {
        severity: update.waits ? 'warning' : 'error',
        related: [
          { message: `the volume that it mounts: ${held.claim.toString()}`, resource: workload.resource, path: held.field.path },
          { message: `allows ${held.mode}`, resource: held.claim, path: held.claim.at('spec', 'accessModes').path },
        ],
        fix: isDeployment
          ? recreate(workload)
          : {
              description:
                'run it as a StatefulSet with volumeClaimTemplates, or as a Deployment with strategy Recreate: a Rollout always runs both versions',
            },
      });
    }
  },
};

interface Overlap {
  readonly field: Field;
  readonly way: string;
  /** It tells the old pod to end first. */
  readonly waits: boolean;
}

/** How an update runs two versions at once. @returns undefined when it does not */
function overlapOf({ kind, resource }: Workload): Overlap | undefined {
  const strategy = resource.at('spec', 'strategy');
  if (kind === 'Deployment') {
    const type = strategy.at('type');
    if ((type.string ?? 'RollingUpdate') !== 'RollingUpdate') return undefined;
    const way = type.isSet ? 'updates by RollingUpdate' : 'updates by RollingUpdate, the default';
    return { field: type, way, waits: isZero(strategy.at('rollingUpdate', 'maxSurge').text) };
  }
  if (kind !== 'Rollout') return undefined;
  const way = strategy.at('blueGreen').isSet ? 'blueGreen' : 'canary';
  return { field: strategy.at(way), way: `updates by ${way}`, waits: isZero(strategy.at(way, 'maxSurge').text) };
}

function isZero(count: string | undefined): boolean {
  return count === '0' || count === '0%';
}

function messageOf({ workload, claim, mode }: SingleClaim, way: string): string {
  const consequence =
    databaseServerOf(workload) === undefined
      ? 'the new pod waits for the volume that the old one holds (Multi-Attach), or both write it'
      : 'the new server waits for the volume that the old one holds (Multi-Attach), or both run on one data directory';
  const replicas = workload.replicas ?? 1;
  const several = replicas > 1 ? `; its ${replicas} replicas share the volume at any time` : '';
  return `${way} while it mounts ${claim.name}, which is ${mode}: ${consequence}${several}`;
}

function recreate({ resource }: Workload): Fix {
  const strategy = resource.at('spec', 'strategy');
  return {
    description: 'set the strategy to Recreate, which ends the old pod before it starts the new one',
    edits: [
      { path: strategy.at('type').path, value: SINGLE_WRITER_STRATEGY.type },
      ...(strategy.at('rollingUpdate').isPresent ? [{ path: strategy.at('rollingUpdate').path }] : []),
    ],
  };
}
