import { editedField } from '../manifest/json-pointer';
import { type DroppedLookup, droppedLookups } from '../network/dropped-lookups';
import { endpointText } from '../network/endpoint';
import { type KnownFlows, knownFlows } from '../network/known-flows';
import { missingRules } from '../network/missing-rule';
import type { FlowVerdict } from '../network/network';
import type { Context, Lesson, Violation } from './lesson';

export const dnsEgressMissing: Lesson = {
  id: 'dns-egress-missing',
  title: 'A pod whose egress is restricted may look up the names that it uses',
  section: 'Network isolation',
  severity: 'error',
  incident: {
    symptom:
      'after an egress policy everything that the pod calls by name fails: `Unknown MySQL server host`, `getaddrinfo EAI_AGAIN`, `Temporary failure in name resolution`; with the address instead of the name it works',
    cause:
      'as soon as one policy restricts what a pod sends, its questions to the DNS server are dropped as well, unless a rule allows them. An answer that is too long for a datagram is asked for again over TCP',
    source: 'CI/CD troubleshooting guide, 8.1; docs.cilium.io, DNS based; kubernetes.io, Network Policies',
  },
  remedy: "allow port 53 over UDP and TCP to the cluster's DNS pods, with their namespace",
  confirm: [
    'kubectl exec -n <namespace> <pod> -- nslookup <name>',
    'kubectl -n kube-system exec ds/cilium -- hubble observe --port 53 --verdict DROPPED',
  ],
  limits:
    'Told of pods for which a name is known that they use. The DNS pods are those of the facts, else CoreDNS as kubeadm installs it; without that fact a rule for port 53 to whomever else, such as a node-local cache, is taken for the right one, unless it merely lacks the namespace or, behind Cilium, means everything outside, which no pod is. ' +
    'Where only TCP is missing it is a hint: few answers are so long.',
  bad: [
    {
      yaml: `apiVersion: apps/v1
kind: Deployment
metadata: {name: was, namespace: blog}
spec:
  selector: {matchLabels: {app: was}}
  template:
    metadata: {labels: {app: was}}
    spec: {containers: [{name: was, image: "was:1.0", env: [{name: DB_URL, value: "jdbc:mysql://mysql:3306/blog"}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: mysql, namespace: blog}
spec: {selector: {app: mysql}, ports: [{port: 3306}]}
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: was, namespace: blog}
spec:
  endpointSelector: {matchLabels: {app: was}}
  egress:
    - toEndpoints: [{matchLabels: {app: mysql}}] # <- here
      toPorts: [{ports: [{port: "3306", protocol: TCP}]}]
`,
    },
    {
      // The DNS pods are in another namespace; TCP is missing; a policy for all pods.
      yaml: `apiVersion: apps/v1
kind: Deployment
metadata: {name: was, namespace: blog}
spec:
  selector: {matchLabels: {app: was}}
  template:
    metadata: {labels: {app: was}}
    spec: {containers: [{name: was, image: "was:1.0", env: [{name: DB_URL, value: "jdbc:mysql://mysql:3306/blog"}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: mysql, namespace: blog}
spec: {selector: {app: mysql}, ports: [{port: 3306}]}
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: was, namespace: blog}
spec:
  endpointSelector: {matchLabels: {app: was}}
  egress:
    - toEndpoints: [{matchLabels: {k8s-app: kube-dns}}] # <- here
      toPorts: [{ports: [{port: "53", protocol: ANY}]}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, namespace: shop}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec: {containers: [{name: shop, image: "shop:1.0", env: [{name: API_URL, value: "https://api.example.org/v1"}]}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: shop, namespace: shop}
spec:
  podSelector: {matchLabels: {app: shop}}
  policyTypes: [Egress]
  egress:
    - ports: [{port: 53, protocol: UDP}, {port: 443}] # <- here
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: web} # the policy for all is not the place for its rule
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: web:1.0
          env:
            - name: API_URL
              value: http://mysql.blog:3306 # <- here
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny-all, namespace: web}
spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
`,
    },
  ],
  good: [
    {
      yaml: `apiVersion: apps/v1
kind: Deployment
metadata: {name: was, namespace: blog}
spec:
  selector: {matchLabels: {app: was}}
  template:
    metadata: {labels: {app: was}}
    spec: {containers: [{name: was, image: "was:1.0", env: [{name: DB_URL, value: "jdbc:mysql://mysql:3306/blog"}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: mysql, namespace: blog}
spec: {selector: {app: mysql}, ports: [{port: 3306}]}
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: was, namespace: blog}
spec:
  endpointSelector: {matchLabels: {app: was}}
  egress:
    - toEndpoints: [{matchLabels: {app: mysql}}]
      toPorts: [{ports: [{port: "3306", protocol: TCP}]}]
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: dns, namespace: blog}
spec:
  endpointSelector: {}
  egress:
    - toEndpoints: [{matchLabels: {"k8s:io.kubernetes.pod.namespace": kube-system, k8s-app: kube-dns}}]
      toPorts: [{ports: [{port: "53", protocol: ANY}], rules: {dns: [{matchPattern: "*"}]}}]
`,
    },
    {
      // An address needs no lookup; a cache on each node; name servers of its own; only ingress is restricted.
      yaml: `apiVersion: apps/v1
kind: Deployment
metadata: {name: by-address, namespace: blog}
spec:
  selector: {matchLabels: {app: by-address}}
  template:
    metadata: {labels: {app: by-address}}
    spec: {containers: [{name: was, image: "was:1.0", env: [{name: API_URL, value: "http://192.168.1.20:8080"}]}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: by-address, namespace: blog}
spec:
  podSelector: {matchLabels: {app: by-address}}
  policyTypes: [Egress]
  egress: [{to: [{ipBlock: {cidr: 192.168.1.0/24}}]}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cached, namespace: blog}
spec:
  selector: {matchLabels: {app: cached}}
  template:
    metadata: {labels: {app: cached}}
    spec: {containers: [{name: was, image: "was:1.0", env: [{name: API_URL, value: "https://api.example.org"}]}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: cached, namespace: blog}
spec:
  podSelector: {matchLabels: {app: cached}}
  policyTypes: [Egress]
  egress:
    - {to: [{ipBlock: {cidr: 169.254.20.10/32}}], ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]}
    - ports: [{port: 443}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: own, namespace: blog}
spec:
  selector: {matchLabels: {app: own}}
  template:
    metadata: {labels: {app: own}}
    spec:
      dnsPolicy: None
      dnsConfig: {nameservers: [192.168.1.1]}
      containers: [{name: was, image: "was:1.0", env: [{name: API_URL, value: "https://api.example.org"}]}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: own, namespace: blog}
spec:
  podSelector: {matchLabels: {app: own}}
  policyTypes: [Egress]
  egress: [{ports: [{port: 443}]}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: server, namespace: blog}
spec:
  selector: {matchLabels: {app: server}}
  template:
    metadata: {labels: {app: server}}
    spec: {containers: [{name: was, image: "was:1.0", env: [{name: API_URL, value: "https://api.example.org"}]}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: server, namespace: blog}
spec: {podSelector: {matchLabels: {app: server}}, policyTypes: [Ingress], ingress: []}
`,
    },
  ],
  *violations({ resources, cluster }: Context): Iterable<Violation> {
    const flows = knownFlows(resources, cluster);
    if (flows === undefined) return;
    for (const lookup of droppedLookups(flows).values()) yield report(lookup, flows);
  },
};

