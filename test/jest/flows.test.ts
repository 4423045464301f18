/** Flows asked in tests get the verdicts of `hindsight reach`, in its words; what proves nothing passes in no direction. */
import { expect as imported } from '@jest/globals';
import { ApiObject, Chart, Size, Testing } from 'cdk8s';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BlogWeb, Cluster, MysqlBackup, Mysql, Peer, PlatformApp, SecretRef, Was } from '../../lib/index';
import '../../lib/jest';

const BLOG = `apiVersion: apps/v1
kind: Deployment
metadata: {name: was, namespace: blog}
spec:
  selector: {matchLabels: {app: was}}
  template:
    metadata: {labels: {app: was}}
    spec: {containers: [{name: was, image: was}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: mysql, namespace: blog}
spec:
  selector: {matchLabels: {app: mysql}}
  template:
    metadata: {labels: {app: mysql}}
    spec: {containers: [{name: mysql, image: mysql, ports: [{name: sql, containerPort: 3306}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: blog}
spec: {selector: {app: mysql}, ports: [{name: sql, port: 3307, targetPort: 3306}]}
---
apiVersion: v1
kind: Service
metadata: {name: nobody, namespace: blog}
spec: {selector: {app: nobody}, ports: [{port: 80}]}
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: mysql, namespace: blog}
spec:
  endpointSelector: {matchLabels: {app: mysql}}
  ingress:
    - fromEndpoints: [{matchLabels: {app: was}}]
      toPorts: [{ports: [{port: "3306", protocol: TCP}]}]
    - fromCIDR: [203.0.113.0/25]
`;
const TWIN = `---
apiVersion: batch/v1
kind: Job
metadata: {name: was, namespace: blog}
spec: {template: {metadata: {labels: {app: job}}, spec: {containers: [{name: was, image: was}]}}}
`;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flows-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function flowsFile(text: string): string {
  const file = join(folder, 'flows.yaml');
  writeFileSync(file, text);
  return file;
}

