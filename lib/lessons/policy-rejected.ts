import { ciliumRejections } from '../network/cilium-sanitize';
import { DEFAULT_CILIUM_VERSION } from '../network/cilium-version';
import { networkPolicyRejections } from '../network/network-policy-validation';
import type { Rejection } from '../network/rejection';
import type { Resource } from '../resources/resource';
import { type Context, type Lesson, type Violation } from './lesson';

/** Why a network policy of any kind takes no effect on a cluster; nothing when it does. */
export function rejectionsOf(policy: Resource, ciliumVersion: string = DEFAULT_CILIUM_VERSION): Iterable<Rejection> {
  switch (`${policy.group}/${policy.kind}`) {
    case 'cilium.io/CiliumNetworkPolicy':
    case 'cilium.io/CiliumClusterwideNetworkPolicy':
      return ciliumRejections(policy, ciliumVersion);
    case 'networking.k8s.io/NetworkPolicy':
      return networkPolicyRejections(policy);
    default:
      return [];
  }
}

export const policyRejected: Lesson = {
  id: 'policy-rejected',
  title: 'A network policy is one that the cluster takes and enforces',
  section: 'Network isolation',
  severity: 'error',
  incident: {
    symptom:
      'kubectl refuses the policy, or Argo CD cannot sync it; or, worse, it is applied without a word, its status says Valid: False, and the pods that it names stay open to everybody',
    cause:
      "the API server checks the schema only. What the schema cannot say, Cilium's agent checks when it reads the policy: one bad rule is enough for it to enforce none of them. A policy that is not enforced denies nothing",
    source:
      'Kustomize labels and Cilium entities; cilium pkg/policy/api/rule_validation.go and its CRDs, 1.16 to 1.20; kubernetes pkg/apis/networking/validation',
  },
  remedy: 'mend the field that is named; rules that cannot be combined become rules of their own in the same list',
  confirm: [
    'kubectl get cnp,ccnp -A',
    "kubectl get cnp <name> -n <namespace> -o jsonpath='{.status.conditions}'",
    'kubectl apply --dry-run=server -f <file>',
  ],
  limits:
    'Judged for the minor version of Cilium in the facts, 1.18 without. Settings of the agent that turn whole features off (enable-l7-proxy, enable-icmp-rules) are taken as they are by default; node selectors, which are off by default, are a warning. ' +
    'A string where a selector belongs is told by entity-in-endpoints, unknown fields by schema; conflicts between policies that only show on a pod are not seen here.',
  bad: [
    {
      yaml: `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: web, namespace: blog}
spec:
  endpointSelector: {matchLabels: {app: web}}
  ingress:
    - fromEndpoints: [{matchLabels: {app: gateway}}]
      fromEntities: [world] # <- here
  egress:
    - toEndpoints: [{matchLabels: {app: was}}]
      toPorts:
        - ports:
            - port: 8080 # <- here
              protocol: TCP
    - toPorts:
        - ports:
            - {port: "80"} # <- here
          rules: {http: [{method: GET}]}
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: nothing, namespace: blog}
spec:
  endpointSelector: {}
  ingress: [] # <- here
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: was, namespace: blog}
spec:
  podSelector: {matchLabels: {app: was}}
  ingress:
    - from:
        - podSelector: {}
          ipBlock: {cidr: 10.0.0.0/8} # <- here
      ports:
        - port: "8080" # <- here
`,
    },
    {
      cluster: { network: { version: '1.20' } },
      yaml: `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: broker, namespace: blog}
spec:
  endpointSelector: {matchLabels: {app: broker}}
  ingress:
    - toPorts:
        - ports: [{port: "9092", protocol: TCP}]
          rules: {kafka: [{topic: orders}]} # <- here
`,
    },
  ],
  good: [
    {
      yaml: `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: web, namespace: blog}
spec:
  endpointSelector: {matchLabels: {app: web}}
  ingress:
    - fromEndpoints: [{matchLabels: {app: gateway}}]
    - fromEntities: [world]
  egress:
    - toEndpoints: [{matchLabels: {app: was}}]
      toPorts:
        - ports: [{port: "8080", protocol: TCP}]
          rules: {http: [{method: "GET|POST", path: "/api/.*"}]}
    - toEndpoints: [{matchLabels: {"k8s:io.kubernetes.pod.namespace": kube-system, k8s-app: kube-dns}}]
      toPorts:
        - ports: [{port: "53", protocol: ANY}]
          rules: {dns: [{matchPattern: "*"}]}
    - toFQDNs: [{matchName: s3.eu-west-1.amazonaws.com}]
      toPorts: [{ports: [{port: "443", protocol: TCP}]}]
    - icmps: [{fields: [{type: EchoRequest}]}]
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: deny-all, namespace: blog}
spec:
  endpointSelector: {}
  ingress: [{}]
  egress: [{}]
---
apiVersion: cilium.io/v2
kind: CiliumClusterwideNetworkPolicy
metadata: {name: nodes}
spec:
  nodeSelector: {matchLabels: {node-role.kubernetes.io/worker: ""}}
  ingress: [{fromEntities: [remote-node, health]}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: was, namespace: blog}
spec:
  podSelector: {matchLabels: {app: was}}
  policyTypes: [Ingress, Egress]
  ingress:
    - from: [{podSelector: {}}, {ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}]
      ports: [{port: 8080, endPort: 8090}, {port: http}]
  egress: [{}]
`,
    },
    {
      // Of versions before 1.18 an empty policy was harmless. A string as a peer has its own lesson.
      cluster: { network: { version: '1.16' } },
      yaml: `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: nothing, namespace: blog}
spec: {endpointSelector: {}, ingress: []}
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: exporter, namespace: blog}
spec:
  endpointSelector: {matchLabels: {app: exporter}}
  egress: [{toEndpoints: [world]}]
`,
    },
  ],
  *violations({ resources, cluster }: Context): Iterable<Violation> {
    for (const policy of resources.all)
      for (const rejection of rejectionsOf(policy, cluster.facts.network?.version))
        if (rejection.isString !== true) yield told(policy, rejection);
  },
};

function told(policy: Resource, { path, message, by, unless, meant }: Rejection): Violation {
  const consequence =
    by === 'api-server'
      ? 'the API server refuses the policy'
      : 'the API server stores the policy, but Cilium marks it invalid and enforces none of its rules, so that it protects nothing';
  return {
    resource: policy,
    path,
    message: `${message}: ${consequence}${unless === undefined ? '' : ` unless ${unless} is set`}`,
    severity: unless === undefined ? 'error' : 'warning',
    fix: meant === undefined ? undefined : { description: `write ${JSON.stringify(meant)}`, edits: [{ path, value: meant }] },
  };
}
