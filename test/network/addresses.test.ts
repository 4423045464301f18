/** Addresses, names and Services as peers: sections 6 and 7 of the semantics. */
import type { ClusterFacts } from '../../lib/facts/cluster-facts';
import { NamePattern } from '../../lib/network/dns-name';
import { ipRange, rangeMatches } from '../../lib/network/ip-range';
import { cnp, EVERYONE, netpol, pod, Scenario, TWO_NAMESPACES } from './scenario';

const DB = 'endpointSelector: {matchLabels: {app: db}}';
const DNS =
  '{toEndpoints: [{matchLabels: {"k8s:io.kubernetes.pod.namespace": kube-system, k8s-app: kube-dns}}], toPorts: [{ports: [{port: "53", protocol: ANY}], rules: {dns: [{matchPattern: "*"}]}}]}';

function egress(rules: string, facts: ClusterFacts = {}, more = ''): Scenario {
  return new Scenario(TWO_NAMESPACES + more + cnp('p', `{${DB}, egress: [${rules}]}`), facts);
}

test.each([
  ['6.1 addresses never match pods, even inside the range', '{toCIDR: [0.0.0.0/0]}', ['1.2.3.4', '10.9.9.9']],
  ['6.3 an exception takes its part out', '{toCIDRSet: [{cidr: 0.0.0.0/0, except: [10.0.0.0/8]}]}', ['1.2.3.4']],
  [
    '6.3 another element may allow it',
    '{toCIDRSet: [{cidr: 0.0.0.0/0, except: [10.0.0.0/8]}, {cidr: 10.9.0.0/16}]}',
    ['1.2.3.4', '10.9.9.9'],
  ],
  ['6 a single address', '{toCIDR: [10.9.9.9/32]}', ['10.9.9.9']],
])('%s', (_, rule, expected) => {
  expect(egress(rule).leaves('a/db', [...EVERYONE, '10.9.9.9'], 443)).toEqual(expected);
});

test('6.4 a group of ranges stands for its ranges, by name or by label', () => {
  const group =
    '---\napiVersion: cilium.io/v2\nkind: CiliumCIDRGroup\nmetadata: {name: office, labels: {place: x}}\nspec: {externalCIDRs: [198.51.100.0/24]}\n';
  for (const reference of ['cidrGroupRef: office', 'cidrGroupSelector: {matchLabels: {place: x}}']) {
    const scenario = egress(`{toCIDRSet: [{${reference}}]}`, {}, group);
    expect(scenario.leaves('a/db', ['198.51.100.7', '1.2.3.4'], 443)).toEqual(['198.51.100.7']);
  }
});

test('6.4 a group that is not among the manifests leaves addresses unknown, and pods denied', () => {
  const scenario = egress('{toCIDRSet: [{cidrGroupRef: office}]}');
  expect(scenario.flow('a/db', '198.51.100.7', 443).egress).toMatchObject({
    verdict: 'unknown',
    because: [
      { rule: '/spec/egress/0', words: expect.stringContaining('CiliumCIDRGroup office is not among the manifests') },
      { effect: 'default-deny' },
    ],
  });
  expect(scenario.flow('a/db', 'a/web', 443).egress.verdict).toBe('deny');
});

test('6 part of a range is unknown, and the whole of it is not', () => {
  const scenario = egress('{toCIDR: [10.1.0.0/16]}');
  expect(scenario.flow('a/db', '10.0.0.0/8', 443).egress.verdict).toBe('unknown');
  expect(scenario.flow('a/db', '10.1.2.0/24', 443).egress.verdict).toBe('allow');
  expect(scenario.flow('a/db', 'entity:world', 443).egress.verdict).toBe('unknown');
  expect(scenario.flow('a/db', '11.0.0.0/8', 443).egress.verdict).toBe('deny');
});

test('an address among the pods of the cluster is a pod that nothing describes', () => {
  const scenario = egress('{toCIDR: [10.244.0.0/16]}', { network: { podCIDRs: ['10.244.0.0/16'] } });
  expect(scenario.flow('a/db', '10.244.1.7', 443).egress.verdict).toBe('deny');
});

