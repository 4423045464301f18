/** The lessons about isolation beside their examples: what looks wrong and is not, where they point, and what their mends leave. */
import { judge } from '../../lib/check/judge';
import { Cluster } from '../../lib/facts/cluster';
import { crossNamespacePeer } from '../../lib/lessons/cross-namespace-peer';
import { dnsEgressMissing } from '../../lib/lessons/dns-egress-missing';
import { flowDenied } from '../../lib/lessons/flow-denied';
import { fqdnNeedsDnsRule } from '../../lib/lessons/fqdn-needs-dns-rule';
import { isolationWithoutMeshPorts } from '../../lib/lessons/isolation-without-mesh-ports';
import type { Lesson } from '../../lib/lessons/lesson';
import { Resources } from '../../lib/resources/resources';
import { documentsOf } from './judged';
import { mended, reportOf, told } from './told';

/** Deployment `blog/was`, by its container and what else its pods have. */
function was(container = '', pod = '', labels = ''): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: {name: was, namespace: blog}
spec:
  selector: {matchLabels: {app: was}}
  template:
    metadata: {labels: {app: was${labels}}}
    spec: {containers: [{name: was, image: "was:1.0"${container}}]${pod}}
`;
}

/** A policy for it, by the lists of its directions. */
function policy(rules: string, kind = 'CiliumNetworkPolicy'): string {
  const subject = kind === 'NetworkPolicy' ? 'podSelector' : 'endpointSelector';
  return `---
apiVersion: ${kind === 'NetworkPolicy' ? 'networking.k8s.io/v1' : 'cilium.io/v2'}
kind: ${kind}
metadata: {name: was, namespace: blog}
spec:
  ${subject}: {matchLabels: {app: was}}
  ${rules}
