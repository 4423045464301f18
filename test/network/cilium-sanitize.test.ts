import { ciliumRejections } from '../../lib/network/cilium-sanitize';
import { readYaml } from '../../lib/manifest/yaml';
import { Resource } from '../../lib/resources/resource';

function rejections(spec: string, { kind = 'CiliumNetworkPolicy', version = '1.18' } = {}): string[] {
  const text = `apiVersion: cilium.io/v2\nkind: ${kind}\nmetadata: {name: p, namespace: a}\n${spec}\n`;
  const { documents, problems } = readYaml(text, 'p.yaml');
  expect(problems).toEqual([]);
  return documents.flatMap((document) => [...ciliumRejections(new Resource(document), version)].map(({ by, path }) => `${by} ${path}`));
}

const ingress = (rule: string): string => `spec: {endpointSelector: {}, ingress: [${rule}]}`;
const egress = (rule: string): string => `spec: {endpointSelector: {}, egress: [${rule}]}`;
const port = (entry: string): string => egress(`{toPorts: [${entry}]}`);
const http = (rule: string): string => port(`{ports: [{port: "80", protocol: TCP}], rules: {http: [${rule}]}}`);
const many = (entry: (index: number) => string, count = 41): string =>
  `[${Array.from({ length: count }, (_, index) => entry(index)).join(', ')}]`;

