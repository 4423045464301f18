/** Ports, protocols and layer 7: section 8 of the semantics. */
import type { ClusterFacts } from '../../lib/facts/cluster-facts';
import type { Protocol } from '../../lib/network/traffic-port';
import { cnp, netpol, pod, Scenario, TWO_NAMESPACES } from './scenario';

const DB = 'endpointSelector: {matchLabels: {app: db}}';
const ASKED: readonly (readonly [number, Protocol])[] = [
  [80, 'TCP'],
  [443, 'TCP'],
  [5432, 'TCP'],
  [53, 'UDP'],
  [80, 'UDP'],
  [80, 'SCTP'],
  [8, 'ICMP'],
  [13, 'ICMP'],
  [128, 'ICMPv6'],
];

/** What db receives from web on the ports asked, by the rule. */
function received(rule: string): string[] {
  const scenario = new Scenario(TWO_NAMESPACES + cnp('p', `{${DB}, ingress: [{${rule}}]}`));
  return ASKED.filter(([port, protocol]) => scenario.flow('a/web', 'a/db', port, protocol).ingress.verdict === 'allow').map(
    ([port, protocol]) => `${protocol} ${port}`,
  );
}

const EVERYTHING = ASKED.map(([port, protocol]) => `${protocol} ${port}`);

test.each([
  ['8.6 peers alone let ICMP in', 'fromEndpoints: [{}]', EVERYTHING],
  ['8.2 no protocol means TCP, UDP and SCTP', 'toPorts: [{ports: [{port: "80"}]}]', ['TCP 80', 'UDP 80', 'SCTP 80']],
  ['8.2 so does ANY', 'toPorts: [{ports: [{port: "80", protocol: ANY}]}]', ['TCP 80', 'UDP 80', 'SCTP 80']],
  ['8.2 a protocol means itself', 'toPorts: [{ports: [{port: "80", protocol: UDP}]}]', ['UDP 80']],
  [
    '8.2 ports and entries are ORed',
    'toPorts: [{ports: [{port: "80", protocol: TCP}, {port: "443", protocol: TCP}]}, {ports: [{port: "53", protocol: UDP}]}]',
    ['TCP 80', 'TCP 443', 'UDP 53'],
  ],
  ['8.3 port 0 means every port of the protocol', 'toPorts: [{ports: [{port: "0", protocol: TCP}]}]', ['TCP 80', 'TCP 443', 'TCP 5432']],
  [
    '8.3 port 0 with an end means every port up to there',
    'toPorts: [{ports: [{port: "0", endPort: 443, protocol: TCP}]}]',
    ['TCP 80', 'TCP 443'],
  ],
  ['8.3 a range includes both ends', 'toPorts: [{ports: [{port: "80", endPort: 443, protocol: TCP}]}]', ['TCP 80', 'TCP 443']],
  ['8.3 an end before the beginning is ignored', 'toPorts: [{ports: [{port: "443", endPort: 80, protocol: TCP}]}]', ['TCP 443']],
  ['8.4 a leading zero is octal', 'toPorts: [{ports: [{port: "0120", protocol: TCP}]}]', ['TCP 80']],
  ['8.5 a name is the container’s port', 'toPorts: [{ports: [{port: pg, protocol: TCP}]}]', ['TCP 5432']],
  ['8.5 in any case', 'toPorts: [{ports: [{port: PG, protocol: TCP}]}]', ['TCP 5432']],
  ['8.5 of the protocol asked', 'toPorts: [{ports: [{port: pg, protocol: UDP}]}]', []],
  ['8.6 ICMP by number', 'icmps: [{fields: [{type: 8, family: IPv4}]}]', ['ICMP 8']],
  ['8.6 ICMP by name, IPv4 where no family is named', 'icmps: [{fields: [{type: EchoRequest}]}]', ['ICMP 8']],
  ['8.6 ICMPv6 by name', 'icmps: [{fields: [{type: EchoRequest, family: IPv6}]}]', ['ICMPv6 128']],
])('%s', (_, rule, expected) => {
  expect(received(rule)).toEqual(expected);
});

