import { kinds, texts } from '../../imports/schemas';
import { schemaProblems } from '../../lib/manifest/schema';
import { nullFields } from '../../lib/manifest/schema-nulls';
import { RULES } from '../../lib/manifest/schema-rules';
import { readYaml } from '../../lib/manifest/yaml';

function problemsOf(yaml: string): string[] {
  return readYaml(yaml, 'test.yaml').documents.flatMap(({ content }) =>
    [...schemaProblems(content)].map(({ path, message }) => `${path}: ${message}`),
  );
}

/** A Deployment with these lines below its container. */
function container(yaml: string): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: {name: api}
spec:
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec:
      containers:
        - name: api
          image: api:1
${yaml.replaceAll(/^/gm, '          ')}
`;
}

const CONTAINER = '/spec/template/spec/containers/0';

describe('an object of a known kind', () => {
  test.each([
    ['ports: [{containerPort: "80"}]', '/ports/0/containerPort: containerPort is the text "80", where a whole number belongs; 80'],
    ['ports: [{containerPort: 80.5}]', '/ports/0/containerPort: containerPort is the number 80.5, where a whole number belongs'],
    ['args: [1]', '/args/0: args[0] is the number 1, where text belongs; "1"'],
    ['args: run', '/args: args is the text "run", where a list belongs'],
    ['resources: []', '/resources: resources is a list, where a map belongs'],
    ['stdin: yes please', '/stdin: stdin is the text "yes please", where true or false belongs'],
    [
      'imagePullPolicy: always',
      '/imagePullPolicy: imagePullPolicy is "always", which is none of "Always", "IfNotPresent", "Never"; "Always" was probably meant; "Always"',
    ],
    [
      'livenessProbe: {httpGet: {path: /, port: [80]}}',
      '/livenessProbe/httpGet/port: port is a list, where a whole number or text belongs',
    ],
    ['env: [{value: x}]', '/env/0/name: env[0] has no name, which is required'],
  ])('fails on a wrong type or value: %s', (yaml, expected) => {
    const found = readYaml(container(yaml), 'test.yaml').documents.flatMap(({ content }) => [...schemaProblems(content)]);
    const told = found.map(({ path, message, mend }) => {
      const value = mend?.edits?.[0]?.value;
      return `${path}: ${message}${value === undefined ? '' : `; ${JSON.stringify(value)}`}`;
    });
    expect(told).toEqual([CONTAINER + expected]);
  });

  test.each([
    ['512MB', '512M'],
    ['1GiB', '1Gi'],
    ['2gi', '2Gi'],
    ['100K', '100k'],
    ['1 Gi', '1Gi'],
    ['lots', undefined],
    ['', undefined],
    ['1Gi2', undefined],
  ])('fails on %j, which is no quantity', (quantity, meant) => {
    const [problem] = readYaml(container(`resources: {limits: {memory: "${quantity}"}}`), 'test.yaml').documents.flatMap(({ content }) => [
      ...schemaProblems(content),
    ]);
    expect(problem).toMatchObject({ path: `${CONTAINER}/resources/limits/memory`, kind: 'value' });
    expect(problem?.mend?.edits?.[0]?.value).toBe(meant);
  });

  test.each(['1', '0.5', '.5', '1.', '100m', '1e3', '1E3', '1.5Gi', '-1', '+1', '10n', '5u', '1k', '1Ei'])(
    'takes the quantity %s',
    (quantity) => {
      expect(problemsOf(container(`resources: {limits: {cpu: "${quantity}", memory: ${quantity}}}`))).toEqual([]);
    },
  );

  test.each([
    ['imagePullPolcy: Always', 'imagePullPolcy', 'containers[0] has no field "imagePullPolcy"; "imagePullPolicy" was probably meant'],
    ['ImagePullPolicy: Always', 'ImagePullPolicy', 'containers[0] has no field "ImagePullPolicy"; "imagePullPolicy" was probably meant'],
    ['port: []', 'port', 'containers[0] has no field "port"; "ports" was probably meant'],
    [
      'topologySpreadConstraints: []',
      'topologySpreadConstraints',
      'containers[0] has no field "topologySpreadConstraints"; it belongs to /spec/template/spec',
    ],
    [
      'capabilities: {}',
      'capabilities',
      'containers[0] has no field "capabilities"; it belongs to /spec/template/spec/containers/0/securityContext',
    ],
    ['nonsense: true', 'nonsense', 'containers[0] has no field "nonsense"'],
    ['constructor: true', 'constructor', 'containers[0] has no field "constructor"'],
  ])('fails on the unknown field of %s, and says what was probably meant', (yaml, field, message) => {
    expect(problemsOf(container(yaml))).toEqual([`${CONTAINER}/${field}: ${message}`]);
  });

  test('fails at the field, with the pointer escaped', () => {
    expect(
      problemsOf('apiVersion: v1\nkind: Pod\nmetadata: {name: a, annotations: {a/b~c: 1}}\nspec: {containers: [{name: a, image: a}]}\n'),
    ).toContainEqual(expect.stringContaining('/metadata/annotations/a~1b~0c: annotations a/b~c is the number 1'));
  });

  test('may be anything where nobody prescribes a form, or has a schema', () => {
    expect(problemsOf('apiVersion: longhorn.io/v1beta2\nkind: Volume\nmetadata: {name: A_B}\nspec: 3\n')).toEqual([]);
    expect(problemsOf('apiVersion: v1\nkind: Thing\nmetadata: {name: a}\n')).toEqual([]);
  });

  test.each(['${PORT}', '$PORT', '{{ port }}', '<port>'])('may hold text that something fills in later: %s', (text) => {
    expect(problemsOf(container(`ports: [{containerPort: '${text}'}]`).replaceAll('"', "'"))).toEqual([]);
  });

  test('counts null as absent', () => {
    expect(problemsOf(container('resources: null\nargs: null'))).toEqual([]);
  });
});

describe('what the API server asks beyond types', () => {
  test.each([
    ['v1', 'Namespace', 'a.b', 'name "a.b" may hold only lower case letters, digits and "-"'],
    ['v1', 'Service', '2048', 'name "2048" may hold only lower case letters, digits and "-", beginning with a letter'],
    ['v1', 'ConfigMap', 'a_b', 'name "a_b" may hold only'],
    ['v1', 'ConfigMap', 'a'.repeat(254), 'has 254 characters, and 253 are allowed'],
    ['apps/v1', 'StatefulSet', 'a.b', 'name "a.b" may hold only'],
    ['batch/v1', 'CronJob', 'a'.repeat(53), 'has 53 characters, and 52 are allowed for a CronJob'],
    ['rbac.authorization.k8s.io/v1', 'Role', 'a/b', 'name "a/b" is no path segment'],
    ['argoproj.io/v1alpha1', 'Rollout', 'Was', 'name "Was" may hold only'],
  ])('fails on the name of %s %s: %s', (apiVersion, kind, name, message) => {
    expect(problemsOf(`apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: "${name}"}\n`)).toContainEqual(
      expect.stringContaining(message),
    );
  });

  test.each([
    ['v1', 'ConfigMap', 'a.b-c.1'],
    ['rbac.authorization.k8s.io/v1', 'ClusterRole', 'system:controller:A'],
    ['apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'widgets.example.org'],
  ])('takes the name of %s %s: %s', (apiVersion, kind, name) => {
    expect(
      problemsOf(`apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: "${name}"}\n`).filter((text) =>
        text.includes('/metadata/name'),
      ),
    ).toEqual([]);
  });

  test.each([
    ['a b', false],
    ['-a', false],
    ['a'.repeat(64), false],
    ['a'.repeat(63), true],
    ['', true],
    ['A_b.c-1', true],
  ])('judges the label value %j', (value, isAllowed) => {
    const found = problemsOf(
      `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: {x: "${value}"}, annotations: {x: "${value}"}}\n`,
    );
    expect(found.map((text) => text.split(':')[0])).toEqual(isAllowed ? [] : ['/metadata/labels/x']);
  });

  test.each([
    ['app.kubernetes.io/name', true],
    ['App', true],
    ['a/b/c', false],
    ['Example.org/name', false],
    ['-a', false],
    ['/a', false],
  ])('judges the label key %s', (key, isAllowed) => {
    const found = problemsOf(`apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: {"${key}": x}}\n`);
    expect(found.length === 0).toBe(isAllowed);
  });

  test.each([
    ['ports: [{containerPort: 0}]', `${CONTAINER}/ports/0/containerPort: containerPort is 0, and ports are 1 to 65535`],
    ['ports: [{containerPort: 65536}]', `${CONTAINER}/ports/0/containerPort: containerPort is 65536, and ports are 1 to 65535`],
    [
      'ports: [{containerPort: 1, name: a-name-much-too-long}]',
      `${CONTAINER}/ports/0/name: name "a-name-much-too-long" has 20 characters, and 15 are allowed`,
    ],
    [
      'readinessProbe: {tcpSocket: {port: "3306"}}',
      `${CONTAINER}/readinessProbe/tcpSocket/port: port is the text "3306", which is no name of a port, nor a number`,
    ],
  ])('fails on a port: %s', (yaml, expected) => {
    expect(problemsOf(container(yaml))).toEqual([expected]);
  });

  test('fails on pods of a Job that would never end', () => {
    const job = (policy: string): string[] =>
      problemsOf(
        `apiVersion: batch/v1\nkind: Job\nmetadata: {name: a}\nspec: {template: {spec: {${policy}containers: [{name: a, image: a}]}}}\n`,
      );
    expect(job('')).toEqual([
      '/spec/template/spec/restartPolicy: restartPolicy is absent, which means Always, and the pods of a Job take only OnFailure or Never',
    ]);
    expect(job('restartPolicy: Always, ')).toEqual([
      '/spec/template/spec/restartPolicy: restartPolicy is Always, and the pods of a Job take only OnFailure or Never',
    ]);
    expect(job('restartPolicy: Never, ')).toEqual([]);
  });

  test('fails without showing what may be a secret', () => {
    const found = [
      ...problemsOf('apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {p: 12345}\ndata: {p: 12345, q: "not base64!"}\n'),
      ...problemsOf(container('env: [{name: P, value: 12345}]')),
    ];
    expect(found).toEqual([
      '/stringData/p: stringData p is a number, where text belongs',
      '/data/p: data p is a number, where base64 text belongs',
      '/data/q: data q is not base64',
      `${CONTAINER}/env/0/value: value is a number, where text belongs`,
    ]);
  });
});

describe('a kind', () => {
  test.each([
    [
      'extensions/v1beta1',
      'Ingress',
      '/apiVersion: apiVersion extensions/v1beta1 of Ingress is not served since Kubernetes 1.22; networking.k8s.io/v1 is',
    ],
    [
      'policy/v1beta1',
      'PodSecurityPolicy',
      '/apiVersion: apiVersion policy/v1beta1 of PodSecurityPolicy is not served since Kubernetes 1.25; it has no successor',
    ],
    ['v1', 'Deployment', '/apiVersion: apiVersion v1 has no kind Deployment; apps/v1 has'],
    ['apps/v1', 'CronJob', '/apiVersion: apiVersion apps/v1 has no kind CronJob; batch/v1 has'],
    ['apps/v1', 'Deploymnet', '/kind: kind Deploymnet does not exist in apps/v1; Deployment was probably meant'],
  ])('fails where no API server has it: %s %s', (apiVersion, kind, expected) => {
    expect(problemsOf(`apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: a}\n`)).toContain(expected);
  });

  test.each([
    ['v1', 'Config'],
    ['v1', 'PodList'],
    ['networking.k8s.io/v9alpha1', 'Ingress'],
    ['argoproj.io/v2', 'Rollout'],
    ['kustomize.config.k8s.io/v1beta1', 'Kustomization'],
    ['snapshot.storage.k8s.io/v1', 'VolumeSnapshot'],
    ['metrics.k8s.io/v1', 'Deployment'],
  ])('may be one that nobody here knows: %s %s', (apiVersion, kind) => {
    expect(problemsOf(`apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: a}\nspec: {a: 1}\n`)).toEqual([]);
  });
});

describe('nulls', () => {
  test('are found where a kind has a value, and nowhere else', () => {
    const [document] = readYaml(
      `${container('resources:\nenv: [{name: a, value: null}]\nargs: [null]')}status: {replicas: null}\n`,
      'test.yaml',
    ).documents;
    expect([...nullFields(document?.content)].map(({ path, wants, holder }) => [path, wants, holder])).toEqual([
      [`${CONTAINER}/resources`, 'fields', 'fields'],
      [`${CONTAINER}/env/0/value`, 'text', 'fields'],
      [`${CONTAINER}/args/0`, 'text', 'list'],
    ]);
  });
});

describe('the schemas', () => {
  test('have every type that they refer to', () => {
    const missing: string[] = [];
    for (const [file, text] of Object.entries(texts))
      for (const [, reference = ''] of text.matchAll(/"(?:\[\]|\{\})*([\w-]*#[^"]+)"/g)) {
        const [owner, type] = reference.startsWith('#') ? [file, reference.slice(1)] : reference.split('#');
        if (!texts[owner ?? '']?.includes(`\n${JSON.stringify(type)}:`)) missing.push(`${file}: ${reference}`);
      }
    expect(missing).toEqual([]);
    expect(Object.keys(kinds).length).toBeGreaterThan(200);
  });

  test('have the types that rules belong to, each standing for itself alone', () => {
    for (const rule of Object.keys(RULES)) {
      const [file = '', type = ''] = rule.split('#');
      expect(texts[file]).toContain(`\n${JSON.stringify(type)}:`);
    }
  });

  test('have no pattern that takes long to refuse a value', () => {
    const patterns = new Set(
      Object.values(texts).flatMap((text) =>
        [...text.matchAll(/"pattern":("(?:[^"\\]|\\.)*")/g)].map(([, json]) => String(JSON.parse(json ?? '""'))),
      ),
    );
    const hostile = ['a', '-', '.', 'a.', 'a-', '1', '0', 'a/', '*.', ':', '1.', '1h', 'x=', ' '].map(
      (piece) => `${piece.repeat(400 / piece.length)}!\n`,
    );
    const slow = [...patterns].filter((pattern) => {
      const regex = new RegExp(pattern, 'u');
      const start = performance.now();
      for (const text of hostile) regex.test(text);
      return performance.now() - start > 1000;
    });
    expect(patterns.size).toBeGreaterThan(40);
    expect(slow).toEqual([]);
  });
});