function report({ need, flow }: DroppedLookup, flows: KnownFlows): Violation {
  const also = flow.protocol === 'UDP' ? (['TCP'] as const) : [];
  const [mend] = missingRules(flow, flows.network, { forAll: true, also, showsNames: hasRulesByName(flow, flows) }).filter(
    ({ direction }) => direction === 'egress',
  );
  const into = mend?.into !== undefined && flows.isJudged(mend.into.policy) ? mend.into : undefined;
  const asked = { resource: need.source.resource, path: need.source.path };
  const consequence =
    flow.protocol === 'UDP'
      ? 'no egress rule allows it to ask the DNS server (port 53 over UDP and TCP): every name fails to resolve'
      : 'it may ask the DNS server over UDP only: an answer that is too long for a datagram fails to arrive';
  const at = into === undefined ? asked : { resource: into.policy, path: into.path };
  return {
    ...at,
    path: editedField(at.path),
    severity: flow.protocol === 'UDP' ? 'error' : 'info',
    message: `${endpointText(flow.from)} uses names (${need.source.words}), and ${consequence}`,
    related: [
      ...(at === asked ? [] : [{ ...asked, message: 'a name is used here' }]),
      ...flows.network.nearMisses(flow).map(({ policy, rule, words }) => ({ resource: policy, path: rule, message: `nearly: ${words}` })),
    ],
    fix:
      into !== undefined
        ? { description: `add to ${into.path}: ${JSON.stringify(into.value)}`, edits: [{ path: into.path, value: into.value }] }
        : { description: mend?.policy === undefined ? 'allow port 53 to the DNS pods' : `add the policy ${JSON.stringify(mend.policy)}` },
  };
}

/** Whether some rule of the pod is about names, which Cilium learns from the answers that it sees. */
function hasRulesByName({ from }: FlowVerdict, { network }: KnownFlows): boolean {
  return network
    .subjects(from)
    .some(({ egress }) => egress.applied.some(({ rule }) => rule.peers !== 'all' && rule.peers.some(({ kind }) => kind === 'names')));
}
