/**
 * Small random clusters with random policies of every kind: the property tests and the differential test draw from here.
 *
 * Names and values are few on purpose, so that selectors meet pods and rules meet each other.
 */
import type { Random } from './random';

export interface RandomCluster {
  /** Kubernetes objects, plain data: namespaces, pods, services. */
  readonly objects: readonly Json[];
  readonly policies: readonly Json[];
}

export type Json = { readonly [key: string]: unknown };

const NAMESPACES = ['a', 'b', 'c'] as const;
const NAMESPACE_LABELS: Readonly<Record<string, Readonly<Record<string, string>>>> = { a: { team: 'red' }, b: { team: 'blue' }, c: {} };
const APPS = ['web', 'db', 'job'] as const;
const TIERS = ['front', 'back'] as const;
const NAMED = ['http', 'pg'] as const;
const PORTS = [53, 80, 443, 5432, 8080] as const;
export const ADDRESSES = ['10.1.2.3', '10.1.9.9', '203.0.113.7', '198.51.100.1'] as const;
const CIDRS = ['0.0.0.0/0', '10.0.0.0/8', '10.1.2.0/24', '203.0.113.7/32'] as const;
export const HOSTS = ['api.example.org', 'example.org', 'www.example.com'] as const;
const ENTITIES = [
  'all',
  'world',
  'cluster',
  'host',
  'remote-node',
  'ingress',
  'kube-apiserver',
  'none',
  'init',
  'health',
  'unmanaged',
] as const;

const DNS_RULE: Json = {
  toEndpoints: [{ matchLabels: { app: 'dns' } }],
  toPorts: [{ ports: [{ port: '53', protocol: 'ANY' }], rules: { dns: [{ matchPattern: '*' }] } }],
};

export function randomCluster(random: Random): RandomCluster {
  const namespaces = NAMESPACES.map((name) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: NAMESPACE_LABELS[name] },
  }));
  const pods = Array.from({ length: 3 + random.below(3) }, (_, index) => podOf(random, index));
  const services = Array.from({ length: random.below(3) }, (_, index) => serviceOf(random, index));
  return {
    objects: [...namespaces, ...pods, ...services],
    policies: random.some(3, () => policyOf(random)).map((policy, index) => named(policy, index)),
  };
}

/** Another policy with allow rules only, and that never makes a direction default-deny. */
export function randomAllowRule(random: Random, direction: 'ingress' | 'egress'): Json {
  return ruleOf(random, direction, false, 'a');
}

function podOf(random: Random, index: number): Json {
  const labels: Record<string, string> = { app: random.pick(APPS) };
  if (random.chance(0.5)) labels['tier'] = random.pick(TIERS);
  if (random.chance(0.2)) labels['app.kubernetes.io/name'] = random.pick(APPS);
  if (random.chance(0.1)) labels['pod-template-hash'] = 'x1';
  const ports = NAMED.filter(() => random.chance(0.5)).map((name) => ({
    name,
    containerPort: name === 'pg' ? 5432 : random.pick([80, 8080]),
  }));
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `pod-${index}`, namespace: random.pick(NAMESPACES), labels },
    spec: { ...(random.chance(0.3) ? { serviceAccountName: 'robot' } : {}), containers: [{ name: 'main', image: 'x', ports }] },
  };
}

function serviceOf(random: Random, index: number): Json {
  const key = random.chance(0.3) ? 'app.kubernetes.io/name' : 'app';
  const selector: Record<string, string> = { [key]: random.pick(APPS), ...(random.chance(0.3) ? { tier: random.pick(TIERS) } : {}) };
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: `service-${index}`, namespace: random.pick(NAMESPACES), labels: { kind: random.pick(['x', 'y']) } },
    spec: { selector, ports: [{ port: 80, targetPort: 8080 }] },
  };
}

function named(policy: Json, index: number): Json {
  return { ...policy, metadata: { ...(typeof policy['metadata'] === 'object' ? policy['metadata'] : {}), name: `policy-${index}` } };
}

function policyOf(random: Random): Json {
  const namespace = random.pick(['a', 'a', 'b']);
  const kind = random.pick(['CiliumNetworkPolicy', 'CiliumNetworkPolicy', 'CiliumClusterwideNetworkPolicy', 'NetworkPolicy']);
  if (kind === 'NetworkPolicy')
    return { apiVersion: 'networking.k8s.io/v1', kind, metadata: { namespace }, spec: networkPolicySpec(random) };
  const scope = kind === 'CiliumNetworkPolicy' ? namespace : '';
  const metadata = scope === '' ? {} : { namespace };
  if (random.chance(0.1)) return { apiVersion: 'cilium.io/v2', kind, metadata, specs: random.some(2, () => ciliumSpec(random, scope)) };
  return { apiVersion: 'cilium.io/v2', kind, metadata, spec: ciliumSpec(random, scope) };
}

