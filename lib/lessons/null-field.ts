import { stepsOf } from '../manifest/json-pointer';
import { type NullField, nullFields } from '../manifest/schema-nulls';
import type { Resource } from '../resources/resource';
import { type Context, type Fix, type Lesson, type Violation } from './lesson';

/** Fields that say something by being there, even if nothing is in them; null takes them away. Followed by what is lost. */
const MEANT_EMPTY: Readonly<Record<string, string>> = {
  automated: 'the Application is not synced automatically',
  pause: 'the step does nothing, and the Rollout is refused as invalid',
  emptyDir: 'the volume has no source of its own',
  podSelector: 'the peer has no selector, or the policy none that somebody wrote',
  namespaceSelector: 'the peer is limited to its own namespace instead of meaning all',
  endpointSelector: 'the policy has no selector, and is refused',
  labelSelector: 'nothing is counted',
};

export const nullField: Lesson = {
  id: 'null-field',
  title: 'A key that is written has a value',
  section: 'Rollouts and workloads',
  severity: 'warning',
  incident: {
    symptom:
      'a field that has a default is gone from the live object, a step of a canary is refused as empty, a selector matches nothing, or a controller restarts over and over',
    cause:
      'a key without a value is null. For kubectl apply and Helm null means "delete": it takes away what somebody else, or a default, had put there. Custom resources keep it where the controller expects a value, and in a map of text it becomes the empty text',
    source:
      'kubernetes.io, Declarative Management of Kubernetes Objects, How apply calculates differences; kubernetes.io, Custom Resource Definitions, Defaulting and Nullable',
  },
  remedy: 'write the value; {} or [] where being there is the meaning; remove the key where nothing is wanted',
  confirm: ['kubectl apply --dry-run=server -o yaml -f <file>'],
  limits:
    'creationTimestamp: null, which generators write everywhere, does nothing and is accepted; so is anything in status. Parts of an object whose form nobody prescribes, such as chart values, may well want null and are not looked at, nor are kinds whose schema is not known.',
  bad: [
    {
      yaml: `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: was, namespace: blog}
spec:
  strategy:
    canary:
      steps:
        - setWeight: 20
        - pause: # <- here
        - setWeight: 50
  selector: {matchLabels: {app: was}}
  template:
    metadata: {labels: {app: was}}
    spec:
      containers:
        - name: was
          image: was:1.4.2
          resources: # <- here
          env:
            - {name: PROFILE, value: null} # <- here
`,
    },
    {
      // An Application that looks automated; a selector that asks for the empty text; an item without anything.
      yaml: `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: blog, namespace: argocd}
spec:
  project: default
  source: {repoURL: "https://git.example.org/blog.git", path: apps}
  destination: {name: in-cluster}
  syncPolicy:
    automated: # <- here
---
apiVersion: v1
kind: Service
metadata: {name: was, namespace: blog}
spec:
  selector:
    app: # <- here
  ports: [{port: 8080}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: was, namespace: blog}
spec:
  podSelector: {}
  ingress:
    - # <- here
`,
    },
  ],
  good: [
    {
      yaml: `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: was, namespace: blog}
spec:
  strategy:
    canary:
      steps:
        - setWeight: 20
        - pause: {}
        - setWeight: 50
  selector: {matchLabels: {app: was}}
  template:
    metadata: {labels: {app: was}, creationTimestamp: null}
    spec:
      containers:
        - name: was
          image: was:1.4.2
          env:
            - {name: PROFILE, value: ""}
`,
    },
    {
      // Chart values and other free-form parts, a status, a text that reads like null, a kind without a schema.
      yaml: `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: longhorn, namespace: argocd}
spec:
  project: default
  source:
    repoURL: https://charts.longhorn.io
    chart: longhorn
    targetRevision: 1.7.2
    helm: {valuesObject: {persistence: {defaultClass: null}}}
  destination: {name: in-cluster, namespace: longhorn-system}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: was, namespace: blog, creationTimestamp: null}
spec:
  maxReplicas: 4
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: was}
status: {currentMetrics: null, desiredReplicas: 0}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: blog}
data: {parent: "null", other: ""}
---
apiVersion: example.org/v1
kind: Widget
metadata: {name: widget, namespace: blog}
spec: {size: null}
`,
    },
  ],
  *violations({ resources }: Context): Iterable<Violation> {
    for (const resource of resources.all)
      for (const found of nullFields(resource.document.content)) {
        if (found.name === 'creationTimestamp') continue;
        yield { resource, path: found.path, message: messageOf(found), fix: fixOf(resource, found) };
      }
  },
};

function messageOf({ path, name, holder, wants }: NullField): string {
  const what = stepsOf(path).join('.');
  const lost = Object.hasOwn(MEANT_EMPTY, name) && holder === 'fields' ? MEANT_EMPTY[name] : undefined;
  if (lost !== undefined) return `${what} is null, which counts as absent: ${lost}`;
  if (holder === 'map' && wants === 'text') return `${what} is null, which is read as the empty text`;
  if (holder === 'list') return `${what} is null: an item that says nothing`;
  return `${what} is null where ${WANTED[wants]} belongs: it counts as absent, and deletes what a default or somebody else had put there`;
}

const WANTED: Readonly<Record<NullField['wants'], string>> = {
  fields: 'a map',
  map: 'a map',
  list: 'a list',
  text: 'text',
  value: 'a value',
};

function fixOf(resource: Resource, { path, name, holder, wants }: NullField): Fix {
  if (holder === 'map' && wants === 'text') return { description: 'write the text, "" if it is meant to be empty; or remove the key' };
  if (holder === 'list') return { description: 'remove the item, or say what it is' };
  if (Object.hasOwn(MEANT_EMPTY, name)) return { description: `write ${name}: {}`, edits: [{ path, value: {} }] };
  const parent = resource.at(...stepsOf(path).slice(0, -1));
  if (parent.isMap && parent.keys.length === 1) return { description: 'write its value, or remove it together with what holds it' };
  return { description: 'write its value, or remove it', edits: [{ path }] };
}
