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

test('the matrix has a row for each flow that something needs', async () => {
  const { exitCode, out } = await shell.run('reach', 'blog.yaml', '--matrix');
  expect(exitCode).toBe(0);
  expect(out.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
    ['FROM', 'TO', 'PORT', 'EGRESS', 'INGRESS', 'VERDICT'],
    ['blog/was', 'blog/Service/mysql', 'TCP 3306', 'allow', 'allow', 'allow'],
    ['blog/was', 'pods k8s-app=kube-dns of namespace kube-system', 'UDP 53', 'allow', 'allow', 'allow'],
    ['blog/was', 'pods k8s-app=kube-dns of namespace kube-system', 'TCP 53', 'allow', 'allow', 'allow'],
    [''],
  ]);
  expect(JSON.parse((await shell.run('reach', 'blog.yaml', '--matrix', '--format', 'json')).out)).toHaveLength(3);
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
