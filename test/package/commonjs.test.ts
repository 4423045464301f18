import { FACTS, MAIN, TEST } from './platform';
import { Stranger, templateFile } from './stranger';

/** What `cdk8s init typescript-app` makes, with the packages that this library asks for, and without the command line of cdk8s. */
function commonJsProject(): Record<string, string> {
  const project: { dependencies: Record<string, string>; devDependencies: Record<string, string> } = JSON.parse(
    templateFile('package.json'),
  );
  const dependencies = { ...project.dependencies, 'cdk8s-plus-28': '^2.5.0' };
  const { 'cdk8s-cli': _, ...devDependencies } = project.devDependencies;
  return {
    'package.json': JSON.stringify({
      ...project,
      dependencies,
      devDependencies: { ...devDependencies, '@swc/core': '^1', '@swc/jest': '^0.2' },
    }),
    'tsconfig.json': templateFile('tsconfig.json'),
    'jest.config.js': templateFile('jest.config.js'),
    'swc.config.js': `module.exports = { testMatch: ['**/*.test.ts'], transform: { '\\\\.ts$': '@swc/jest' } };`,
    'main.ts': MAIN,
    'cluster.yaml': FACTS,
    'main.test.ts': TEST,
  };
}

const PLAIN_SECRET = `import { App, Chart } from 'cdk8s';
import { Was } from 'cdk8s-hindsight';

const chart = new Chart(new App(), 'shop');
new Was(chart, 'api', { image: 'api:1', secrets: { API_TOKEN: 'a plain token' } });
`;

let project: Stranger;

beforeAll(() => {
  project = new Stranger(commonJsProject());
}, 300_000);

afterAll(() => {
  project.remove();
});

test('a project of cdk8s init compiles with it: TypeScript 5, classic module resolution, declarations checked', () => {
  expect(project.run('tsc', '--noEmit')).toBe('');
}, 120_000);

test('ts-node synthesizes', () => {
  project.run('ts-node', 'main.ts');
  const yaml = project.read('dist/shop.k8s.yaml');
  for (const name of ['db', 'db-isolation', 'api-isolation', 'front-isolation', 'front-ingress', 'backup', 'drill'])
    expect(yaml).toContain(`name: ${name}\n`);
}, 120_000);

test('the command finds nothing in what was synthesized, and nothing that it could not read', () => {
  const printed = project.run('hindsight', 'check', '.', '--cluster', 'cluster.yaml', '--fail-on', 'warning', '--format', 'json');
  const report: { findings: { lesson: string; severity: string }[]; problems: unknown[]; summary: { documents: number } } =
    JSON.parse(printed);
  expect(report.findings.filter(({ severity }) => severity !== 'info')).toEqual([]);
  expect(report.findings.map(({ lesson }) => lesson).sort()).toEqual(['etcd-without-backup', 'single-replica-database']);
  expect(report.problems).toEqual([]);
  expect(report.summary.documents).toBeGreaterThan(25);
}, 120_000);

test('its tests run with ts-jest', () => {
  expect(project.run('jest')).toContain('2 passed, 2 total');
}, 120_000);

test('its tests run with @swc/jest', () => {
  expect(project.run('jest', '--config', 'swc.config.js')).toContain('2 passed, 2 total');
}, 120_000);

test('the command runs', () => {
  expect(project.run('hindsight', 'explain', 'sidecar-annotation-misplaced')).toContain('# sidecar-annotation-misplaced');
});

test('a string for a secret does not compile', () => {
  project.write('secret.ts', PLAIN_SECRET);
  try {
    expect(() => project.run('tsc', '--noEmit')).toThrow(
      "secret.ts(5,52): error TS2322: Type 'string' is not assignable to type 'SecretRef'",
    );
  } finally {
    project.write('secret.ts', 'export {};\n');
  }
}, 120_000);
