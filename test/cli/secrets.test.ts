/** No output of any command holds a credential, however wrongly it was written. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { FORMATS } from '../../lib/report/render';
import { terminal, type Terminal } from './terminal';

/** Every credential below is made of these; the last is base64 of the first. */
const CREDENTIAL = /hunter2|7331733173|aHVudGVy/;

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata: {name: was, namespace: shop, annotations: {password: 7331733173}}
spec:
  replicas: "mysql://me:hunter2@db/shop"
  selector: {matchLabels: {app: was}}
  template:
    metadata: {labels: {app: was, token: 7331733173, dbPassword: "hunter2 hunter2"}}
    spec:
      restartPolicy: "password=hunter2"
      containers:
        - name: was
          image: https://me:hunter2@registry.example/was:latest
          imagePullPolicy: https://me:hunter2@registry.example
          env:
            - {name: DB_PASSWORD, value: 7331733173}
            - {name: MYSQL_ROOT_PASSWORD, value: [hunter2]}
            - {name: API_TOKEN, value: {x: hunter2}}
            - {name: API_TOKEN, valeu: hunter2}
            - {name: API_TOKEN, valueFrom: hunter2}
            - DB_PASSWORD=hunter2
            - {name: JDBC, value: "jdbc:mysql://db:3306/shop?user=me&password=hunter2"}
            - {name: REDIS, value: "redis://:hunter2@redis.shop.svc:6379"}
            - {name: API, value: "http://me:hunter2@nowhere.shop.svc.cluster.local:80"}
          command: "mysql -h db -phunter2"
          livenessProbe: {httpGet: {port: "mysql://me:hunter2@db", httpHeaders: [{name: Authorization, value: 7331733173}]}}
        - name: more
          image: more:1
          env: {DB_PASSWORD: hunter2, MYSQL_ROOT_PASSWORD: 7331733173}
          args: ["--password", 7331733173, "--token=hunter2"]
          command: [sh, -c, "mysql -h db.shop.svc -u root -phunter2 x; curl -u me:hunter2 https://api.example.org; PGPASSWORD=hunter2 psql -h pg"]
`;

const FILES = {
  'secrets.yaml': `apiVersion: v1
kind: Secret
metadata: {name: numbers, namespace: shop, labels: {password: "hunter2 hunter2"}}
data: {a: 7331733173, b: [hunter2-hunter2], c: {d: hunter2-hunter2}, password: hunter2!!}
stringData: hunter2-hunter2
---
apiVersion: v1
kind: Secret
metadata: {name: misplaced, namespace: shop}
dat: {x: hunter2-hunter2}
password: hunter2
---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Secret, metadata: {name: in-list, namespace: shop}, data: {x: 7331733173, y: aHVudGVyMi1odW50ZXIy}, stringData: {z: hunter2}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
data: {DB_PASSWORD: 7331733173, secret_key: [hunter2], url: "mysql://me:hunter2@db/shop"}
---
apiVersion: v1
kind: Secret
metadata: {name: unquoted, namespace: shop}
stringData: {password: *hunter2 }
---
apiVersion: v1
kind: Secret
metadata: {name: unquoted, namespace: shop}
stringData:
  password: &hunter2
`,
  'secret.json':
    '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"json","namespace":"shop"},"data":{"x":7331733173,"y":"aHVudGVyMi1odW50ZXIy"},"stringData":{"a":["hunter2"]}}\n',
  'broken.json': '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"json"},\n"stringData":{"a":hunter2}}\n',
  'was.yaml': DEPLOYMENT,
  'application.yaml': `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: shop, namespace: argocd}
spec:
  project: default
  source:
    repoURL: https://me:hunter2@github.com/shop/shop.git
    path: nowhere
    helm: {parameters: [{name: auth.password, value: 7331733173}], valuesObject: {password: hunter2}}
  destination: {name: in-cluster}
  syncPolicy: {automated: {prune: "https://me:hunter2@github.com"}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, namespace: shop}
spec: {rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: "mysql://me:hunter2@db", port: {number: 80}}}}]}}]}
`,
  'made/kustomization.yaml': `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: shop
secretGenerator:
- name: made
  literals: ["password=hunter2", "url=mysql://me:hunter2@db/shop", "hunter2", 7331733173]
- name: read
  envs: [read.env]
resources: ["https://me:hunter2@git.example.org/base.git//base?ref=v1", exported.yaml]
`,
  'made/read.env': 'PASSWORD=hunter2\n',
  'made/exported.yaml': `apiVersion: v1
kind: Secret
metadata: {name: exported, resourceVersion: "12"}
data: {a: hunter2-hunter2}
`,
};

let shell: Terminal;

beforeAll(() => {
  shell = terminal();
  shell.write(FILES);
});

afterAll(() => {
  rmSync(shell.folder, { recursive: true, force: true });
});

/** Lines that give something away. */
function revealing(text: string): string[] {
  return text.split('\n').filter((line) => CREDENTIAL.test(line));
}

test.each(FORMATS)('of a check as %s', async (format) => {
  const { out, error } = await shell.run('check', '--format', format);
  expect(out.match(/schema/g)?.length).toBeGreaterThan(10);
  expect(revealing(out + error)).toEqual([]);
});

test('of a baseline, and of what it suppresses', async () => {
  const { out, error } = await shell.run('check', '--format', 'json', '--baseline', 'known.json', '--update-baseline');
  expect(JSON.parse(out)).toMatchObject({ findings: [] });
  expect(revealing(out + error + readFileSync(join(shell.folder, 'known.json'), 'utf8'))).toEqual([]);
  rmSync(join(shell.folder, 'known.json'));
});

test('of what --fix would change', async () => {
  const { out, error } = await shell.run('check', '--fix-dry-run');
  expect(out).toContain('\n-metadata: {name: exported, resourceVersion: "12"}\n');
  expect(revealing(out + error)).toEqual([]);
});

test.each(['pretty', 'json'])('of reach as %s', async (format) => {
  const { out, error } = await shell.run('reach', '--matrix', '--format', format);
  expect(out).toContain('shop');
  expect(revealing(out + error)).toEqual([]);
});

test('of wrong facts', async () => {
  shell.write({
    'wrong/cluster.yaml': 'apiServer: "https://me:hunter2@10.0.0.1"\nprometheus: {password: hunter2}\nnodes: "mysql://me:hunter2@db"\n',
  });
  const { error, exitCode } = await shell.run('check', '--cluster', 'wrong/cluster.yaml');
  expect(exitCode).toBe(2);
  expect(revealing(error)).toEqual([]);
  rmSync(join(shell.folder, 'wrong'), { recursive: true });
});
