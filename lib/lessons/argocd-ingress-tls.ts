import type { Cluster } from '../facts/cluster';
import type { Field } from '../manifest/field';
import { type ArgoServerMode, ArgoServers, isArgoServer } from '../resources/argo-server';
import { mayBeSame } from '../resources/named-objects';
import type { Resource } from '../resources/resource';
import type { Resources } from '../resources/resources';
import { type Context, type Lesson, type Skip, violation, type Violation } from './lesson';

const PASSTHROUGH = 'nginx.ingress.kubernetes.io/ssl-passthrough';
const PROTOCOL = 'nginx.ingress.kubernetes.io/backend-protocol';

/** For ingress-nginx in front of an Argo CD server that speaks TLS: always both. */
export const ARGOCD_INGRESS_ANNOTATIONS = { [PASSTHROUGH]: 'true', [PROTOCOL]: 'HTTPS' } as const;

/** For a gateway that ends TLS: what argocd-cmd-params-cm says, so that the server speaks plain HTTP. */
export const INSECURE_SERVER = { 'server.insecure': 'true' } as const;

const TLS_PROTOCOLS = new Set(['HTTPS', 'GRPCS']);

export const argocdIngressTls: Lesson = {
  id: 'argocd-ingress-tls',
  title: 'TLS in front of argocd-server is passed through with its annotations in pair, or ended before an insecure server',
  section: 'GitOps',
  severity: 'error',
  incident: {
    symptom: '502 Bad Gateway at the host of Argo CD, or the browser gives up after too many redirects',
    cause:
      'argocd-server speaks TLS with a certificate of its own and redirects plain HTTP to HTTPS; an ingress that ends TLS and goes on in plain HTTP is refused, or redirected to itself for ever',
    source: 'CI/CD troubleshooting guide, 6.2; argo-cd.readthedocs.io, Ingress Configuration',
  },
  remedy:
    'ingress-nginx: ssl-passthrough "true" together with backend-protocol "HTTPS"; behind a gateway that ends TLS: server.insecure "true" and port 80',
  confirm: [
    'kubectl get ingress -n argocd -o yaml | grep nginx.ingress',
    'curl -kI -H "Host: <host>" https://<load balancer>/',
    "kubectl get configmap argocd-cmd-params-cm -n argocd -o jsonpath='{.data.server\\.insecure}'",
  ],
  limits:
    'Knows the server by the name of its Service, argocd-server, and its insecure mode from argocd-cmd-params-cm, the Deployment or chart values of these manifests. Of Ingresses only those for ingress-nginx are judged. Whether the controller was started with --enable-ssl-passthrough is a fact (ingressControllers[].sslPassthrough).',
  needs: ['ingressControllers'],
  bad: [
    {
      yaml: `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: argocd-server-ingress # <- here
  namespace: argocd
spec:
  ingressClassName: nginx
  rules:
    - host: argocd.example.org
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: argocd-server
                port: {number: 443}
`,
    },
    {
      yaml: `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: argocd-server-ingress
  namespace: argocd
  annotations:
    nginx.ingress.kubernetes.io/ssl-passthrough: "true" # <- here
spec:
  ingressClassName: nginx
  rules:
    - host: argocd.example.org
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: argocd-server
                port: {number: 443}
`,
    },
    {
      yaml: `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: argocd-server-ingress
  namespace: argocd
  annotations:
    nginx.ingress.kubernetes.io/backend-protocol: "HTTPS" # <- here
spec:
  ingressClassName: nginx
  rules:
    - host: argocd.example.org
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: argocd-server
                port: {number: 443}
`,
    },
    {
      yaml: `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: argocd-server-ingress
  namespace: argocd
  annotations:
    nginx.ingress.kubernetes.io/ssl-passthrough: "true" # <- here
spec:
  ingressClassName: nginx
  rules:
    - host: argocd.example.org
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: argocd-server
                port: {number: 443}
`,
      cluster: {
        ingressControllers: [
          { class: 'nginx', namespace: 'ingress-nginx', labels: { 'app.kubernetes.io/name': 'ingress-nginx' }, sslPassthrough: false },
        ],
      },
    },
    {
      yaml: `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: argocd-server-ingress
  namespace: argocd
  annotations:
    nginx.ingress.kubernetes.io/ssl-passthrough: "true" # <- here
    nginx.ingress.kubernetes.io/backend-protocol: "HTTPS"
spec:
  ingressClassName: nginx
  rules:
    - host: argocd.example.org
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: argocd-server
                port: {number: 443}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-cmd-params-cm, namespace: argocd}
data: {server.insecure: "true"}
`,
    },
    {
      yaml: `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: argocd, namespace: argocd}
spec:
  hosts: [argocd.example.org]
  gateways: [istio-system/main]
  http:
    - match: [{uri: {prefix: /}}]
      route:
        - destination:
            host: argocd-server.argocd.svc.cluster.local
            port: {number: 443} # <- here
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: argocd-plain, namespace: argocd}
spec:
  hosts: [argocd.example.org]
  gateways: [istio-system/main]
  http:
    - match: [{uri: {prefix: /}}]
      route:
        - destination:
            host: argocd-server.argocd.svc.cluster.local
            port: {number: 80} # <- here
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: argocd-server, namespace: argocd}
spec:
  selector: {matchLabels: {app: argocd-server}}
  template:
    metadata: {labels: {app: argocd-server}}
    spec: {containers: [{name: server, image: "quay.io/argoproj/argocd:v3.0.0", args: [/usr/local/bin/argocd-server]}]}
`,
    },
    {
      yaml: `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: argocd, namespace: argocd}
spec:
  hosts: [argocd.example.org]
  gateways: [istio-system/main]
  tls:
    - match: [{port: 443, sniHosts: [argocd.example.org]}]
      route:
        - destination:
            host: argocd-server.argocd.svc.cluster.local
            port: {number: 443} # <- here
---
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-cmd-params-cm, namespace: argocd}
data: {server.insecure: "true"}
`,
    },
    {
      yaml: `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: argocd, namespace: argocd}
spec:
  parentRefs: [{name: main, namespace: gateways}]
  hostnames: [argocd.example.org]
  rules:
    - backendRefs:
        - {name: argocd-server, port: 443} # <- here
`,
    },
  ],
  good: [
    {
      yaml: `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: argocd-server-ingress
  namespace: argocd
  annotations:
    nginx.ingress.kubernetes.io/ssl-passthrough: "true"
    nginx.ingress.kubernetes.io/backend-protocol: "HTTPS"
spec:
  ingressClassName: nginx
  rules:
    - host: argocd.example.org
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: argocd-server
                port: {number: 443}
`,
    },
    {
      yaml: `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: argocd-server-ingress
  namespace: argocd
  annotations:
    nginx.ingress.kubernetes.io/ssl-passthrough: "true"
spec:
  ingressClassName: nginx
  rules:
    - host: argocd.example.org
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: argocd-server
                port: {number: 443}
`,
      cluster: {
        ingressControllers: [
          { class: 'nginx', namespace: 'ingress-nginx', labels: { 'app.kubernetes.io/name': 'ingress-nginx' }, sslPassthrough: true },
        ],
      },
    },
    {
      yaml: `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: argocd-server-ingress
  namespace: argocd
spec:
  ingressClassName: nginx
  rules:
    - host: argocd.example.org
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: argocd-server
                port: {name: http}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-cmd-params-cm, namespace: argocd}
data: {server.insecure: "true"}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: argocd, namespace: argocd}
spec:
  hosts: [argocd.example.org]
  gateways: [istio-system/main]
  http:
    - match: [{uri: {prefix: /}}]
      route:
        - destination:
            host: argocd-server.argocd.svc.cluster.local
            port: {number: 80}
`,
    },
    {
      yaml: `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: argocd, namespace: argocd}
spec:
  hosts: [argocd.example.org]
  gateways: [istio-system/main]
  tls:
    - match: [{port: 443, sniHosts: [argocd.example.org]}]
      route:
        - destination:
            host: argocd-server.argocd.svc.cluster.local
            port: {number: 443}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: argocd-server-ingress
  namespace: argocd
spec:
  ingressClassName: traefik
  rules:
    - host: argocd.example.org
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: argocd-server
                port: {number: 443}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: other
  namespace: argocd
spec:
  ingressClassName: nginx
  rules:
    - host: argocd.example.org
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: argocd-repo-server
                port: {number: 443}
`,
    },
    {
      yaml: `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: argocd, namespace: argocd}
spec:
  hosts: [argocd.example.org]
  gateways: [istio-system/main]
  http:
    - match: [{uri: {prefix: /}}]
      route:
        - destination:
            host: argocd-server.argocd.svc.cluster.local
            port: {number: 443}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: argocd, namespace: argocd}
spec:
  host: argocd-server.argocd.svc.cluster.local
  trafficPolicy: {tls: {mode: SIMPLE}}
`,
    },
    {
      yaml: `# file: argocd/ingress.yaml
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: argocd-server-ingress
  namespace: argocd
spec:
  ingressClassName: nginx
  rules:
    - host: argocd.example.org
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: argocd-server
                port: {number: 80}
# file: argocd/values.yaml
configs:
  params:
    server.insecure: true
`,
    },
  ],
  *violations({ resources, cluster }: Context): Iterable<Violation | Skip> {
    const servers = resources.view(ArgoServers);
    for (const ingress of resources.all.filter(({ group, kind }) => group === 'networking.k8s.io' && kind === 'Ingress')) {
      yield* judgeIngress(ingress, servers, cluster);
    }
    for (const route of resources.all) {
      if (route.group === 'networking.istio.io' && route.kind === 'VirtualService') yield* judgeVirtualService(route, servers, resources);
      if (route.group === 'gateway.networking.k8s.io') yield* judgeGatewayRoute(route, servers, resources);
    }
  },
};

