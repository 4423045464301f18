import type { Cluster } from '../facts/cluster';
import type { PodsFacts } from '../facts/cluster-facts';
import { factsNamePods } from '../facts/known-pods';
import type { Field } from '../manifest/field';
import { pointerTo } from '../manifest/json-pointer';
import { workloadsOf } from '../resources/cilium-selection';
import { InstalledElsewhere } from '../resources/installed-elsewhere';
import { containsLabels, type Labels } from '../resources/label-selector';
import type { Resource } from '../resources/resource';
import type { Resources } from '../resources/resources';
import type { Context, Lesson, Violation } from './lesson';

/** The namespace of a pod, with its source written out: a label of pods, and of nothing else. */
export const NAMESPACE_LABEL = 'k8s:io.kubernetes.pod.namespace';

export const crossNamespacePeer: Lesson = {
  id: 'cross-namespace-peer',
  title: 'A peer in another namespace is selected together with its namespace',
  section: 'Network isolation',
  severity: 'error',
  incident: {
    symptom: 'the policy allows Prometheus, or the DNS server, by the very labels of its pods, and the connection is dropped all the same',
    cause:
      'in a policy that lives in a namespace, a selector of peers means pods of that namespace unless it names another. The labels are right, and select nobody',
    source: 'docs.cilium.io, Kubernetes constructs in policy, Namespaces; kubernetes.io, Network Policies',
  },
  remedy: 'add the label k8s:io.kubernetes.pod.namespace with the name of the namespace of the peer to its selector',
  confirm: ['kubectl get pods -A -l <labels>', 'hindsight reach --from <namespace>/<name> --to <namespace>/<name>:<port>'],
  limits:
    'Told of CiliumNetworkPolicy, for selectors by matchLabels alone that no pod of their namespace has and that pods of exactly one other namespace have, declared or in the facts. Not told where the pods that the policy is about exist in that other namespace too: that is another environment. ' +
    'A warning where nothing of the own namespace is declared, or a chart is installed into it: the peers may come from there. NetworkPolicy is told by flow-denied.',
  bad: [
    {
      yaml: `apiVersion: apps/v1
kind: Deployment
metadata: {name: was, namespace: blog}
spec:
  selector: {matchLabels: {app: was}}
  template: {metadata: {labels: {app: was}}, spec: {containers: [{name: was, image: "was:1.0"}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: gateway, namespace: edge}
spec:
  selector: {matchLabels: {app: gateway}}
  template: {metadata: {labels: {app: gateway}}, spec: {containers: [{name: gateway, image: "gateway:1.0"}]}}
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: was, namespace: blog}
spec:
  endpointSelector: {matchLabels: {app: was}}
  ingress:
    - fromEndpoints:
        - matchLabels: {app: gateway} # <- here
`,
    },
    {
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
  ingress:
    - fromEndpoints:
        - matchLabels: {app: prometheus} # <- here
  egress:
    - toEndpoints:
        - matchLabels: {k8s-app: kube-dns} # <- here
`,
      cluster: { prometheus: { namespace: 'monitoring', labels: { app: 'prometheus' } } },
    },
  ],
  good: [
    {
      yaml: `apiVersion: apps/v1
kind: Deployment
metadata: {name: was, namespace: blog}
spec:
  selector: {matchLabels: {app: was}}
  template: {metadata: {labels: {app: was}}, spec: {containers: [{name: was, image: "was:1.0"}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: gateway, namespace: edge}
spec:
  selector: {matchLabels: {app: gateway}}
  template: {metadata: {labels: {app: gateway}}, spec: {containers: [{name: gateway, image: "gateway:1.0"}]}}
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: was, namespace: blog}
spec:
  endpointSelector: {matchLabels: {app: was}}
  ingress:
    - fromEndpoints:
        - matchLabels: {app: gateway, "k8s:io.kubernetes.pod.namespace": edge}
`,
    },
    {
      // In both namespaces; nowhere; another environment; a policy for the whole cluster; everybody.
      yaml: `apiVersion: apps/v1
kind: Deployment
metadata: {name: was, namespace: blog}
spec:
  selector: {matchLabels: {app: was}}
  template: {metadata: {labels: {app: was}}, spec: {containers: [{name: was, image: "was:1.0"}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: was, namespace: staging}
spec:
  selector: {matchLabels: {app: was}}
  template: {metadata: {labels: {app: was}}, spec: {containers: [{name: was, image: "was:1.0"}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: debug, namespace: staging}
spec:
  selector: {matchLabels: {app: debug}}
  template: {metadata: {labels: {app: debug}}, spec: {containers: [{name: debug, image: "debug:1.0"}]}}
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: was, namespace: blog}
spec:
  endpointSelector: {matchLabels: {app: was}}
  ingress: [{fromEndpoints: [{matchLabels: {app: was}}, {matchLabels: {app: nobody}}, {matchLabels: {app: debug}}, {}]}]
---
apiVersion: cilium.io/v2
kind: CiliumClusterwideNetworkPolicy
metadata: {name: debug}
spec:
  endpointSelector: {matchLabels: {app: was}}
  ingress: [{fromEndpoints: [{matchLabels: {app: debug}}]}]
`,
    },
  ],
  *violations({ resources, cluster }: Context): Iterable<Violation> {
    const policies = resources.all.filter(
      ({ group, kind, namespace }) => group === 'cilium.io' && kind === 'CiliumNetworkPolicy' && namespace !== null,
    );
    if (policies.length === 0) return;
    const places = new Places(resources, cluster);
    for (const policy of policies)
      for (const spec of [policy.at('spec'), ...policy.at('specs').items])
        for (const selector of peersOf(spec)) {
          const found = judged(policy, spec, selector, places);
          if (found !== undefined) yield found;
        }
  },
};

/** Where pods are declared or known to be. */
class Places {
  private readonly namespaces: readonly string[];
  private readonly known: readonly PodsFacts[];
  readonly elsewhere: InstalledElsewhere;

  constructor(
    readonly resources: Resources,
    readonly cluster: Cluster,
  ) {
    this.namespaces = [...new Set(resources.workloads.flatMap(({ namespace }) => namespace ?? []))];
    const { prometheus, ingressControllers = [], mesh } = cluster.facts;
    const given = [cluster.dns, cluster.meshControlPlane, prometheus, ...ingressControllers, ...(mesh?.gateways ?? [])];
    this.known = given.flatMap((pods) => pods ?? []);
    this.elsewhere = resources.view(InstalledElsewhere);
  }

  withPods(labels: Labels): readonly string[] {
    const declared = this.namespaces.filter((namespace) => this.resources.workloadsLabelled(namespace, labels).length > 0);
    const known = this.known.filter((pods) => containsLabels(pods.labels, labels));
    return [...new Set([...declared, ...known.map(({ namespace }) => namespace)])];
  }
}

function peersOf(spec: Field): Field[] {
  return [
    ...['ingress', 'ingressDeny'].flatMap((section) => spec.at(section).items.flatMap((rule) => rule.at('fromEndpoints').items)),
    ...['egress', 'egressDeny'].flatMap((section) => spec.at(section).items.flatMap((rule) => rule.at('toEndpoints').items)),
  ];
}

function judged(policy: Resource, spec: Field, selector: Field, places: Places): Violation | undefined {
  const { resources, cluster, elsewhere } = places;
  const labels = plainLabels(selector);
  if (labels === undefined || workloadsOf(selector, policy, resources)?.length !== 0) return undefined;
  if (factsNamePods(cluster, labels, policy.namespace) || elsewhere.operatorOf(labels, policy.namespace) !== undefined) return undefined;
  const [other, ...more] = places.withPods(labels);
  if (other === undefined || more.length > 0 || other === policy.namespace) return undefined;
  const subject = plainLabels(spec.at('endpointSelector'));
  if (subject !== undefined && resources.workloadsLabelled(other, subject).length > 0) return undefined;
  const isUncertain = elsewhere.into(policy.namespace) || resources.workloadsIn(policy.namespace).length === 0;
  const path = pointerTo(selector.path, 'matchLabels', NAMESPACE_LABEL);
  const [peer] = resources.workloadsLabelled(other, labels);
  return {
    resource: policy,
    path: selector.at('matchLabels').path,
    severity: isUncertain ? 'warning' : 'error',
    message: `the selector means pods of namespace ${policy.namespace ?? ''}, where none has these labels; those of namespace ${other} have them, and are not selected`,
    related:
      peer === undefined ? [] : [{ resource: peer.resource, path: peer.template.at('metadata', 'labels').path, message: 'probably meant' }],
    fix: { description: `add ${NAMESPACE_LABEL}: ${other}`, edits: [{ path, value: other }] },
  };
}

/** The labels of a selector by pod labels alone, which names no namespace. */
function plainLabels(selector: Field): Labels | undefined {
  const { entries } = selector.at('matchLabels');
  if (entries.length === 0 || selector.at('matchExpressions').items.length > 0) return undefined;
  const plain = entries.map(([key, value]) => [key.replace(/^(k8s|any):/, ''), value.text ?? ''] as const);
  return plain.some(
    ([key]) => key.includes(':') || key.startsWith('io.kubernetes.') || key.startsWith('io.cilium.') || key.startsWith('reserved.'),
  )
    ? undefined
    : Object.fromEntries(plain);
}
