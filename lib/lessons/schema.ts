import { INJECT } from '../facts/mesh';
import { type JsonPointer, stepsOf } from '../manifest/json-pointer';
import { schemaProblems } from '../manifest/schema';
import type { SchemaProblem } from '../manifest/schema-problem';
import type { Cluster } from '../facts/cluster';
import { HIDDEN } from '../resources/credentials';
import type { Resource } from '../resources/resource';
import { secrecyOf } from '../resources/secret-fields';
import { type Context, type Lesson, type Violation } from './lesson';
import { rejectionsOf } from './policy-rejected';

export const schema: Lesson = {
  id: 'schema',
  title: 'The API server forgives no type, no unknown field and no unknown value',
  section: 'GitOps',
  severity: 'error',
  incident: {
    symptom:
      'one object of a sync is refused, such as a policy with a text where a map belongs, and everything behind it waits; or the object is applied, and a field that was spelled wrong has no effect',
    cause:
      'YAML has types: 80, "80", yes and "yes" are four different things to the API server. It refuses a wrong type, and an unknown field is refused by kubectl but silently dropped for most other clients. It says so one mistake at a time, after the commit',
    source: 'Kustomize labels and Cilium entities, the policy that was refused; kubernetes.io, API Concepts, Field validation',
  },
  remedy: 'write the field as its kind has it; kubectl explain <kind>.<field> tells how',
  confirm: ['kubectl apply --dry-run=server --validate=strict -f <file>', 'kubectl explain deployment.spec.replicas'],
  limits:
    'Kinds whose schema is not known (Longhorn, Percona, home-made resources) are not judged, nor is the inside of free-form parts, nor text that something fills in later, such as ${REPLICAS}. Schemas are those of current releases: an older cluster may refuse more. What a more telling lesson says of a field is left to it.',
  bad: [
    {
      yaml: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: was
  namespace: blog
  labels:
    version: 1.4 # <- here
spec:
  replicas: "2" # <- here
  minReadySecond: 10 # <- here
  selector: {matchLabels: {app: was}}
  template:
    metadata:
      labels: {app: was}
      annotations:
        prometheus.io/scrape: true # <- here
    spec:
      restartPolicy: Allways # <- here
      containers:
        - name: was
          image: was:1.4.2
          ports:
            - containerPort: "8080" # <- here
          env:
            - name: DB_PORT
              value: 3306 # <- here
          resources:
            limits:
              memory: 512MB # <- here
`,
    },
    {
      // Custom resources of the platform.
      yaml: `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: was, namespace: blog}
spec:
  strategy:
    canary:
      steps:
        - setWeight: "20" # <- here
        - pause: {duration: 1.5} # <- here
      trafficRouting:
        istio:
          virtualService:
            routes: primary # <- here
  selector: {matchLabels: {app: was}}
  template:
    metadata: {labels: {app: was}}
    spec: {containers: [{name: was, image: "was:1.4.2"}]}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: blog}
spec:
  mtls:
    mode: Strict # <- here
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: was, namespace: blog}
spec:
  hosts: [was]
  http:
    - match:
        - uri: {prefix: /api, exact: /health} # <- here
      routes:
        - destination: {host: was} # <- here
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: backup, namespace: blog}
spec:
  groups:
    - name: backup
      rules:
        - alert: BackupTooOld
          expr: time() - backup_last_success > 90000
          for: 5 minutes # <- here
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: blog, namespace: argocd}
spec:
  project: default
  source: {repoURL: "https://git.example.org/blog.git", path: apps}
  destination: {name: in-cluster}
  syncPolicy:
    automated: {prune: "true"} # <- here
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: was, namespace: blog}
spec:
  endpointSelector:
    matchLabel: {app: was} # <- here
  ingress:
    - fromEndpoints: [{}]
`,
    },
    {
      // What the API server asks beyond types: names, ports, versions that exist, pods that end.
      yaml: `apiVersion: v1
kind: Service
metadata:
  name: 2048-game # <- here
  namespace: blog
spec:
  selector: {app: game}
  ports:
    - port: 80800 # <- here
---
apiVersion: extensions/v1beta1 # <- here
kind: Ingress
metadata: {name: blog, namespace: blog}
spec: {backend: {serviceName: web, servicePort: 80}}
---
apiVersion: v1 # <- here
kind: Deployment
metadata: {name: web, namespace: blog}
spec: {}
---
apiVersion: batch/v1
kind: Job
metadata: {name: migrate, namespace: blog}
spec:
  template:
    spec:
      containers: # <- here
        - name: migrate # <- here
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: Settings # <- here
  namespace: blog
  labels:
    team: "blog & shop" # <- here
