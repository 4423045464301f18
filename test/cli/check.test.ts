import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type Ended, terminal, type Terminal } from './terminal';

let shell: Terminal;

beforeEach(() => {
  shell = terminal();
});

afterEach(() => {
  rmSync(shell.folder, { recursive: true, force: true });
});

const LONGHORN = `apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata:
  name: longhorn
provisioner: driver.longhorn.io
parameters:
  numberOfReplicas: "3" # copies
`;
const CLUSTER = `nodes: [{name: a}, {name: b}]
existing:
  - apiVersion: monitoring.coreos.com/v1
    kind: PrometheusRule
    metadata: {name: longhorn, namespace: monitoring}
    spec:
      groups:
        - name: longhorn
          rules:
            - {alert: Degraded, expr: 'longhorn_volume_robustness{state=~"degraded|faulted"} == 1'}
            - {alert: Full, expr: 'longhorn_disk_status{condition="schedulable"} == 0'}
`;
const CLEAN = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: shop}\ndata: {a: b}\n';

interface Json {
  findings: {
    lesson: string;
    severity: string;
    message: string;
    path: string | null;
    location: { file: string; line: number };
    resource: unknown;
  }[];
  suppressed: { lesson: string; reason: string }[];
  skipped: unknown[];
  problems: { file: string; line?: number; message: string }[];
  summary: Record<string, number>;
}

function json({ out }: Ended): Json {
  const parsed: Json = JSON.parse(out);
  return parsed;
}

function text(file: string): string {
  return readFileSync(join(shell.folder, file), 'utf8');
}