function ciliumSpec(random: Random, namespace: string): Json {
  const spec: Record<string, unknown> = { endpointSelector: subjectOf(random) };
  const section = (key: string, direction: 'ingress' | 'egress', deny: boolean): void => {
    const rules = random.some(2, () => ruleOf(random, direction, deny, namespace));
    // Names need a DNS rule, which cannot stand in the same rule.
    spec[key] = rules.some((rule) => rule['toFQDNs'] !== undefined) ? [...rules, DNS_RULE] : rules;
  };
  const isIngress = random.chance(0.5);
  section(isIngress ? 'ingress' : 'egress', isIngress ? 'ingress' : 'egress', false);
  if (random.chance(0.3)) section(isIngress ? 'egress' : 'ingress', isIngress ? 'egress' : 'ingress', false);
  if (random.chance(0.3)) section('ingressDeny', 'ingress', true);
  if (random.chance(0.3)) section('egressDeny', 'egress', true);
  if (random.chance(0.15)) spec[isIngress ? 'ingress' : 'egress'] = undefined;
  if (random.chance(0.25)) spec['enableDefaultDeny'] = { [random.pick(['ingress', 'egress'])]: random.chance(0.3) };
  if (
    spec['ingress'] === undefined &&
    spec['egress'] === undefined &&
    spec['ingressDeny'] === undefined &&
    spec['egressDeny'] === undefined
  )
    spec['ingress'] = [{}];
  return spec;
}

function subjectOf(random: Random): Json {
  if (random.chance(0.3)) return {};
  return random.chance(0.8) ? { matchLabels: { app: random.pick(APPS) } } : selectorOf(random);
}

/** A selector of every shape that scoping and sources tell apart. */
function selectorOf(random: Random): Json {
  const labels: Record<string, string> = {};
  const expressions: Json[] = [];
  if (random.chance(0.6)) labels[random.pick(['app', 'k8s:app', 'any:app'])] = random.pick(APPS);
  if (random.chance(0.2)) labels['tier'] = random.pick(TIERS);
  if (random.chance(0.15)) labels['pod-template-hash'] = 'x1';
  if (random.chance(0.1)) labels['app.kubernetes.io/name'] = random.pick(APPS);
  if (random.chance(0.25))
    labels[random.pick(['io.kubernetes.pod.namespace', 'k8s:io.kubernetes.pod.namespace', 'any:io.kubernetes.pod.namespace'])] =
      random.pick(NAMESPACES);
  if (random.chance(0.1)) labels['io.cilium.k8s.policy.serviceaccount'] = random.pick(['robot', 'default']);
  if (random.chance(0.1)) labels['k8s:io.cilium.k8s.namespace.labels.team'] = random.pick(['red', 'blue']);
  if (random.chance(0.1)) labels['io.cilium.k8s.policy.cluster'] = random.pick(['default', 'other']);
  if (random.chance(0.06)) labels[`reserved:${random.pick(['host', 'world', 'remote-node', 'ingress'])}`] = '';
  if (random.chance(0.35)) expressions.push(expressionOf(random));
  return {
    ...(Object.keys(labels).length === 0 && random.chance(0.7) ? {} : { matchLabels: labels }),
    ...(expressions.length === 0 ? {} : { matchExpressions: expressions }),
  };
}

function expressionOf(random: Random): Json {
  const key = random.pick([
    'app', 'tier', 'k8s:tier', 'io.kubernetes.pod.namespace', 'k8s:io.kubernetes.pod.namespace', 'io.cilium.k8s.namespace.labels.team',
    'k8s:io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name', 'reserved:host',
  ]); // prettier-ignore
  const operator = random.pick(['In', 'NotIn', 'Exists', 'DoesNotExist']);
  const values = key.includes('namespace') && !key.endsWith('team') ? NAMESPACES : key.endsWith('team') ? (['red', 'blue'] as const) : APPS;
  return operator === 'In' || operator === 'NotIn'
    ? { key, operator, values: random.some(2, () => random.pick<string>(values)) }
    : { key, operator };
}