`;
}

const USES_NAME = ', env: [{name: API_URL, value: "https://api.example.org"}]';
const DNS_PEER = 'toEndpoints: [{matchLabels: {"k8s:io.kubernetes.pod.namespace": kube-system, k8s-app: kube-dns}}]';
const DNS = `{${DNS_PEER}, toPorts: [{ports: [{port: "53", protocol: ANY}]}]}`;
const WEB_PORT = 'toPorts: [{ports: [{port: "443", protocol: TCP}]}]';
const API = `{toFQDNs: [{matchName: api.example.org}], ${WEB_PORT}}`;

describe('dns-egress-missing', () => {
  test.each([
    ['port 53 among all ports', `egress: [{${DNS_PEER}}]`],
    ['a rule for the whole cluster', 'egress: [{toEntities: [cluster]}]'],
    ['a range of ports', `egress: [{${DNS_PEER}, toPorts: [{ports: [{port: "1", endPort: 1024, protocol: ANY}]}]}]`],
    ['only what it receives restricted', 'ingress: [{}]'],
    ['a policy that denies nothing by default', `enableDefaultDeny: {egress: false}\n  egress: [${API}]`],
    ['every namespace', 'egress: [{toEndpoints: [{matchExpressions: [{key: "k8s:io.kubernetes.pod.namespace", operator: Exists}]}]}]'],
  ])('accepts %s', (_, rules) => {
    expect(told(dnsEgressMissing, was(USES_NAME) + policy(rules))).toEqual([]);
  });

  test.each([
    ['no name', ''],
    ['addresses alone', ', env: [{name: API_URL, value: "http://192.0.2.1"}]'],
    ['a short name that nobody is known by', ', env: [{name: API_HOST, value: api}]'],
  ])('accepts a pod that uses %s', (_, container) => {
    expect(told(dnsEgressMissing, was(container) + policy('egress: [{}]'))).toEqual([]);
  });

  test('accepts pods with the name servers of their node', () => {
    expect(told(dnsEgressMissing, was(USES_NAME, ', dnsPolicy: Default') + policy('egress: [{}]'))).toEqual([]);
  });

  const DNS_PORTS = 'ports: [{port: 53, protocol: UDP}, {port: 53}]';

  test.each([
    ['another server, over UDP alone', 'egress: [{to: [{ipBlock: {cidr: 169.254.20.10/32}}], ports: [{port: 53, protocol: UDP}]}]', {}],
    ['every address, where the engine is not known', `egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0}}], ${DNS_PORTS}}]`, {}],
    [
      'every address, where pods are meant too',
      `egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0}}], ${DNS_PORTS}}]`,
      { network: { engine: 'other' } },
    ],
  ] as const)('accepts lookups at %s', (_, rules, facts) => {
    expect(told(dnsEgressMissing, was(USES_NAME) + policy(`policyTypes: [Egress]\n  ${rules}`, 'NetworkPolicy'), facts)).toEqual([]);
  });

  test.each([
    [
      'every address, behind Cilium',
      `egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0}}], ${DNS_PORTS}}]`,
      'NetworkPolicy',
      { network: { engine: 'cilium' } },
    ],
    ['every address, in the words of Cilium', 'egress: [{toCIDR: [0.0.0.0/0], toPorts: [{ports: [{port: "53"}]}]}]', undefined, {}],
    ['the world', 'egress: [{toEntities: [world], toPorts: [{ports: [{port: "53"}]}]}]', undefined, {}],
    [
      'the address of the Service',
      `egress: [{to: [{ipBlock: {cidr: 10.96.0.10/32}}], ${DNS_PORTS}}]`,
      'NetworkPolicy',
      { network: { engine: 'cilium', serviceCIDRs: ['10.96.0.0/12'] } },
    ],
  ] as const)('fails where lookups are allowed at %s, which is not where the DNS pods are', (_, rules, kind, facts) => {
    const types = kind === undefined ? '' : 'policyTypes: [Egress]\n  ';
    const { findings } = reportOf(dnsEgressMissing, was(USES_NAME) + policy(types + rules, kind), facts);
    expect(findings.map(({ severity, path }) => [severity, path])).toEqual([['error', '/spec/egress']]);
  });

  test('fails at the list that lacks the rule, once for both protocols, and is mended by one rule', () => {
    const yaml = was(USES_NAME) + policy(`egress: [${API}]`);
    const { findings } = reportOf(dnsEgressMissing, yaml);
    expect(findings.map(({ severity, path, resource }) => [severity, path, resource.kind])).toEqual([
      ['error', '/spec/egress', 'CiliumNetworkPolicy'],
    ]);
    const documents = mended(yaml, findings);
    expect(reportOf(dnsEgressMissing, documents).findings).toEqual([]);
    // The host by name is found as well only if the proxy sees the answers.
    expect(reportOf(fqdnNeedsDnsRule, documents).findings).toEqual([]);
  });

  test('is a hint where only TCP is missing', () => {
    const yaml = was(USES_NAME) + policy(`egress: [{${DNS_PEER}, toPorts: [{ports: [{port: "53", protocol: UDP}]}]}]`);
    expect(told(dnsEgressMissing, yaml)).toEqual([
      expect.stringMatching(/^info \/spec\/egress: .*: blog\/was uses names .*, and it may ask the DNS server over UDP only/),
    ]);
  });

  test('takes the DNS server of the facts, and says which rule nearly allows it', () => {
    const dns = { namespace: 'dns', labels: { app: 'resolver' } };
    const yaml =
      was(USES_NAME) +
      policy('egress: [{toEndpoints: [{matchLabels: {app: resolver}}], toPorts: [{ports: [{port: "53", protocol: ANY}]}]}]');
    const [finding] = reportOf(dnsEgressMissing, yaml, { dns }).findings;
    expect(finding?.path).toBe('/spec/egress');
    expect(finding?.related.map(({ message }) => message)).toEqual([
      'a name is used here',
      expect.stringMatching(/^nearly: .*but is in namespace dns$/),
    ]);
  });
});

describe('fqdn-needs-dns-rule', () => {
  const shown = (names: string): string => `{${DNS_PEER}, toPorts: [{ports: [{port: "53", protocol: ANY}], rules: {dns: [${names}]}}]}`;

  test.each([
    ['the name itself', '{matchName: api.example.org}'],
    ['the name in capitals', '{matchName: API.example.org}'],
    ['a pattern around it', '{matchPattern: "*.example.*"}'],
    ['every name', '{matchPattern: "*"}'],
  ])('accepts a DNS rule for %s', (_, names) => {
    expect(told(fqdnNeedsDnsRule, was() + policy(`egress: [${API}, ${shown(names)}]`))).toEqual([]);
  });

  test('accepts names beside a DNS rule to another server, and rules without names', () => {
    const other = '{toCIDR: [192.0.2.53/32], toPorts: [{ports: [{port: "53", protocol: ANY}], rules: {dns: [{matchPattern: "*"}]}}]}';
    expect(told(fqdnNeedsDnsRule, was() + policy(`egress: [${API}, ${other}]`))).toEqual([]);
    expect(told(fqdnNeedsDnsRule, was() + policy(`egress: [{toEntities: [world], ${WEB_PORT}}, ${DNS}]`))).toEqual([]);
  });

  test.each([
    ['a name of another domain', shown('{matchName: api.example.com}'), '/spec/egress/1/toPorts/0/rules/dns/-'],
    ['a pattern for one label', shown('{matchPattern: "*.org"}'), '/spec/egress/1/toPorts/0/rules/dns/-'],
    ['no look at the answers', DNS, '/spec/egress/1/toPorts/0/rules/dns'],
  ])('fails at the name with %s, and is mended at the DNS rule', (_, rule, edited) => {
    const yaml = was() + policy(`egress: [${API}, ${rule}]`);
    const { findings } = reportOf(fqdnNeedsDnsRule, yaml);
    expect(findings.map(({ path, fix }) => [path, fix?.edits?.map((edit) => edit.path)])).toEqual([
      ['/spec/egress/0/toFQDNs/0/matchName', [edited]],
    ]);
    expect(reportOf(fqdnNeedsDnsRule, mended(yaml, findings)).findings).toEqual([]);
  });

  test('leaves it to dns-egress-missing where no lookup passes at all', () => {
    const yaml = was(USES_NAME) + policy(`egress: [${API}]`);
    expect(told(fqdnNeedsDnsRule, yaml)).toEqual([]);
    // Of a pod that is not known to use a name nobody else would tell.
    expect(told(fqdnNeedsDnsRule, was() + policy(`egress: [${API}]`))).toHaveLength(1);
  });
});

describe('cross-namespace-peer', () => {
  const monitor = `---
