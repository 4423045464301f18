import { readYaml } from '../../lib/manifest/yaml';
import { networkPolicyRejections } from '../../lib/network/network-policy-validation';
import { Resource } from '../../lib/resources/resource';

function rejections(spec: string): string[] {
  const text = `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: a}\nspec: ${spec}\n`;
  const { documents, problems } = readYaml(text, 'p.yaml');
  expect(problems).toEqual([]);
  return documents.flatMap((document) => [...networkPolicyRejections(new Resource(document))].map(({ path }) => path));
}

const from = (peer: string): string => `{podSelector: {}, ingress: [{from: [${peer}]}]}`;
const port = (entry: string): string => `{podSelector: {}, egress: [{ports: [${entry}]}]}`;

test.each([
  ['a peer that names nobody', from('{}'), '/spec/ingress/0/from/0'],
  ['an address range beside a selector', from('{podSelector: {}, ipBlock: {cidr: 10.0.0.0/8}}'), '/spec/ingress/0/from/0/ipBlock'],
  ['a bare address', from('{ipBlock: {cidr: 10.0.0.1}}'), '/spec/ingress/0/from/0/ipBlock/cidr'],
  [
    'an exception outside of its range',
    from('{ipBlock: {cidr: 10.0.0.0/8, except: [11.0.0.0/8]}}'),
    '/spec/ingress/0/from/0/ipBlock/except/0',
  ],
  [
    'an exception that is the whole range',
    from('{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/8]}}'),
    '/spec/ingress/0/from/0/ipBlock/except/0',
  ],
  [
    'an operator without values',
    from('{podSelector: {matchExpressions: [{key: a, operator: In}]}}'),
    '/spec/ingress/0/from/0/podSelector/matchExpressions/0/values',
  ],
  ['an end before its start', port('{port: 90, endPort: 80}'), '/spec/egress/0/ports/0/endPort'],
  ['an end after a name', port('{port: http, endPort: 80}'), '/spec/egress/0/ports/0/endPort'],
  ['an end without a start', port('{endPort: 80}'), '/spec/egress/0/ports/0/endPort'],
  ['an unknown protocol', port('{protocol: ICMP}'), '/spec/egress/0/ports/0/protocol'],
  ['a port of zero', port('{port: 0}'), '/spec/egress/0/ports/0/port'],
  ['a number in quotes', port('{port: "80"}'), '/spec/egress/0/ports/0/port'],
  ['three policy types', '{podSelector: {}, policyTypes: [Ingress, Egress, Ingress]}', '/spec/policyTypes'],
  ['a port above 65535', port('{port: 70000}'), '/spec/egress/0/ports/0/port'],
  ['a port name in capitals', port('{port: HTTP}'), '/spec/egress/0/ports/0/port'],
  ['a port name with two hyphens', port('{port: a--b}'), '/spec/egress/0/ports/0/port'],
  ['no address range', from('{ipBlock: {cidr: x}}'), '/spec/ingress/0/from/0/ipBlock/cidr'],
  ['a bad label key', '{podSelector: {matchLabels: {a/b/c: x}}}', '/spec/podSelector/matchLabels/a~1b~1c'],
  ['an unknown operator', '{podSelector: {matchExpressions: [{key: a, operator: Like}]}}', '/spec/podSelector/matchExpressions/0/operator'],
  ['an unknown policy type', '{podSelector: {}, policyTypes: [Both]}', '/spec/policyTypes/0'],
])('fails on %s', (_, spec, path) => expect(rejections(spec)).toEqual([path]));

test.each([
  ['everybody', '{podSelector: {}, ingress: [{}]}'],
  ['nobody', '{podSelector: {}, policyTypes: [Ingress, Egress]}'],
  ['pods of namespaces', from('{podSelector: {}, namespaceSelector: {}}')],
  ['a range of ports', port('{port: 80, endPort: 90}')],
  ['every UDP port', port('{protocol: UDP}')],
  ['a range with exceptions', from('{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8, 192.168.0.0/16]}}')],
])('accepts %s', (_, spec) => expect(rejections(spec)).toEqual([]));