function ruleOf(random: Random, direction: 'ingress' | 'egress', deny: boolean, namespace: string): Json {
  const prefix = direction === 'ingress' ? 'from' : 'to';
  const rule: Record<string, unknown> = {};
  const kind = random.below(20);
  if (kind < 7) rule[`${prefix}Endpoints`] = random.some(2, () => selectorOf(random));
  else if (kind < 11) rule[`${prefix}Entities`] = random.some(2, () => random.pick(ENTITIES));
  else if (kind === 11) rule[`${prefix}CIDR`] = random.some(2, () => random.pick(CIDRS));
  else if (kind === 12) rule[`${prefix}CIDRSet`] = [cidrSet(random)];
  else if (kind === 13) rule[`${prefix}${random.pick(['Endpoints', 'Entities', 'CIDR', 'CIDRSet'])}`] = [];
  else if (kind === 14) rule[`${prefix}Requires`] = [selectorOf(random)];
  else if ((kind === 15 || kind === 7) && direction === 'egress') rule['toServices'] = [serviceReference(random, namespace)];
  else if (kind === 16 && direction === 'egress' && !deny) return namesRule(random);
  if (random.chance(0.04)) return { ...rule, ...flawOf(random, prefix) };
  if (!deny && random.chance(0.03)) rule['authentication'] = { mode: random.pick(['required', 'disabled']) };
  if (random.chance(0.55)) rule['toPorts'] = random.some(2, () => toPorts(random, direction, deny));
  else if (random.chance(0.15)) rule['icmps'] = [{ fields: random.some(2, () => icmpField(random)) }];
  else if (random.chance(0.05)) rule['toPorts'] = [];
  return rule;
}

/** What the schema lets through and Cilium's own sanitising does not. */
function flawOf(random: Random, prefix: 'from' | 'to'): Json {
  return random.pick<Json>([
    { [`${prefix}Endpoints`]: [{}], [`${prefix}Entities`]: ['host'] },
    { [`${prefix}CIDR`]: ['10.0.0.0/8'], [`${prefix}CIDRSet`]: [{ cidr: '10.0.0.0/8' }] },
    { toPorts: [{ ports: [{ port: '80' }] }], icmps: [{ fields: [{ type: 8 }] }] },
    { toPorts: [{ ports: [{ port: '99999' }] }] },
    { toPorts: [{ ports: [{ port: '0080' }] }] },
    { toPorts: [{ ports: [{ port: '80', protocol: 'ANY' }], rules: { http: [{ method: 'GET' }] } }] },
    { toPorts: [{ ports: [{ port: '0', protocol: 'TCP' }], rules: { http: [{ path: '/' }] } }] },
    { toPorts: [{ ports: [{ port: '53', protocol: 'UDP' }], rules: { dns: [{ matchPattern: '*' }] } }] },
    { toPorts: [{ ports: [{ port: '80', protocol: 'TCP' }], rules: { http: [{ path: '(' }] } }] },
    { [`${prefix}Endpoints`]: [{ matchExpressions: [{ key: 'app', operator: 'In', values: [] }] }] },
    { [`${prefix}CIDRSet`]: [{ cidr: '10.0.0.0/8', except: ['192.168.0.0/16'] }] },
    { [`${prefix}CIDRSet`]: [{}] },
    { [`${prefix}Nodes`]: [{ matchLabels: { 'node:x': 'y' } }] },
  ]);
}

function cidrSet(random: Random): Json {
  const cidr = random.pick(['0.0.0.0/0', '10.0.0.0/8']);
  return { cidr, ...(random.chance(0.6) ? { except: [random.pick(['10.1.0.0/16', '10.1.2.3/32'])] } : {}) };
}

function serviceReference(random: Random, namespace: string): Json {
  if (random.chance(0.5))
    return { k8sService: { serviceName: `service-${random.below(3)}`, ...(random.chance(0.5) && namespace !== '' ? { namespace } : {}) } };
  return {
    k8sServiceSelector: { selector: { matchLabels: { kind: random.pick(['x', 'y']) } }, ...(random.chance(0.3) ? { namespace: 'a' } : {}) },
  };
}

function namesRule(random: Random): Json {
  const names = random.some(2, () =>
    random.chance(0.5)
      ? { matchName: random.pick(HOSTS) }
      : { matchPattern: random.pick(['*', '*.example.org', '*example.org', 'w*.example.com']) },
  );
  return { toFQDNs: names, ...(random.chance(0.5) ? { toPorts: [{ ports: [portOf(random)] }] } : {}) };
}