const WEB_PG = pod('a', 'other', 'app: other').replace('containerPort: 5432', 'containerPort: 15432');

test('8.5 for egress up to 1.19 a name that two pods give different numbers means nothing; since 1.20 it is the destination’s', () => {
  const named = cnp('p', `{${DB}, egress: [{toEntities: [cluster], toPorts: [{ports: [{port: pg, protocol: TCP}]}]}]}`);
  const verdict = (more: string, facts: ClusterFacts, to: string, port: number) =>
    new Scenario(TWO_NAMESPACES + more + named, facts).flow('a/db', to, port).egress.verdict;
  expect(verdict('', {}, 'a/web', 5432)).toBe('allow');
  expect(verdict(WEB_PG, {}, 'a/web', 5432)).toBe('deny');
  expect(verdict(WEB_PG, { network: { version: '1.20' } }, 'a/web', 5432)).toBe('allow');
  expect(verdict(WEB_PG, { network: { version: '1.20' } }, 'a/other', 15432)).toBe('allow');
  expect(verdict(WEB_PG, { network: { version: '1.20' } }, 'a/other', 5432)).toBe('deny');
});

test('8.5 a range that begins at a name is unknown beyond the name', () => {
  const scenario = new Scenario(
    TWO_NAMESPACES + cnp('p', `{${DB}, ingress: [{toPorts: [{ports: [{port: pg, endPort: 6000, protocol: TCP}]}]}]}`),
  );
  expect([5431, 5432, 5433, 6001].map((port) => scenario.flow('a/web', 'a/db', port).ingress.verdict)).toEqual([
    'deny',
    'allow',
    'unknown',
    'deny',
  ]);
});

test('8.7 HTTP rules let the connection in and say what it may carry', () => {
  const rule =
    '{fromEndpoints: [{}], toPorts: [{ports: [{port: "80", protocol: TCP}], rules: {http: [{method: GET, path: "/api/.*"}, {path: /healthz}]}}]}';
  const { ingress } = new Scenario(TWO_NAMESPACES + cnp('p', `{${DB}, ingress: [${rule}]}`)).flow('a/web', 'a/db', 80);
  expect(ingress.verdict).toBe('allow');
  expect(ingress.because).toMatchObject([{ effect: 'allow-l7', rule: '/spec/ingress/0' }]);
  expect(ingress.l7).toMatchObject([
    { parser: 'http', pointer: '/spec/ingress/0/toPorts/0/rules/http', allows: ['GET /api/.*', 'any method /healthz'] },
  ]);
});

test('8.7 an empty list of HTTP rules restricts nothing, and neither does a rule beside another without any', () => {
  const http = '{fromEndpoints: [{}], toPorts: [{ports: [{port: "80", protocol: TCP}], rules: {http: [{method: GET}]}}]}';
  const empty = http.replace('[{method: GET}]', '[]');
  const plain = '{fromEndpoints: [{}], toPorts: [{ports: [{port: "80", protocol: TCP}]}]}';
  const flow = (rules: string) => new Scenario(TWO_NAMESPACES + cnp('p', `{${DB}, ingress: [${rules}]}`)).flow('a/web', 'a/db', 80).ingress;
  expect(flow(empty)).toMatchObject({ verdict: 'allow', l7: undefined });
  expect(flow(`${http}, ${plain}`)).toMatchObject({ verdict: 'allow', l7: undefined });
});

