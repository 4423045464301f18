import { INJECT } from '../facts/mesh';
import type { Field } from '../manifest/field';
import { stepsOf } from '../manifest/json-pointer';
import { type Workload, workloadOf } from '../resources/workload';
import { type Context, type Fix, type Lesson, violation, type Violation } from './lesson';

export const sidecarAnnotationMisplaced: Lesson = {
  id: 'sidecar-annotation-misplaced',
  title: 'sidecar.istio.io/inject works only on the pod template',
  section: 'Mesh',
  severity: 'error',
  incident: {
    symptom: 'a backup job hangs in Init:0/2 although its manifest says `sidecar.istio.io/inject: "false"`',
    cause:
      'the injection webhook sees pods; an annotation on the workload, or one level too high in a CronJob, never reaches them and is ignored without a word',
    source: 'CI/CD troubleshooting guide, 8.2; istio.io, Installing the Sidecar, Controlling the injection policy',
  },
  remedy: 'move it to the metadata of the pod template, as a label where there is a choice',
  confirm: ["kubectl get pod -l app=<name> -o jsonpath='{.items[*].spec.containers[*].name}'"],
  limits:
    'Namespaces have their own switch, the label istio-injection, which is not looked at here. Where the pod template carries the same value already, a copy above it is harmless and accepted.',
  bad: [
    {
      yaml: `apiVersion: batch/v1
kind: CronJob
metadata:
  name: mysql-backup
  namespace: blog
spec:
  schedule: "0 18 * * *"
  jobTemplate:
    spec:
      annotations:
        sidecar.istio.io/inject: "false" # <- here
      template:
        metadata:
          labels: {app: mysql-backup}
        spec:
          restartPolicy: Never
          containers: [{name: dump, image: "mysql:8.4"}]
`,
    },
    {
      // A label as well; one level too low; a Pod's spec; a template that says otherwise.
      yaml: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: blog
  labels:
    sidecar.istio.io/inject: "false" # <- here
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "web:1.0"}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: was, namespace: blog}
spec:
  selector: {matchLabels: {app: was}}
  template:
    metadata: {labels: {app: was}}
    annotations:
      sidecar.istio.io/inject: "false" # <- here
    spec: {containers: [{name: was, image: "was:1.0"}]}
---
apiVersion: v1
kind: Pod
metadata: {name: tool, namespace: blog}
spec:
  annotations:
    sidecar.istio.io/inject: "false" # <- here
  containers: [{name: tool, image: "tool:1.0"}]
---
apiVersion: batch/v1
kind: Job
metadata:
  name: migrate
  namespace: blog
  annotations:
    sidecar.istio.io/inject: "true" # <- here
spec:
  template:
    metadata: {annotations: {sidecar.istio.io/inject: "false"}}
    spec: {restartPolicy: Never, containers: [{name: migrate, image: "was:1.0"}]}
`,
    },
  ],
  good: [
    {
      yaml: `apiVersion: batch/v1
kind: CronJob
metadata:
  name: mysql-backup
  namespace: blog
spec:
  schedule: "0 18 * * *"
  jobTemplate:
    spec:
      template:
        metadata:
          labels: {app: mysql-backup}
          annotations:
            sidecar.istio.io/inject: "false"
        spec:
          restartPolicy: Never
          containers: [{name: dump, image: "mysql:8.4"}]
`,
    },
    {
      // A label; a Pod, which is its own template; a copy above the template that says the same; other annotations of Istio.
      yaml: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: blog
  annotations: {sidecar.istio.io/inject: "false"}
  labels: {istio.io/rev: default}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata:
      labels: {app: web, sidecar.istio.io/inject: "false"}
      annotations: {sidecar.istio.io/inject: "false"}
    spec: {containers: [{name: web, image: "web:1.0"}]}
---
apiVersion: v1
kind: Pod
metadata: {name: tool, namespace: blog, annotations: {sidecar.istio.io/inject: "false"}}
spec: {containers: [{name: tool, image: "tool:1.0"}]}
---
apiVersion: v1
kind: Namespace
metadata: {name: blog, labels: {istio-injection: enabled}}
`,
    },
  ],
  *violations({ resources }: Context): Iterable<Violation> {
    for (const resource of resources.all) {
      const workload = workloadOf(resource);
      if (workload === undefined) continue;
      for (const [kind, misplaced] of misplacedIn(workload)) {
        const right = workload.template.at('metadata', kind, INJECT);
        if (right.text === misplaced.text) continue;
        yield violation(
          resource,
          misplaced,
          `${INJECT} stands outside of the pod template's metadata, where the injection webhook does not look: it has no effect`,
          { fix: moved(workload, misplaced, right) },
        );
      }
    }
  },
};

/** Labels and annotations above the template's own: on the workload, on its spec, on a job's template, beside the pod's metadata. */
function* misplacedIn({ resource, template }: Workload): Iterable<readonly ['annotations' | 'labels', Field]> {
  const above = [resource.root];
  for (const step of stepsOf(template.path).slice(0, -1)) above.push((above.at(-1) ?? resource.root).at(step));
  const maps = template.path === '' ? [] : above.flatMap((field) => [field.at('metadata'), field]);
  for (const parent of [...maps, template, template.at('spec')])
    for (const kind of ['annotations', 'labels'] as const) {
      const field = parent.at(kind, INJECT);
      if (field.isPresent) yield [kind, field];
    }
}

/** To the template, unless that says something else already; a Rollout that borrows its template has none to move it to. */
function moved({ template }: Workload, misplaced: Field, right: Field): Fix {
  if (!template.isMap) return { description: 'move it to the pod template of the workload that is borrowed' };
  const removal = { path: misplaced.path };
  if (right.isPresent) return { description: `remove it: ${right.path} says otherwise`, edits: [removal] };
  return { description: `move it to ${right.path}`, edits: [removal, { path: right.path, value: misplaced.text ?? '' }] };
}
