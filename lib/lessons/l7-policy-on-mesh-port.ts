import { type EffectiveMtls, Mesh } from '../facts/mesh';
import type { Cluster } from '../facts/cluster';
import type { Field } from '../manifest/field';
import { workloadsOf } from '../resources/cilium-selection';
import { type ClientTls, DestinationRules } from '../resources/destination-rules';
import type { Resource } from '../resources/resource';
import type { Resources } from '../resources/resources';
import type { Workload } from '../resources/workload';
import { type Context, type Lesson, type Related, type Skip, violation, type Violation } from './lesson';

/** The two ends of the examples, and a policy for the server, up to its rules. */
const SERVER = `---
apiVersion: apps/v1
kind: Deployment
metadata: {name: was, namespace: blog}
spec:
  selector: {matchLabels: {app: was}}
  template:
    metadata: {labels: {app: was}}
    spec: {containers: [{name: was, image: "was:1.0", ports: [{name: http, containerPort: 8080}]}]}
`;

const CLIENT = `---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: blog}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "web:1.0"}]}
`;

const POLICY = `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: was, namespace: blog}
spec:
  endpointSelector: {matchLabels: {app: was}}
`;

export const l7PolicyOnMeshPort: Lesson = {
  id: 'l7-policy-on-mesh-port',
  title: 'Cilium reads HTTP only where the mesh does not encrypt it',
  section: 'Network isolation',
  severity: 'error',
  incident: {
    symptom:
      'as soon as a policy gets an HTTP rule every request of the mesh fails: "upstream connect error or disconnect/reset before headers", protocol errors in the proxy',
    cause:
      "with rules.http Cilium's proxy parses the connection as HTTP. Between two sidecars it is mutual TLS, which is no HTTP, so that the proxy cuts it",
    source: 'docs.cilium.io, Cilium with Istio, Layer 7 policies; Kubernetes practice',
  },
  remedy: 'leave the port to Cilium and the paths to an AuthorizationPolicy of Istio; or keep one of the two pods out of the mesh',
  confirm: ['hubble observe --to-pod <namespace>/<pod> --type l7', 'istioctl x describe pod <pod>'],
  limits:
    'Judged are rules whose server is declared here. Two sidecars speak mutual TLS unless a DestinationRule or a PeerAuthentication turns it off; where neither the facts nor a Namespace object tell who has a sidecar, it is skipped. Clients that no manifest declares are not seen.',
  needs: ['mesh'],
  bad: [
    {
      cluster: { mesh: { kind: 'istio', injectedNamespaces: ['blog'] } },
      yaml: `${POLICY}  ingress:
    - fromEndpoints: [{matchLabels: {app: web}}]
      toPorts:
        - ports: [{port: "8080", protocol: TCP}]
          rules:
            http: [{method: GET}] # <- here
${SERVER}${CLIENT}`,
    },
    {
      // STRICT, whoever the client is; the port by its name.
      cluster: { mesh: { kind: 'istio', injectedNamespaces: ['blog'] } },
      yaml: `${POLICY}  ingress:
    - fromEntities: [world]
      toPorts:
        - ports: [{port: http, protocol: TCP}]
          rules:
            http: [{method: GET}] # <- here
${SERVER}${CLIENT}---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: was, namespace: blog}
spec: {mtls: {mode: STRICT}}
`,
    },
    {
      // A DestinationRule tells clients to speak mutual TLS.
      yaml: `${POLICY}  ingress:
    - fromEntities: [cluster]
      toPorts:
        - ports: [{port: "8080", protocol: TCP}]
          rules:
            http: [{method: GET}] # <- here
${SERVER}${CLIENT}---
apiVersion: v1
kind: Service
metadata: {name: was, namespace: blog}
spec: {selector: {app: was}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: was, namespace: blog}
spec: {host: was, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}
`,
    },
    {
      // Egress, from one sidecar to another.
      cluster: { mesh: { kind: 'istio', injectedNamespaces: ['blog'] } },
      yaml: `${POLICY}  egress:
    - toEndpoints: [{matchLabels: {"k8s:app": web, "k8s:io.kubernetes.pod.namespace": blog}}]
      toPorts:
        - ports: [{port: "8080", protocol: TCP}]
          rules:
            http: [{path: /}] # <- here
${SERVER}${CLIENT}`,
    },
  ],
  good: [
    {
      cluster: { mesh: { kind: 'istio', injectedNamespaces: ['blog'] } },
      yaml: `${POLICY}  ingress:
    - fromEndpoints: [{matchLabels: {app: web}}]
      toPorts:
        - ports: [{port: "8080", protocol: TCP}]
${SERVER}${CLIENT}`,
    },
    {
      // The client has no sidecar.
      cluster: { mesh: { kind: 'istio', injectedNamespaces: ['blog'] } },
      yaml: `${POLICY}  ingress:
    - fromEndpoints: [{matchLabels: {app: web}}]
      toPorts:
        - ports: [{port: "8080", protocol: TCP}]
          rules:
            http: [{method: GET}]
${SERVER}---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: blog}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web, sidecar.istio.io/inject: "false"}}
    spec: {containers: [{name: web, image: "web:1.0"}]}
`,
    },
    {
      // The server has none.
      cluster: { mesh: { kind: 'istio', injectedNamespaces: ['blog'] } },
      yaml: `${POLICY}  ingress:
    - fromEndpoints: [{matchLabels: {app: web}}]
      toPorts:
        - ports: [{port: "8080", protocol: TCP}]
          rules:
            http: [{method: GET}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: was, namespace: blog}
spec:
  selector: {matchLabels: {app: was}}
  template:
    metadata: {labels: {app: was}, annotations: {sidecar.istio.io/inject: "false"}}
    spec: {containers: [{name: was, image: "was:1.0", ports: [{name: http, containerPort: 8080}]}]}
${CLIENT}`,
    },
    {
      // Mutual TLS is off for the port.
      cluster: { mesh: { kind: 'istio', injectedNamespaces: ['blog'] } },
      yaml: `${POLICY}  ingress:
    - fromEndpoints: [{matchLabels: {app: web}}]
      toPorts:
        - ports: [{port: "8080", protocol: TCP}]
          rules:
            http: [{method: GET}]
${SERVER}${CLIENT}---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: was, namespace: blog}
spec: {selector: {matchLabels: {app: was}}, portLevelMtls: {8080: {mode: DISABLE}}}
`,
    },
    {
      // Clients are told to speak plaintext.
      cluster: { mesh: { kind: 'istio', injectedNamespaces: ['blog'] } },
      yaml: `${POLICY}  ingress:
    - fromEndpoints: [{matchLabels: {app: web}}]
      toPorts:
        - ports: [{port: "8080", protocol: TCP}]
          rules:
            http: [{method: GET}]
${SERVER}${CLIENT}---
apiVersion: v1
kind: Service
metadata: {name: was, namespace: blog}
spec: {selector: {app: was}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: was, namespace: blog}
spec: {host: was, trafficPolicy: {tls: {mode: DISABLE}}}
`,
    },
    {
      // An empty list is no rule of layer 7.
      cluster: { mesh: { kind: 'istio', injectedNamespaces: ['blog'] } },
      yaml: `${POLICY}  ingress:
    - fromEndpoints: [{matchLabels: {app: web}}]
      toPorts:
        - ports: [{port: "8080", protocol: TCP}]
          rules:
            http: []
${SERVER}${CLIENT}`,
    },
    {
      // The namespace is not in the mesh.
      cluster: { mesh: { kind: 'istio', injectedNamespaces: ['shop'] } },
      yaml: `${POLICY}  ingress:
    - fromEndpoints: [{matchLabels: {app: web}}]
      toPorts:
        - ports: [{port: "8080", protocol: TCP}]
          rules:
            http: [{method: GET}]
${SERVER}${CLIENT}`,
    },
    {
      // Skipped: nobody tells whether there is a mesh.
      yaml: `${POLICY}  ingress:
    - fromEndpoints: [{matchLabels: {app: web}}]
      toPorts:
        - ports: [{port: "8080", protocol: TCP}]
          rules:
            http: [{method: GET}]
${SERVER}${CLIENT}`,
    },
  ],
  *violations({ resources, cluster }: Context): Iterable<Violation | Skip> {
    const world = new Encryption(resources, cluster);
    for (const policy of resources.all) {
      if (policy.group !== 'cilium.io' || !/^Cilium(Clusterwide)?NetworkPolicy$/.test(policy.kind)) continue;
      let isBlind = false;
      for (const rule of httpRules(policy, resources)) {
        const verdict = world.judge(rule);
        if (verdict === 'unknown') isBlind = true;
        else if (verdict !== undefined) yield cut(policy, rule, verdict);
      }
      if (isBlind && !cluster.knows('mesh')) yield { resource: policy, needs: ['mesh'] };
    }
  },
};