describe('a policy that Cilium does not enforce', () => {
  test.each([
    ['no spec', '', 'cilium /spec'],
    ['an empty section', 'spec: {endpointSelector: {}, ingress: []}', 'cilium /spec/ingress'],
    ['a nodeSelector in a namespaced policy', 'spec: {nodeSelector: {}, ingress: [{}]}', 'cilium /spec/nodeSelector'],
    ['a bad label key', egress('{toEndpoints: [{matchLabels: {a/b/c: x}}]}'), 'cilium /spec/egress/0/toEndpoints/0/matchLabels/a~1b~1c'],
    [
      'an operator without values',
      egress('{toEndpoints: [{matchExpressions: [{key: a, operator: In}]}]}'),
      'cilium /spec/egress/0/toEndpoints/0/matchExpressions/0/values',
    ],
    [
      'an operator with values that it does not take',
      'spec: {endpointSelector: {matchExpressions: [{key: a, operator: Exists, values: [b]}]}, ingress: [{}]}',
      'cilium /spec/endpointSelector/matchExpressions/0/values',
    ],
    ['two kinds of source', ingress('{fromEndpoints: [{}], fromEntities: [world]}'), 'cilium /spec/ingress/0/fromEntities'],
    ['two kinds of destination', egress('{toCIDR: [10.0.0.0/8], toFQDNs: [{matchName: a.b}]}'), 'cilium /spec/egress/0/toFQDNs'],
    ['icmps beside toPorts', egress('{icmps: [{fields: [{type: 8}]}], toPorts: [{ports: [{port: "80"}]}]}'), 'cilium /spec/egress/0/icmps'],
    [
      'an ICMP type of the other family',
      egress('{icmps: [{fields: [{type: PacketTooBig}]}]}'),
      'cilium /spec/egress/0/icmps/0/fields/0/type',
    ],
    [
      'an exception outside of its range',
      ingress('{fromCIDRSet: [{cidr: 10.0.0.0/8, except: [11.0.0.0/16]}]}'),
      'cilium /spec/ingress/0/fromCIDRSet/0/except/0',
    ],
    ['a port above 65535', port('{ports: [{port: "99999"}]}'), 'cilium /spec/egress/0/toPorts/0/ports/0/port'],
    ['a port that Go reads as octal', port('{ports: [{port: "0080"}]}'), 'cilium /spec/egress/0/toPorts/0/ports/0/port'],
    [
      'more than forty denied ports',
      `spec: {endpointSelector: {}, egressDeny: [{toPorts: [{ports: ${many((index) => `{port: "${index + 1}"}`)}}]}]}`,
      'cilium /spec/egressDeny/0/toPorts/0/ports',
    ],
    [
      'HTTP rules on any protocol',
      port('{ports: [{port: "80"}], rules: {http: [{}]}}'),
      'cilium /spec/egress/0/toPorts/0/ports/0/protocol',
    ],
    [
      'HTTP rules on every port',
      port('{ports: [{port: "0", protocol: TCP}], rules: {http: [{}]}}'),
      'cilium /spec/egress/0/toPorts/0/ports/0/port',
    ],
    [
      'DNS rules for ingress',
      ingress('{toPorts: [{ports: [{port: "53"}], rules: {dns: [{matchPattern: "*"}]}}]}'),
      'cilium /spec/ingress/0/toPorts/0/rules/dns',
    ],
    ['DNS rules without a port', port('{rules: {dns: [{matchPattern: "*"}]}}'), 'cilium /spec/egress/0/toPorts/0/rules/dns'],
    [
      'DNS rules on a range',
      port('{ports: [{port: "53", endPort: 60}], rules: {dns: [{matchPattern: "*"}]}}'),
      'cilium /spec/egress/0/toPorts/0/ports/0/endPort',
    ],
    ['a path that is no regular expression', http('{path: "*"}'), 'cilium /spec/egress/0/toPorts/0/rules/http/0/path'],
    ['a method that is no regular expression', http('{method: "["}'), 'cilium /spec/egress/0/toPorts/0/rules/http/0/method'],
    [
      'an exception of the other family',
      ingress('{fromCIDRSet: [{cidr: 10.0.0.0/8, except: ["::/64"]}]}'),
      'cilium /spec/ingress/0/fromCIDRSet/0/except/0',
    ],
    [
      'a role beside a key of Kafka',
      port('{ports: [{port: "80", protocol: TCP}], rules: {kafka: [{role: produce, apiKey: fetch}]}}'),
      'cilium /spec/egress/0/toPorts/0/rules/kafka/0/apiKey',
    ],
    ['a path that looks ahead', http('{path: "/(?!admin)"}'), 'cilium /spec/egress/0/toPorts/0/rules/http/0/path'],
    [
      'a listener for ingress',
      ingress('{toPorts: [{ports: [{port: "80"}], listener: {name: l, envoyConfig: {name: e}}}]}'),
      'cilium /spec/ingress/0/toPorts/0/listener',
    ],
    [
      'a listener beside HTTP rules',
      port('{ports: [{port: "80", protocol: TCP}], listener: {name: l, envoyConfig: {name: e}}, rules: {http: [{}]}}'),
      'cilium /spec/egress/0/toPorts/0/listener',
    ],
    [
      'server names beside HTTP rules',
      port('{ports: [{port: "80", protocol: TCP}], serverNames: [a.b], rules: {http: [{}]}}'),
      'cilium /spec/egress/0/toPorts/0/serverNames',
    ],
    [
      'a second specification that is wrong',
      `spec: {endpointSelector: {}, ingress: [{}]}\nspecs: [{endpointSelector: {}, ingress: []}]`,
      'cilium /specs/0/ingress',
    ],
    ['node selectors, which are off by default', egress('{toNodes: [{}]}'), 'cilium /spec/egress/0/toNodes'],
  ])('%s', (_, spec, expected) => expect(rejections(spec)).toEqual([expected]));

  test.each([
    [
      'HTTP rules for a node',
      'ingress: [{toPorts: [{ports: [{port: "80", protocol: TCP}], rules: {http: [{}]}}]}]',
      'cilium /spec/ingress/0/toPorts/0/rules',
    ],
    [
      'HTTP rules from a node',
      'egress: [{toPorts: [{ports: [{port: "80", protocol: TCP}], rules: {http: [{}]}}]}]',
      'cilium /spec/egress/0/toPorts/0/rules/http',
    ],
    [
      'a listener of a namespaced configuration',
      'egress: [{toPorts: [{ports: [{port: "80"}], listener: {name: l, envoyConfig: {kind: CiliumEnvoyConfig, name: e}}}]}]',
      'cilium /spec/egress/0/toPorts/0/listener/envoyConfig/kind',
    ],
  ])('%s, in a cluster-wide policy', (_, sections, expected) =>
    expect(rejections(`spec: {nodeSelector: {}, ${sections}}`, { kind: 'CiliumClusterwideNetworkPolicy' })).toEqual([expected]),
  );
});

