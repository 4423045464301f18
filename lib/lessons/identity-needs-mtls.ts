import type { Cluster } from '../facts/cluster';
import { Mesh } from '../facts/mesh';
import { type IngressRoute, ingressRoutes } from '../facts/plaintext-clients';
import type { Field } from '../manifest/field';
import { type ClientTls, DestinationRules } from '../resources/destination-rules';
import { containsLabels } from '../resources/label-selector';
import type { Resource } from '../resources/resource';
import type { Resources } from '../resources/resources';
import { SelectedPolicies } from '../resources/selected-policies';
import type { Workload } from '../resources/workload';
import { type Context, type Lesson, type Related, type Skip, violation, type Violation } from './lesson';

/** The workload of the examples, and the Service in front of it. */
const WORKLOAD = `---
apiVersion: apps/v1
kind: Deployment
metadata: {name: was, namespace: blog}
spec:
  selector: {matchLabels: {app: was}}
  template:
    metadata: {labels: {app: was}}
    spec: {containers: [{name: was, image: "was:1.0", ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: was, namespace: blog}
spec: {selector: {app: was}, ports: [{port: 80, targetPort: 8080}]}
`;

const INGRESS = `---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: blog, namespace: blog}
spec:
  ingressClassName: nginx
  rules:
    - http: {paths: [{path: /api, pathType: Prefix, backend: {service: {name: was, port: {number: 80}}}}]}
`;

/** A policy for it, up to its rules. */
const ALLOW = `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: was, namespace: blog}
spec:
  selector: {matchLabels: {app: was}}
  action: ALLOW
  rules:
`;

