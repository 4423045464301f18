import type { Field } from '../manifest/field';
import { type KnownFlows, knownFlows } from '../network/known-flows';
import type { Direction } from '../network/policy-rule';
import { workloadsOf } from '../resources/cilium-selection';
import type { Resource } from '../resources/resource';
import type { Context, Lesson, Violation } from './lesson';
import { rejectionsOf } from './policy-rejected';

export const emptyRulesDenyNothing: Lesson = {
  id: 'empty-rules-deny-nothing',
  title: 'A Cilium policy that is to let nothing through says so by an empty rule, not by an empty list',
  section: 'Network isolation',
  severity: 'warning',
  incident: {
    symptom: 'the last rule of a direction was taken out of the policy, `ingress: []` stayed, and from then on everybody reached the pod',
    cause:
      'in a NetworkPolicy an empty list denies everything. Cilium takes an empty list for an absent one: the policy says nothing of that direction, and nothing is denied. One empty rule, `[{}]`, allows nobody and denies the rest',
    source: 'docs.cilium.io, Layer 3 Policies, Ingress Default Deny; cilium 1.18 pkg/policy/api, default deny',
  },
  remedy: 'write one empty rule, `- {}`; or remove the key, where the direction is meant to be open',
  confirm: [
    'hindsight reach --from entity:world --to <namespace>/<name>:<port>',
    'kubectl -n kube-system exec ds/cilium -- cilium-dbg endpoint list',
  ],
  limits:
    'Told where a declared pod is selected, and nothing else restricts that direction of the pods that are. A list that is absent or null says plainly that the direction is left alone. A policy that Cilium does not take is told by policy-rejected; from 1.18 that is also one without any rule.',
  bad: [
    {
      yaml: `apiVersion: apps/v1
kind: Deployment
metadata: {name: exporter, namespace: blog}
spec:
  selector: {matchLabels: {app: exporter}}
  template: {metadata: {labels: {app: exporter}}, spec: {containers: [{name: exporter, image: "exporter:1.0"}]}}
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: exporter, namespace: blog}
spec:
  endpointSelector: {matchLabels: {app: exporter}}
  ingress: [] # <- here
  egress:
    - toEndpoints: [{matchLabels: {app: mysql}}]
`,
    },
    {
      // In one of several specs; the other direction.
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
specs:
  - endpointSelector: {matchLabels: {app: was}}
    ingress: [{fromEndpoints: [{matchLabels: {app: web}}]}]
    egress: [] # <- here
`,
    },
    {
      // Beside rules that only deny.
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
  ingress: [] # <- here
  egressDeny: [{toEntities: [world]}]
`,
    },
    {
      // Before 1.18 Cilium took a policy without any rule.
      cluster: { network: { version: '1.17' } },
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
  ingress: [] # <- here
`,
    },
  ],
  good: [
    {
      yaml: `apiVersion: apps/v1
kind: Deployment
metadata: {name: exporter, namespace: blog}
spec:
  selector: {matchLabels: {app: exporter}}
  template: {metadata: {labels: {app: exporter}}, spec: {containers: [{name: exporter, image: "exporter:1.0"}]}}
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: exporter, namespace: blog}
spec:
  endpointSelector: {matchLabels: {app: exporter}}
  ingress: [{}]
  egress:
    - toEndpoints: [{matchLabels: {app: mysql}}]
`,
    },
    {
      // Another policy restricts the direction; it is left open on purpose; no pod is selected; a NetworkPolicy, where it does deny.
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
  ingress: []
  egress: [{toEndpoints: [{matchLabels: {app: mysql}}]}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny-ingress, namespace: blog}
spec: {podSelector: {}, policyTypes: [Ingress], ingress: []}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: front}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: "web:1.0"}]}}
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: web, namespace: front}
spec:
  endpointSelector: {matchLabels: {app: web}}
  enableDefaultDeny: {ingress: false}
  ingress: []
  egress: [{toEndpoints: [{matchLabels: {app: was}}]}]
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: nobody, namespace: front}
spec:
  endpointSelector: {matchLabels: {app: nobody}}
  ingress: []
  egress: [{toEndpoints: [{matchLabels: {app: was}}]}]
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: absent, namespace: front}
spec:
  endpointSelector: {matchLabels: {app: web}}
  egress: [{toEndpoints: [{matchLabels: {app: was}}]}]
  ingress: null
`,
    },
    {
      // Of a policy that Cilium does not take, that is the flaw, and policy-rejected tells it.
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
specs:
  - {endpointSelector: {matchLabels: {app: was}}, ingress: []}
  - {endpointSelector: {matchLabels: {app: was}}, ingress: [], egress: [{toEntities: [world]}]}
`,
    },
  ],
  *violations({ resources, cluster }: Context): Iterable<Violation> {
    const policies = ['CiliumNetworkPolicy', 'CiliumClusterwideNetworkPolicy'].flatMap((kind) => resources.ofKind('cilium.io', kind));
    const flows = policies.length === 0 ? undefined : knownFlows(resources, cluster);
    if (flows === undefined) return;
    for (const policy of policies) {
      const isRejected = [...rejectionsOf(policy, cluster.facts.network?.version)].some(({ unless }) => unless === undefined);
      if (!flows.isJudged(policy) || isRejected) continue;
      for (const spec of [policy.at('spec'), ...policy.at('specs').items])
        for (const direction of ['ingress', 'egress'] as const) {
          const found = emptyRules(policy, spec, direction, flows);
          if (found !== undefined) yield found;
        }
    }
  },
};

function emptyRules(policy: Resource, spec: Field, direction: Direction, flows: KnownFlows): Violation | undefined {
  const list = spec.at(direction);
  if (!isEmptyList(list) || spec.at('enableDefaultDeny', direction).boolean === false) return undefined;
  const subjects = workloadsOf(spec.at('endpointSelector'), policy, flows.resources) ?? [];
  const [first] = subjects;
  const isOpen = subjects.every((workload) => flows.network.restricted({ kind: 'workload', workload }, direction) === 'no');
  if (first === undefined || !isOpen) return undefined;
  const pods = `${first.toString()}${subjects.length === 1 ? '' : ` and ${subjects.length - 1} more`}`;
  const consequence =
    direction === 'ingress' ? `everybody may connect to the pods of ${pods}` : `the pods of ${pods} may connect to everybody`;
  return {
    resource: policy,
    path: list.path,
    message: `an empty list of ${direction} rules denies nothing, as if it were not there: ${consequence}`,
    related: [{ resource: first.resource, path: first.template.at('metadata', 'labels').path, message: 'these pods are open' }],
    fix: { description: `write ${direction}: [{}], which allows nobody`, edits: [{ path: list.path, value: [{}] }] },
  };
}

function isEmptyList({ value }: Field): boolean {
  return Array.isArray(value) && value.length === 0;
}
