/** No output holds a secret, whatever lesson points to its line. */
import type { Report } from '../../lib/check/finding';
import { judge } from '../../lib/check/judge';
import { Cluster } from '../../lib/facts/cluster';
import { secretInManifest } from '../../lib/lessons/secret-in-manifest';
import type { Document } from '../../lib/manifest/document';
import { Excerpts } from '../../lib/report/excerpt';
import { FORMATS, render } from '../../lib/report/render';
import { readYaml } from '../../lib/manifest/yaml';
import { Resources } from '../../lib/resources/resources';
import { type Files, reported } from './reported';

const NOTHING: Report = { findings: [], suppressed: [], skipped: [], problems: [], summary: { files: 0, documents: 0 } };

/** Every line of a file as an excerpt would show it. */
function lines(text: string, file = 'x.yaml'): string[] {
  const excerpts = new Excerpts(new Map([[file, text]]), NOTHING);
  return text
    .trimEnd()
    .split('\n')
    .map((line, index) => excerpts.of({ file, line: index + 1, column: 1, endLine: index + 1, endColumn: line.length + 1 })?.text ?? '');
}

test('every value of a Secret is hidden, and its keys are shown', () => {
  const secret = `apiVersion: v1
kind: Secret
metadata: {name: db, namespace: blog}
stringData:
  user: blogger
  port: 3306
  note: |
    first line
    second line
data: {a: Zmlyc3Q=, b: c2Vjb25k}
`;
  expect(lines(secret)).toEqual([
    'apiVersion: v1',
    'kind: Secret',
    'metadata: {name: db, namespace: blog}',
    'stringData:',
    '  user: ***',
    '  port: ***',
    '  note: ***',
    '***',
    '***',
    'data: {a: ***, b: ***}',
  ]);
});

test.each([
  [
    'behind an anchor',
    '# &\nkind: ConfigMap\napiVersion: v1\nmetadata: {name: a, annotations: {x: &p hunter2hunter2}}\n---\nkind: Secret\napiVersion: v1\nmetadata: {name: a}\nstringData: {password: hunter2hunter2}\n',
  ],
  [
    'in a List',
    'kind: List\napiVersion: v1\nitems:\n- {kind: Secret, apiVersion: v1, metadata: {name: a}, stringData: {x: hunter2hunter2}}\n',
  ],
  ['in JSON', '{"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "a"},\n "stringData": {"x": "hunter2hunter2"}}\n'],
  [
    'in what kubectl keeps',
    'kind: Secret\napiVersion: v1\nmetadata:\n  name: a\n  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: \'{"data":{"x":"hunter2hunter2"}}\'\n',
  ],
  [
    'in a generator of a kustomization',
    'kind: Kustomization\napiVersion: kustomize.config.k8s.io/v1beta1\nsecretGenerator:\n- name: a\n  literals: [x=hunter2hunter2]\n',
  ],
  ['in a JSON patch', '- {op: replace, path: /stringData/x, value: hunter2hunter2}\n'],
  ['in a patch within a kustomization', 'patches:\n- patch: |-\n    kind: Secret\n    stringData:\n      db-password: hunter2hunter2\n'],
  ['in chart values', 'auth:\n  rootPassword: hunter2hunter2\n'],
  ['in chart values of several words', 'auth:\n  rootPassword: hunter2hunter2 and hunter2hunter2\n'],
  [
    'in an environment of an unknown kind',
    'kind: X\napiVersion: x/v1\nmetadata: {name: a}\nspec:\n  env:\n  - name: DB_PASSWORD\n    value: hunter2hunter2\n',
  ],
  [
    'in an environment of a Deployment',
    'kind: Deployment\napiVersion: apps/v1\nmetadata: {name: a}\nspec: {template: {spec: {containers: [{name: a, image: a, env: [{name: DB_PASSWORD, value: hunter2hunter2}]}]}}}\n',
  ],
  ['in a URL', 'url: postgres://me:hunter2hunter2@db/x\n'],
  ['in a comment', '# password: hunter2hunter2\na: b\n'],
  ['in a file that cannot be parsed', 'a: [\npassword: hunter2hunter2\n'],
  ['in a template', 'kind: Secret\napiVersion: v1\nmetadata: {name: "{{ .x }}"}\nstringData: {x-password: hunter2hunter2}\n'],
])('a secret %s is hidden', (_, text) => {
  for (const file of ['x.yaml', text.startsWith('{') ? 'x.json' : 'kustomization.yaml'])
    expect(lines(text, file).join('\n')).not.toContain('hunter2');
});

