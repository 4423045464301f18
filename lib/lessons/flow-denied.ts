import { endpointText } from '../network/endpoint';
import { flowsToPods, type KnownFlows, knownFlows } from '../network/known-flows';
import { type MissingRule, missingRules } from '../network/missing-rule';
import type { Need } from '../network/need';
import type { FlowVerdict } from '../network/network';
import type { Direction, TrafficRule } from '../network/policy-rule';
import { portMatches, trafficText } from '../network/traffic-port';
import type { Because } from '../network/verdict';
import { editedField } from '../manifest/json-pointer';
import type { Resource } from '../resources/resource';
import type { Context, Fix, Lesson, Place, Related, Violation } from './lesson';

export const flowDenied: Lesson = {
  id: 'flow-denied',
  title: 'The policies allow every connection that the workloads need, on both sides',
  section: 'Network isolation',
  severity: 'error',
  incident: {
    symptom:
      "after isolation the nightly backup hangs at `mysqldump: Got error: 2003: Can't connect to MySQL server (110)`, the exporter's targets are down, or the canary analysis fails, while the application itself works",
    cause:
      'a policy that selects a pod drops whatever no rule names, in each direction for itself: the rules of the source and those of the destination must both allow the connection, by the port of the pod. The clients that are seldom seen (backup, scrape, analysis) are forgotten on one side',
    source: 'CI/CD troubleshooting guide, 8.1; Kustomize labels and Cilium entities; docs.cilium.io, Policy Enforcement Modes',
  },
  remedy: 'add the rule that the finding shows to the policy that it names; or take away what asks for the connection',
  confirm: [
    'hindsight reach --from <namespace>/<name> --to <namespace>/<name>:<port>',
    'kubectl -n kube-system exec ds/cilium -- hubble observe --verdict DROPPED --namespace <namespace>',
  ],
  limits:
    'Needs are inferred from environments, options, scripts, mounted configuration, buckets, monitors, routes, probes, webhooks, canary analyses and Applications; what only the image knows is not seen. Only a certain denial is told: what depends on undeclared pods, or on addresses of names, is not. ' +
    'A Service without backends, which Cilium answers with the same EPERM, is told by service-without-backends; lookups of names by dns-egress-missing; a selector that only lacks its namespace by cross-namespace-peer; a port that the Service does not offer is no denial.',
  yieldsTo: ['cross-namespace-peer'],
  bad: [
    {
      yaml: `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: mysql, namespace: blog}
spec:
  selector: {matchLabels: {app: mysql}}
  template:
    metadata: {labels: {app: mysql}}
    spec: {containers: [{name: mysql, image: "mysql:8.4", ports: [{name: sql, containerPort: 3306}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: mysql, namespace: blog}
spec: {selector: {app: mysql}, ports: [{port: 3306, targetPort: sql}]}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: mysql-backup, namespace: blog}
spec:
  schedule: "0 18 * * *"
  jobTemplate:
    spec:
      template:
        metadata: {labels: {app: mysql-backup}}
        spec:
          restartPolicy: Never
          containers: [{name: dump, image: "mysql:8.4", command: [sh, -c, "mysqldump -h mysql blog"]}]
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: mysql, namespace: blog}
spec:
  endpointSelector: {matchLabels: {app: mysql}}
  ingress: # the backup is missing
    - fromEndpoints: [{matchLabels: {app: was}}] # <- here
      toPorts: [{ports: [{port: "3306", protocol: TCP}]}]
`,
    },
    {
      // The client's side, by the port of the Service; a deny rule; a policy about every pod, where the need is pointed at.
      yaml: `apiVersion: apps/v1
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
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: blog}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "web:1.0", env: [{name: API_URL, value: "http://was:80/api"}]}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: blog}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Egress]
  egress:
    - to: [{podSelector: {matchLabels: {app: was}}}] # <- here
      ports: [{port: 80}]
    - ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: admin, namespace: blog}
spec:
  selector: {matchLabels: {app: admin}}
  template:
    metadata: {labels: {app: admin}}
    spec: {containers: [{name: admin, image: "admin:1.0", env: [{name: API_URL, value: "http://was/api"}]}]}
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: not-admin, namespace: blog}
spec:
  endpointSelector: {matchLabels: {app: was}}
  enableDefaultDeny: {ingress: false}
  ingressDeny:
    - fromEndpoints: [{matchLabels: {app: admin}}] # <- here
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, namespace: shop}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      containers:
        - name: shop
          image: shop:1.0
          env:
            - name: API_URL
              value: http://was.blog # <- here
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: dns-only, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress: [{ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]}]
`,
    },
  ],
  good: [
    {
      yaml: `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: mysql, namespace: blog}
spec:
  selector: {matchLabels: {app: mysql}}
  template:
    metadata: {labels: {app: mysql}}
    spec: {containers: [{name: mysql, image: "mysql:8.4", ports: [{name: sql, containerPort: 3306}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: mysql, namespace: blog}
spec: {selector: {app: mysql}, ports: [{port: 3306, targetPort: sql}]}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: mysql-backup, namespace: blog}
spec:
  schedule: "0 18 * * *"
  jobTemplate:
    spec:
      template:
        metadata: {labels: {app: mysql-backup}}
        spec:
          restartPolicy: Never
          containers: [{name: dump, image: "mysql:8.4", command: [sh, -c, "mysqldump -h mysql blog"]}]
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: mysql, namespace: blog}
spec:
  endpointSelector: {matchLabels: {app: mysql}}
  ingress:
    - fromEndpoints: [{matchLabels: {app: was}}, {matchLabels: {app: mysql-backup}}]
      toPorts: [{ports: [{port: "3306", protocol: TCP}]}]
`,
    },
    {
      // Another policy allows it; the port by name; a Service without backends, and a port that it does not offer, are no denials.
      yaml: `apiVersion: apps/v1
kind: Deployment
metadata: {name: was, namespace: blog}
spec:
  selector: {matchLabels: {app: was}}
  template:
    metadata: {labels: {app: was}}
    spec: {containers: [{name: was, image: "was:1.0", ports: [{name: http, containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: was, namespace: blog}
spec: {selector: {app: was}, ports: [{port: 80, targetPort: http}]}
---
apiVersion: v1
kind: Service
metadata: {name: gone, namespace: blog}
spec: {selector: {app: gone}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: blog}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: web:1.0
          env: [{name: API_URL, value: "http://was/api"}, {name: OLD_URL, value: "http://gone/"}, {name: ODD_URL, value: "http://was:81/"}]
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: was, namespace: blog}
spec:
  endpointSelector: {matchLabels: {app: was}}
  ingress: [{}]
---
apiVersion: cilium.io/v2
kind: CiliumClusterwideNetworkPolicy
metadata: {name: web-to-was}
spec:
  endpointSelector: {matchLabels: {app: was}}
  ingress:
    - fromEndpoints: [{matchLabels: {app: web, "k8s:io.kubernetes.pod.namespace": blog}}]
      toPorts: [{ports: [{port: http, protocol: TCP}]}]
`,
    },
  ],
  *violations({ resources, cluster }: Context): Iterable<Violation> {
    const flows = knownFlows(resources, cluster);
    if (flows === undefined) return;
    const told = new Set<string>();
    for (const { need, flow } of flows.needs) {
      if (flow.verdict === 'allow' || need.purpose === 'telemetry') continue;
      for (const one of flowsToPods(flow))
        for (const direction of ['egress', 'ingress'] as const) {
          // Whether names can be looked up, whether rules by name see the answers, and what a sidecar needs are other lessons' questions.
          if (direction === 'egress' && (need.purpose === 'dns' || need.purpose === 'mesh' || isAllowedByName(one, flows))) continue;
          const key = `${direction} ${endpointText(one.from)} ${endpointText(one.to)} ${trafficText(one)}`;
          const denial = told.has(key) ? undefined : denied(one, direction, need, flows);
          if (denial === undefined) continue;
          told.add(key);
          yield denial;
        }
    }
  },
};

