import { ReferenceFlaws, type ReferenceFlaw } from '../facts/reference-flaws';
import { unknownNamesIn, unknownTargetPorts } from '../resources/local-names';
import type { Reference } from '../resources/reference';
import { referencesOf } from '../resources/references';
import type { Resource } from '../resources/resource';
import type { Resources } from '../resources/resources';
import { Service } from '../resources/service';
import { workloadOf } from '../resources/workload';
import { type Context, type Lesson, type Skip, violation, type Violation } from './lesson';

export const danglingReference: Lesson = {
  id: 'dangling-reference',
  title: 'What an object names exists',
  section: 'Rollouts and workloads',
  severity: 'error',
  incident: {
    symptom:
      'a pod stays in CreateContainerConfigError or Pending, a route answers 503, a Rollout is InvalidSpec, an autoscaler reports FailedGetScale; every object on its own was accepted',
    cause:
      'Kubernetes checks a name when it is used, not when it is written. A key was renamed in the Secret and not in the job that reads it; a Deployment became a Rollout and the autoscaler still names the Deployment; a port, a subset, a template has another name where it is declared',
    source: 'CI/CD troubleshooting guide, 8.4; Kubernetes practice',
  },
  remedy:
    'name what is declared, or declare what is named; name what other hands make under existing in the facts, and mark a reference as optional where it is',
  confirm: [
    'kubectl get events -n <namespace> --field-selector type=Warning',
    'kubectl describe pod <pod> -n <namespace>',
    'istioctl analyze -n <namespace>',
  ],
  limits:
    'A Secret, ConfigMap, claim, account, Service or route that nobody declares may be made by hand, by a chart or an operator: that is a warning. An error is what cannot come from outside: a key of a declared ConfigMap, a port of a declared Service, the parts of a Rollout. ' +
    'Names of StorageClasses and IngressClasses need the facts. Not looked at: RBAC subjects, Secrets of gateways, issuers and stores, hosts outside of the cluster, selectors (they have lessons of their own).',
  needs: ['storageClasses', 'ingressControllers'],
  yieldsTo: ['backup-credentials'],
  bad: [
    {
      yaml: `# The first may be made by hand (a warning); the others are wrong whatever else exists.
apiVersion: batch/v1
kind: CronJob
metadata: {name: mysql-backup, namespace: blog}
spec:
  schedule: "0 3 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers:
            - name: upload
              image: amazon/aws-cli:2.15.0
              env:
                - name: AWS_ACCESS_KEY_ID
                  valueFrom: {secretKeyRef: {name: aws-s3-credentials, key: AWS_ACCESS_KEY_ID}} # <- here
                - name: AWS_SECRET_ACCESS_KEY
                  valueFrom: {secretKeyRef: {name: aws-s3-credentials, key: AWS_SECRET_ACCESS_KEY}}
                - name: BUCKET
                  valueFrom: {configMapKeyRef: {name: backup, key: bucket}} # <- here
              volumeMounts:
                - {name: scratch, mountPath: /backup} # <- here
---
apiVersion: v1
kind: ConfigMap
metadata: {name: backup, namespace: blog}
data: {BUCKET: blog-backup}
`,
    },
    {
      yaml: `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web, namespace: blog}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: registry.example/web:1
          ports: [{name: http, containerPort: 8080}]
          readinessProbe: {httpGet: {path: /, port: web}} # <- here
  strategy:
    canary:
      canaryService: web-canary # <- here
      stableService: web
      trafficRouting:
        istio:
          virtualService: {name: web, routes: [primary]} # <- here
          destinationRule: {name: web, canarySubsetName: canary, stableSubsetName: stable} # <- here
      steps:
        - setWeight: 20
        - analysis: {templates: [{templateName: success-rate}]} # <- here
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: blog}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: web}] # <- here
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: blog}
spec:
  http:
    - name: main
      route:
        - destination: {host: web, subset: stable, port: {number: 80}}
        - destination: {host: web.blog.svc.cluster.local, subset: canary, port: {number: 8080}} # <- here
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: web, namespace: blog}
spec: {host: web, subsets: [{name: stable, labels: {app: web}}]}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: blog}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web} # <- here
  maxReplicas: 4
`,
    },
    {
      yaml: `# With the facts, classes are known; without them, see the good examples.
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: blog, namespace: blog}
spec:
  ingressClassName: traefik # <- here
  tls: [{hosts: [blog.example.org], secretName: blog-tls}] # <- here
  rules:
    - host: blog.example.org
      http:
        paths:
          - {path: /, pathType: Prefix, backend: {service: {name: web, port: {name: web}}}} # <- here
          - {path: /api, pathType: Prefix, backend: {service: {name: was-service, port: {number: 8080}}}} # <- here
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: blog}
spec: {ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: blog}
spec: {accessModes: [ReadWriteOnce], storageClassName: fast, resources: {requests: {storage: 1Gi}}} # <- here
`,
      cluster: {
        storageClasses: [{ name: 'longhorn', default: true }],
        ingressControllers: [{ class: 'nginx', namespace: 'ingress-nginx', labels: { app: 'ingress-nginx' } }],
      },
    },
    {
      yaml: `# Each of these may come from outside: warnings.
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: blog}
spec:
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec:
      serviceAccountName: api # <- here
      priorityClassName: important # <- here
      imagePullSecrets: [{name: ghcr}] # <- here
      containers:
        - name: api
          image: registry.example/api:1
          envFrom: [{configMapRef: {name: api-config}}] # <- here
      volumes:
        - {name: data, persistentVolumeClaim: {claimName: api-data}} # <- here
        - {name: all, projected: {sources: [{secret: {name: api-keys}}]}} # <- here
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: api, namespace: blog}
spec:
  parentRefs: [{name: public, namespace: edge}] # <- here
  rules: [{backendRefs: [{name: api-service, port: 80}]}] # <- here
`,
    },
    {
      yaml: `# Keys that nobody seals, and a listener that the gateway does not have.
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {name: db, namespace: blog}
spec: {encryptedData: {mysql-root-password: AgBy}}
---
apiVersion: v1
kind: Pod
metadata: {name: client, namespace: blog}
spec:
  containers:
    - {name: client, image: "mysql:8.4", env: [{name: PASSWORD, valueFrom: {secretKeyRef: {name: db, key: password}}}]} # <- here
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: public, namespace: blog}
spec: {gatewayClassName: istio, listeners: [{name: https, port: 443, protocol: HTTPS}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: api, namespace: blog}
spec:
  parentRefs: [{name: public, sectionName: http}] # <- here
`,
    },
  ],
  good: [
    {
      yaml: `# Everything is declared, made by something declared, or there in every cluster.
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: mysql, namespace: blog}
spec:
  serviceName: mysql
  selector: {matchLabels: {app: mysql}}
  volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], storageClassName: longhorn}}]
  template:
    metadata: {labels: {app: mysql}}
    spec:
      serviceAccountName: default
      priorityClassName: system-cluster-critical
      containers:
        - name: mysql
          image: mysql:8.4
          ports: [{name: mysql, containerPort: 3306}]
          env:
            - {name: SEALED, valueFrom: {secretKeyRef: {name: db, key: root}}}
            - {name: EXTERNAL, valueFrom: {secretKeyRef: {name: from-vault, key: password}}}
            - {name: CLUSTER, valueFrom: {secretKeyRef: {name: existing, key: token}}}
            - {name: MAYBE, valueFrom: {secretKeyRef: {name: nowhere, key: x, optional: true}}}
          envFrom: [{configMapRef: {name: tuning, optional: true}}]
          volumeMounts:
            - {name: data, mountPath: /var/lib/mysql}
            - {name: conf, mountPath: /etc/mysql/conf.d/my.cnf, subPath: my.cnf}
      volumes:
        - {name: conf, configMap: {name: mysql-conf}}
        - {name: ca, configMap: {name: kube-root-ca.crt, items: [{key: ca.crt, path: ca.crt}]}}
        - {name: tls, secret: {secretName: mysql-tls}}
        - {name: token, secret: {secretName: default-token-x7k2p}}
---
apiVersion: v1
kind: Service
metadata: {name: mysql, namespace: blog}
spec: {clusterIP: None, selector: {app: mysql}, ports: [{port: 3306, targetPort: mysql}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: mysql-conf, namespace: blog}
data: {my.cnf: "[mysqld]"}
---
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {name: db-sealed, namespace: blog}
spec: {encryptedData: {root: AgBy}, template: {metadata: {name: db}}}
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: vault, namespace: blog}
spec: {target: {name: from-vault}, data: [{secretKey: password, remoteRef: {key: db}}]}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: mysql, namespace: blog}
spec: {secretName: mysql-tls}
---
apiVersion: batch/v1
kind: Job
metadata: {name: check, namespace: blog}
spec: {template: {spec: {volumes: [{name: data, persistentVolumeClaim: {claimName: data-mysql-0}}]}}}
`,
      cluster: {
        storageClasses: [{ name: 'longhorn' }],
        existing: [{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'existing', namespace: 'blog' } }],
      },
    },
    {
      yaml: `# Names as their readers read them.
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web, namespace: blog}
spec:
  selector: {matchLabels: {app: web}}
  workloadRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  strategy:
    canary:
      canaryService: web-canary
      stableService: web
      trafficRouting:
        istio:
          virtualService: {name: web.blog, routes: [main]}
          destinationRule: {name: web, canarySubsetName: canary, stableSubsetName: stable}
      analysis: {templates: [{templateName: success-rate}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: blog}
spec:
  replicas: 0
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "registry.example/web:1", ports: [{name: http, containerPort: 8080}]}]}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: blog}
spec: {scaleTargetRef: {apiVersion: argoproj.io/v1alpha1, kind: Rollout, name: web}, maxReplicas: 4}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: blog}
spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: http}]}
---
apiVersion: v1
kind: Service
metadata: {name: web-canary, namespace: blog}
spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: http}]}
---
apiVersion: networking.istio.io/v1beta1
kind: VirtualService
metadata: {name: web, namespace: blog}
spec:
  hosts: [blog.example.org]
  gateways: [mesh, edge/public]
  http:
    - name: main
      route:
        - destination: {host: web.blog.svc.cluster.local, subset: stable, port: {number: 80}}
        - destination: {host: web, subset: canary}
        - destination: {host: payments.example.com, port: {number: 443}}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: web, namespace: blog}
spec: {host: web, subsets: [{name: stable}, {name: canary}]}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: public, namespace: edge}
spec: {selector: {istio: ingressgateway}}
---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: success-rate, namespace: blog}
spec: {metrics: []}
`,
    },
    {
      yaml: `# Nothing is known of the classes here: skipped. A volume that waits for its claim needs no class, and an annotation makes the certificate.
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: blog, namespace: blog, annotations: {cert-manager.io/cluster-issuer: letsencrypt}}
spec:
  ingressClassName: nginx
  tls: [{secretName: blog-tls}]
  rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: blog}
spec: {type: ExternalName, externalName: web.example.org}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: nfs}
spec: {storageClassName: manual, nfs: {server: 192.168.1.5, path: /data}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: blog}
spec: {storageClassName: manual, accessModes: [ReadWriteMany]}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: other, namespace: blog}
spec: {storageClassName: fast, accessModes: [ReadWriteOnce]}
`,
    },
    {
      yaml: `# An operator names what it makes after its resource; the claim's namespace is told by nobody.
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: pg, namespace: blog}
spec: {instances: 3}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: blog}
spec:
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec:
      containers: [{name: api, image: "registry.example/api:1", envFrom: [{secretRef: {name: pg-app}}]}]
      volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteMany]}
`,
    },
    {
      yaml: `# Secrets that programs make: the certificate of ingress-nginx's webhook, the password of Argo CD's Redis.
apiVersion: apps/v1
kind: Deployment
metadata: {name: ingress-nginx-controller, namespace: ingress-nginx}
spec:
  selector: {matchLabels: {app: nginx}}
  template:
    metadata: {labels: {app: nginx}}
    spec:
      containers: [{name: controller, image: "controller:v1.12.1", volumeMounts: [{name: cert, mountPath: /certificates}]}]
      volumes: [{name: cert, secret: {secretName: ingress-nginx-admission}}]
---
apiVersion: batch/v1
kind: Job
metadata: {name: ingress-nginx-admission-create, namespace: ingress-nginx}
spec:
  template:
    spec:
      restartPolicy: OnFailure
      containers:
        - name: create
          image: kube-webhook-certgen:v1.5.2
          args: [create, --host=ingress-nginx-controller-admission, --namespace=ingress-nginx, --secret-name=ingress-nginx-admission]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: argocd-redis, namespace: argocd}
spec:
  selector: {matchLabels: {app: redis}}
  template:
    metadata: {labels: {app: redis}}
    spec:
      initContainers: [{name: secret-init, image: "argocd:v2.14.9", command: [argocd, admin, redis-initial-password]}]
      containers:
        - name: redis
          image: redis:7.2.7-alpine
          env: [{name: REDIS_PASSWORD, valueFrom: {secretKeyRef: {name: argocd-redis, key: auth}}}]
`,
    },
  ],
  *violations({ resources, cluster }: Context): Iterable<Violation | Skip> {
    const flaws = new ReferenceFlaws(resources, cluster);
    for (const resource of resources.all) {
      // A pod may name one missing Secret ten times: that is one finding, with its places.
      const found = new Map<string, { readonly flaw: ReferenceFlaw; readonly references: Reference[] }>();
      for (const reference of referencesOf(resource)) {
        const flaw = flaws.of(reference);
        if (flaw === undefined) continue;
        if ('needs' in flaw) yield { resource, needs: flaw.needs };
        else {
          const same = found.get(flaw.key);
          if (same === undefined) found.set(flaw.key, { flaw, references: [reference] });
          else same.references.push(reference);
        }
      }
      for (const { flaw, references } of found.values()) yield report(resource, flaw, references);
      yield* undeclaredNames(resource, resources);
    }
  },
};

