import { INJECT, Mesh } from '../facts/mesh';
import type { Resources } from '../resources/resources';
import { scriptsOf } from '../resources/scripts';
import { type Workload, workloadOf } from '../resources/workload';
import { type Context, type Lesson, type Skip, violation, type Violation } from './lesson';

/** Pod labels that keep a job out of the mesh. The label counts more than the annotation of the same name. */
export const SIDECAR_OPT_OUT = { [INJECT]: 'false' } as const;

export const jobWithSidecar: Lesson = {
  id: 'job-with-sidecar',
  title: 'The pods of a job stay out of the mesh, unless its sidecar ends by itself',
  section: 'Mesh',
  severity: 'error',
  incident: {
    symptom:
      'the backup has long uploaded its file and the Job still runs (1/2 NotReady); or it never leaves Init:0/2, because its init container cannot reach the network before the sidecar is there',
    cause:
      'injection adds a sidecar that runs for ever, and a Job is complete only when all its containers have ended. Init containers run before the sidecar, behind rules that already send their traffic to it',
    source: 'CI/CD troubleshooting guide, 8.2; istio.io, Sidecar or ambient; kubernetes.io, Sidecar Containers',
  },
  remedy:
    'label the pod template of the job sidecar.istio.io/inject: "false"; or run native sidecars (Kubernetes 1.29, Istio with ENABLE_NATIVE_SIDECARS), which end with the job',
  confirm: ['kubectl get pods -l job-name=<job>', "kubectl get pod <pod> -o jsonpath='{.spec.containers[*].name}'"],
  limits:
    'Where neither the facts nor a Namespace object tell whether the namespace is injected, it is skipped. A job that tells its sidecar to quit (quitquitquit, pilot-agent, scuttle) is accepted; whether it does so on failure too is not looked at.',
  needs: ['mesh'],
  bad: [
    {
      cluster: { mesh: { kind: 'istio', injectedNamespaces: ['blog'] } },
      yaml: `apiVersion: batch/v1
kind: CronJob
metadata: {name: mysql-backup, namespace: blog}
spec:
  schedule: "0 18 * * *"
  jobTemplate:
    spec:
      template:
        metadata:
          labels:
            app: mysql-backup # <- here
        spec:
          restartPolicy: Never
          containers: [{name: dump, image: "mysql:8.4"}]
`,
    },
    {
      // The namespace tells; an annotation above the template does not count, nor does one that a label overrules.
      yaml: `apiVersion: v1
kind: Namespace
metadata: {name: blog, labels: {istio-injection: enabled}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: migrate, namespace: blog, annotations: {sidecar.istio.io/inject: "false"}}
spec:
  template:
    spec: # <- here
      restartPolicy: Never
      containers: [{name: migrate, image: "was:1.0"}]
---
apiVersion: batch/v1
kind: Job
metadata: {name: seed, namespace: blog}
spec:
  template:
    metadata:
      labels: {sidecar.istio.io/inject: "true"} # <- here
      annotations: {sidecar.istio.io/inject: "false"}
    spec:
      restartPolicy: Never
      containers: [{name: seed, image: "was:1.0"}]
`,
    },
  ],
  good: [
    {
      cluster: { mesh: { kind: 'istio', injectedNamespaces: ['blog'] } },
      yaml: `apiVersion: batch/v1
kind: CronJob
metadata: {name: mysql-backup, namespace: blog}
spec:
  schedule: "0 18 * * *"
  jobTemplate:
    spec:
      template:
        metadata: {labels: {app: mysql-backup, sidecar.istio.io/inject: "false"}}
        spec: {restartPolicy: Never, containers: [{name: dump, image: "mysql:8.4"}]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: annotated, namespace: blog}
spec:
  template:
    metadata: {annotations: {sidecar.istio.io/inject: "false"}}
    spec: {restartPolicy: Never, containers: [{name: dump, image: "mysql:8.4"}]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: on-the-node, namespace: blog}
spec:
  template:
    spec: {hostNetwork: true, restartPolicy: Never, containers: [{name: dump, image: "mysql:8.4"}]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: quits, namespace: blog}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{name: work, image: "was:1.0", command: [sh, -c, "work; curl -fsS -X POST localhost:15020/quitquitquit"]}]
---
apiVersion: batch/v1
kind: Job
metadata: {name: elsewhere, namespace: tools}
spec:
  template:
    spec: {restartPolicy: Never, containers: [{name: work, image: "was:1.0"}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: was, namespace: blog}
spec:
  selector: {matchLabels: {app: was}}
  template:
    metadata: {labels: {app: was}}
    spec: {containers: [{name: was, image: "was:1.0"}]}
`,
    },
    {
      // Native sidecars end with the job.
      cluster: { mesh: { kind: 'istio', injectedNamespaces: ['blog'], nativeSidecars: true } },
      yaml: `apiVersion: batch/v1
kind: Job
metadata: {name: migrate, namespace: blog}
spec:
  template:
    spec: {restartPolicy: Never, containers: [{name: migrate, image: "was:1.0"}]}
`,
    },
    {
      // Skipped: nobody tells whether there is a mesh.
      yaml: `apiVersion: batch/v1
kind: Job
metadata: {name: migrate, namespace: blog}
spec:
  template:
    spec: {restartPolicy: Never, containers: [{name: migrate, image: "was:1.0"}]}
`,
    },
  ],
  *violations({ resources, cluster }: Context): Iterable<Violation | Skip> {
    if (cluster.mesh?.nativeSidecars === true) return;
    const mesh = new Mesh(resources, cluster);
    for (const resource of resources.all) {
      const workload = workloadOf(resource);
      if (workload === undefined || !workload.isJob || !workload.template.isMap) continue;
      const hasSidecar = mesh.hasSidecar(workload);
      if (hasSidecar === undefined && !cluster.knows('mesh')) yield { resource, needs: ['mesh'] };
      if (hasSidecar === true && !hasNativeSidecar(workload) && !quitsSidecar(workload, resources)) yield neverEnds(workload);
    }
  },
};

function neverEnds(workload: Workload): Violation {
  const { resource, template } = workload;
  const label = template.at('metadata', 'labels', INJECT);
  return violation(
    resource,
    label,
    `its pods get a sidecar, which never ends: the job is never complete${workload.initContainers.length > 0 ? ', and its init containers have no network, because the sidecar starts after them' : ''}`,
    {
      fix: {
        description: `label the pod template ${INJECT}: "false"`,
        edits: [{ path: label.path, value: SIDECAR_OPT_OUT[INJECT] }],
      },
    },
  );
}

/** Istio's own annotation for a single pod. */
function hasNativeSidecar({ podAnnotations }: Workload): boolean {
  return podAnnotations['sidecar.istio.io/nativeSidecar'] === 'true';
}

/** The job ends the sidecar itself, by its admin port or by a program that is made for it. */
function quitsSidecar(workload: Workload, resources: Resources): boolean {
  const texts = [
    ...scriptsOf(workload, resources).map(({ text }) => text ?? ''),
    ...workload.allContainers.flatMap(({ commandLine }) => commandLine),
    ...workload.allContainers.map(({ imageName }) => imageName),
  ];
  return texts.some((text) =>
    /quitquitquit|pilot-agent\s+(exit|request)|\bscuttle\b|pkill\s+(-\S+\s+)*(envoy|pilot-agent)|envoy-sidecar-helper/.test(text),
  );
}