function* judgeIngress(ingress: Resource, servers: ArgoServers, cluster: Cluster): Iterable<Violation | Skip> {
  const backend = backendsOf(ingress).find((candidate) => isArgoServer(candidate.at('service', 'name').text ?? ''));
  if (backend === undefined) return;
  const annotations = ingress.at('metadata', 'annotations');
  const controller = controllerOf(ingress, cluster);
  if (controller === 'unknown') {
    yield { resource: ingress, needs: ['ingressControllers'] };
    return;
  }
  if (controller === 'other') return;
  const passes = annotations.at(PASSTHROUGH).text?.toLowerCase() === 'true';
  const isTls = TLS_PROTOCOLS.has((annotations.at(PROTOCOL).text ?? 'HTTP').toUpperCase());
  const { mode, because } = servers.mode(ingress.namespace);
  if (mode === 'insecure') {
    if (passes || isTls) yield reversed(ingress, passes ? annotations.at(PASSTHROUGH) : annotations.at(PROTOCOL), because);
    return;
  }
  yield* judgePair(ingress, backend, { passes, isTls, isEnabled: controller.sslPassthrough });
}

function reversed(ingress: Resource, field: Field, because: Resource | undefined): Violation {
  return violation(ingress, field, 'speaks TLS to an Argo CD server that runs insecure, which is plain HTTP: every request ends in 502', {
    related: because === undefined ? [] : [{ message: 'server.insecure is said here', resource: because, path: '' }],
    fix: { description: 'remove both annotations and send to port 80, or run the server with TLS' },
  });
}

