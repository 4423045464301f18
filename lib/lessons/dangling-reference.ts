import type { Cluster } from '../facts/cluster';
import type { FactName } from '../facts/cluster-facts';
import { DestinationSubsets } from '../resources/destination-subsets';
import { unknownNamesIn, unknownTargetPorts } from '../resources/local-names';
import { podReferencesOf, storageClassReference } from '../resources/pod-references';
import { Providers } from '../resources/providers';
import type { Reference, ReferencePart } from '../resources/reference';
import { partsOf } from '../resources/reference-parts';
import type { Resource } from '../resources/resource';
import type { Resources } from '../resources/resources';
import { rolloutReferencesOf } from '../resources/rollout-references';
import { routeReferencesOf } from '../resources/route-references';
import { Service } from '../resources/service';
import { workloadOf } from '../resources/workload';
import { type Context, type Lesson, type Related, type Skip, violation, type Violation } from './lesson';

/** Everything that an object names and somebody has to provide. */
export function referencesOf(resource: Resource): readonly Reference[] {
  const workload = workloadOf(resource);
  return [
    ...(workload === undefined ? [] : podReferencesOf(workload)),
    ...(resource.kind === 'PersistentVolumeClaim' ? claimReferences(resource) : []),
    ...routeReferencesOf(resource),
    ...rolloutReferencesOf(resource),
  ];
}

/** A claim for one certain volume asks no StorageClass for anything. */
function claimReferences(claim: Resource): readonly Reference[] {
  return claim.at('spec', 'volumeName').isSet ? [] : storageClassReference(claim, claim.at('spec', 'storageClassName'));
}

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
                  valueFrom:
                    configMapKeyRef:
                      name: backup
                      key: bucket # <- here
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
  hosts: [blog.example.org]
  gateways: [mesh]
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
    - name: client
      image: mysql:8.4
      env: [{name: PASSWORD, valueFrom: {secretKeyRef: {name: db, key: password}}}] # <- here
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
spec:
  template:
    spec:
      containers: [{name: check, image: "mysql:8.4"}]
      volumes: [{name: data, persistentVolumeClaim: {claimName: data-mysql-0}}]
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
      containers:
        - name: api
          image: registry.example/api:1
          envFrom: [{secretRef: {name: pg-app}}]
      volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteMany]}
