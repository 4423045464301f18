import type { Field } from '../manifest/field';
import { pointerTo } from '../manifest/json-pointer';
import { entitiesOf } from '../network/cilium-entities';
import { DEFAULT_CILIUM_VERSION } from '../network/cilium-version';
import type { Resource } from '../resources/resource';
import { type Context, type Edit, type Lesson, violation, type Violation } from './lesson';

export const entityInEndpoints: Lesson = {
  id: 'entity-in-endpoints',
  title: 'An entity such as world stands in toEntities, a selector in toEndpoints',
  section: 'Network isolation',
  severity: 'error',
  incident: {
    symptom:
      'the exporter cannot reach the database ("connect: operation not permitted") and the alert says that MySQL is down while it runs',
    cause:
      'toEndpoints takes label selectors, which are maps. A string there is no selector: the API server refuses the policy, or an older one stays in force',
    source: 'Kustomize labels and Cilium entities, the MySQL exporter; docs.cilium.io, Layer 3 Policies, Entities',
  },
  remedy:
    'move the name to toEntities or fromEntities, in a rule of its own where selectors stand beside it; better, select the one workload that is meant',
  confirm: ['kubectl apply --dry-run=server -f <file>', 'kubectl get cnp -n <namespace> <name> -o yaml'],
  limits: 'Strings only; maps that select nothing are judged by cross-namespace-peer and flow-denied.',
  bad: [
    {
      yaml: `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: mysql-exporter-isolation, namespace: blog}
spec:
  endpointSelector: {matchLabels: {app: mysql-exporter}}
  egress:
    - toEndpoints:
        - "world" # <- here
      toPorts:
        - ports: [{port: "3306", protocol: TCP}]
`,
    },
    {
      // Beside a selector, as a single value, in another section, and what is no entity at all.
      yaml: `apiVersion: cilium.io/v2
kind: CiliumClusterwideNetworkPolicy
metadata: {name: mixed}
spec:
  endpointSelector: {matchLabels: {app: web}}
  ingress:
    - fromEndpoints:
        - matchLabels: {app: gateway}
        - host # <- here
        - remote-node # <- here
    - fromEndpoints: kube-apiserver # <- here
  egressDeny:
    - toEndpoints:
        - app=legacy # <- here
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: several, namespace: blog}
specs:
  - endpointSelector: {}
    egress: [{toEndpoints: [{}]}]
  - endpointSelector: {}
    egress:
      - toEndpoints:
          - kube-dns # <- here
`,
    },
  ],
  good: [
    {
      yaml: `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: mysql-exporter-isolation, namespace: blog}
spec:
  endpointSelector: {matchLabels: {app: mysql-exporter}}
  egress:
    - toEntities: [world]
      toPorts:
        - ports: [{port: "3306", protocol: TCP}]
    - toEndpoints: [{matchLabels: {app: mysql}}, {matchLabels: {"reserved:host": ""}}, {}]
---
apiVersion: example.org/v1
kind: Firewall
metadata: {name: other, namespace: blog}
spec: {egress: [{toEndpoints: [world]}]}
`,
    },
  ],
  *violations({ resources, cluster }: Context): Iterable<Violation> {
    const entities = entitiesOf(cluster.facts.network?.version ?? DEFAULT_CILIUM_VERSION);
    for (const policy of resources.all) {
      if (policy.group !== 'cilium.io' || !/^Cilium(Clusterwide)?NetworkPolicy$/.test(policy.kind)) continue;
      for (const spec of [policy.at('spec'), ...policy.at('specs').items]) yield* stringsIn(policy, spec, entities);
    }
  },
};

function* stringsIn(policy: Resource, spec: Field, entities: readonly string[]): Iterable<Violation> {
  for (const section of ['ingress', 'ingressDeny', 'egress', 'egressDeny']) {
    const side = section.startsWith('ingress') ? 'from' : 'to';
    for (const rule of spec.at(section).items) {
      const list = rule.at(`${side}Endpoints`);
      const strings = (list.isList ? list.items : [list]).filter(({ string }) => string !== undefined);
      const edits = editsFor(spec.at(section), rule, side, entities);
      // One set of edits mends the whole list, so it goes with the first finding.
      for (const [index, field] of strings.entries()) yield misplaced(policy, field, side, entities, index === 0 ? edits : undefined);
    }
  }
}

function misplaced(
  policy: Resource,
  field: Field,
  side: string,
  entities: readonly string[],
  edits: readonly Edit[] | undefined,
): Violation {
  const text = field.string ?? '';
  const isEntity = entities.includes(text);
  const mend = isEntity ? `write ${side}Entities: [${text}]` : `write a selector, such as ${selectorText(text)}`;
  return violation(
    policy,
    field,
    `${side}Endpoints holds ${isEntity ? `the entity ${JSON.stringify(text)}` : `the string ${JSON.stringify(text)}`} where a label selector belongs: the API server refuses the policy`,
    { fix: { description: mend, ...(edits === undefined ? {} : { edits }) } },
  );
}

/** Entities move; `key=value` becomes a selector; with selectors beside them, entities get a rule of their own. */
function editsFor(section: Field, rule: Field, side: string, entities: readonly string[]): readonly Edit[] | undefined {
  const list = rule.at(`${side}Endpoints`);
  const peers = list.isList ? list.items : [list];
  const moved = peers.flatMap(({ string }) => (string !== undefined && entities.includes(string) ? [string] : []));
  const stay = peers.filter(({ string }) => string === undefined || !entities.includes(string)).map((peer) => selectorOf(peer));
  if (stay.some((peer) => peer === undefined) || !hasRoom(rule, side)) return undefined;
  const present = rule.at(`${side}Entities`).strings;
  const all = [...present, ...moved.filter((entity) => !present.includes(entity))];
  if (stay.length === 0) return [{ path: list.path }, { path: rule.at(`${side}Entities`).path, value: all }];
  const selectors: Edit = { path: list.path, value: stay };
  if (all.length === 0) return [selectors];
  const rest = Object.fromEntries(
    rule.entries.filter(([key]) => key !== `${side}Endpoints` && key !== `${side}Entities`).map(([key, { value }]) => [key, value]),
  );
  const removed: readonly Edit[] = rule.at(`${side}Entities`).isPresent ? [{ path: rule.at(`${side}Entities`).path }] : [];
  return [selectors, ...removed, { path: pointerTo(section.path, '-'), value: { [`${side}Entities`]: all, ...rest } }];
}

/** Other kinds of peer in the same rule make it a matter for a person. */
function hasRoom(rule: Field, side: string): boolean {
  return ['CIDR', 'CIDRSet', 'Nodes', 'Groups', 'FQDNs', 'Services'].every((kind) => rule.at(`${side}${kind}`).items.length === 0);
}

/** A selector as it is, or what `key=value` means. @returns undefined for a string that says neither */
function selectorOf({ string, value }: Field): unknown {
  if (string === undefined) return value;
  const [, key, label] = /^([\w./:-]+)=([\w.-]+)$/.exec(string) ?? [];
  return key === undefined ? undefined : { matchLabels: { [key]: label } };
}

function selectorText(text: string): string {
  const [key = 'app', value = text] = text.includes('=') ? text.split('=') : ['app', text];
  return `{matchLabels: {${key}: ${value}}}`;
}