describe('a policy that the API server refuses', () => {
  test.each([
    ['no section', 'spec: {endpointSelector: {}}', 'api-server /spec'],
    ['no selector', 'spec: {ingress: [{}]}', 'api-server /spec/endpointSelector'],
    ['both selectors', 'spec: {endpointSelector: {}, nodeSelector: {}, ingress: [{}]}', 'api-server /spec/nodeSelector'],
    [
      'an unknown operator',
      egress('{toEndpoints: [{matchExpressions: [{key: a, operator: Equals, values: [b]}]}]}'),
      'api-server /spec/egress/0/toEndpoints/0/matchExpressions/0/operator',
    ],
    [
      'a label value that is no string',
      egress('{toEndpoints: [{matchLabels: {app: true}}]}'),
      'api-server /spec/egress/0/toEndpoints/0/matchLabels/app',
    ],
    ['a string as a peer', egress('{toEndpoints: [world]}'), 'api-server /spec/egress/0/toEndpoints/0'],
    ['an unknown entity', egress('{toEntities: [internet]}'), 'api-server /spec/egress/0/toEntities/0'],
    ['a bare address', egress('{toCIDR: [10.0.0.1]}'), 'api-server /spec/egress/0/toCIDR/0'],
    ['a length that no address has', egress('{toCIDR: [10.0.0.0/33]}'), 'api-server /spec/egress/0/toCIDR/0'],
    ['a set without a range', egress('{toCIDRSet: [{}]}'), 'api-server /spec/egress/0/toCIDRSet/0'],
    ['a single address in a set', egress('{toCIDRSet: [{cidr: 10.0.0.1}]}'), 'api-server /spec/egress/0/toCIDRSet/0/cidr'],
    ['both ways to mean a name', egress('{toFQDNs: [{matchName: a.b, matchPattern: "*"}]}'), 'api-server /spec/egress/0/toFQDNs/0'],
    ['no name at all', egress('{toFQDNs: [{}]}'), 'api-server /spec/egress/0/toFQDNs/0'],
    ['a blank in a pattern', egress('{toFQDNs: [{matchPattern: "a b"}]}'), 'api-server /spec/egress/0/toFQDNs/0/matchPattern'],
    [
      'a header without a name',
      http('{headerMatches: [{value: x}]}'),
      'api-server /spec/egress/0/toPorts/0/rules/http/0/headerMatches/0/name',
    ],
    [
      'an unknown mismatch action',
      http('{headerMatches: [{name: x, mismatch: NOPE}]}'),
      'api-server /spec/egress/0/toPorts/0/rules/http/0/headerMatches/0/mismatch',
    ],
    ['no port', port('{ports: [{port: ""}]}'), 'api-server /spec/egress/0/toPorts/0/ports/0/port'],
    ['an unknown protocol', port('{ports: [{port: "80", protocol: FOO}]}'), 'api-server /spec/egress/0/toPorts/0/ports/0/protocol'],
    [
      'a bad label value',
      egress('{toEndpoints: [{matchLabels: {app: "-bad"}}]}'),
      'api-server /spec/egress/0/toEndpoints/0/matchLabels/app',
    ],
    ['both ways to name a range', egress('{toCIDRSet: [{cidr: 10.0.0.0/8, cidrGroupRef: g}]}'), 'api-server /spec/egress/0/toCIDRSet/0'],
    ['a wildcard in a name', egress('{toFQDNs: [{matchName: "*.a.b"}]}'), 'api-server /spec/egress/0/toFQDNs/0/matchName'],
    ['names to deny', 'spec: {endpointSelector: {}, egressDeny: [{toFQDNs: [{matchName: a.b}]}]}', 'api-server /spec/egressDeny/0/toFQDNs'],
    ['a port as a number', port('{ports: [{port: 80}]}'), 'api-server /spec/egress/0/toPorts/0/ports/0/port'],
    ['a protocol in small letters', port('{ports: [{port: "80", protocol: tcp}]}'), 'api-server /spec/egress/0/toPorts/0/ports/0/protocol'],
    ['more than forty ports', port(`{ports: ${many((index) => `{port: "${index + 1}"}`)}}`), 'api-server /spec/egress/0/toPorts/0/ports'],
    [
      'more than forty ICMP types',
      egress(`{icmps: [{fields: ${many((index) => `{type: ${index}}`)}}]}`),
      'api-server /spec/egress/0/icmps/0/fields',
    ],
    [
      'two protocols of layer 7',
      port('{ports: [{port: "80", protocol: TCP}], rules: {http: [], dns: []}}'),
      'api-server /spec/egress/0/toPorts/0/rules',
    ],
    ['l7 without l7proto', port('{ports: [{port: "80", protocol: TCP}], rules: {l7: []}}'), 'api-server /spec/egress/0/toPorts/0/rules'],
    ['an empty server name', port('{ports: [{port: "80"}], serverNames: [""]}'), 'api-server /spec/egress/0/toPorts/0/serverNames/0'],
    [
      'an unknown ICMP family',
      egress('{icmps: [{fields: [{type: 8, family: IPv5}]}]}'),
      'api-server /spec/egress/0/icmps/0/fields/0/family',
    ],
    ['a long log value', `spec: {endpointSelector: {}, ingress: [{}], log: {value: ${'x'.repeat(33)}}}`, 'api-server /spec/log/value'],
  ])('%s', (_, spec, expected) => expect(rejections(spec)).toEqual([expected]));
});