apiVersion: apps/v1
kind: Deployment
metadata: {name: gateway, namespace: edge}
spec:
  selector: {matchLabels: {app: gateway, tier: front}}
  template: {metadata: {labels: {app: gateway, tier: front}}, spec: {containers: [{name: gateway, image: "gateway:1.0"}]}}
`;
  const from = (selector: string): string => was() + monitor + policy(`ingress: [{fromEndpoints: [${selector}]}]`);

  test.each([
    ['its namespace named without a source', '{matchLabels: {app: gateway, io.kubernetes.pod.namespace: edge}}'],
    ['its namespace by its labels', '{matchLabels: {app: gateway, "k8s:io.cilium.k8s.namespace.labels.team": edge}}'],
    [
      'its namespace in an expression',
      '{matchLabels: {app: gateway}, matchExpressions: [{key: "k8s:io.kubernetes.pod.namespace", operator: In, values: [edge]}]}',
    ],
    ['a label that nobody has', '{matchLabels: {app: gateway, tier: back}}'],
    ['an entity as a label', '{matchLabels: {"reserved:ingress": ""}}'],
    ['everybody of the own namespace', '{}'],
  ])('accepts a peer with %s', (_, selector) => {
    expect(told(crossNamespacePeer, from(selector))).toEqual([]);
  });

  test('fails at the labels, also with their source written out and of several one, and is mended by the namespace', () => {
    const yaml = from('{matchLabels: {app: was}}, {matchLabels: {"k8s:app": gateway, tier: front}}');
    const { findings } = reportOf(crossNamespacePeer, yaml);
    expect(findings.map(({ severity, path }) => [severity, path])).toEqual([['error', '/spec/ingress/0/fromEndpoints/1/matchLabels']]);
    expect(findings[0]?.related.map(({ resource }) => resource.name)).toEqual(['gateway']);
    expect(reportOf(crossNamespacePeer, mended(yaml, findings)).findings).toEqual([]);
  });

  test('fails in rules that deny as well, and in each of several specs', () => {
    const rules = 'ingressDeny: [{fromEndpoints: [{matchLabels: {app: gateway}}]}]';
    const several = `---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: several, namespace: blog}
specs:
  - {endpointSelector: {matchLabels: {app: was}}, egress: [{}]}
  - {endpointSelector: {matchLabels: {app: was}}, ${rules}}