export const identityNeedsMtls: Lesson = {
  id: 'identity-needs-mtls',
  title: 'An AuthorizationPolicy names clients by identity only where they speak mutual TLS',
  section: 'Mesh',
  severity: 'error',
  incident: {
    symptom: '403 "RBAC: access denied" for a client that the policy names; or a DENY that never denies',
    cause:
      'principals and namespaces are read from the certificate of the client. A plaintext connection has none, so that the rule can never match it: nothing is allowed by an ALLOW, and nothing is refused by a DENY',
    source: 'istio.io, Authorization Policy, Source; Kubernetes practice',
  },
  remedy:
    'take the client into the mesh, and let mutual TLS be; or name it by what plaintext carries (ipBlocks), or by the network policy instead',
  confirm: ['istioctl x describe pod <pod> -n <namespace>', 'istioctl proxy-config log <pod> --level rbac:debug'],
  limits:
    'Judged are the workloads and clients that are declared here. A client is outside of the mesh when its namespace is known not to be injected and none of its pods has a sidecar, or when it is an ingress controller without one. Waypoints and gateways are not judged.',
  needs: ['mesh'],
  bad: [
    {
      cluster: { mesh: { kind: 'istio', injectedNamespaces: ['blog', 'shop'] } },
      yaml: `${ALLOW}    - from:
        - source:
            principals: ["cluster.local/ns/monitoring/sa/prometheus"] # <- here
${WORKLOAD}`,
    },
    {
      // The ingress controller is outside of the mesh, and no other rule lets it in.
      cluster: { mesh: { kind: 'istio', injectedNamespaces: ['blog', 'shop'] } },
      yaml: `${ALLOW}    - from:
        - source:
            namespaces: [blog] # <- here
${WORKLOAD}${INGRESS}`,
    },
    {
      // Clients are told to speak plaintext.
      cluster: { mesh: { kind: 'istio', injectedNamespaces: ['blog', 'shop'] } },
      yaml: `${ALLOW}    - from:
        - source:
            namespaces: [shop] # <- here
${WORKLOAD}---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: was, namespace: blog}
spec: {host: was.blog.svc.cluster.local, trafficPolicy: {tls: {mode: DISABLE}}}
`,
    },
    {
      // Mutual TLS is off: nothing is denied.
      cluster: { mesh: { kind: 'istio', injectedNamespaces: ['blog', 'shop'] } },
      yaml: `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: was, namespace: blog}
spec:
  selector: {matchLabels: {app: was}}
  action: DENY
  rules:
    - when:
        - key: source.namespace
          values: [shop] # <- here
${WORKLOAD}---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: was, namespace: blog}
spec: {selector: {matchLabels: {app: was}}, mtls: {mode: DISABLE}}
`,
    },
  ],
  good: [
    {
      cluster: { mesh: { kind: 'istio', injectedNamespaces: ['blog', 'shop'] } },
      yaml: `${ALLOW}    - from:
        - source:
            principals: ["cluster.local/ns/shop/sa/web"]
    - from:
        - source:
            namespaces: [blog]
${WORKLOAD}`,
    },
    {
      // Another rule admits the ingress controller.
      cluster: { mesh: { kind: 'istio', injectedNamespaces: ['blog', 'shop'] } },
      yaml: `${ALLOW}    - from:
        - source:
            namespaces: [blog]
    - to: [{operation: {paths: ["/api/*"]}}]
${WORKLOAD}${INGRESS}`,
    },
    {
      // The controller is in the mesh.
      cluster: {
        mesh: { kind: 'istio', injectedNamespaces: ['blog'] },
        ingressControllers: [{ class: 'nginx', namespace: 'ingress-nginx', labels: { app: 'nginx' }, inMesh: true }],
      },
      yaml: `${ALLOW}    - from:
        - source:
            namespaces: [blog]
${WORKLOAD}${INGRESS}`,
    },
    {
      // Mutual TLS on both sides.
      cluster: { mesh: { kind: 'istio', injectedNamespaces: ['blog', 'shop'] } },
      yaml: `${ALLOW}    - from:
        - source:
            namespaces: [shop]
${WORKLOAD}---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: was, namespace: blog}
spec: {host: was.blog.svc.cluster.local, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: was, namespace: blog}
spec: {selector: {matchLabels: {app: was}}, mtls: {mode: STRICT}}
`,
    },
    {
      // An address is no identity.
      cluster: { mesh: { kind: 'istio', injectedNamespaces: ['blog', 'shop'] } },
      yaml: `${ALLOW}    - from:
        - source:
            ipBlocks: ["10.0.0.0/8"]
${WORKLOAD}${INGRESS}`,
    },
    {
      // A client that opts in by its label.
      cluster: { mesh: { kind: 'istio', injectedNamespaces: ['blog', 'shop'] } },
      yaml: `${ALLOW}    - from:
        - source:
            principals: ["cluster.local/ns/monitoring/sa/prometheus"]
${WORKLOAD}---
apiVersion: apps/v1
kind: Deployment
metadata: {name: prometheus, namespace: monitoring}
spec:
  selector: {matchLabels: {app: prometheus}}
  template:
    metadata: {labels: {app: prometheus, sidecar.istio.io/inject: "true"}}
    spec: {containers: [{name: prometheus, image: "prom/prometheus:v2.53.0"}]}
`,
    },
    {
      // Skipped: nobody tells who is in the mesh.
      yaml: `${ALLOW}    - from:
        - source:
            principals: ["cluster.local/ns/monitoring/sa/prometheus"]
${WORKLOAD}`,
    },
  ],
  *violations({ resources, cluster }: Context): Iterable<Violation | Skip> {
    const connections = new Connections(resources, cluster);
    for (const policy of resources.all) {
      if (policy.group !== 'security.istio.io' || policy.kind !== 'AuthorizationPolicy') continue;
      const identities = [...identitiesIn(policy)];
      if (identities.length === 0) continue;
      if (connections.isBlind(identities)) yield { resource: policy, needs: ['mesh'] };
      const plaintext = connections.plaintextTo(policy);
      for (const identity of identities) {
        const reason = plaintext ?? connections.outsider(identity);
        if (reason !== undefined) yield neverMatches(policy, identity, reason);
      }
      if (plaintext === undefined) yield* connections.refusedIngresses(policy);
    }
  },
};

/** A place where a rule names clients by their certificate. */
interface Identity {
  readonly field: Field;
  /** The namespaces of the clients, where they can be told. */
  readonly namespaces: readonly string[];
}