data:
  on: true # <- here
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: blog, namespace: blog}
spec:
  rules:
    - host: blog.example.org
      http:
        paths:
          - path: / # <- here
            backend: {service: {name: web, port: {number: "80"}}} # <- here
`,
    },
    {
      // A cluster that still serves what newer ones do not; the other it does not.
      yaml: `apiVersion: batch/v1beta1
kind: CronJob
metadata: {name: report, namespace: blog}
spec:
  schedule: "0 3 * * *"
  jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: report, image: "report:2"}]}}}}
---
apiVersion: networking.k8s.io/v1beta1 # <- here
kind: Ingress
metadata: {name: blog, namespace: blog}
spec: {backend: {serviceName: web, servicePort: 80}}
`,
      cluster: { kubernetesVersion: '1.23' },
    },
  ],
  good: [
    {
      yaml: `apiVersion: apps/v1
kind: Deployment
metadata:
  name: was
  namespace: blog
  labels:
    version: "1.4"
spec:
  replicas: 2
  minReadySeconds: 10
  selector: {matchLabels: {app: was}}
  template:
    metadata:
      labels: {app: was}
      annotations:
        prometheus.io/scrape: "true"
    spec:
      restartPolicy: Always
      containers:
        - name: was
          image: was:1.4.2
          ports:
            - containerPort: 8080
          env:
            - name: DB_PORT
              value: "3306"
          resources:
            limits:
              memory: 512M
`,
    },
    {
      // Numbers where text is allowed too, and the other way round; quantities of every spelling; long names of labels.
      yaml: `apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: mysql
  namespace: blog
  labels: {app.kubernetes.io/version: "8.4", tier: ""}
  annotations: {example.org/config.v1_x: '{"free": ["text"]}'}
spec:
  serviceName: mysql
  selector: {matchExpressions: [{key: app, operator: In, values: [mysql]}, {key: canary, operator: DoesNotExist}]}
  updateStrategy: {rollingUpdate: {maxUnavailable: 50%}}
  template:
    metadata: {labels: {app: mysql}}
    spec:
      securityContext: {fsGroup: 999, sysctls: [{name: net.core.somaxconn, value: "1024"}]}
      containers:
        - name: mysql
          image: mysql:8.4
          imagePullPolicy: ""
          ports: [{containerPort: 3306, name: mysql}, {containerPort: 33060, hostPort: 0}]
          livenessProbe: {tcpSocket: {port: mysql}, periodSeconds: 10}
          readinessProbe: {exec: {command: [mysqladmin, ping]}}
          resources:
            requests: {cpu: 0.5, memory: 1.5Gi, ephemeral-storage: 1e9}
            limits: {cpu: 2, memory: "2147483648"}
  volumeClaimTemplates:
    - apiVersion: v1
      kind: PersistentVolumeClaim
      metadata: {name: data, creationTimestamp: null}
      spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Gi}}}
      status: {}
---
apiVersion: v1
kind: Service
metadata: {name: mysql, namespace: blog}
spec:
  clusterIP: None
  selector: {app: mysql}
  ports: [{name: mysql, port: 3306, targetPort: mysql}, {name: x, port: 33060, targetPort: 33060}]
status: {loadBalancer: {}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: mysql, namespace: blog}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: mysql}}}
---
apiVersion: v1
kind: Secret
metadata: {name: mysql-secret, namespace: blog}
type: Opaque
data: {password: c2VjcmV0, empty: ""}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: "system:blog:reader"}
rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: blog}
spec: {podSelector: {}, policyTypes: [Ingress], ingress: []}
`,
    },
    {
      // Kinds that nobody has a schema of; free-form parts; text where a number is allowed too.
      yaml: `apiVersion: longhorn.io/v1beta2