`,
    },
  ],
  *violations({ resources, cluster }: Context): Iterable<Violation | Skip> {
    const world: World = {
      providers: new Providers(resources),
      subsets: new DestinationSubsets(resources),
      volumes: volumeClasses(resources),
      cluster,
    };
    for (const resource of resources.all) {
      const places = new Map<string, Reference[]>();
      for (const reference of referencesOf(resource)) {
        const flaw = flawOf(reference, world);
        if (flaw === undefined) continue;
        if (isNeed(flaw)) yield { resource, needs: flaw.needs };
        else places.set(flaw.key, [...(places.get(flaw.key) ?? []), reference]);
      }
      for (const [first, ...others] of places.values()) {
        const flaw = first && flawOf(first, world);
        if (first !== undefined && flaw !== undefined && !isNeed(flaw)) yield report(first, others, flaw);
      }
      yield* undeclaredNames(resource, resources);
    }
  },
};

/** What references are looked up in. */
interface World {
  readonly providers: Providers;
  readonly subsets: DestinationSubsets;
  /** The class names that declared volumes offer themselves under. */
  readonly volumes: ReadonlySet<string>;
  readonly cluster: Cluster;
}

interface Flaw {
  /** The same for all references of an object that lack the same thing. */
  readonly key: string;
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly related: readonly Related[];
  readonly field: Reference['field'];
}

interface Need {
  readonly needs: readonly FactName[];
}

function isNeed(flaw: Flaw | Need): flaw is Need {
  return 'needs' in flaw;
}

function flawOf(reference: Reference, world: World): Flaw | Need | undefined {
  const provision = world.providers.provisionOf(reference);
  if (provision.kind === 'missing') return missing(reference, world);
  const { part } = reference;
  if (part === undefined) return undefined;
  if (reference.kind === 'Service' && part.kind === 'subset') return subsetFlaw(reference, part, world);
  const parts = partsOf(provision, part.kind);
  if (parts === undefined || parts.has(part.name)) return undefined;
  const owner = provision.kind === 'declared' ? provision.resources[0] : provision.by;
  return partFlaw(reference, part, parts, owner);
}

/** The classes that the facts list completely: with them a name is known to be wrong, without them nothing is known. */
function missing(reference: Reference, world: World): Flaw | Need | undefined {
  const { cluster, volumes } = world;
  switch (reference.kind) {
    case 'StorageClass':
      if (volumes.has(reference.name) || cluster.facts.storageClasses?.some(({ name }) => name === reference.name) === true)
        return undefined;
      return cluster.knows('storageClasses') ? absent(reference, 'error', world) : { needs: ['storageClasses'] };
    case 'IngressClass':
      if (cluster.ingressController(reference.name) !== undefined) return undefined;
      return cluster.knows('ingressControllers') ? absent(reference, 'error', world) : { needs: ['ingressControllers'] };
    default:
      return absent(reference, reference.origin === 'together' || namesakes(reference, world).length > 0 ? 'error' : 'warning', world);
  }
}

/** Workloads of the same name and another kind: what was meant, or what the missing Service should have stood before. */
function namesakes({ from, kind, name, namespace, group }: Reference, { providers }: World): readonly Resource[] {
  const kinds = [['apps', 'Deployment'], ['apps', 'StatefulSet'], ['argoproj.io', 'Rollout'], ['apps', 'DaemonSet']] as const; // prettier-ignore
  if (kind !== 'Service' && !kinds.some(([ofGroup, ofKind]) => ofGroup === group && ofKind === kind)) return [];
  return kinds
    .filter(([, ofKind]) => ofKind !== kind)
    .flatMap(([ofGroup, ofKind]) => providers.find(ofGroup, ofKind, namespace, name))
    .filter((resource) => resource !== from);
}

function absent(reference: Reference, severity: Flaw['severity'], world: World): Flaw {
  const { kind, group, name, consequence, field } = reference;
  const elsewhere = world.providers.anywhere(group, kind, name);
  const near = [
    ...namesakes(reference, world).map((resource) => ({
      message: `${resource.toString()} has this name`,
      resource,
      path: resource.at('metadata', 'name').path,
    })),
    ...elsewhere.map((resource) => ({
      message: `one of this name is in another namespace: ${resource.toString()}`,
      resource,
      path: resource.at('metadata', 'name').path,
    })),
  ];
  const doubt = severity === 'warning' ? '. It may come from outside of the manifests: then name it under existing in the facts' : '';
  return {
    key: `${kind} ${nameOf(reference)}`,
    severity,
    message: `it names ${kind} ${nameOf(reference)}, which nothing in the manifests or the facts provides: ${consequence}${doubt}`,
    related: near.slice(0, 3),
    field,
  };
}

function partFlaw(reference: Reference, part: ReferencePart, parts: ReadonlySet<string>, owner: Resource | undefined): Flaw {
  const has = parts.size === 0 ? 'which has none' : `which has ${[...parts].slice(0, 8).join(', ')}${parts.size > 8 ? ', …' : ''}`;
  return {
    key: `${reference.kind} ${nameOf(reference)} ${part.kind} ${part.name}`,
    severity: 'error',
    message: `it asks for ${part.kind} ${part.name} of ${reference.kind} ${nameOf(reference)}, ${has}: ${reference.consequence}`,
    related: owner === undefined ? [] : [{ message: owner.toString(), resource: owner, path: owner.at('metadata', 'name').path }],
    field: part.field,
  };
}

function subsetFlaw(reference: Reference, part: ReferencePart, { subsets }: World): Flaw | undefined {
  const rules = subsets.rulesFor(reference.namespace, reference.name);
  const declared = new Set(rules.flatMap((rule) => rule.at('spec', 'subsets').items.flatMap((subset) => subset.at('name').text ?? [])));
  if (declared.has(part.name)) return undefined;
  if (rules.length > 0) return partFlaw(reference, part, declared, rules[0]);
  return {
    key: `${reference.kind} ${nameOf(reference)} ${part.kind} ${part.name}`,
    severity: 'warning',
    message: `it sends to subset ${part.name} of Service ${nameOf(reference)}, and no DestinationRule for it is declared: ${reference.consequence}. It may come from outside of the manifests`,
    related: [],
    field: part.field,
  };
}

function report({ from }: Reference, others: readonly Reference[], { message, severity, related, field }: Flaw): Violation {
  const again = others.map((other) => other.part?.field ?? other.field).filter(({ path }) => path !== field.path);
  const places = again.slice(0, 3).map(({ path }) => ({ message: 'named here too', resource: from, path }));
  return violation(from, field, message, {
    severity,
    related: [...related, ...places],
    fix: {
      description:
        severity === 'error'
          ? 'name what is declared, or declare it'
          : 'correct the name, declare the object, or mark the reference as optional where it is',
    },
  });
}

function nameOf({ namespace, name }: Reference): string {
  return namespace === null ? name : `${namespace}/${name}`;
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

function volumeClasses(resources: Resources): ReadonlySet<string> {
  return new Set(resources.ofKind('', 'PersistentVolume').flatMap((volume) => volume.at('spec', 'storageClassName').text ?? []));
}
