import { type EffectiveMtls, Mesh } from '../facts/mesh';
import { type IngressRoute, ingressRoutes } from '../facts/plaintext-clients';
import type { Workload } from '../resources/workload';
import { type Context, type Lesson, type Skip, violation, type Violation } from './lesson';

/** The way of the examples: from an Ingress by a Service to the pods. */
const INGRESS = `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: blog, namespace: blog}
spec:
  ingressClassName: nginx
  rules:
    - http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
`;

const SERVICE = `---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: blog}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
`;

const PODS = `---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: blog}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: nginx, image: "web:1.0", ports: [{containerPort: 8080}]}]}
`;

export const strictMtlsBlocksIngress: Lesson = {
  id: 'strict-mtls-blocks-ingress',
  title: 'STRICT mutual TLS stays away from pods that an ingress outside of the mesh reaches',
  section: 'Mesh',
  severity: 'error',
  incident: {
    symptom:
      '502 Bad Gateway on every page while all pods run; the ingress controller logs "recv() failed (104: Connection reset by peer)"',
    cause:
      'a PeerAuthentication for the whole namespace says STRICT, and the ingress controller has no sidecar and so no certificate: the sidecar of the pod resets its plaintext connection. An exception for one workload does not help the others',
    source: 'CI/CD troubleshooting guide, 6.5; istio.io, PeerAuthentication',
  },
  remedy:
    'use PERMISSIVE for the workloads, or the ports, that the ingress reaches; STRICT per workload where all clients are in the mesh; or take the controller into the mesh',
  confirm: [
    'kubectl get peerauthentication -A',
    'istioctl x describe pod <pod> -n <namespace>',
    'kubectl logs -n ingress-nginx -l app.kubernetes.io/name=ingress-nginx --tail=50 | grep 104',
  ],
  limits:
    'Clients are the backends of Ingresses. A controller of class nginx is taken to be outside of the mesh unless the facts, or its own Deployment in an injected namespace, say otherwise; of other classes only the facts tell. ' +
    'Pods without a sidecar, ports that the sidecar does not take (excludeInboundPorts) and kubelet probes, which Istio rewrites, are not affected.',
  needs: ['ingressControllers', 'mesh'],
  bad: [
    {
      yaml: `${INGRESS}${SERVICE}${PODS}---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: blog}
spec:
  mtls:
    mode: STRICT # <- here
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: mysql, namespace: blog}
spec:
  selector: {matchLabels: {app: mysql}}
  mtls: {mode: PERMISSIVE}
`,
    },
    {
      // Mesh-wide, where the facts say that the namespace is injected.
      cluster: { mesh: { kind: 'istio', injectedNamespaces: ['blog'] } },
      yaml: `${INGRESS}${SERVICE}${PODS}---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec:
  mtls:
    mode: STRICT # <- here
`,
    },
    {
      // The narrowest wins: the port.
      yaml: `${INGRESS}${SERVICE}${PODS}---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: blog}
spec:
  mtls: {mode: PERMISSIVE}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: web, namespace: blog}
spec:
  selector: {matchLabels: {app: web}}
  mtls: {mode: PERMISSIVE}
  portLevelMtls:
    8080:
      mode: STRICT # <- here
`,
    },
    {
      // Another controller, of which the facts tell.
      cluster: { ingressControllers: [{ class: 'traefik', namespace: 'traefik', labels: { app: 'traefik' } }] },
      yaml: `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: blog, namespace: blog}
spec:
  ingressClassName: traefik
  rules:
    - http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
${SERVICE}${PODS}---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: web, namespace: blog}
spec:
  selector: {matchLabels: {app: web}}
  mtls:
    mode: STRICT # <- here
`,
    },
  ],
  good: [
    {
      yaml: `${INGRESS}${SERVICE}${PODS}---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: blog}
spec:
  mtls: {mode: STRICT}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: web, namespace: blog}
spec:
  selector: {matchLabels: {app: web}}
  mtls: {mode: PERMISSIVE}
`,
    },
    {
      // An exception for the port; policies of other workloads and namespaces.
      yaml: `${INGRESS}${SERVICE}${PODS}---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: web, namespace: blog}
spec:
  selector: {matchLabels: {app: web}}
  mtls: {mode: STRICT}
  portLevelMtls: {8080: {mode: PERMISSIVE}}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: api, namespace: blog}
spec:
  selector: {matchLabels: {app: api}}
  mtls: {mode: STRICT}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec:
  mtls: {mode: STRICT}
`,
    },
    {
      // The controller is in the mesh.
      cluster: { ingressControllers: [{ class: 'nginx', namespace: 'ingress-nginx', labels: { app: 'ingress-nginx' }, inMesh: true }] },
      yaml: `${INGRESS}${SERVICE}${PODS}---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: blog}
spec:
  mtls: {mode: STRICT}
`,
    },
    {
      // The sidecar does not take the port.
      yaml: `${INGRESS}${SERVICE}---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: blog}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata:
      labels: {app: web}
      annotations: {traffic.sidecar.istio.io/excludeInboundPorts: "8080"}
    spec: {containers: [{name: nginx, image: "web:1.0", ports: [{containerPort: 8080}]}]}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: blog}
spec:
  mtls: {mode: STRICT}
`,
    },
    {
      // The pod has no sidecar.
      yaml: `${INGRESS}${SERVICE}---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: blog}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web, sidecar.istio.io/inject: "false"}}
    spec: {containers: [{name: nginx, image: "web:1.0", ports: [{containerPort: 8080}]}]}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: blog}
spec:
  mtls: {mode: STRICT}
`,
    },
    {
      // A selector in the root namespace selects nothing elsewhere.
      yaml: `${INGRESS}${SERVICE}${PODS}---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: edge, namespace: istio-system}
spec:
  selector: {matchLabels: {app: web}}
  mtls: {mode: STRICT}
`,
    },
    {
      // Istio's own ingress.
      yaml: `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: blog, namespace: blog}
spec:
  ingressClassName: istio
  rules:
    - http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
${SERVICE}${PODS}---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: blog}
spec:
  mtls: {mode: STRICT}
`,
    },
    {
      // Skipped: nobody knows where this controller runs.
      yaml: `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: blog, namespace: blog}
spec:
  ingressClassName: haproxy
  rules:
    - http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
${SERVICE}${PODS}---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: blog}
spec:
  mtls: {mode: STRICT}
`,
    },
  ],
  *violations({ resources, cluster }: Context): Iterable<Violation | Skip> {
    const mesh = new Mesh(resources, cluster);
    const found = new Map<string, Blocked>();
    for (const route of ingressRoutes(resources, cluster, mesh)) {
      if (route.isInMesh === true || !mesh.intercepts(route.workload, route.port)) continue;
      const mtls = mesh.mtlsOf(route.workload, route.port);
      const { policy, field } = mtls;
      if (mtls.mode !== 'STRICT' || policy === undefined || field === undefined) continue;
      const hasSidecar = mesh.hasSidecar(route.workload) ?? (mtls.level === 'mesh' ? undefined : true);
      if (hasSidecar === false) continue;
      if (hasSidecar === undefined || route.isInMesh === undefined) {
        yield { resource: route.ingress, needs: hasSidecar === undefined ? ['mesh'] : ['ingressControllers'] };
        continue;
      }
      const key = [policy.toString(), field.path, route.workload.toString(), route.port].join('\n');
      const known = found.get(key);
      if (known === undefined)
        found.set(key, { mtls, workload: route.workload, isSidecarKnown: mesh.hasSidecar(route.workload) === true, routes: [route] });
      else known.routes.push(route);
    }
    for (const blocked of found.values()) yield* resets(blocked);
  },
};

