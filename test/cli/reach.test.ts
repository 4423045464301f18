import { rmSync } from 'node:fs';
import { terminal, type Terminal } from './terminal';

let shell: Terminal;

beforeEach(() => {
  shell = terminal();
  shell.write({ 'blog.yaml': BLOG });
});

afterEach(() => {
  rmSync(shell.folder, { recursive: true, force: true });
});

const BLOG = `apiVersion: apps/v1
kind: Deployment
metadata: {name: was, namespace: blog}
spec:
  selector: {matchLabels: {app: was}}
  template:
    metadata: {labels: {app: was}}
    spec: {containers: [{name: was, image: was, env: [{name: DB_URL, value: "jdbc:mysql://mysql:3306/blog"}]}]}
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
metadata: {name: mysql, namespace: blog}
spec: {selector: {app: mysql}, ports: [{port: 3306}]}
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: mysql, namespace: blog}
spec:
  endpointSelector: {matchLabels: {app: mysql}}
  ingress:
    - fromEndpoints: [{matchLabels: {app: was}}]
      toPorts: [{ports: [{port: "3306", protocol: TCP}]}]
`;

test('an allowed flow ends with 0 and names the rule that allows it, with its line', async () => {
  const { exitCode, out } = await shell.run('reach', '--from', 'blog/was', '--to', 'blog/mysql:sql');
  expect(exitCode).toBe(0);
  expect(out).toContain('allow  blog/was to blog/mysql on TCP 3306\n');
  expect(out).toContain('CiliumNetworkPolicy blog/mysql /spec/ingress/0: allows');
  expect(out).toContain('(blog.yaml:30)');
});

test('a denied flow ends with 1 and shows the rule to add', async () => {
  const { exitCode, out } = await shell.run('reach', '--from', 'entity:world', '--to', 'blog/mysql:3306/TCP');
  expect(exitCode).toBe(1);
  expect(out).toContain('add to /spec/ingress/- of CiliumNetworkPolicy blog/mysql: {"fromEntities":["world"],');
});

test('the JSON of one flow says side by side what decides', async () => {
  const { out } = await shell.run('reach', '--from', 'blog/was', '--to', 'blog/Service/mysql:3306', '--format', 'json');
  expect(JSON.parse(out)).toMatchObject({
    verdict: 'allow',
    port: 3306,
    protocol: 'TCP',
    egress: { verdict: 'allow', because: [{ policy: null, effect: 'no-policy' }] },
    ingress: { verdict: 'allow', because: [{ policy: { name: 'mysql' }, rule: '/spec/ingress/0', effect: 'allow' }] },
  });
});

/** The rows of a matrix, up to the empty line below them. */
function rowsOf(out: string): string[][] {
  return (out.split('\n\n')[0] ?? '').split('\n').map((line) => line.split(/ {2,}/));
}

test('the matrix has a row for each arrow, and the JSON each flow', async () => {
  const { exitCode, out, error } = await shell.run('reach', 'blog.yaml', '--matrix');
  expect({ exitCode, error }).toEqual({ exitCode: 0, error: '' });
  expect(rowsOf(out)).toEqual([
    ['FROM', 'TO', 'PORT', 'FOR', 'VERDICT'],
    ['blog/was', 'blog/mysql by Service mysql', 'TCP 3306', 'connection', 'allow'],
    ['', 'DNS (kube-system)', 'UDP+TCP 53', 'names', 'allow'],
  ]);
  expect(out).toContain('\n\n3 flows: all allowed\n');
  const flows: unknown = JSON.parse((await shell.run('reach', 'blog.yaml', '--matrix', '--format', 'json')).out);
  expect(flows).toMatchObject([{ port: 3306 }, { port: 53, protocol: 'UDP' }, { port: 53, protocol: 'TCP' }]);
});

const PLATFORM = `---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: blog}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web, env: [{name: API_URL, value: "http://was"}, {name: PAY_URL, value: "https://pay.example.net/"}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: was, namespace: blog}
spec: {selector: {app: was}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: blog}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: site, namespace: blog}
spec: {ingressClassName: nginx, rules: [{http: {paths: [{path: /, backend: {service: {name: web, port: {number: 80}}}}]}}]}
---
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata: {name: mysql, namespace: blog}
spec: {selector: {matchLabels: {app: mysql}}, podMetricsEndpoints: [{port: sql}]}
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: was, namespace: blog}
spec: {endpointSelector: {matchLabels: {app: was}}, ingress: [{fromEndpoints: [{matchLabels: {app: web}}], toPorts: [{ports: [{port: "80"}]}]}]}
`;