describe('versions', () => {
  test.each([
    ['an empty section was harmless before 1.18', 'spec: {endpointSelector: {}, ingress: []}', ['1.17'], ['1.18', '1.20']],
    [
      'toServices with ports came with 1.17',
      egress('{toServices: [{k8sService: {serviceName: s}}], toPorts: [{ports: [{port: "80"}]}]}'),
      ['1.17', '1.18'],
      ['1.16'],
    ],
    ['the entity cluster-mesh came with 1.20', egress('{toEntities: [cluster-mesh]}'), ['1.20'], ['1.18']],
    [
      'Kafka rules went with 1.20',
      port('{ports: [{port: "9092", protocol: TCP}], rules: {kafka: [{topic: t}]}}'),
      ['1.18', '1.19'],
      ['1.20'],
    ],
    ['requirements went with 1.19', egress('{toRequires: [{}]}'), ['1.18'], ['1.19']],
    ['protocols without ports came with 1.20', port('{ports: [{protocol: GRE}]}'), ['1.20'], ['1.18']],
    [
      'an exception wider than its range was accepted before 1.20',
      ingress('{fromCIDRSet: [{cidr: 10.0.0.0/8, except: [10.0.0.0/4]}]}'),
      ['1.18'],
      ['1.20'],
    ],
  ])('%s', (_, spec, accepting, rejecting) => {
    for (const version of accepting) expect(rejections(spec, { version })).toEqual([]);
    for (const version of rejecting) expect(rejections(spec, { version })).not.toEqual([]);
  });
});

test.each([
  ['a section that denies all', ingress('{}')],
  ['an empty list beside a full one', egress('{toCIDR: [], toEntities: [world]}')],
  ['a port by name', port('{ports: [{port: http-alt}]}')],
  ['a range', port('{ports: [{port: "8000", endPort: 8999, protocol: TCP}]}')],
  ['prefixed keys', egress('{toEndpoints: [{matchLabels: {"k8s:io.kubernetes.pod.namespace": b, "k8s:app": x}}]}')],
  ['the labels of a namespace', egress('{toEndpoints: [{matchLabels: {io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name: b}}]}')],
  ['an exception within its range', ingress('{fromCIDRSet: [{cidr: 10.0.0.0/8, except: [10.1.0.0/16]}]}')],
  ['an empty list of HTTP rules on any protocol', port('{ports: [{port: "80"}], rules: {http: []}}')],
  ['Go regular expressions', http('{path: "/(?i)api/[[:alpha:]]+/{id}", method: GET|POST}')],
])('accepts %s', (_, spec) => expect(rejections(spec)).toEqual([]));