test.each([
  ['10.0.0.0/8', [], '10.1.0.0/16', 'yes'],
  ['10.0.0.0/8', [], '0.0.0.0/0', 'maybe'],
  ['10.0.0.0/8', [], '11.0.0.0/8', 'no'],
  ['10.0.0.0/8', ['10.1.0.0/16'], '10.1.2.3', 'no'],
  ['10.0.0.0/8', ['10.1.2.0/24'], '10.1.0.0/16', 'maybe'],
  ['::/0', [], '10.1.2.3', 'no'],
  ['2001:db8::/32', [], '2001:db8::1', 'yes'],
] as const)('%s except %j has %s: %s', (range, except, addresses, expected) => {
  const parse = (text: string) => {
    const parsed = ipRange(text);
    if (parsed === undefined) throw new Error(text);
    return parsed;
  };
  expect(rangeMatches(parse(range), except.map(parse), parse(addresses))).toBe(expected);
});

test.each(['10', 'web', '10.0.0.0/33', '', 'a/b', '1.2.3'])('fails to read %j as addresses', (text) => {
  expect(ipRange(text)).toBeUndefined();
});

const BY_SELECTOR =
  '---\napiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: a, labels: {kind: x}}\nspec: {selector: {app: web}, ports: [{port: 80}]}\n';
const BY_ADDRESS =
  '---\napiVersion: v1\nkind: Service\nmetadata: {name: nas, namespace: a}\nspec: {ports: [{port: 80}]}\n---\napiVersion: v1\nkind: Endpoints\nmetadata: {name: nas, namespace: a}\nsubsets: [{addresses: [{ip: 192.0.2.9}], ports: [{port: 80}]}]\n';

test.each<[string, string, string, ClusterFacts, readonly string[]]>([
  [
    '7.1 a Service with a selector means its pods',
    BY_SELECTOR,
    '{toServices: [{k8sService: {serviceName: web, namespace: a}}]}',
    {},
    ['a/web'],
  ],
  ['7.1 without a namespace any is meant', BY_SELECTOR, '{toServices: [{k8sService: {serviceName: web}}]}', {}, ['a/web']],
  [
    '7.1 by the labels of the Service',
    BY_SELECTOR,
    '{toServices: [{k8sServiceSelector: {selector: {matchLabels: {kind: x}}}}]}',
    {},
    ['a/web'],
  ],
  [
    '7.1 one without a selector means its addresses',
    BY_ADDRESS,
    '{toServices: [{k8sService: {serviceName: nas, namespace: a}}]}',
    {},
    ['192.0.2.9'],
  ],
  [
    '7.1 up to 1.16 one with a selector means nothing',
    BY_SELECTOR,
    '{toServices: [{k8sService: {serviceName: web, namespace: a}}]}',
    { network: { version: '1.16' } },
    [],
  ],
  ['7.2 no Service without ports means nothing', '', '{toServices: [{k8sService: {serviceName: none, namespace: a}}]}', {}, []],
])('%s', (_, services, rule, facts, expected) => {
  expect(egress(rule, facts, services).leaves('a/db', [...EVERYONE, '192.0.2.9'], 80)).toEqual(expected);
});

test('7.3 a deny of Services is not expanded: without ports it denies nothing, with ports everything on them', () => {
  const deny = (rule: string) =>
    new Scenario(TWO_NAMESPACES + BY_SELECTOR + cnp('p', `{${DB}, egress: [{toEntities: [all]}], egressDeny: [${rule}]}`));
  expect(deny('{toServices: [{k8sService: {serviceName: web, namespace: a}}]}').leaves('a/db', EVERYONE, 80)).toEqual(EVERYONE);
  expect(
    deny('{toServices: [{k8sService: {serviceName: web, namespace: a}}], toPorts: [{ports: [{port: "80"}]}]}').leaves('a/db', EVERYONE, 80),
  ).toEqual([]);
});