`;
    expect(reportOf(crossNamespacePeer, was() + monitor + policy(rules) + several).findings.map(({ path }) => path)).toEqual([
      '/spec/ingressDeny/0/fromEndpoints/0/matchLabels',
      '/specs/1/ingressDeny/0/fromEndpoints/0/matchLabels',
    ]);
  });
});

describe('isolation-without-mesh-ports', () => {
  const facts = {
    mesh: { kind: 'istio' as const, injectedNamespaces: ['blog'] },
    prometheus: { namespace: 'monitoring', labels: { app: 'prometheus' } },
  };
  const scraper = (ports: string): string =>
    `ingress: [{fromEndpoints: [{matchLabels: {"k8s:io.kubernetes.pod.namespace": monitoring, app: prometheus}}], toPorts: [{ports: [${ports}]}]}]`;

  test.each([
    ['switched off by its label', was('', '', ', sidecar.istio.io/inject: "false"')],
    ['in the network of its host', was('', ', hostNetwork: true')],
  ])('accepts a pod without a sidecar: %s', (_, pod) => {
    expect(told(isolationWithoutMeshPorts, pod + policy(`egress: [${DNS}]`), facts)).toEqual([]);
  });

  test.each([
    [
      'the namespace of the control plane as a whole',
      'egress: [{toEndpoints: [{matchLabels: {"k8s:io.kubernetes.pod.namespace": istio-system}}]}]',
    ],
    ['a range of ports', 'egress: [{toEntities: [cluster], toPorts: [{ports: [{port: "15000", endPort: 15100, protocol: TCP}]}]}]'],
    ['either port of the telemetry', scraper('{port: "15090", protocol: TCP}')],
    ['the other one', scraper('{port: "15020", protocol: TCP}')],
    ['ingress left open', `egress: [{toEntities: [cluster]}]`],
  ])('accepts %s', (_, rules) => {
    expect(told(isolationWithoutMeshPorts, was() + policy(rules), facts)).toEqual([]);
  });

  test('fails at both lists, and is mended at both', () => {
    const yaml = was() + policy(`ingress: [{}]\n  egress: [${DNS}]`);
    const { findings } = reportOf(isolationWithoutMeshPorts, yaml, facts);
    expect(findings.map(({ severity, path }) => [severity, path])).toEqual([
      ['info', '/spec/ingress'],
      ['warning', '/spec/egress'],
    ]);
    const documents = mended(yaml, findings);
    expect(reportOf(isolationWithoutMeshPorts, documents, facts).findings).toEqual([]);
    expect(documents[1]?.content).toMatchObject({
      spec: {
        ingress: [
          {},
          {
            toPorts: [
              {
                ports: [
                  { port: '15020', protocol: 'TCP' },
                  { port: '15090', protocol: 'TCP' },
                ],
              },
            ],
          },
        ],
      },
    });
  });

  test('takes the control plane of the facts', () => {
    const controlPlane = { namespace: 'mesh', labels: { app: 'pilot' } };
    const [finding] = reportOf(isolationWithoutMeshPorts, was() + policy(`egress: [${DNS}]`), {
      mesh: { ...facts.mesh, controlPlane },
    }).findings;
    expect(finding?.message).toContain('pods app=pilot of namespace mesh, on TCP 15012');
  });

  test('has the sidecar’s own names looked up, which dns-egress-missing tells', () => {
    const control = '{toEndpoints: [{matchLabels: {"k8s:io.kubernetes.pod.namespace": istio-system, app: istiod}}]}';
    expect(told(dnsEgressMissing, was() + policy(`egress: [${control}]`), facts)).toEqual([
      expect.stringContaining('gets its configuration and certificates from istiod.istio-system.svc'),
    ]);
  });
});

describe('flow-denied', () => {
  const api = ', env: [{name: API_URL, value: "https://api.example.org"}]';

  test('is silent where a rule by name only lacks its DNS rule, and tells a wrong port', () => {
    expect(told(flowDenied, was(api) + policy(`egress: [${API}, ${DNS}]`))).toEqual([]);
    const yaml =
      was(api) + policy(`egress: [{toFQDNs: [{matchName: api.example.org}], toPorts: [{ports: [{port: "80", protocol: TCP}]}]}, ${DNS}]`);
    expect(told(flowDenied, yaml)).toEqual([
      expect.stringContaining(
        'error /spec/egress: CiliumNetworkPolicy blog/was: no egress rule allows blog/was to fqdn:api.example.org on TCP 443',
      ),
    ]);
  });

  test.each([
    ['an outside host whose address a rule may cover', policy(`egress: [{toCIDR: [192.0.2.0/24], ${WEB_PORT}}, ${DNS}]`)],
    ['telemetry of a sidecar, and probes by the own node', policy('ingress: [{}]')],
  ])('accepts %s', (_, rules) => {
    const probed = was(`${api}, ports: [{name: http, containerPort: 8080}], readinessProbe: {httpGet: {port: http}}`);
    const facts = {
      mesh: { kind: 'istio' as const, injectedNamespaces: ['blog'] },
      prometheus: { namespace: 'monitoring', labels: { app: 'prometheus' } },
    };
    expect(told(flowDenied, probed + rules)).toEqual([]);
    expect(told(flowDenied, probed + rules, facts)).toEqual([]);
  });

  test('tells a probe that a rule for the host denies', () => {
    const probed = was(', ports: [{name: http, containerPort: 8080}], readinessProbe: {httpGet: {port: http}}');
    expect(told(flowDenied, probed + policy('ingressDeny: [{fromEntities: [host]}]'))).toEqual([
      expect.stringMatching(/^error \/spec\/ingressDeny\/0: .*: entity:host to blog\/was on TCP 8080 is dropped/),
    ]);
  });
});

describe('a peer without its namespace', () => {
  const BACKUP = `apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: backup, namespace: jobs}