function toPorts(random: Random, direction: 'ingress' | 'egress', deny: boolean): Json {
  if (random.chance(0.05)) return {};
  if (!deny && random.chance(0.12)) {
    if (direction === 'egress' && random.chance(0.4))
      return { ports: [{ port: '53', protocol: 'ANY' }], rules: { dns: [{ matchPattern: '*' }] } };
    const ports = [{ port: String(random.pick(PORTS)), protocol: 'TCP' }];
    if (random.chance(0.2)) return { ports, rules: { kafka: [{ topic: 'x' }] } };
    if (random.chance(0.2)) return { ports, serverNames: ['api.example.org'] };
    return { ports, rules: { http: random.chance(0.2) ? [] : [{ method: 'GET' }] } };
  }
  return { ports: random.some(2, () => portOf(random)) };
}

function portOf(random: Random): Json {
  const protocol = random.chance(0.3) ? {} : { protocol: random.pick(['TCP', 'TCP', 'UDP', 'ANY', 'SCTP']) };
  const kind = random.below(12);
  if (kind === 0) return { port: '0', ...protocol, ...(random.chance(0.3) ? { endPort: 1000 } : {}) };
  if (kind === 1) return { port: random.pick(NAMED), ...protocol };
  if (kind < 4) return { port: String(random.pick(PORTS)), endPort: random.pick([90, 6000, 9000]), ...protocol };
  return { port: String(random.pick(PORTS)), ...protocol };
}

function icmpField(random: Random): Json {
  return { type: random.pick([8, 13, 'EchoRequest', 'Timestamp']), ...(random.chance(0.3) ? { family: 'IPv4' } : {}) };
}

function networkPolicySpec(random: Random): Json {
  const spec: Record<string, unknown> = { podSelector: random.chance(0.4) ? {} : plainSelector(random) };
  if (random.chance(0.7)) spec['policyTypes'] = random.pick([['Ingress'], ['Egress'], ['Ingress', 'Egress']]);
  if (random.chance(0.7)) spec['ingress'] = Array.from({ length: random.below(3) }, () => networkPolicyRule(random, 'from'));
  if (random.chance(0.5)) spec['egress'] = Array.from({ length: random.below(3) }, () => networkPolicyRule(random, 'to'));
  return spec;
}

function networkPolicyRule(random: Random, key: 'from' | 'to'): Json {
  const rule: Record<string, unknown> = {};
  if (random.chance(0.8)) rule[key] = random.chance(0.1) ? [] : random.some(2, () => networkPolicyPeer(random));
  if (random.chance(0.5)) rule['ports'] = random.chance(0.1) ? [] : random.some(2, () => networkPolicyPort(random));
  return rule;
}

function networkPolicyPeer(random: Random): Json {
  if (random.chance(0.15)) return { ipBlock: { cidr: '10.0.0.0/8', ...(random.chance(0.5) ? { except: ['10.1.2.0/24'] } : {}) } };
  const namespaceSelector = random.pick<Json>([
    {},
    { matchLabels: { team: random.pick(['red', 'blue']) } },
    { matchLabels: { 'kubernetes.io/metadata.name': random.pick(NAMESPACES) } },
    { matchExpressions: [{ key: 'team', operator: random.pick(['NotIn', 'In']), values: ['red'] }] },
    { matchExpressions: [{ key: 'team', operator: random.pick(['DoesNotExist', 'Exists']) }] },
  ]);
  const kind = random.below(3);
  if (kind === 0) return { podSelector: plainSelector(random) };
  return kind === 1 ? { namespaceSelector } : { namespaceSelector, podSelector: plainSelector(random) };
}

function networkPolicyPort(random: Random): Json {
  const protocol = random.chance(0.5) ? {} : { protocol: random.pick(['TCP', 'UDP']) };
  const kind = random.below(6);
  if (kind === 0) return protocol;
  if (kind === 1) return { port: random.pick(NAMED), ...protocol };
  return { port: random.pick(PORTS), ...protocol, ...(kind === 2 ? { endPort: 9000 } : {}) };
}

function plainSelector(random: Random): Json {
  if (random.chance(0.2)) return {};
  if (random.chance(0.7)) return { matchLabels: { app: random.pick(APPS) } };
  return { matchExpressions: [{ key: random.pick(['app', 'tier']), operator: random.pick(['NotIn', 'In']), values: [random.pick(APPS)] }] };
}