function messageOf(assertion: () => void): string {
  try {
    assertion();
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
  throw new Error('the assertion holds');
}

function shop(): { app: PlatformApp; web: BlogWeb; api: Was; db: Mysql; backup: MysqlBackup } {
  const app = new PlatformApp({ onWarning: () => undefined });
  const chart = new Chart(app, 'shop', { namespace: 'shop' });
  const db = new Mysql(chart, 'db', { image: 'mysql:8.4', storage: Size.gibibytes(10), database: 'shop', rootPassword: SecretRef.of('db-secret', 'root') }); // prettier-ignore
  const api = new Was(chart, 'api', { image: 'registry.example/api:1.4.2', database: db });
  const web = new BlogWeb(chart, 'front', { image: 'registry.example/front:2.0.0', backends: { '/api': api } });
  const backup = new MysqlBackup(chart, 'backup', { database: db, bucket: 'shop-backup', region: 'eu-west-1', credentials: 's3-credentials' }); // prettier-ignore
  return { app, web, api, db, backup };
}

test.each([
  [{ from: 'blog/was', to: 'blog/mysql', port: 3306 }],
  [{ from: 'blog/was', to: 'blog/mysql', port: 'sql' }],
  [{ from: 'blog/was', to: 'blog/mysql', port: 3306, protocol: 'TCP' }],
  [{ from: 'blog/was', to: 'blog/mysql:3306' }],
  [{ from: 'blog/was', to: 'blog/mysql:sql/tcp' }],
  [{ from: 'blog/was', to: 'blog/Service/db', port: 3307 }],
  [{ from: 'blog/Deployment/was', to: 'blog/StatefulSet/mysql', port: 3306 }],
  [{ from: '203.0.113.7', to: 'blog/mysql', port: 3306 }],
  [{ from: 'blog/was', to: '[2001:db8::1]', port: 443 }],
  [{ from: 'blog/was', to: '2001:db8::1', port: 443 }],
  [{ from: 'blog/was', to: 'fqdn:api.example.org', port: 443 }],
] as const)('%j is allowed, and not denied', (flow) => {
  expect(BLOG).toAllow(flow);
  expect(BLOG).not.toDeny(flow);
  expect(() => expect(BLOG).toDeny(flow)).toThrow('expected the flow to be denied\n\nallow  ');
});

test.each([
  [{ from: 'blog/was', to: 'blog/mysql', port: 33060 }],
  [{ from: 'blog/was', to: 'blog/mysql', port: 3306, protocol: 'UDP' }],
  [{ from: 'blog/was', to: 'blog/mysql:3306', protocol: 'UDP' }],
  [{ from: 'blog/was', to: 'blog/mysql:3306/UDP' }],
  [{ from: '198.51.100.1', to: 'blog/mysql:3306' }],
] as const)('%j is denied, and not allowed', (flow) => {
  expect(BLOG).toDeny(flow);
  expect(BLOG).not.toAllow(flow);
  expect(() => expect(BLOG).toAllow(flow)).toThrow('expected the flow to be allowed\n\ndeny  ');
});

test('the message is what reach prints: each side, its rules with their lines, and what is missing', () => {
  expect(messageOf(() => expect(BLOG).toAllow({ from: 'blog/was', to: 'blog/mysql', port: 33060 }))).toBe(`expected the flow to be allowed

deny  blog/was to blog/mysql on TCP 33060
  egress: allow
    no policy restricts what the pod sends
  ingress: deny
    CiliumNetworkPolicy blog/mysql /spec: selects the pod and has ingress rules: what the pod receives is dropped unless a rule allows it, and none does (manifests.yaml:33)
  missing: no ingress rule of CiliumNetworkPolicy blog/mysql allows blog/mysql from blog/was on TCP 33060
    add to /spec/ingress/- of CiliumNetworkPolicy blog/mysql: {"fromEndpoints":[{"matchLabels":{"app":"was"}}],"toPorts":[{"ports":[{"port":"33060","protocol":"TCP"}]}]}
`);
  expect(messageOf(() => expect(BLOG).not.toAllow({ from: 'blog/was', to: 'blog/mysql', port: 3306 }))).toContain(
    'expected the flow not to be allowed\n\nallow  blog/was to blog/mysql on TCP 3306',
  );
});

test('a construct names its workload, and its first port is the one meant', () => {
  const { app, web, api, db, backup } = shop();
  expect(app).toAllow({ from: api, to: db });
  expect(app).toAllow({ from: backup, to: db, port: 3306 });
  expect(app).toAllow({ from: web, to: api });
  expect(app).toDeny({ from: web, to: db });
  expect(app).toDeny({ from: 'entity:world', to: db });
  expect(messageOf(() => expect(app).toAllow({ from: web, to: db }))).toContain('(shop/front/isolation/policy)');
  web.connections.allowTo(db).allowTo(Peer.fqdn('api.example.org'), 443);
  expect(app).toAllow({ from: web, to: db });
  expect(app).toAllow({ from: web, to: 'fqdn:api.example.org:443' });
  expect(() => expect(app).toAllow({ from: web, to: backup })).toThrow('shop/backup declares no port of its own: say which port is meant');
});

test('a chart, parsed manifests, a file and a folder are asked as well', () => {
  const { app, api, db } = shop();
  const chart = api.node.scope;
  expect(chart).toAllow({ from: api, to: db });
  expect(Testing.synth(Chart.of(api))).toAllow({ from: 'shop/api', to: 'shop/db', port: 3306 });
  expect([app]).toDeny({ from: db, to: api });
  writeFileSync(join(folder, 'blog.yaml'), BLOG);
  expect(folder).toAllow({ from: 'blog/was', to: 'blog/mysql:3306' });
  expect(join(folder, 'blog.yaml')).toDeny({ from: 'blog/was', to: 'blog/mysql:1' });
});

test('the cluster decides: the given one, or the one of the app', () => {
  const flow = { from: 'blog/was', to: 'blog/mysql', port: 1 };
  expect(BLOG).toDeny(flow);
  expect(BLOG).toAllow({ ...flow, cluster: { network: { policyEnforcement: 'never' } } });
  const app = new PlatformApp({ cluster: new Cluster({ network: { policyEnforcement: 'always' } }) });
  const chart = new Chart(app, 'shop', { namespace: 'shop' });
  new ApiObject(chart, 'pod', { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'web:1' }] } }); // prettier-ignore
  expect(chart).toDeny({ from: 'shop/web', to: 'entity:world', port: 443 });
});

test('an imported expect knows the matchers, with their types', () => {
  imported(BLOG).toAllow({ from: 'blog/was', to: 'blog/mysql', port: 3306 });
  imported(BLOG).not.toDeny({ from: 'blog/was', to: 'blog/mysql', port: 3306 });
  imported(BLOG).toMatchFlows(flowsFile('allow: [{from: blog/was, to: "blog/mysql:3306"}]\n'));
});

test('the flows of a file hold, or each that does not is shown with its line', () => {
  expect(BLOG).toMatchFlows(
    flowsFile('allow:\n  - {from: blog/was, to: "blog/Service/db:sql"}\ndeny:\n  - {from: blog/was, to: "blog/mysql:80"}\n'),
  );
  expect(() => expect(BLOG).not.toMatchFlows(join(folder, 'flows.yaml'))).toThrow('all 2 flows are as it says');
  const file = flowsFile('allow:\n  - {from: blog/was, to: "blog/mysql:3306"}\n  - {from: blog/was, to: "blog/mysql:80"}\n');
  expect(BLOG).not.toMatchFlows(file);
  expect(BLOG).toMatchFlows(file, { cluster: { network: { policyEnforcement: 'never' } } });
  const message = messageOf(() => expect(BLOG).toMatchFlows(file));
  expect(message).toContain(`${file}:3: expected allow, and it is\ndeny  blog/was to blog/mysql on TCP 80\n`);
  expect(message).not.toContain(`${file}:2`);
});

