import type { Field } from '../manifest/field';
import type { Resource } from '../resources/resource';
import { type Context, type Lesson, violation, type Violation } from './lesson';

/** What the API server writes into the metadata of an object, and what becomes of an apply that brings it along. */
const LIVE_METADATA: ReadonlyMap<string, string> = new Map(
  Object.entries({
    resourceVersion:
      'the API server takes it for the version that the change is based on: as soon as the object has changed once, every apply conflicts',
    uid: 'it names one object that existed once: wherever that one is gone, every apply is refused with a conflict',
    managedFields: 'a server-side apply that brings managedFields along is refused',
    creationTimestamp: 'only the API server sets it, and it tells that the manifest was exported from a cluster',
    generation: 'only the API server counts it, and it tells that the manifest was exported from a cluster',
    selfLink: 'no API server since Kubernetes 1.20 sets it, and it tells that the manifest was exported from a cluster',
    deletionTimestamp: 'only the API server sets it, and it tells that the manifest was exported from a cluster',
  }),
);

export const liveMetadataInGit: Lesson = {
  id: 'live-metadata-in-git',
  title: 'A manifest holds what is wanted, not what a cluster wrote into it',
  section: 'Rollouts and workloads',
  severity: 'error',
  incident: {
    symptom:
      'kubectl apply answers "the object has been modified; please apply your changes to the latest version and try again", every time; Argo CD shows the object OutOfSync for ever',
    cause:
      'the manifest was exported with kubectl get -o yaml and committed with what the API server had added: resourceVersion and uid are preconditions, so that an apply holds only for that one state of that one object; a status is overwritten or refused',
    source: 'kubernetes.io, API Concepts, Resource versions; kubernetes.io, Server-Side Apply, managedFields',
  },
  remedy: 'remove resourceVersion, uid, creationTimestamp, generation, managedFields and status; what is wanted remains',
  confirm: ['kubectl diff -f <file>', 'kubectl apply --server-side --dry-run=server -f <file>'],
  limits:
    'creationTimestamp: null and an empty status, which generators of manifests leave behind, do nothing and are accepted. Annotations that controllers write, such as kubectl.kubernetes.io/last-applied-configuration, are not looked at.',
  bad: [
    {
      yaml: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: was
  namespace: blog
  uid: 8f2b7c1e-52a1-4e1a-9d5b-0c7f3f8a3b11 # <- here
  resourceVersion: "184467" # <- here
  generation: 7 # <- here
  creationTimestamp: "2024-11-02T09:11:54Z" # <- here
spec:
  replicas: 2
  selector: {matchLabels: {app: was}}
  template:
    metadata: {labels: {app: was}, creationTimestamp: null}
    spec: {containers: [{name: was, image: "was:1.4.2"}]}
status:
  availableReplicas: 2 # <- here
  observedGeneration: 7
`,
    },
    {
      // Server-side apply's own records; an owner that exists in one cluster only; a kind that nobody has a schema of.
      yaml: `apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  namespace: blog
  managedFields:
    - {manager: kubectl, operation: Apply, apiVersion: v1, fieldsType: FieldsV1, fieldsV1: {"f:data": {}}} # <- here
data: {mode: fast}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata:
  name: was-5d9f
  namespace: blog
  ownerReferences:
    - {apiVersion: apps/v1, kind: Deployment, name: was, uid: 8f2b7c1e-52a1-4e1a-9d5b-0c7f3f8a3b11, controller: true} # <- here
spec:
  selector: {matchLabels: {app: was}}
  template:
    metadata: {labels: {app: was}}
    spec: {containers: [{name: was, image: "was:1.4.2"}]}
---
apiVersion: longhorn.io/v1beta2
kind: Volume
metadata: {name: data, namespace: longhorn-system, resourceVersion: "90112"} # <- here
spec: {numberOfReplicas: 2}
status: {state: attached, robustness: healthy} # <- here
`,
    },
  ],
  good: [
    {
      yaml: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: was
  namespace: blog
spec:
  replicas: 2
  selector: {matchLabels: {app: was}}
  template:
    metadata: {labels: {app: was}}
    spec: {containers: [{name: was, image: "was:1.4.2"}]}
`,
    },
    {
      // What kubectl create --dry-run and code generators leave behind.
      yaml: `apiVersion: v1
kind: Service
metadata: {name: was, namespace: blog, creationTimestamp: null}
spec: {selector: {app: was}, ports: [{port: 8080}]}
status: {loadBalancer: {}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: was, namespace: blog, creationTimestamp: null}
spec:
  maxReplicas: 4
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: was}
status: {currentMetrics: null, desiredReplicas: 0}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: backups.example.org, creationTimestamp: null}
spec:
  group: example.org
  scope: Namespaced
  names: {kind: Backup, plural: backups}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
status: {acceptedNames: {kind: "", plural: ""}, conditions: [], storedVersions: []}
`,
    },
    {
      // The words elsewhere than in the metadata of an object.
      yaml: `apiVersion: v1
kind: ConfigMap
metadata:
  name: exporter
  namespace: blog
  labels: {generation: "2"}
  annotations: {uid: shop}
data: {status: "on", resourceVersion: "1"}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: data}
spec:
  accessModes: [ReadWriteOnce]
  capacity: {storage: 10Gi}
  claimRef: {namespace: blog, name: data, uid: 2f6c0e5e-1f0e-4f7e-8f0f-7a1f0b6f7c11, resourceVersion: "12"}
  hostPath: {path: /srv/data}
`,
    },
  ],
  *violations({ resources }: Context): Iterable<Violation> {
    for (const resource of resources.all) {
      const metadata = resource.at('metadata');
      for (const name of metadata.keys) {
        const consequence = LIVE_METADATA.get(name);
        if (consequence !== undefined && holdsSomething(metadata.at(name).value))
          yield live(resource, metadata.at(name), `metadata.${name} was written by a cluster: ${consequence}`);
      }
      const owners = metadata.at('ownerReferences');
      if (owners.items.some((owner) => owner.at('uid').isSet))
        yield live(
          resource,
          owners,
          'metadata.ownerReferences names an owner by its uid: where that owner does not exist, the garbage collector deletes the object as soon as it is applied',
        );
      const status = resource.at('status');
      if (holdsSomething(status.value))
        yield live(
          resource,
          status,
          'status was written by a controller: an apply drops it, is refused for it, or fights the controller over it',
        );
    }
  },
};

function live(resource: Resource, field: Field, message: string): Violation {
  return violation(resource, field, message, {
    fix: { description: `remove ${field.path.slice(1).replaceAll('/', '.')}`, edits: [{ path: field.path }] },
  });
}

/** Whether anything is said: empty maps, lists and texts, zeros and nulls are what generators write for "nothing yet". */
function holdsSomething(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(holdsSomething);
  if (typeof value === 'object' && value !== null) return Object.values(value).some(holdsSomething);
  return value !== undefined && value !== null && value !== '' && value !== 0;
}
