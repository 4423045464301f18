import type { Field } from '../manifest/field';
import type { Resource } from '../resources/resource';
import { type Context, type Lesson, violation, type Violation } from './lesson';

/** Entities that stand for more than anybody means. */
const WIDE_ENTITIES: ReadonlySet<string> = new Set(['all', 'world', 'cluster']);
/** Every address. */
const WIDE_CIDRS: ReadonlySet<string> = new Set(['0.0.0.0/0', '::/0']);

export const egressTooWide: Lesson = {
  id: 'egress-too-wide',
  title: 'Egress names its peer, or at least its port',
  section: 'Network isolation',
  severity: 'warning',
  incident: {
    symptom: 'a policy that was made to isolate an exporter lets it talk to everybody, on every port',
    cause:
      'to reach one database and DNS, the entities cluster and world were opened as a whole: the quickest rule that works is the widest one',
    source: "Kustomize labels and Cilium entities, the exporter's policy; docs.cilium.io, Layer 3 Policies, Entities",
  },
  remedy: 'name the workload by its labels and its port; for the internet name the hosts (toFQDNs) or at least the port, such as 443',
  confirm: ['kubectl get cnp -n <namespace> <name> -o yaml', 'hubble observe --from-pod <namespace>/<pod> --type l3/l4'],
  limits:
    'Only egress rules without a port are reported. A rule beside egressDeny, which lets all but something through, and policies that do not turn default deny on are accepted, and so is a range with exceptions. ' +
    'An empty egress rule of a Kubernetes NetworkPolicy, which says that egress is not restricted, is accepted too.',
  bad: [
    {
      yaml: `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: mysql-exporter, namespace: blog}
spec:
  endpointSelector: {matchLabels: {app: mysql-exporter}}
  egress:
    - toEntities:
        - cluster # <- here
        - world # <- here
    - toCIDR:
        - 0.0.0.0/0 # <- here
    - toCIDRSet:
        - cidr: ::/0 # <- here
    - toEntities:
        - all # <- here
      toPorts: [{ports: [{port: "0", protocol: TCP}]}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: was, namespace: blog}
spec:
  podSelector: {matchLabels: {app: was}}
  policyTypes: [Egress]
  egress:
    - to:
        - ipBlock:
            cidr: 0.0.0.0/0 # <- here
`,
    },
  ],
  good: [
    {
      yaml: `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: mysql-exporter, namespace: blog}
spec:
  endpointSelector: {matchLabels: {app: mysql-exporter}}
  ingress: [{fromEntities: [cluster]}]
  egress:
    - toEndpoints: [{matchLabels: {app: mysql}}]
      toPorts: [{ports: [{port: "3306", protocol: TCP}]}]
    - toEntities: [world]
      toPorts: [{ports: [{port: "443", protocol: TCP}]}]
    - toEntities: [kube-apiserver, host, remote-node]
    - toCIDR: [192.168.0.0/16]
    - toCIDRSet: [{cidr: 0.0.0.0/0, except: [10.0.0.0/8]}]
    - toEntities: [world]
      icmps: [{fields: [{type: EchoRequest}]}]
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: all-but-metadata, namespace: blog}
spec:
  endpointSelector: {}
  egress: [{toEntities: [all]}]
  egressDeny: [{toCIDR: [169.254.169.254/32]}]
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: visibility, namespace: blog}
spec:
  endpointSelector: {}
  enableDefaultDeny: {egress: false}
  egress: [{toEntities: [all]}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: was, namespace: blog}
spec:
  podSelector: {matchLabels: {app: was}}
  policyTypes: [Ingress, Egress]
  egress:
    - to: [{ipBlock: {cidr: 0.0.0.0/0}}]
      ports: [{port: 443}]
    - to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}]
    - to: [{namespaceSelector: {}}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: ingress-only, namespace: blog}
spec: {podSelector: {}, policyTypes: [Ingress, Egress], ingress: [], egress: [{}]}
`,
    },
  ],
  *violations({ resources }: Context): Iterable<Violation> {
    for (const policy of resources.all) {
      if (policy.group === 'cilium.io' && /^Cilium(Clusterwide)?NetworkPolicy$/.test(policy.kind))
        for (const spec of [policy.at('spec'), ...policy.at('specs').items]) yield* ciliumEgress(policy, spec);
      if (policy.group === 'networking.k8s.io' && policy.kind === 'NetworkPolicy') yield* kubernetesEgress(policy);
    }
  },
};

function* ciliumEgress(policy: Resource, spec: Field): Iterable<Violation> {
  if (spec.at('egressDeny').items.length > 0 || spec.at('enableDefaultDeny', 'egress').boolean === false) return;
  for (const rule of spec.at('egress').items) {
    if (namesPorts(rule) || rule.at('icmps').items.length > 0) continue;
    for (const entity of rule.at('toEntities').items)
      if (WIDE_ENTITIES.has(entity.string ?? '')) yield tooWide(policy, entity, `the entity ${entity.string ?? ''}`);
    for (const cidr of rule.at('toCIDR').items) if (WIDE_CIDRS.has(cidr.string ?? '')) yield tooWide(policy, cidr, cidr.string ?? '');
    for (const set of rule.at('toCIDRSet').items)
      if (WIDE_CIDRS.has(set.at('cidr').string ?? '') && set.at('except').items.length === 0)
        yield tooWide(policy, set.at('cidr'), set.at('cidr').string ?? '');
  }
}

/** Without an entry, and with port 0, every port is meant; an entry without ports allows nothing. */
function namesPorts(rule: Field): boolean {
  const entries = rule.at('toPorts').items;
  return entries.length > 0 && entries.every((entry) => entry.at('ports').items.every((port) => !/^0+$/.test(port.at('port').text ?? '')));
}

function* kubernetesEgress(policy: Resource): Iterable<Violation> {
  for (const rule of policy.at('spec', 'egress').items) {
    if (rule.at('ports').items.some((port) => port.at('port').isSet)) continue;
    for (const peer of rule.at('to').items) {
      const cidr = peer.at('ipBlock', 'cidr');
      if (WIDE_CIDRS.has(cidr.string ?? '') && peer.at('ipBlock', 'except').items.length === 0)
        yield tooWide(policy, cidr, cidr.string ?? '');
    }
  }
}

function tooWide(policy: Resource, field: Field, what: string): Violation {
  return violation(policy, field, `egress to ${what} without a port: the policy restricts the pods' egress hardly at all`, {
    fix: { description: 'name the peer and its port' },
  });
}
