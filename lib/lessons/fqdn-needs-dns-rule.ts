import { pointerTo, stepsOf } from '../manifest/json-pointer';
import { droppedLookups } from '../network/dropped-lookups';
import { knownFlows } from '../network/known-flows';
import type { NamePattern } from '../network/dns-name';
import type { TrafficRule } from '../network/policy-rule';
import type { SubjectSection } from '../network/subject-policy';
import type { Resource } from '../resources/resource';
import type { Workload } from '../resources/workload';
import type { Context, Fix, Lesson, Violation } from './lesson';

export const fqdnNeedsDnsRule: Lesson = {
  id: 'fqdn-needs-dns-rule',
  title: 'A rule by toFQDNs comes with a DNS rule that lets the proxy see its names',
  section: 'Network isolation',
  severity: 'error',
  incident: {
    symptom: 'the policy names the host in toFQDNs and is Valid, the name resolves, and yet each connection to it times out',
    cause:
      "toFQDNs matches the addresses that Cilium's DNS proxy has seen in answers to this pod. The proxy sees only what a rule with `rules.dns` sends through it; a plain rule for port 53 lets the lookups pass unseen, and the list of addresses stays empty",
    source: 'docs.cilium.io, DNS based; cilium pkg/fqdn',
  },
  remedy: 'put rules.dns with the names, or with matchPattern "*", on the rule that allows port 53 to the DNS pods',
  confirm: [
    'kubectl -n kube-system exec ds/cilium -- cilium-dbg fqdn cache list',
    'kubectl exec -n <namespace> <pod> -- curl -sv https://<name>',
  ],
  limits:
    'Judged for the declared pods that the policy selects, over all policies that select them. A pattern is compared by one name that it matches. That the host has been looked up by another pod of the same node does not help, and is not counted.',
  bad: [
    {
      yaml: `apiVersion: apps/v1
kind: Deployment
metadata: {name: backup, namespace: blog}
spec:
  selector: {matchLabels: {app: backup}}
  template: {metadata: {labels: {app: backup}}, spec: {containers: [{name: backup, image: "backup:1.0"}]}}
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: backup, namespace: blog}
spec:
  endpointSelector: {matchLabels: {app: backup}}
  egress:
    - toFQDNs:
        - matchPattern: "*.s3.eu-west-1.amazonaws.com" # <- here
      toPorts: [{ports: [{port: "443", protocol: TCP}]}]
    - toEndpoints: [{matchLabels: {"k8s:io.kubernetes.pod.namespace": kube-system, k8s-app: kube-dns}}]
      toPorts: [{ports: [{port: "53", protocol: ANY}]}]
`,
    },
    {
      // The DNS rule lets other names through; one of several names.
      yaml: `apiVersion: apps/v1
kind: Deployment
metadata: {name: was, namespace: blog}
spec:
  selector: {matchLabels: {app: was}}
  template: {metadata: {labels: {app: was}}, spec: {containers: [{name: was, image: "was:1.0"}]}}
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: was, namespace: blog}
spec:
  endpointSelector: {matchLabels: {app: was}}
  egress:
    - toFQDNs:
        - matchName: api.example.org
        - matchName: pay.example.com # <- here
      toPorts: [{ports: [{port: "443", protocol: TCP}]}]
    - toEndpoints: [{matchLabels: {"k8s:io.kubernetes.pod.namespace": kube-system, k8s-app: kube-dns}}]
      toPorts: [{ports: [{port: "53", protocol: ANY}], rules: {dns: [{matchPattern: "*.example.org"}]}}]
`,
    },
  ],
  good: [
    {
      yaml: `apiVersion: apps/v1
kind: Deployment
metadata: {name: backup, namespace: blog}
spec:
  selector: {matchLabels: {app: backup}}
  template: {metadata: {labels: {app: backup}}, spec: {containers: [{name: backup, image: "backup:1.0"}]}}
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: backup, namespace: blog}
spec:
  endpointSelector: {matchLabels: {app: backup}}
  egress:
    - toFQDNs:
        - matchPattern: "*.s3.eu-west-1.amazonaws.com"
        - matchName: "api.example.org"
      toPorts: [{ports: [{port: "443", protocol: TCP}]}]
    - toEndpoints: [{matchLabels: {"k8s:io.kubernetes.pod.namespace": kube-system, k8s-app: kube-dns}}]
      toPorts: [{ports: [{port: "53", protocol: ANY}], rules: {dns: [{matchPattern: "*"}]}}]
`,
    },
    {
      // The DNS rule is another policy's; a policy that selects no declared pod.
      yaml: `apiVersion: apps/v1
kind: Deployment
metadata: {name: was, namespace: blog}
spec:
  selector: {matchLabels: {app: was}}
  template: {metadata: {labels: {app: was}}, spec: {containers: [{name: was, image: "was:1.0"}]}}
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: was, namespace: blog}
spec:
  endpointSelector: {matchLabels: {app: was}}
  egress: [{toFQDNs: [{matchPattern: "*.example.org"}]}]
---
apiVersion: cilium.io/v2
kind: CiliumClusterwideNetworkPolicy
metadata: {name: dns}
spec:
  endpointSelector: {}
  egress:
    - toEndpoints: [{matchLabels: {"k8s:io.kubernetes.pod.namespace": kube-system, k8s-app: kube-dns}}]
      toPorts: [{ports: [{port: "53", protocol: ANY}], rules: {dns: [{matchPattern: "*.example.org"}]}}]
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: nobody, namespace: shop}
spec:
  endpointSelector: {matchLabels: {app: nobody}}
  egress: [{toFQDNs: [{matchName: api.example.org}]}]
`,
    },
  ],
  *violations({ resources, cluster }: Context): Iterable<Violation> {
    const hasPolicies = ['CiliumNetworkPolicy', 'CiliumClusterwideNetworkPolicy'].some(
      (kind) => resources.ofKind('cilium.io', kind).length > 0,
    );
    const flows = hasPolicies ? knownFlows(resources, cluster) : undefined;
    if (flows === undefined) return;
    const told = new Set<string>();
    const lookups = droppedLookups(flows);
    for (const workload of resources.workloads) {
      // Where no lookup passes at all, that is what has to be mended, and dns-egress-missing tells it.
      if (lookups.get(workload.resource)?.flow.protocol === 'UDP') continue;
      for (const { egress } of flows.network.subjects({ kind: 'workload', workload }))
        for (const unseen of unseenNames(egress)) {
          const { rule, pattern, path } = unseen;
          const key = `${rule.policy.toString()} ${path}`;
          if (told.has(key) || !flows.isJudged(rule.policy)) continue;
          told.add(key);
          yield report(unseen, pattern, workload);
        }
    }
  },
};