function* identitiesIn(policy: Resource): Iterable<Identity> {
  for (const rule of policy.at('spec', 'rules').items) {
    for (const from of rule.at('from').items) {
      const principals = from.at('source', 'principals');
      const namespaces = from.at('source', 'namespaces');
      if (principals.items.length > 0) yield { field: principals, namespaces: principals.strings.flatMap(namespaceOf) };
      if (namespaces.items.length > 0) yield { field: namespaces, namespaces: namespaces.strings.filter((name) => !name.includes('*')) };
    }
    for (const condition of rule.at('when').items) {
      const values = condition.at('values');
      if (condition.at('key').string === 'source.principal' && values.items.length > 0)
        yield { field: values, namespaces: values.strings.flatMap(namespaceOf) };
      if (condition.at('key').string === 'source.namespace' && values.items.length > 0)
        yield { field: values, namespaces: values.strings.filter((name) => !name.includes('*')) };
    }
  }
}

/** `cluster.local/ns/blog/sa/web` is a client of blog. */
function namespaceOf(principal: string): readonly string[] {
  const namespace = /\/ns\/([^/*]+)\/sa\//.exec(principal)?.[1];
  return namespace === undefined ? [] : [namespace];
}

interface Reason {
  readonly text: string;
  readonly related: readonly Related[];
}

class Connections {
  private readonly mesh: Mesh;
  private readonly rules: DestinationRules;
  private readonly routes = new Map<Resource, IngressRoute[]>();
  private readonly policies = new Map<string | null, SelectedPolicies>();

  constructor(
    private readonly resources: Resources,
    cluster: Cluster,
  ) {
    this.mesh = new Mesh(resources, cluster);
    this.rules = new DestinationRules(resources, cluster.clusterDomain);
    for (const policy of resources.ofKind('security.istio.io', 'AuthorizationPolicy')) {
      const known = this.policies.get(policy.namespace) ?? new SelectedPolicies();
      known.add(policy);
      this.policies.set(policy.namespace, known);
    }
    for (const route of ingressRoutes(resources, cluster, this.mesh)) {
      const known = this.routes.get(route.workload.resource);
      if (known === undefined) this.routes.set(route.workload.resource, [route]);
      else known.push(route);
    }
  }

  /** Nobody tells of any client whether it is in the mesh. */
  isBlind(identities: readonly Identity[]): boolean {
    const namespaces = identities.flatMap((identity) => identity.namespaces);
    return namespaces.length > 0 && namespaces.every((namespace) => this.mesh.injects(namespace) === undefined);
  }

  /** Why no connection to what a policy protects carries an identity: all of its workloads take or are sent plaintext. */
  plaintextTo(policy: Resource): Reason | undefined {
    const targets = this.targetsOf(policy).filter((workload) => this.mesh.hasSidecar(workload) !== false);
    const reasons = targets.map((workload) => this.plaintextOn(workload));
    return targets.length > 0 && reasons.every((reason) => reason !== undefined) ? reasons[0] : undefined;
  }

  private plaintextOn(workload: Workload): Reason | undefined {
    const ports = workload.containers.flatMap((container) => container.ports.map(({ number }) => number));
    if (ports.length === 0) return undefined;
    const disabled = ports.map((port) => this.mesh.mtlsOf(workload, port)).filter(({ mode }) => mode === 'DISABLE');
    const [first] = disabled;
    if (first?.policy !== undefined && first.field !== undefined && disabled.length === ports.length)
      return {
        text: `${workload.toString()} takes plaintext only (mutual TLS is DISABLE)`,
        related: [{ message: 'mutual TLS is turned off here', resource: first.policy, path: first.field.path }],
      };
    const told = this.clientTls(workload);
    if (told === undefined) return undefined;
    return {
      text: `a DestinationRule tells clients of ${workload.toString()} to speak ${told.mode === 'DISABLE' ? 'plaintext' : 'TLS without their certificates'}`,
      related: [{ message: `${told.mode} comes from here`, resource: told.rule, path: told.field.path }],
    };
  }

  /** The DestinationRule that keeps every way to a workload from mutual TLS. */
  private clientTls(workload: Workload): ClientTls | undefined {
    const ways = this.resources.servicesOf(workload).flatMap((service) => service.ports.map((port) => this.rules.tlsTo(service, port)));
    const [first] = ways;
    return first !== undefined && ways.every((tls) => tls !== undefined && (tls.mode === 'DISABLE' || tls.mode === 'SIMPLE'))
      ? first
      : undefined;
  }

  /** Why the clients that are named have no certificate: every one of their namespaces is outside of the mesh. */
  outsider({ namespaces }: Identity): Reason | undefined {
    const [first] = namespaces;
    if (first === undefined || !namespaces.every((namespace) => this.isOutside(namespace))) return undefined;
    return {
      text: `${namespaces.length === 1 ? `the namespace ${first} is` : `the namespaces ${namespaces.join(', ')} are`} outside of the mesh`,
      related: [],
    };
  }

  private isOutside(namespace: string): boolean {
    return (
      this.mesh.injects(namespace) === false &&
      this.resources.workloadsIn(namespace).every((workload) => this.mesh.hasSidecar(workload) === false)
    );
  }

  /** Ingresses from outside of the mesh to a workload whose ALLOW policies all ask for an identity. */
  *refusedIngresses(policy: Resource): Iterable<Violation> {
    if ((policy.at('spec', 'action').string ?? 'ALLOW') !== 'ALLOW' || admitsPlaintext(policy)) return;
    for (const workload of this.targetsOf(policy)) {
      const routes = (this.routes.get(workload.resource) ?? []).filter(
        ({ isInMesh, port }) => isInMesh === false && this.mesh.intercepts(workload, port),
      );
      const [route] = routes;
      if (route === undefined || this.mesh.hasSidecar(workload) !== true || this.isAdmittedElsewhere(workload, policy)) continue;
      const [identity] = identitiesIn(policy);
      if (identity === undefined) continue;
      const text = `${route.ingress.toString()} reaches ${workload.toString()} from outside of the mesh and has no certificate`;
      const related = routes
        .slice(0, 10)
        .map(({ ingress, field }) => ({ message: 'reaches the pods in plaintext', resource: ingress, path: field.path }));
      yield neverMatches(policy, identity, { text, related });
      return;
    }
  }

  private isAdmittedElsewhere(workload: Workload, policy: Resource): boolean {
    return [...new Set([workload.namespace, this.mesh.rootNamespace])]
      .flatMap((namespace) => this.policies.get(namespace) ?? [])
      .flatMap((policies) => [...policies.wide, ...policies.selecting(workload)])
      .some((other) => other !== policy && (other.at('spec', 'action').string ?? 'ALLOW') === 'ALLOW' && admitsPlaintext(other));
  }

  private targetsOf(policy: Resource): readonly Workload[] {
    // A policy that names targets is for waypoints and gateways.
    if (policy.at('spec', 'targetRefs').items.length > 0 || policy.at('spec', 'targetRef').isMap) return [];
    const labels = policy.at('spec', 'selector', 'matchLabels').texts;
    if (policy.namespace !== this.mesh.rootNamespace) return this.resources.workloadsLabelled(policy.namespace, labels);
    return this.resources.workloads.filter(({ podLabels }) => containsLabels(podLabels, labels));
  }
}

/** A rule that asks for no certificate may let a plaintext client in. */
function admitsPlaintext(policy: Resource): boolean {
  return policy.at('spec', 'rules').items.some((rule) => {
    const sources = rule.at('from').items.map((from) => from.at('source'));
    const asks = (source: Field): boolean => ['principals', 'namespaces', 'serviceAccounts'].some((key) => source.at(key).items.length > 0);
    const conditions = rule.at('when').items.some((condition) => /^source\.(principal|namespace)$/.test(condition.at('key').string ?? ''));
    return !conditions && (sources.length === 0 || sources.some((source) => !asks(source)));
  });
}

function neverMatches(policy: Resource, { field }: Identity, { text, related }: Reason): Violation {
  const action = policy.at('spec', 'action').string ?? 'ALLOW';
  const consequence =
    action === 'DENY' ? 'the rule never matches, and nothing is denied' : 'the rule never matches it, and the connection is refused (403)';
  return violation(policy, field, `names clients by an identity that only mutual TLS carries, but ${text}: ${consequence}`, {
    related,
    fix: { description: 'take the client into the mesh with mutual TLS, or admit it by its address (ipBlocks) or by the network policy' },
  });
}