/** How many of the other places that name the same thing a finding lists. */
const MOST_PLACES = 3;

function report(from: Resource, { field, message, isCertain, related }: ReferenceFlaw, references: readonly Reference[]): Violation {
  const places = references
    .map((reference) => (field === reference.part?.field ? field : reference.field))
    .filter(({ path }) => path !== field.path);
  return violation(from, field, message, {
    severity: isCertain ? 'error' : 'warning',
    related: [
      ...related.map((near) => ({ ...near, path: near.resource.at('metadata', 'name').path })),
      ...places.slice(0, MOST_PLACES).map(({ path }) => ({ message: 'named here too', resource: from, path })),
    ],
    fix: {
      description: isCertain
        ? 'name what is declared, or declare it'
        : 'correct the name, declare the object, or mark the reference as optional where it is',
    },
  });
}

function* undeclaredNames(resource: Resource, resources: Resources): Iterable<Violation> {
  const workload = workloadOf(resource);
  const isService = resource.kind === 'Service' && resource.group === '';
  const names = workload !== undefined ? unknownNamesIn(workload) : isService ? unknownTargetPorts(new Service(resource), resources) : [];
  for (const { field, what, where, consequence } of names)
    yield violation(resource, field, `it names ${what}, which is not among ${where}: ${consequence}`, {
      fix: { description: 'name what is declared, or declare it' },
    });
}