test('7.1 a selector whose key has a dot may not be matched by this version', () => {
  const service =
    '---\napiVersion: v1\nkind: Service\nmetadata: {name: dotted, namespace: a}\nspec: {selector: {app.kubernetes.io/name: dotted}, ports: [{port: 80}]}\n';
  const rule = '{toServices: [{k8sService: {serviceName: dotted, namespace: a}}]}';
  const more = service + pod('a', 'dotted', 'app.kubernetes.io/name: dotted');
  expect(egress(rule, {}, more).flow('a/db', 'a/dotted', 80).egress.verdict).toBe('unknown');
  expect(egress(rule, { network: { version: '1.20' } }, more).flow('a/db', 'a/dotted', 80).egress.verdict).toBe('allow');
});

test.each([
  ['*.cilium.io', 'www.cilium.io', true],
  ['*.cilium.io', 'cilium.io', false],
  ['*.cilium.io', 'a.b.cilium.io', false],
  ['*cilium.io', 'cilium.io', true],
  ['*cilium.io', 'sub-cilium.io', true],
  ['*cilium.io', 'www.cilium.io', false],
  ['sub*.cilium.io', 'subdomain.cilium.io', true],
  ['*', 'anything.at.all', true],
  ['API.example.org', 'api.EXAMPLE.org.', true],
  ['**.example.org', 'a.b.example.org', false],
])('7.4 the pattern %s matches %s: %s', (pattern, name, expected) => {
  expect(new NamePattern(pattern, false).matches(name)).toBe(expected);
});

test('7.4 since 1.20 two stars stand for any number of levels', () => {
  expect(new NamePattern('**.example.org', true).matches('a.b.example.org')).toBe(true);
  expect(new NamePattern('**.example.org', true).matches('example.org')).toBe(false);
});

test.each([
  ['a name with a DNS rule that lets it be asked', `${DNS}, {toFQDNs: [{matchName: api.example.org}]}`, 'allow'],
  ['another name', `${DNS}, {toFQDNs: [{matchName: other.example.org}]}`, 'deny'],
  ['no DNS rule', '{toFQDNs: [{matchName: api.example.org}]}', 'deny'],
  ['a DNS rule for other names', `${DNS.replace('"*"', '"*.other.org"')}, {toFQDNs: [{matchName: api.example.org}]}`, 'deny'],
  ['the world', '{toEntities: [world]}', 'allow'],
  ['some addresses', '{toCIDR: [198.51.100.0/24]}', 'unknown'],
])('7.4 a host is reached by %s: %s', (_, rules, expected) => {
  expect(egress(rules).flow('a/db', 'fqdn:api.example.org', 443).egress.verdict).toBe(expected);
});

test('7.4 which addresses a name has is not known, and pods never match a name', () => {
  const scenario = egress(`${DNS}, {toFQDNs: [{matchName: api.example.org}]}`);
  expect(scenario.flow('a/db', '198.51.100.7', 443).egress.verdict).toBe('unknown');
  expect(scenario.flow('a/db', 'a/web', 443).egress.verdict).toBe('deny');
});

test('7.6 what one rule requires narrows the selectors of all, up to 1.18', () => {
  const policies =
    cnp('p', `{${DB}, ingress: [{fromEndpoints: [{matchLabels: {app: web}}]}, {fromEntities: [world]}]}`) +
    cnp('r', `{${DB}, ingress: [{fromRequires: [{matchLabels: {tier: front}}]}]}`);
  const front = pod('a', 'front', 'app: web, tier: front');
  const peers = ['a/web', 'a/front', '1.2.3.4'];
  expect(new Scenario(TWO_NAMESPACES + front + policies).enters('a/db', peers, 5432)).toEqual(['a/front', '1.2.3.4']);
});

test('11.5 an ipBlock of a NetworkPolicy does not match pods', () => {
  const scenario = new Scenario(
    TWO_NAMESPACES +
      netpol(
        'p',
        '{podSelector: {matchLabels: {app: db}}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}]}]}',
      ),
  );
  expect(scenario.leaves('a/db', [...EVERYONE, '10.1.1.1'], 53)).toEqual(['1.2.3.4']);
});