function* judgePair(
  ingress: Resource,
  backend: Field,
  { passes, isTls, isEnabled }: { readonly passes: boolean; readonly isTls: boolean; readonly isEnabled?: boolean },
): Iterable<Violation> {
  const annotations = ingress.at('metadata', 'annotations');
  const fix = {
    description: `set both: ${PASSTHROUGH}: "true" and ${PROTOCOL}: "HTTPS"`,
    edits: Object.entries(ARGOCD_INGRESS_ANNOTATIONS)
      .filter(([key, value]) => annotations.at(key).text !== value)
      .map(([key, value]) => ({ path: annotations.at(key).path, value })),
  };
  if (!passes && !isTls) {
    const message =
      'ends TLS and goes on in plain HTTP to argocd-server, which redirects plain HTTP to HTTPS: 502, or a redirect to itself for ever';
    yield violation(ingress, annotations.at(PASSTHROUGH), message, {
      related: [{ message: 'the backend', resource: ingress, path: backend.path }],
      fix,
    });
  } else if (passes && !isTls && isEnabled === false) {
    const message =
      'asks for ssl-passthrough, which this controller was started without: it ends TLS and goes on in plain HTTP, which argocd-server redirects for ever';
    yield violation(ingress, annotations.at(PASSTHROUGH), message, { fix });
  } else if (passes && !isTls && isEnabled === undefined) {
    const message =
      'asks for ssl-passthrough alone, which works only on a controller started with --enable-ssl-passthrough; elsewhere it ends in a redirect loop';
    yield violation(ingress, annotations.at(PASSTHROUGH), message, { severity: 'warning', fix });
  } else if (!passes && isTls) {
    const message =
      'has half of the pair: without ssl-passthrough the controller ends TLS, so that gRPC of the argocd command line fails and the browser sees another certificate';
    yield violation(ingress, annotations.at(PROTOCOL), message, { severity: 'warning', fix });
  }
}

function backendsOf(ingress: Resource): readonly Field[] {
  const paths = ingress.at('spec', 'rules').items.flatMap((rule) => rule.at('http', 'paths').items);
  return [ingress.at('spec', 'defaultBackend'), ...paths.map((path) => path.at('backend'))];
}