describe('fails, also behind not,', () => {
  test.each([
    ['for an unknown workload', { from: 'blog/waz', to: 'blog/mysql:3306' }, 'blog/waz is not among the manifests: namespace blog has was'],
    ['for an unknown destination', { from: 'blog/was', to: 'shop/db', port: 3306 }, 'no workload of namespace shop is there'],
    ['for an ambiguous name', { from: 'blog/was', to: 'blog/mysql:3306' }, 'use blog/Deployment/was or blog/Job/was', BLOG + TWIN],
    ['without a port', { from: 'blog/was', to: 'blog/mysql' }, 'a destination is B:PORT or B:PORT/PROTOCOL, unless port says it'],
    ['with two ports', { from: 'blog/was', to: 'blog/mysql:3306', port: 3306 }, 'and port is 3306: say the port once'],
    ['with two protocols', { from: 'blog/was', to: 'blog/mysql:53/TCP', protocol: 'UDP' }, 'and protocol is UDP: say the protocol once'],
    ['for a port that cannot be', { from: 'blog/was', to: 'blog/mysql', port: 65536 }, 'port 65536 is greater than 65535'],
    ['for port 0', { from: 'blog/was', to: 'blog/mysql', port: 0 }, 'no connection has port 0'],
    ['for half a port', { from: 'blog/was', to: 'blog/mysql', port: 80.5 }, 'the destination has no TCP port named 80.5'],
    ['for an unknown name of a port', { from: 'blog/was', to: 'blog/mysql', port: 'sqll' }, 'has no TCP port named sqll'],
    ['for a Service without backends', { from: 'blog/was', to: 'blog/Service/nobody', port: 80 }, 'cannot be known from the manifests'],
    ['for a verdict that is not known', { from: '203.0.113.0/24', to: 'blog/mysql', port: 3306 }, 'part of the addresses asked for'],
    ['for YAML that cannot be read', { from: 'blog/was', to: 'blog/mysql:3306' }, 'may hold policies', `${BLOG}---\na: [\n`],
    [
      'for a template',
      { from: 'blog/was', to: 'blog/mysql:3306' },
      'manifests.yaml:40: is a template',
      `${BLOG}---\nkind: X\na: {{ .Values.b }}\n`,
    ],
    ['for no manifests', { from: 'blog/was', to: 'blog/mysql:3306' }, 'got undefined', undefined],
    ['for a path that does not exist', { from: 'blog/was', to: 'blog/mysql:3306' }, 'no/such.yaml: no such file or folder', 'no/such.yaml'],
  ] as const)('%s', (_, flow, message, ...received) => {
    const given = received.length === 0 ? BLOG : received[0];
    expect(messageOf(() => expect(given).toAllow(flow))).toContain(message);
    expect(messageOf(() => expect(given).toDeny(flow))).toContain(message);
    expect(messageOf(() => expect(given).not.toAllow(flow))).toContain(message);
    expect(messageOf(() => expect(given).not.toDeny(flow))).toContain(message);
  });

  test.each([
    ['an unknown key', 'allows: []\n', ':1: unknown key allows: use allow and deny'],
    ['no list', 'allow: {from: a, to: b}\n', ':1: allow is no list of flows'],
    ['no map', '- {from: a, to: b}\n', ':1: is no map with lists of flows under allow and deny'],
    ['half a flow', 'allow:\n  - {from: blog/was}\n', ':2: a flow needs from: A and to: B:PORT'],
    ['a misspelt key of a flow', 'allow:\n  - {from: blog/was, to: "blog/mysql:3306", prot: UDP}\n', ':2: unknown key prot of a flow'],
    ['no flow', 'allow: []\n', ': expects no flow: list some under allow or deny'],
    ['no YAML', 'allow: [\n', 'is not valid YAML'],
    ['only what is not known', 'deny: [{from: 203.0.113.0/24, to: "blog/mysql:3306"}]\n', ':1: expected deny, and it is\nunknown'],
  ])('for a file with %s', (_, text, message) => {
    const file = flowsFile(text);
    expect(messageOf(() => expect(BLOG).toMatchFlows(file))).toContain(message);
    expect(messageOf(() => expect(BLOG).not.toMatchFlows(file))).toContain(message);
  });

  test('for several wrong flows of a file, each with its line', () => {
    const file = flowsFile('allow:\n  - {from: blog/waz, to: "blog/mysql:3306"}\ndeny:\n  - {from: blog/was, to: blog/mysql}\n');
    const message = messageOf(() => expect(BLOG).toMatchFlows(file));
    expect(message).toContain(`${file}:2: blog/waz is not among the manifests`);
    expect(message).toContain(`${file}:4: cannot read "blog/mysql"`);
  });

  test('for a base that cannot be read, without the credentials in its address', () => {
    writeFileSync(join(folder, 'kustomization.yaml'), 'resources: ["https://me:hunter2@git.example.org/base.git//base?ref=v1"]\n');
    const message = messageOf(() => expect(folder).toAllow({ from: 'blog/was', to: 'blog/mysql:3306' }));
    expect(message).toContain('kustomization.yaml:1: *** is on another host');
    expect(message).not.toContain('hunter2');
  });

  test('for a file of flows that does not exist', () => {
    expect(messageOf(() => expect(BLOG).not.toMatchFlows('none.yaml'))).toContain('none.yaml cannot be read (no such file)');
  });
});