/** Whether a rule is about this name and port, so that all it takes is to see the lookups. */
function isAllowedByName({ from, to, port, protocol }: FlowVerdict, { network }: KnownFlows): boolean {
  if (to.kind !== 'fqdn') return false;
  const isNamed = ({ peers }: TrafficRule): boolean =>
    peers !== 'all' && peers.some((peer) => peer.kind === 'names' && peer.patterns.some((pattern) => pattern.matches(to.name)));
  const isOnPort = ({ ports }: TrafficRule): boolean =>
    ports === 'all' || ports.some(({ filters }) => filters.some((filter) => portMatches(filter, { port, protocol }, undefined) !== 'no'));
  return network
    .subjects(from)
    .some(({ egress }) => egress.applied.some(({ rule }) => rule.effect === 'allow' && isNamed(rule) && isOnPort(rule)));
}

function denied(flow: FlowVerdict, direction: Direction, need: Need, flows: KnownFlows): Violation | undefined {
  const { verdict, because } = flow[direction];
  const decisive = because.filter(({ effect }) => effect === 'deny' || effect === 'default-deny');
  if (verdict !== 'deny' || decisive.length === 0) return undefined;
  const ends = `${endpointText(flow.from)} to ${endpointText(flow.to)} on ${trafficText(flow)}`;
  const forbidden = decisive.find(({ effect }) => effect === 'deny');
  const what =
    forbidden === undefined
      ? `no ${direction} rule allows ${ends}, so that the connection is dropped`
      : `${ends} is dropped: the rule ${forbidden.words}, and no allow rule outweighs that`;
  const mend = missingRules(flow, flows.network).find((missing) => missing.direction === direction);
  const asked = { resource: need.source.resource, path: need.source.path };
  const at = placeOf(forbidden, mend, direction, flows) ?? asked;
  const misses = flows.network.nearMisses(flow).filter((miss) => miss.direction === direction);
  const related = [
    ...(at === asked ? [] : [{ ...asked, message: `it is needed: ${need.source.words}` }]),
    ...restrictions(decisive, at.resource),
    ...misses.map(({ policy, rule, words }) => ({ resource: policy, path: rule, message: `nearly: ${words}` })),
  ];
  const causes = misses.flatMap(({ policy, peer }) => (peer === undefined ? [] : [{ resource: policy, path: peer }]));
  return { ...at, causes, message: `${what}; it is needed: ${need.source.words}`, related, fix: fixOf(mend, at.resource) };
}