interface HttpRule {
  readonly field: Field;
  readonly ports: readonly string[];
  readonly servers: readonly Workload[];
  /** Undefined when anybody may be one, or those that are meant are not declared. */
  readonly clients: readonly Workload[] | undefined;
}

const SIDES = [
  ['ingress', 'fromEndpoints'],
  ['egress', 'toEndpoints'],
] as const;

function* httpRules(policy: Resource, resources: Resources): Iterable<HttpRule> {
  for (const spec of [policy.at('spec'), ...policy.at('specs').items])
    for (const [section, peers] of SIDES)
      for (const rule of spec.at(section).items) {
        const entries = rule.at('toPorts').items.filter((entry) => entry.at('rules', 'http').items.length > 0);
        if (entries.length === 0) continue;
        const subjects = workloadsOf(spec.at('endpointSelector'), policy, resources) ?? [];
        const others = peersOf(rule.at(peers), policy, resources);
        const [servers, clients] = section === 'ingress' ? [subjects, others] : [others ?? [], subjects];
        for (const entry of entries) {
          const ports = entry.at('ports').items.flatMap((port) => port.at('port').text ?? []);
          yield { field: entry.at('rules', 'http'), ports, servers, clients };
        }
      }
}

function peersOf(peers: Field, policy: Resource, resources: Resources): readonly Workload[] | undefined {
  if (peers.items.length === 0) return undefined;
  return peers.items.flatMap((selector) => workloadsOf(selector, policy, resources) ?? []);
}