test('what only speaks of secrets is shown', () => {
  const text = `env:
- name: DB_PASSWORD
  valueFrom: {secretKeyRef: {name: mysql-secret, key: password}}
- {name: PASSWORD_FILE, value: /run/secrets/password}
volumes: [{name: x, secret: {secretName: mysql-secret}}]
automountServiceAccountToken: false
password: \${DB_PASSWORD}
`;
  expect(lines(text)).toEqual(text.trimEnd().split('\n'));
});

test('the marker of what is hidden covers what stands in its place', () => {
  const text = 'apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {token: abcdefghij, other: klm}\n';
  const excerpts = new Excerpts(new Map([['x.yaml', text]]), NOTHING);
  const at = (column: number, endColumn: number): unknown => excerpts.of({ file: 'x.yaml', line: 4, column, endLine: 4, endColumn });
  const shown = { line: 4, text: 'stringData: {token: ***, other: ***}' };
  expect(at(21, 31)).toEqual({ ...shown, from: 20, to: 23 });
  expect(at(40, 43)).toEqual({ ...shown, from: 32, to: 35 });
  expect(at(33, 38)).toEqual({ ...shown, from: 25, to: 30 });
});

test('a file full of Secrets is shown in time that grows with it, and without their values', () => {
  const secrets = Array.from({ length: 3000 }, (_, index) => `kind: Secret\napiVersion: v1\nmetadata: {name: a${index}, annotations: {copy: password-${index}}}\nstringData: {password: password-${index}}\n`); // prettier-ignore
  const started = performance.now();
  const text = lines(secrets.join('---\n')).join('\n');
  expect(text).not.toContain('password-');
  expect(performance.now() - started).toBeLessThan(10_000);
});

test('a line that is longer than anybody reads is not shown', () => {
  expect(lines(`a: ${'x'.repeat(30_000)}\n`)).toEqual(['']);
});

/** Credentials of several kinds. */
const FILES: Files = {
  'secret.yaml': `apiVersion: v1
kind: Secret
metadata: {name: db, namespace: blog}
type: Opaque
stringData: {password: hunter2-hunter2, port: 33061234}
data: {token: aHVudGVyMi1odW50ZXIy}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: was, namespace: blog}
spec:
  selector: {matchLabels: {app: was}}
  template:
    metadata: {labels: {app: was}}
    spec:
      containers:
        - name: was
          image: mysql:8.4
          env:
            - {name: DB_PASSWORD, value: hunter2-hunter2}
            - {name: DATABASE_URL, value: "postgres://blog:hunter2-hunter2@postgres:5432/blog"}
          args: ["--password=hunter2-hunter2", "-phunter2-hunter2"]
`,
};

test.each(FORMATS)('no credential is in the output as %s', (format) => {
  const report = reported(FILES);
  const text = render(format, report, { sources: new Map(Object.entries(FILES)) });
  expect(report.findings.filter(({ lesson }) => lesson === 'secret-in-manifest').length).toBeGreaterThanOrEqual(5);
  expect(text).not.toMatch(/hunter2|aHVudGVy|33061234/);
});

test('secrets in files that are no YAML are hidden where the finding points', () => {
  const [document] = readYaml(
    'apiVersion: v1\nkind: Secret\nmetadata: {name: a, namespace: b}\ndata: {x-password: aHVudGVyMi1odW50ZXIy}\n',
    'made.yaml',
  ).documents;
  const location = { file: 'db.env', line: 1, column: 1, endLine: 1, endColumn: 21 };
  const generated: Document = { content: document?.content, source: 'db.env', locate: () => location };
  const files = new Map([['db.env', 'xy=hunter2-hunter2 z\n']]);
  const report = judge(new Resources([generated]), new Cluster(), [secretInManifest]);
  expect(report.findings).toHaveLength(1);
  expect(render('pretty', report, { sources: files })).not.toContain('hunter2');
  expect(new Excerpts(files, report).of(location)?.text).toBe('***');
});