test('the matrix follows visitors in, names outside hosts, and lets what is denied stand out with its reason', async () => {
  shell.write({
    'platform.yaml': BLOG + PLATFORM,
    'cluster.yaml': 'ingressControllers: [{class: nginx}]\nprometheus: {namespace: monitoring, labels: {app: prometheus}}\n',
  });
  const { exitCode, out, error } = await shell.run('reach', 'platform.yaml', '--matrix', '--cluster', 'cluster.yaml');
  expect({ exitCode, error }).toEqual({ exitCode: 0, error: '' });
  expect(rowsOf(out)).toEqual([
    ['FROM', 'TO', 'PORT', 'FOR', 'VERDICT'],
    ['ingress controller nginx (ingress-nginx)', 'blog/web by Service web', 'TCP 80', 'visitors', 'allow'],
    ['blog/web', 'blog/was by Service was', 'TCP 80 (pod 8080)', 'connection', 'DENY by ingress'],
    ['', 'fqdn:pay.example.net', 'TCP 443', 'connection', 'allow'],
    ['', 'DNS (kube-system)', 'UDP+TCP 53', 'names', 'allow'],
    ['blog/was', 'blog/mysql by Service mysql', 'TCP 3306', 'connection', 'allow'],
    ['', 'DNS (kube-system)', 'UDP+TCP 53', 'names', 'allow'],
    ['Prometheus (monitoring)', 'blog/mysql', 'TCP 3306', 'metrics', 'DENY by ingress'],
  ]);
  expect(out).toContain('\n9 flows: 7 allowed, 2 denied\n');
  expect(out).toContain('\ndeny  blog/web to blog/Service/was on TCP 80\n');
  expect(out).toContain('  needed: API_URL of container web names was:80 (platform.yaml:40)');
});

test('the matrix says which facts it lacks, instead of guessing who comes in', async () => {
  shell.write({ 'platform.yaml': BLOG + PLATFORM });
  const { out, error } = await shell.run('reach', 'platform.yaml', '--matrix');
  expect(rowsOf(out).map(([from]) => from)).toEqual(['FROM', 'blog/web', '', '', 'blog/was', '']);
  expect(error.trim().split('\n')).toEqual([
    'not shown: who comes in by Ingress blog/site; the ingress controller is not known: name it in the facts, under ingressControllers',
    'not shown: who comes in by PodMonitor blog/mysql; Prometheus is not known: name it in the facts, under prometheus',
  ]);
});

test('the matrix of manifests that need nothing says so, and not that all is allowed', async () => {
  shell.write({ 'blog.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n' });
  expect((await shell.run('reach', '--matrix')).out).toBe('nothing here is seen to need a flow\n');
});

test('the matrix makes what manifests hide visible', async () => {
  shell.write({ 'blog.yaml': BLOG.replaceAll('name: was, namespace', 'name: "w\\e[2Jas", namespace') });
  expect((await shell.run('reach', '--matrix')).out).toContain('blog/w\\u001b[2Jas  ');
});

test('expected flows end with 0 when they hold, with 1 and the line of the difference when they do not', async () => {
  shell.write({
    'expect/flows.yaml': 'allow: [{from: blog/was, to: "blog/mysql:3306"}]\ndeny: [{from: "entity:world", to: "blog/mysql:3306"}]\n',
    'expect/wrong.yaml': 'allow:\n  - {from: blog/was, to: "blog/mysql:3306"}\n  - {from: "entity:world", to: "blog/mysql:3306"}\n',
  });
  expect(await shell.run('reach', 'blog.yaml', '--expect', 'expect/flows.yaml')).toEqual({
    exitCode: 0,
    out: 'all 2 flows are as expected\n',
    error: '',
  });
  const { exitCode, out } = await shell.run('reach', 'blog.yaml', '--expect', 'expect/wrong.yaml');
  expect(exitCode).toBe(1);
  expect(out).toContain('expect/wrong.yaml:3: expected allow, and it is\ndeny  entity:world to blog/mysql on TCP 3306');
});

test.each([
  ['without a question', [], 'ask one of'],
  ['with half of one', ['--from', 'blog/was'], 'ask one of'],
  ['with two', ['--matrix', '--expect', 'x.yaml'], 'ask one of'],
  ['for an unknown workload', ['--from', 'blog/nobody', '--to', 'blog/mysql:3306'], 'nobody'],
  ['without a port', ['--from', 'blog/was', '--to', 'blog/mysql'], 'a destination is B:PORT'],
  ['for an unknown format', ['--matrix', '--format', 'xml'], '--format'],
  ['for expectations that do not exist', ['--expect', 'none.yaml'], 'no such file'],
  ['for expectations that expect nothing', ['--expect', 'empty.yaml'], 'expects no flow'],
  ['for a path that does not exist', ['none', '--matrix'], 'none'],
])('fails with 2 %s', async (_, argv, message) => {
  shell.write({ 'empty.yaml': 'allow: []\n' });
  const { exitCode, error } = await shell.run('reach', ...argv);
  expect(exitCode).toBe(2);
  expect(error).toContain(message);
});
