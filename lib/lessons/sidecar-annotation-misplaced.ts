import { workloadOf } from '../resources/workload';
import { type Context, type Lesson, violation, type Violation } from './lesson';

/** Istio's switch, read from the pod template and nowhere else. Istio prefers a label of this name; the annotation still works. */
export const INJECT = 'sidecar.istio.io/inject';

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
  remedy: 'move the annotation to the metadata of the pod template',
  confirm: ["kubectl get pod -l app=<name> -o jsonpath='{.items[*].spec.containers[*].name}'"],
  limits: 'Namespaces have their own switch, the label istio-injection, which is not looked at here.',
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
  ],
  *violations({ resources }: Context): Iterable<Violation> {
    for (const resource of resources.all) {
      const workload = workloadOf(resource);
      if (workload === undefined || workload.kind === 'Pod') continue;
      const metadata = workload.template.at('metadata', 'annotations');
      const steps = workload.template.path.slice(1).split('/');
      for (let depth = 0; depth < steps.length; depth++) {
        const above = resource.at(...steps.slice(0, depth));
        for (const annotations of [above.at('metadata', 'annotations'), above.at('annotations')]) {
          const misplaced = annotations.at(INJECT);
          if (!misplaced.isPresent) continue;
          yield violation(
            resource,
            misplaced,
            `${INJECT} stands outside of the pod template, where the injection webhook does not look: it has no effect`,
            {
              fix: {
                description: `move it to ${metadata.path}`,
                edits: [
                  { path: misplaced.path },
                  ...(metadata.at(INJECT).isPresent ? [] : [{ path: metadata.at(INJECT).path, value: String(misplaced.value) }]),
                ],
              },
            },
          );
        }
      }
    }
  },
};