/** The ingress-nginx that serves an Ingress; the class tells, or its annotations, or a cluster with one controller. */
function controllerOf(ingress: Resource, cluster: Cluster): { readonly sslPassthrough?: boolean } | 'other' | 'unknown' {
  const named = ingress.at('spec', 'ingressClassName').text ?? ingress.annotations['kubernetes.io/ingress.class'];
  const controllers = cluster.facts.ingressControllers ?? [];
  const [only] = controllers;
  const isAnnotated = Object.keys(ingress.annotations).some((key) => key.startsWith('nginx.ingress.kubernetes.io/'));
  const name = named ?? (controllers.length === 1 ? only?.class : undefined) ?? (isAnnotated ? 'nginx' : undefined);
  if (name === undefined) return 'unknown';
  if (!name.includes('nginx')) return 'other';
  return cluster.ingressController(name) ?? {};
}

const TLS_PORTS = new Set(['443', 'https']);

function* judgeVirtualService(route: Resource, servers: ArgoServers, resources: Resources): Iterable<Violation> {
  for (const protocol of ['http', 'tls']) {
    for (const entry of route.at('spec', protocol).items) {
      for (const destination of entry.at('route').items.map((item) => item.at('destination'))) {
        const [name = '', namespace = route.namespace] = (destination.at('host').text ?? '').split('.');
        if (!isArgoServer(name)) continue;
        const originates = hasTlsRule(resources, name, namespace);
        yield* judgeRoute(
          route,
          destination,
          destination.at('port', 'number').text,
          protocol === 'tls' || originates,
          servers.mode(namespace),
        );
      }
    }
  }
}

function* judgeGatewayRoute(route: Resource, servers: ArgoServers, resources: Resources): Iterable<Violation> {
  if (!['HTTPRoute', 'GRPCRoute', 'TLSRoute'].includes(route.kind)) return;
  for (const backend of route.at('spec', 'rules').items.flatMap((rule) => rule.at('backendRefs').items)) {
    const name = backend.at('name').text ?? '';
    if (!isArgoServer(name)) continue;
    const namespace = backend.at('namespace').text ?? route.namespace;
    const originates = resources
      .ofKind('gateway.networking.k8s.io', 'BackendTLSPolicy')
      .some((policy) => policy.at('spec', 'targetRefs').items.some((target) => target.at('name').text === name));
    yield* judgeRoute(route, backend, backend.at('port').text, route.kind === 'TLSRoute' || originates, servers.mode(namespace));
  }
}

function* judgeRoute(
  route: Resource,
  backend: Field,
  port: string | undefined,
  isTls: boolean,
  { mode, because }: { readonly mode: ArgoServerMode; readonly because?: Resource },
): Iterable<Violation> {
  const place = backend.at('port').isSet ? backend.at('port') : backend;
  const related = because === undefined ? [] : [{ message: 'server.insecure is said here', resource: because, path: '' }];
  if (isTls && mode === 'insecure') {
    yield violation(route, place, 'speaks TLS to an Argo CD server that runs insecure, which is plain HTTP: every connection fails', {
      related,
      fix: { description: 'route plain HTTP to port 80, or run the server with TLS' },
    });
  }
  if (isTls || mode === 'insecure') return;
  const fix = {
    description: 'run the server with server.insecure: "true" (argocd-cmd-params-cm) and route to port 80, or pass TLS through',
  };
  if (TLS_PORTS.has(port ?? '')) {
    yield violation(route, place, 'sends plain HTTP to the TLS port of argocd-server: 502, or a redirect to itself for ever', { fix });
  } else {
    const doubt = mode === 'unknown' ? '; nothing in these manifests says that it runs insecure' : '';
    const message = `ends TLS and sends plain HTTP to argocd-server, which redirects plain HTTP to HTTPS unless it runs insecure: a redirect loop${doubt}`;
    yield violation(route, place, message, { severity: mode === 'unknown' ? 'warning' : 'error', fix });
  }
}

/** Whether a DestinationRule makes the sidecar or gateway speak TLS to the server. */
function hasTlsRule(resources: Resources, name: string, namespace: string | null): boolean {
  return resources.ofKind('networking.istio.io', 'DestinationRule').some((rule) => {
    const [host, of = rule.namespace] = (rule.at('spec', 'host').text ?? '').split('.');
    const policy = rule.at('spec', 'trafficPolicy');
    const modes = [
      policy.at('tls', 'mode').string,
      ...policy.at('portLevelSettings').items.map((settings) => settings.at('tls', 'mode').string),
    ];
    return host === name && mayBeSame(of, namespace) && modes.some((tls) => tls === 'SIMPLE' || tls === 'MUTUAL');
  });
}