interface Encrypted {
  readonly server: Workload;
  readonly port: number;
  readonly why: string;
  readonly related: readonly Related[];
}

/** Which connections are mutual TLS. */
class Encryption {
  private readonly mesh: Mesh;
  private readonly rules: DestinationRules;

  constructor(
    private readonly resources: Resources,
    cluster: Cluster,
  ) {
    this.mesh = new Mesh(resources, cluster);
    this.rules = new DestinationRules(resources, cluster.clusterDomain);
  }

  /** The first encrypted connection that a rule would have to read. */
  judge({ servers, clients, ports }: HttpRule): Encrypted | 'unknown' | undefined {
    let isUnknown = false;
    for (const server of servers)
      for (const port of ports.flatMap((text) => numberOf(text, server) ?? [])) {
        const verdict = this.connection(server, port, clients);
        if (verdict === 'unknown') isUnknown = true;
        else if (verdict !== undefined) return verdict;
      }
    return isUnknown ? 'unknown' : undefined;
  }

  private connection(server: Workload, port: number, clients: readonly Workload[] | undefined): Encrypted | 'unknown' | undefined {
    const hasSidecar = this.mesh.hasSidecar(server);
    if (hasSidecar === false || !this.mesh.intercepts(server, port)) return undefined;
    const mtls = this.mesh.mtlsOf(server, port);
    if (mtls.mode === 'DISABLE') return undefined;
    if (mtls.mode === 'STRICT' && (hasSidecar === true || mtls.level !== 'mesh'))
      return { server, port, why: 'STRICT mutual TLS', related: relatedTo(mtls) };
    const tls = this.clientTls(server, port);
    if (tls !== undefined && tls.mode !== 'ISTIO_MUTUAL') return undefined;
    if (hasSidecar === undefined) return tls === undefined ? 'unknown' : this.told(server, port, tls);
    if (tls !== undefined) return this.told(server, port, tls);
    const client = clients?.find((workload) => this.mesh.hasSidecar(workload) === true);
    if (client === undefined)
      return clients?.some((workload) => this.mesh.hasSidecar(workload) === undefined) === true ? 'unknown' : undefined;
    return {
      server,
      port,
      why: `mutual TLS, since ${client.toString()} has a sidecar too`,
      related: [{ message: 'a client in the mesh', resource: client.resource, path: client.template.at('metadata').path }],
    };
  }

  private told(server: Workload, port: number, { rule, field }: ClientTls): Encrypted {
    return {
      server,
      port,
      why: 'mutual TLS by a DestinationRule',
      related: [{ message: 'clients are told to speak mutual TLS', resource: rule, path: field.path }],
    };
  }

  private clientTls(server: Workload, port: number): ClientTls | undefined {
    for (const service of this.resources.servicesOf(server))
      for (const servicePort of service.ports) {
        const tls = service.podPort(servicePort, server) === port ? this.rules.tlsTo(service, servicePort) : undefined;
        if (tls !== undefined) return tls;
      }
    return undefined;
  }
}

function relatedTo({ policy, field }: EffectiveMtls): readonly Related[] {
  return policy === undefined || field === undefined
    ? []
    : [{ message: 'mutual TLS is demanded here', resource: policy, path: field.path }];
}

/** A port by number, or by its name in the server's pods. */
function numberOf(text: string, server: Workload): number | undefined {
  if (/^\d+$/.test(text)) return Number(text);
  return server.allContainers.flatMap(({ ports }) => ports).find(({ name }) => name === text)?.number;
}

function cut(policy: Resource, { field }: HttpRule, { server, port, why, related }: Encrypted): Violation {
  return violation(
    policy,
    field,
    `an HTTP rule on port ${port} of ${server.toString()}, which carries ${why}: Cilium's proxy cannot read it and cuts the connections`,
    { related, fix: { description: 'leave out rules.http, and judge paths and methods by an AuthorizationPolicy' } },
  );
}
