/** The numbered test vectors of Cilium's semantics: who enters db on TCP 5432. */
import { cnp, EVERYONE, netpol, pod, Scenario, TWO_NAMESPACES } from './scenario';

const DB = 'endpointSelector: {matchLabels: {app: db}}';
const [WEB, C, WORLD, HOST, NODE] = EVERYONE;

const VECTORS: readonly (readonly [string, string, readonly (string | undefined)[]])[] = [
  ['1 without a policy everyone enters', '', EVERYONE],
  ['2 an empty ingress list leaves ingress open', cnp('p', `{${DB}, ingress: [], egress: [{toEntities: [all]}]}`), EVERYONE],
  ['3 an empty ingress rule lets only the node in', cnp('p', `{${DB}, ingress: [{}]}`), [HOST]],
  ['4 an empty selector means the namespace', cnp('p', `{${DB}, ingress: [{fromEndpoints: [{}]}]}`), [WEB, HOST]],
  [
    '5 an empty selector of a clusterwide policy means all pods',
    cnp('p', `{${DB}, ingress: [{fromEndpoints: [{}]}]}`, { clusterwide: true }),
    [WEB, C, HOST],
  ],
  ['6 ports alone mean every peer', cnp('p', `{${DB}, ingress: [{toPorts: [{ports: [{port: "5432"}]}]}]}`), EVERYONE],
  [
    '7 an empty peer list means nobody, with ports too',
    cnp('p', `{${DB}, ingress: [{fromEndpoints: [], toPorts: [{ports: [{port: "5432"}]}]}]}`),
    [HOST],
  ],
  ['8 a selector means this namespace', cnp('p', `{${DB}, ingress: [{fromEndpoints: [{matchLabels: {app: web}}]}]}`), [WEB, HOST]],
  [
    '9 a selector that names a namespace means that one',
    cnp('p', `{${DB}, ingress: [{fromEndpoints: [{matchLabels: {app: web, "k8s:io.kubernetes.pod.namespace": b}}]}]}`),
    [C, HOST],
  ],
  [
    '10 the namespace label existing means all pods',
    cnp('p', `{${DB}, ingress: [{fromEndpoints: [{matchExpressions: [{key: io.kubernetes.pod.namespace, operator: Exists}]}]}]}`),
    [WEB, C, HOST],
  ],
  [
    '11 a namespace that is not b is also the world and the nodes',
    cnp(
      'p',
      `{${DB}, ingress: [{fromEndpoints: [{matchExpressions: [{key: io.kubernetes.pod.namespace, operator: NotIn, values: [b]}]}]}]}`,
    ),
    [WEB, WORLD, HOST, NODE],
  ],
  [
    '12 a namespace label names namespaces',
    cnp('p', `{${DB}, ingress: [{fromEndpoints: [{matchLabels: {io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name: b}}]}]}`),
    [C, HOST],
  ],
  ['13 every address means the world, not pods and nodes', cnp('p', `{${DB}, ingress: [{fromCIDR: [0.0.0.0/0]}]}`), [WORLD, HOST]],
  ['14 the entity cluster means pods and nodes', cnp('p', `{${DB}, ingress: [{fromEntities: [cluster]}]}`), [WEB, C, HOST, NODE]],
  ['15 denying all denies the node too', cnp('p', `{${DB}, ingressDeny: [{fromEntities: [all]}]}`), []],
  ['16 a deny rule alone makes the direction default-deny', cnp('p', `{${DB}, ingressDeny: [{fromEntities: [world]}]}`), [HOST]],
  [
    '17 unless it says that it does not',
    cnp('p', `{${DB}, ingressDeny: [{fromEntities: [world]}], enableDefaultDeny: {ingress: false}}`),
    [WEB, C, HOST, NODE],
  ],
  [
    '18 and unless another policy asks for it',
    cnp('p', `{${DB}, ingressDeny: [{fromEntities: [world]}], enableDefaultDeny: {ingress: false}}`) +
      netpol('np', '{podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress]}'),
    [HOST],
  ],
  ['19 a named port is the pod’s own', cnp('p', `{${DB}, ingress: [{toPorts: [{ports: [{port: "pg"}]}]}]}`), EVERYONE],
  ['19 a port name that the pod lacks is no port', cnp('p', `{${DB}, ingress: [{toPorts: [{ports: [{port: "mysql"}]}]}]}`), [HOST]],
  [
    '20 a deny of a wider range beats a narrow allow',
    cnp(
      'p',
      `{${DB}, ingress: [{fromEndpoints: [{matchLabels: {app: web}}]}], ingressDeny: [{fromEndpoints: [{}], toPorts: [{ports: [{port: "5000", endPort: 6000, protocol: TCP}]}]}]}`,
    ),
    [HOST],
  ],
  [
    '22 a rule with two kinds of peers is rejected, and the pod stays open',
    cnp('p', `{${DB}, ingress: [{fromEndpoints: [{}], fromEntities: [host]}]}`),
    EVERYONE,
  ],
  [
    '23 HTTP rules on any protocol are rejected, and the pod stays open',
    cnp(
      'p',
      `{${DB}, ingress: [{fromEndpoints: [{}], toPorts: [{ports: [{port: "5432", protocol: ANY}], rules: {http: [{method: GET}]}}]}]}`,
    ),
    EVERYONE,
  ],
];

test.each(VECTORS)('%s', (_, policies, expected) => {
  const scenario = new Scenario(TWO_NAMESPACES + policies);
  expect(scenario.enters('a/db', EVERYONE, 5432)).toEqual(expected);
});

test('21 toServices of no Service with a port means every destination on that port', () => {
  const policy = cnp(
    'p',
    `{${DB}, egress: [{toServices: [{k8sService: {serviceName: none, namespace: a}}], toPorts: [{ports: [{port: "443"}]}]}]}`,
  );
  const scenario = new Scenario(TWO_NAMESPACES + policy);
  expect(scenario.leaves('a/db', EVERYONE, 443)).toEqual(EVERYONE);
  expect(scenario.leaves('a/db', EVERYONE, 80)).toEqual([]);
});

test('a pod reaches itself whatever the policies say', () => {
  const scenario = new Scenario(TWO_NAMESPACES + pod('a', 'other', 'app: other') + cnp('p', `{${DB}, ingress: [{}], egress: [{}]}`));
  expect(scenario.flow('a/db', 'a/db', 5432).verdict).toBe('allow');
});