/** The rule that denies, or the list that lacks one. @returns undefined where no judged policy is about the pod in particular */
function placeOf(
  forbidden: Because | undefined,
  mend: MissingRule | undefined,
  direction: Direction,
  flows: KnownFlows,
): Place | undefined {
  const { policy, rule } = forbidden ?? {};
  if (policy !== undefined && policy !== null && rule !== undefined && rule !== null && flows.isJudged(policy))
    return { resource: policy, path: rule };
  if (mend?.into === undefined || !flows.isJudged(mend.into.policy)) return undefined;
  const { policy: resource, path } = mend.into;
  return { resource, path: editedField(path) };
}

function restrictions(because: readonly Because[], besides: Resource): Related[] {
  return because.flatMap(({ policy, rule, words }) =>
    policy === null || rule === null || policy === besides ? [] : [{ resource: policy, path: rule, message: words }],
  );
}

function fixOf(mend: MissingRule | undefined, resource: Resource): Fix {
  if (mend === undefined) return { description: 'narrow the deny rule, or take away what asks for the connection' };
  const { into, policy } = mend;
  if (into !== undefined && into.policy === resource)
    return { description: `add to ${into.path}: ${JSON.stringify(into.value)}`, edits: [{ path: into.path, value: into.value }] };
  if (into !== undefined) return { description: `add to ${into.path} of ${into.policy.toString()}: ${JSON.stringify(into.value)}` };
  return {
    description: policy === undefined ? `allow it in a policy of its own: ${mend.words}` : `add the policy ${JSON.stringify(policy)}`,
  };
}