test.each([
  ['HTTP and Kafka', 'rules: {http: [{method: GET}]}', 'rules: {kafka: [{topic: x}]}'],
  ['HTTP and server names', 'rules: {http: [{method: GET}]}', 'serverNames: [api.example.org]'],
])('8.8 %s for the same peers and port cannot be merged, and nobody knows what is enforced', (_, one, other) => {
  const entry = (l7: string) => `{toEndpoints: [{}], toPorts: [{ports: [{port: "443", protocol: TCP}], ${l7}}]}`;
  const scenario = new Scenario(
    TWO_NAMESPACES + cnp('p', `{${DB}, egress: [${entry(one)}]}`) + cnp('q', `{${DB}, egress: [${entry(other)}]}`),
  );
  const { egress } = scenario.flow('a/db', 'a/web', 443);
  expect(egress.verdict).toBe('unknown');
  expect(egress.because[0]?.words).toContain('CiliumNetworkPolicy a/q /spec/egress/0 and CiliumNetworkPolicy a/p /spec/egress/0');
});

test('8.8 different authentication for the same peers and port cannot be merged', () => {
  const rule = (mode: string) =>
    `{fromEndpoints: [{}], authentication: {mode: ${mode}}, toPorts: [{ports: [{port: "80", protocol: TCP}]}]}`;
  const scenario = new Scenario(TWO_NAMESPACES + cnp('p', `{${DB}, ingress: [${rule('required')}, ${rule('disabled')}]}`));
  expect(scenario.flow('a/web', 'a/db', 80).ingress.verdict).toBe('unknown');
});

test('8.9 server names restrict what TLS may ask for', () => {
  const rule = '{toEntities: [world], toPorts: [{ports: [{port: "443", protocol: TCP}], serverNames: [api.example.org]}]}';
  const { egress } = new Scenario(TWO_NAMESPACES + cnp('p', `{${DB}, egress: [${rule}]}`)).flow('a/db', '1.2.3.4', 443);
  expect(egress).toMatchObject({ verdict: 'allow', l7: [{ parser: 'tls', allows: ['TLS to api.example.org'] }] });
});

test('9.4 HTTP rules of a policy that denies nothing by default drop nothing', () => {
  const rule = '{fromEndpoints: [{}], toPorts: [{ports: [{port: "80", protocol: TCP}], rules: {http: [{method: GET}]}}]}';
  const soft = cnp('p', `{${DB}, enableDefaultDeny: {ingress: false}, ingress: [${rule}]}`);
  const { ingress } = new Scenario(TWO_NAMESPACES + soft).flow('a/web', 'a/db', 80);
  expect(ingress).toMatchObject({ verdict: 'allow', l7: undefined, because: [{ effect: 'allow', rule: '/spec/ingress/0' }] });
  const hard = new Scenario(TWO_NAMESPACES + soft + cnp('q', `{${DB}, ingress: [{fromEntities: [world]}]}`)).flow('a/web', 'a/db', 80);
  expect(hard.ingress).toMatchObject({ verdict: 'allow', l7: [{ allows: ['GET any path'] }] });
});

test('9.5 HTTP rules do not hold the node back', () => {
  const rule = '{fromEntities: [all], toPorts: [{ports: [{port: "80", protocol: TCP}], rules: {http: [{method: GET}]}}]}';
  const scenario = new Scenario(TWO_NAMESPACES + cnp('p', `{${DB}, ingress: [${rule}]}`));
  expect(scenario.flow('entity:host', 'a/db', 80).ingress).toMatchObject({ verdict: 'allow', because: [{ effect: 'local-host' }] });
  expect(scenario.flow('entity:remote-node', 'a/db', 80).ingress.l7).toHaveLength(1);
});

test('11.6 a NetworkPolicy takes SCTP and ranges', () => {
  const policy = '{podSelector: {matchLabels: {app: db}}, ingress: [{ports: [{protocol: SCTP, port: 80, endPort: 90}]}]}';
  const scenario = new Scenario(TWO_NAMESPACES + netpol('p', policy));
  const verdicts = ([[80, 'SCTP'], [90, 'SCTP'], [91, 'SCTP'], [80, 'TCP']] as const).map(([port, protocol]) => scenario.flow('a/web', 'a/db', port, protocol).ingress.verdict); // prettier-ignore
  expect(verdicts).toEqual(['allow', 'allow', 'deny', 'deny']);
});