spec:
  endpointSelector: {matchLabels: {app: backup}}
  egress:
    - toEndpoints: [{matchLabels: {app: mysql}}]
      toPorts: [{ports: [{port: "3306", protocol: TCP}]}]
---
apiVersion: v1
kind: Pod
metadata: {name: backup, namespace: jobs, labels: {app: backup}}
spec: {containers: [{name: dump, image: "backup:1.0", env: [{name: DB_HOST, value: mysql.data}, {name: DB_PORT, value: "3306"}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: mysql, namespace: data}
spec: {selector: {app: mysql}, ports: [{port: 3306}]}
---
apiVersion: v1
kind: Pod
metadata: {name: mysql, namespace: data, labels: {app: mysql}}
spec: {containers: [{name: m, image: "mysql:8.4", ports: [{containerPort: 3306}]}]}
`;
  const CLOSED = `---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: mysql, namespace: data}
spec: {endpointSelector: {matchLabels: {app: mysql}}, ingress: [{}]}
`;
  const CHART = `---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: jobs, namespace: argocd}
spec: {source: {repoURL: https://charts.example.org, chart: jobs, targetRevision: 1.0.0}, destination: {namespace: jobs}}
`;
  const judgedBy = (yaml: string, ...lessons: readonly Lesson[]): string[] =>
    judge(new Resources(documentsOf(yaml)), new Cluster(), lessons).findings.map(
      ({ lesson, severity, path, resource }) => `${severity} ${lesson} ${resource.name}${path}`,
    );

  test('is told once, by the lesson that tells the mistake', () => {
    const mistake = 'error cross-namespace-peer backup/spec/egress/0/toEndpoints/0/matchLabels';
    expect(judgedBy(BACKUP, flowDenied, crossNamespacePeer)).toEqual([mistake]);
    expect(judgedBy(BACKUP, flowDenied)).toEqual(['error flow-denied backup/spec/egress']);
  });

  test('hides nothing that the other side denies', () =>
    expect(judgedBy(BACKUP + CLOSED, flowDenied, crossNamespacePeer)).toEqual([
      'error cross-namespace-peer backup/spec/egress/0/toEndpoints/0/matchLabels',
      'error flow-denied mysql/spec/ingress',
    ]));

  test('leaves a certain denial an error where it is but a warning itself', () =>
    expect(judgedBy(BACKUP + CHART, flowDenied, crossNamespacePeer)).toEqual([
      'warning cross-namespace-peer backup/spec/egress/0/toEndpoints/0/matchLabels',
      'error flow-denied backup/spec/egress',
    ]));
});