interface Blocked {
  readonly mtls: EffectiveMtls;
  readonly workload: Workload;
  readonly isSidecarKnown: boolean;
  readonly routes: IngressRoute[];
}

function* resets({ mtls: { policy, field, level }, workload, isSidecarKnown, routes }: Blocked): Iterable<Violation> {
  const [route] = routes;
  if (policy === undefined || field === undefined || route === undefined) return;
  const reach = { port: 'this port of it', workload: 'it', namespace: 'the whole namespace', mesh: 'the whole mesh', default: 'it' }[level];
  const controller = route.controller === '' ? 'the ingress controller' : `the ingress controller ${route.controller}`;
  const inferred = isSidecarKnown ? '' : ' (its pods are taken to have sidecars, since the policy is for them)';
  yield violation(
    policy,
    field,
    `STRICT for ${reach}: ${route.ingress.toString()} sends plaintext to ${workload.toString()} port ${route.port}, since ${controller} is outside of the mesh, and its connections are reset (502)${inferred}`,
    {
      related: routes.slice(0, 10).map(({ ingress, field: backend }) => ({
        message: 'reaches the pods from outside of the mesh',
        resource: ingress,
        path: backend.path,
      })),
      fix: {
        description: `make ${workload.name} PERMISSIVE by a PeerAuthentication of its own, at least on port ${route.port}; or take the controller into the mesh`,
      },
    },
  );
}