describe('exit codes', () => {
  test('0 for a clean folder, an empty one and one below the threshold', async () => {
    expect(await shell.run('check')).toMatchObject({ exitCode: 0, error: '' });
    shell.write({ 'a.yaml': CLEAN });
    expect((await shell.run('check')).exitCode).toBe(0);
    shell.write({ 'sc.yaml': LONGHORN, 'cluster.yaml': CLUSTER });
    expect((await shell.run('check', '--cluster', 'cluster.yaml', '--fail-on', 'never')).exitCode).toBe(0);
  });

  test('1 for an error, with the place of its field', async () => {
    shell.write({ 'sc.yaml': LONGHORN, 'cluster.yaml': CLUSTER });
    const ended = await shell.run('check', '--cluster', 'cluster.yaml', '--format', 'json');
    expect(ended.exitCode).toBe(1);
    expect(json(ended).findings).toMatchObject([
      {
        lesson: 'longhorn-replicas-fit-nodes',
        severity: 'error',
        path: '/parameters/numberOfReplicas',
        location: { file: 'sc.yaml', line: 7, column: 21, endLine: 7, endColumn: 24 },
        resource: { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', namespace: null, name: 'longhorn' },
      },
    ]);
  });

  test.each([
    [['check', '--format', 'xml'], '--format is "xml"; choose pretty, json, sarif, github or junit'],
    [['check', '--fail-on', 'always'], '--fail-on is "always"; choose error, warning, info or never'],
    [
      ['check', '--only', 'longhorn-replica-fit-nodes'],
      'no lesson is called "longhorn-replica-fit-nodes"; did you mean longhorn-replicas-fit-nodes?',
    ],
    [['check', '--except', 'x,schema'], 'no lesson is called "x"; `hindsight lessons` lists them'],
    [['check', 'nowhere', 'nor-here.yaml'], 'nowhere: no such file or folder, or it cannot be read\nnor-here.yaml: no such file'],
    [['check', '--update-baseline'], '--update-baseline needs --baseline FILE'],
    [['check', '--baseline', 'b.json'], '--update-baseline writes one'],
    [['check', '--fix', '--fix-dry-run'], '--fix and --fix-dry-run exclude each other'],
    [['check', '--cluster', 'none.yaml'], '--cluster: none.yaml cannot be read (no such file)'],
    [['check', '--config', 'none.yaml'], '--config: none.yaml cannot be read (no such file)'],
    [['check', '--colour'], "unknown option '--colour'"],
    [['chek'], "unknown command 'chek'"],
    [['explain', 'shema'], 'did you mean schema?'],
  ])('fails with 2 for %j, and says why', async (argv, message) => {
    const ended = await shell.run(...argv);
    expect(ended.exitCode).toBe(2);
    expect(ended.error).toContain(message);
    expect(ended.out).toBe('');
    expect(ended.error).not.toMatch(/^\s+at /m);
  });

  test('fails with 2 for wrong facts, all of them with their lines', async () => {
    shell.write({ 'cluster.yaml': 'nodes:\n  - nam: a\nmesh: {kind: linkerd}\nfoo: 1\n' });
    const ended = await shell.run('check', '--cluster', 'cluster.yaml');
    expect(ended.exitCode).toBe(2);
    for (const line of [2, 3, 4]) expect(ended.error).toMatch(new RegExp(`^cluster.yaml:${line}: `, 'm'));
  });

  test('0 for help and version', async () => {
    expect(await shell.run('check', '--help')).toMatchObject({ exitCode: 0, error: '' });
    expect((await shell.run('--version')).out).toMatch(/^\d+\.\d+\.\d+/);
  });
});

describe('the configuration', () => {
  beforeEach(() => shell.write({ 'sc.yaml': LONGHORN, 'cluster.yaml': CLUSTER }));

  async function severities(): Promise<string[]> {
    return json(await shell.run('check', '--format', 'json')).findings.map(({ severity, location }) => `${location.file} ${severity}`);
  }

  test('names the facts, and is found by its name', async () => {
    shell.write({ 'hindsight.config.yaml': 'cluster: cluster.yaml\n' });
    expect(await severities()).toEqual(['sc.yaml error']);
  });

  test('sets severities, by path too; the last one holds', async () => {
    shell.write({
      'sandbox/sc.yaml': LONGHORN,
      'sandbox/deep/x.yaml': LONGHORN,
      'hindsight.config.yaml': `cluster: cluster.yaml
lessons: {longhorn-replicas-fit-nodes: warning, dangling-reference: off, overlapping-selectors: off}
overrides:
  - {files: [sandbox/], lessons: {longhorn-replicas-fit-nodes: off}}
  - {files: ['sandbox/**/x.*'], lessons: {longhorn-replicas-fit-nodes: info}}
`,
    });
    expect(await severities()).toEqual(['sandbox/deep/x.yaml info', 'sc.yaml warning']);
  });

  test('is that of the folder above, within one checkout, and its globs are relative to it', async () => {
    shell.write({
      'deploy/.git/config': '',
      'deploy/prod/sc.yaml': LONGHORN,
      'deploy/dev/sc.yaml': LONGHORN,
      'deploy/cluster.yaml': CLUSTER,
      'deploy/hindsight.config.yaml':
        'cluster: cluster.yaml\noverrides: [{files: [dev/*.yaml], lessons: {longhorn-replicas-fit-nodes: info}}]\n',
    });
    for (const [name, exitCode] of [
      ['prod', 1],
      ['dev', 0],
    ] as const)
      // prettier-ignore
      expect((await shell.runIn(`deploy/${name}`, 'check', '--only', 'longhorn-replicas-fit-nodes')).exitCode).toBe(exitCode);
    const { findings } = json(await shell.runIn('deploy/dev', 'check', '--format', 'json', '--only', 'longhorn-replicas-fit-nodes'));
    expect(findings).toMatchObject([{ severity: 'info', location: { file: 'sc.yaml' } }]);
  });

  test('fails with everything that is wrong with it', async () => {
    shell.write({
      'hindsight.config.yaml': 'lesons: {}\nlessons:\n  schemas: error\n  schema: on\noverrides: [{lessons: {}}]\ncluster: [a]\n',
    });
    const ended = await shell.run('check');
    expect(ended.exitCode).toBe(2);
    expect(ended.error.trim().split('\n')).toEqual([
      'hindsight.config.yaml:1: "lesons" is no key here; there are lessons, overrides, cluster; did you mean lessons?',
      'hindsight.config.yaml:3: no lesson is called "schemas"; did you mean schema?',
      'hindsight.config.yaml:4: schema is "on"; choose off, info, warning or error',
      'hindsight.config.yaml:5: an override needs files, a list of globs',
      'hindsight.config.yaml:6: cluster is no path of a file with facts',
    ]);
  });
});

describe('a suppression', () => {
  const check = async (yaml: string, ...more: readonly string[]): Promise<Json> => {
    shell.write({ 'sc.yaml': yaml, 'cluster.yaml': CLUSTER });
    return json(await shell.run('check', 'sc.yaml', '--cluster', 'cluster.yaml', '--format', 'json', ...more));
  };

  test.each([
    ['on the line', LONGHORN.replace('# copies', '# hindsight-ignore longhorn-replicas-fit-nodes: more nodes come')],
    [
      'above the line',
      LONGHORN.replace('  numberOf', '  # hindsight-ignore longhorn-replicas-fit-nodes: more nodes come\n  # really\n\n  numberOf'),
    ],
    [
      'in an annotation',
      LONGHORN.replace(
        'name: longhorn',
        'name: longhorn\n  annotations: {hindsight.dev/ignore.longhorn-replicas-fit-nodes: more nodes come}',
      ),
    ],
  ])('%s takes the finding away, and its reason is told', async (_, yaml) => {
    expect(await check(yaml)).toMatchObject({
      findings: [],
      suppressed: [{ reason: 'more nodes come' }],
      problems: [],
      summary: { suppressed: 1 },
    });
  });

  test.each([
    ['without a reason', '# hindsight-ignore longhorn-replicas-fit-nodes', 'without a reason'],
    ['of a lesson that there is not', '# hindsight-ignore longhorn-replica-fit-nodes: x', 'did you mean longhorn-replicas-fit-nodes?'],
    ['of nothing', '# hindsight-ignore', 'names no lesson'],
  ])('fails to suppress %s, which is a problem', async (_, comment, message) => {
    const { findings, problems } = await check(LONGHORN.replace('# copies', comment));
    expect(findings).toMatchObject([{ lesson: 'longhorn-replicas-fit-nodes' }]);
    expect(problems).toMatchObject([{ file: 'sc.yaml', line: 7, message: expect.stringContaining(message) }]);
  });

  test('that suppresses nothing is reported where it stands', async () => {
    const yaml = LONGHORN.replace('"3" # copies', '"2" # hindsight-ignore longhorn-replicas-fit-nodes: x');
    const { findings } = await check(yaml);
    expect(findings).toMatchObject([
      { lesson: 'unused-suppression', severity: 'info', location: { line: 7, column: 25 }, resource: { name: 'longhorn' } },
    ]);
    expect((await check(yaml, '--except', 'unused-suppression')).findings).toEqual([]);
    expect((await check(yaml, '--except', 'longhorn-replicas-fit-nodes')).findings).toEqual([]);
  });

  test('in an annotation that suppresses nothing is reported', async () => {
    const { findings } = await check(CLEAN.replace('{name: a', '{annotations: {hindsight.dev/ignore.schema: x}, name: a'));
    expect(findings).toMatchObject([
      { lesson: 'unused-suppression', path: '/metadata/annotations/hindsight.dev~1ignore.schema', location: { line: 3 } },
    ]);
  });

  test('within a text is text', async () => {
    expect(await check(`${CLEAN}  \n`.replace('{a: b}', '{a: "# hindsight-ignore schema: x", b: "x"}'))).toMatchObject({
      findings: [],
      problems: [],
    });
    expect(await check(CLEAN.replace('data: {a: b}', 'data:\n  a: |\n    # hindsight-ignore schema: x'))).toMatchObject({
      findings: [],
      problems: [],
    });
  });

  test('counts in what a kustomization renders, in the base and in patches', async () => {
    shell.write({
      'base/kustomization.yaml': 'resources: [sc.yaml]',
      'base/sc.yaml': LONGHORN.replace('# copies', '# hindsight-ignore longhorn-replicas-fit-nodes: x'),
      'prod/kustomization.yaml': 'resources: [../base]\nnamePrefix: prod-\n',
      'dev/kustomization.yaml': 'resources: [../base]\nnamePrefix: dev-\npatches: [{path: p.yaml}]\n',
      'dev/p.yaml': LONGHORN.replace('# copies', '# hindsight-ignore longhorn-replicas-fit-nodes: y').replace('"3"', '"4"'),
      'cluster.yaml': CLUSTER,
    });
    const result = json(await shell.run('check', '--cluster', 'cluster.yaml', '--format', 'json'));
    expect(result.findings).toEqual([]);
    expect(result.suppressed.map(({ reason }) => reason)).toEqual(['x', 'y']);
  });
});

describe('a baseline', () => {
  test('knows what was there, wherever its lines have moved, and holds no value', async () => {
    const secret = 'apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: shop}\nstringData: {password: "hunter2hunter2"}\n';
    shell.write({ 'sub/sc.yaml': LONGHORN, 'sub/secret.yaml': secret, 'cluster.yaml': CLUSTER });
    const argv = ['check', 'sub', '--cluster', 'cluster.yaml', '--baseline', 'known.json', '--format', 'json'];
    expect(await shell.run(...argv, '--update-baseline')).toMatchObject({ exitCode: 0 });
    const baseline = text('known.json');
    expect(baseline).toContain('longhorn-replicas-fit-nodes');
    expect(baseline).not.toContain('hunter2');
    shell.write({ 'sub/sc.yaml': `# moved\n\n${LONGHORN.replace('"3"', '"4"')}` });
    const later = await shell.run(...argv);
    expect(later.exitCode).toBe(0);
    expect(json(later)).toMatchObject({ findings: [], suppressed: [{ reason: 'in the baseline' }, { reason: 'in the baseline' }] });
    await shell.run(...argv, '--update-baseline');
    expect(text('known.json')).toBe(baseline);
    shell.write({ 'sub/new.yaml': LONGHORN.replace('name: longhorn', 'name: other') });
    expect(json(await shell.run(...argv)).findings).toMatchObject([{ location: { file: 'sub/new.yaml' } }]);
  });

  test('is told how many of its entries are stale, of what was checked', async () => {
    const other = (name: string): string => LONGHORN.replace('name: longhorn', `name: ${name}`);
    shell.write({
      'sub/a.yaml': other('a'),
      'sub/b.yaml': other('b'),
      'sub/c.yaml': other('c'),
      'd.yaml': other('d'),
      'cluster.yaml': CLUSTER,
    });
    const argv = ['--cluster', 'cluster.yaml', '--baseline', 'known.json', '--only', 'longhorn-replicas-fit-nodes,unused-suppression'];
    await shell.run('check', ...argv, '--update-baseline');
    expect(json(await shell.run('check', ...argv, '--format', 'json')).findings).toEqual([]);
    shell.write({ 'sub/a.yaml': other('a').replace('"3"', '"2"'), 'sub/b.yaml': 'a: [\n', 'd.yaml': other('d').replace('"3"', '"2"') });
    rmSync(join(shell.folder, 'sub/c.yaml'));
    const { exitCode, out } = await shell.run('check', 'sub', ...argv);
    expect(exitCode).toBe(0);
    expect(out).toContain('known.json: 2 entries of the baseline match no finding any more');
    expect(out).toContain('that of longhorn-replicas-fit-nodes in sub/a.yaml');
    expect(out).toContain('mend: --update-baseline writes it anew');
    const stale = {
      lesson: 'unused-suppression',
      severity: 'info',
      path: '/findings/0',
      resource: null,
      location: { file: 'known.json', line: 4 },
    };
    expect(json(await shell.run('check', ...argv, '--format', 'json')).findings).toMatchObject([
      { ...stale, message: expect.stringContaining('3 entries') },
    ]);
    expect((await shell.run('check', 'sub', ...argv, '--except', 'unused-suppression')).out).not.toContain('baseline');
    await shell.run('check', ...argv, '--update-baseline');
    expect(json(await shell.run('check', ...argv, '--format', 'json')).findings).toEqual([]);
  });

  test('fails when it is none', async () => {
    shell.write({ 'b.json': '{"a": 1}' });
    expect(await shell.run('check', '--baseline', 'b.json')).toMatchObject({
      exitCode: 2,
      error: 'b.json: is no baseline; --update-baseline writes one\n',
    });
  });
});

describe('fixes', () => {
  const argv = ['check', 'sc.yaml', '--cluster', 'cluster.yaml', '--only', 'longhorn-replicas-fit-nodes'];

  test('are shown as a difference, and change nothing', async () => {
    shell.write({ 'sc.yaml': LONGHORN, 'cluster.yaml': CLUSTER });
    const ended = await shell.run(...argv, '--fix-dry-run');
    expect(ended).toMatchObject({ exitCode: 1, error: 'would mend 1 finding in 1 file\n' });
    expect(ended.out).toBe(`--- a/sc.yaml
+++ b/sc.yaml
@@ -3,5 +3,5 @@
 metadata:
   name: longhorn
 provisioner: driver.longhorn.io
 parameters:
-  numberOfReplicas: "3" # copies
+  numberOfReplicas: "2" # copies
`);
    expect(text('sc.yaml')).toBe(LONGHORN);
  });

  test('are written whole, through links and with the rights that the file has', async () => {
    shell.write({ 'real/sc.yaml': LONGHORN, 'cluster.yaml': CLUSTER });
    symlinkSync('real/sc.yaml', join(shell.folder, 'sc.yaml'));
    chmodSync(join(shell.folder, 'real/sc.yaml'), 0o640);
    expect(await shell.run(...argv, '--fix')).toMatchObject({ exitCode: 0, error: 'mended 1 finding in 1 file\n' });
    expect(text('real/sc.yaml')).toBe(LONGHORN.replace('"3"', '"2"'));
    expect(statSync(join(shell.folder, 'real/sc.yaml')).mode & 0o777).toBe(0o640);
    expect(readdirSync(join(shell.folder, 'real'))).toEqual(['sc.yaml']);
    expect(await shell.run(...argv, '--fix')).toMatchObject({ exitCode: 0, error: 'mended 0 findings in 0 files\n' });
  });

  test('are shown without the values of Secrets around them', async () => {
    const both = `apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n  password: hunter2hunter2\n---\n${LONGHORN}`;
    shell.write({ 'sc.yaml': both, 'cluster.yaml': CLUSTER });
    const { out } = await shell.run(...argv, '--fix-dry-run');
    expect(out).toContain('+  numberOfReplicas: "2" # copies');
    expect(out).not.toContain('hunter2');
  });
});

test('the report goes to the file that was named', async () => {
  shell.write({ 'sc.yaml': LONGHORN, 'cluster.yaml': CLUSTER });
  const ended = await shell.run('check', '--cluster', 'cluster.yaml', '--format', 'json', '--output', 'out.json');
  expect(ended).toEqual({ exitCode: 1, out: '', error: '' });
  expect(JSON.parse(text('out.json'))).toMatchObject({ findings: [{ location: { file: 'sc.yaml' } }] });
  expect(await shell.run('check', '--output', 'no/such/out.json')).toMatchObject({
    exitCode: 2,
    error: expect.stringContaining('cannot be written'),
  });
});

test('standard input is a file like any other', async () => {
  shell.write({ 'cluster.yaml': CLUSTER });
  const ended = await shell.runWith({ stdin: LONGHORN }, 'check', '-', '--cluster', 'cluster.yaml', '--format', 'json');
  expect(json(ended).findings).toMatchObject([{ location: { file: '<stdin>', line: 7 } }]);
});

test('progress is for terminals, colour for those who want it', async () => {
  shell.write({ 'sc.yaml': LONGHORN, 'cluster.yaml': CLUSTER });
  const argv = ['check', '--cluster', 'cluster.yaml'];
  const colour = /\u001b\[\d+m/;
  expect(await shell.run(...argv)).toMatchObject({ error: '', out: expect.not.stringMatching(colour) });
  expect(await shell.runWith({ isTerminal: true }, ...argv)).toMatchObject({
    error: expect.stringContaining('judging'),
    out: expect.stringMatching(colour),
  });
  expect((await shell.runWith({ isTerminal: true, env: { NO_COLOR: '1' } }, ...argv)).out).not.toMatch(colour);
  expect((await shell.runWith({ env: { FORCE_COLOR: '1' } }, ...argv)).out).toMatch(colour);
});

test('init writes the files once, and they are right', async () => {
  expect(await shell.run('init', 'new')).toMatchObject({
    exitCode: 0,
    out: 'new/cluster.yaml: written\nnew/hindsight.config.yaml: written\n',
  });
  expect(await shell.run('check', 'new', '--config', 'new/hindsight.config.yaml')).toMatchObject({ exitCode: 0, error: '' });
  shell.write({ 'new/cluster.yaml': CLUSTER });
  expect((await shell.run('init', 'new')).out).toContain('new/cluster.yaml: exists, and stays as it is');
  expect(text('new/cluster.yaml')).toBe(CLUSTER);
  for (const name of ['cluster.yaml', 'hindsight.config.yaml']) {
    rmSync(join(shell.folder, 'new', name));
  }
  await shell.run('init', 'new');
  shell.write({ 'new/cluster.yaml': text('new/cluster.yaml').replaceAll(/^# (?=\S+:|  )/gm, '') });
  shell.write({ 'new/hindsight.config.yaml': text('new/hindsight.config.yaml').replaceAll(/^# ?/gm, '') });
  expect(await shell.run('check', 'new', '--config', 'new/hindsight.config.yaml')).toMatchObject({ exitCode: 0, error: '' });
  expect(existsSync(join(shell.folder, 'cluster.yaml'))).toBe(false);
});

test('what a kustomization lists and is not there is told once: as a finding, or as a problem where nobody wants the finding', async () => {
  shell.write({ 'kustomization.yaml': 'resources: [gone.yaml, ../outside]\ncomponents: [nowhere]\n' });
  const told = async (...options: readonly string[]): Promise<readonly (readonly string[])[]> => {
    const { findings, problems } = json(await shell.run('check', '--format', 'json', ...options));
    return [findings, problems].map((list) => list.map(({ message }) => /\S*(?:gone|outside|nowhere)/.exec(message)?.[0] ?? message));
  };
  expect(await told()).toEqual([['gone', 'nowhere'], ['../outside']]);
  expect(await told('--except', 'kustomization-integrity')).toEqual([[], ['../outside', 'gone', 'nowhere']]);
});