kind: Volume
metadata: {name: data, namespace: longhorn-system}
spec: {numberOfReplicas: "three", anything: {goes: [here]}}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: longhorn}
provisioner: driver.longhorn.io
allowVolumeExpansion: true
parameters: {numberOfReplicas: "2", staleReplicaTimeout: "30"}
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: longhorn, namespace: argocd, finalizers: [resources-finalizer.argocd.argoproj.io]}
spec:
  project: default
  source:
    repoURL: https://charts.longhorn.io
    chart: longhorn
    targetRevision: 1.7.2
    helm: {valuesObject: {persistence: {defaultClassReplicaCount: 2}, anything: null}}
  destination: {name: in-cluster, namespace: longhorn-system}
  syncPolicy: {automated: {}, syncOptions: [CreateNamespace=true]}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: blog, namespace: istio-system}
spec:
  selector: {istio: ingressgateway}
  servers: [{port: {number: 443, name: https, protocol: HTTPS}, hosts: ["*"], tls: {mode: SIMPLE, credentialName: blog}}]
---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: was, namespace: blog}
spec:
  workloadRef: {apiVersion: apps/v1, kind: Deployment, name: was}
  strategy: {canary: {steps: [{setWeight: 20}, {pause: {duration: 10}}, {pause: {duration: 1h}}, {pause: {}}]}}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.org}
spec:
  group: example.org
  scope: Namespaced
  names: {kind: Widget, plural: widgets}
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties: {spec: {type: object, properties: {size: {type: integer, default: 3, x-kubernetes-int-or-string: true}}}}
`,
    },
    {
      // What other lessons say more tellingly: entities among endpoints, a port as a number, a misplaced annotation, a null.
      yaml: `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: was, namespace: blog}
spec:
  endpointSelector: {matchLabels: {app: was}}
  egress:
    - toEndpoints: [world]
    - toEntities: [world]
      toPorts: [{ports: [{port: 443}]}]
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: mysql-backup, namespace: blog}
spec:
  schedule: "0 18 * * *"
  jobTemplate:
    spec:
      annotations: {sidecar.istio.io/inject: "false"}
      template:
        spec:
          restartPolicy: Never
          containers: [{name: dump, image: "mysql:8.4", args: null}]
`,
    },
  ],
  *violations({ resources, cluster }: Context): Iterable<Violation> {
    for (const resource of resources.all) {
      const isSecret = secrecyOf(resource);
      const problems = schemaProblems(resource.document.content, isSecret).filter((problem) => !isStillServed(problem, cluster));
      if (problems.length === 0) continue;
      const toldOfPolicy = [...rejectionsOf(resource, cluster.facts.network?.version)].map(({ path }) => path);
      for (const { kind, path, message, mend } of problems) {
        if (toldOfPolicy.some((other) => isSamePlace(path, other)) || (kind === 'unknown-field' && holdsSwitch(resource, path))) continue;
        const told = kind === 'name' && isSecret(path, undefined) ? message.replace(QUOTED, HIDDEN) : message;
        yield { resource, path, message: `${told}: ${CONSEQUENCE[kind]}`, fix: mend };
      }
    }
  },
};

/** What breaks the grammar of names; among credentials, even a key may be one. */
const QUOTED = /"(?:[^"\\]|\\.)*"/;

const REFUSED = 'the API server refuses the object';

const CONSEQUENCE: Readonly<Record<SchemaProblem['kind'], string>> = {
  'unknown-field': 'kubectl refuses the object, other clients drop the field without a word',
  'unknown-kind': REFUSED,
  alternatives: REFUSED,
  name: REFUSED,
  required: REFUSED,
  type: REFUSED,
  value: REFUSED,
};

/** A version that this cluster, being old, still knows. */
function isStillServed({ since }: SchemaProblem, { facts }: Cluster): boolean {
  if (since === undefined || facts.kubernetesVersion === undefined) return false;
  const minor = (version: string): number => Number(version.replace(/^v/, '').split('.')[1]?.replace(/\D.*$/, ''));
  return minor(facts.kubernetesVersion) < minor(since);
}

/** The field that another lesson tells of, or what holds it, or is in it: one mistake is one finding. */
function isSamePlace(path: JsonPointer, other: JsonPointer): boolean {
  return path === other || parentOf(path) === other || parentOf(other) === path;
}

function parentOf(path: JsonPointer): JsonPointer {
  return path.slice(0, path.lastIndexOf('/'));
}

/** Whether an unknown field holds Istio's switch, of which `sidecar-annotation-misplaced` tells. */
function holdsSwitch(resource: Resource, path: JsonPointer): boolean {
  const field = resource.at(...stepsOf(path));
  return [field, field.at('annotations')].some((annotations) => annotations.at(INJECT).isPresent);
}