interface UnseenName {
  readonly rule: TrafficRule;
  readonly pattern: NamePattern;
  readonly path: string;
}

/** The names of certain rules that no DNS rule of the same subject lets the proxy see. */
function unseenNames({ applied, dnsNames }: SubjectSection): UnseenName[] {
  return applied.flatMap(({ rule, applies }) => {
    if (applies !== 'yes' || rule.peers === 'all') return [];
    return rule.peers.flatMap((peer) => {
      if (peer.kind !== 'names') return [];
      return peer.patterns.flatMap((pattern, index) => {
        if (dnsNames.some((seen) => seen.text === pattern.text || seen.matches(sampleOf(pattern)))) return [];
        const { policy } = rule;
        const list = policy.at(...stepsOf(peer.pointer));
        // Entries without a name have no pattern: then the list itself is pointed at.
        const entry = list.items.length === peer.patterns.length ? list.items[index] : undefined;
        const key = entry?.at('matchName').isSet === true ? 'matchName' : 'matchPattern';
        return [{ rule, pattern, path: entry === undefined ? list.path : pointerTo(entry.path, key) }];
      });
    });
  });
}

/** A name that the pattern matches. */
function sampleOf({ text }: NamePattern): string {
  return text.replaceAll(/\*+/g, 'x');
}

function report({ rule, path }: UnseenName, pattern: NamePattern, workload: Workload): Violation {
  const { policy } = rule;
  return {
    resource: policy,
    path,
    message: `no DNS rule shows lookups of ${pattern.text} by ${workload.toString()} to Cilium's proxy: toFQDNs never learns an address of it, and the connections are dropped`,
    fix: fixOf(policy, rule, pattern),
  };
}

/** The rule for port 53 beside it learns to look at the names. */
function fixOf(policy: Resource, rule: TrafficRule, pattern: NamePattern): Fix {
  const names = pattern.text.includes('*') ? { matchPattern: pattern.text } : { matchName: pattern.text };
  const list = policy.at(...stepsOf(rule.pointer).slice(0, -1));
  for (const entry of list.items.flatMap((one) => one.at('toPorts').items)) {
    if (!entry.at('ports').items.some((port) => port.at('port').text === '53')) continue;
    const dns = entry.at('rules', 'dns');
    if (dns.items.length > 0)
      return { description: `let ${pattern.text} through at ${dns.path}`, edits: [{ path: pointerTo(dns.path, '-'), value: names }] };
    return {
      description: `add rules: {dns: [{matchPattern: "*"}]} at ${entry.path}`,
      edits: [{ path: dns.path, value: [{ matchPattern: '*' }] }],
    };
  }
  return { description: 'allow port 53 to the DNS pods, with rules: {dns: [{matchPattern: "*"}]}' };
}
