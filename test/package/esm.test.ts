import { MAIN } from './platform';
import { Stranger } from './stranger';

const IDENTITY = `import { createRequire } from 'node:module';
import { Cluster } from 'cdk8s-hindsight';
import * as check from 'cdk8s-hindsight/check';
const required = createRequire(import.meta.url)('cdk8s-hindsight');
console.log(Cluster === check.Cluster && Cluster === required.Cluster ? 'one class' : 'two classes');
`;

/** An ES module project of today: tsx, and resolution by the package's exports. */
function esmProject(): Record<string, string> {
  return {
    'package.json': JSON.stringify({
      name: 'stranger',
      private: true,
      type: 'module',
      dependencies: { cdk8s: '^2.68.0', 'cdk8s-plus-28': '^2.5.0', constructs: '^10.3.0' },
      devDependencies: { tsx: '^4', typescript: '~5.9.0', '@types/node': '^20' },
    }),
    'tsconfig.json': JSON.stringify({
      compilerOptions: { module: 'NodeNext', target: 'ES2022', strict: true, noEmit: true, types: ['node'] },
      include: ['*.ts'],
    }),
    'main.ts': MAIN,
    'identity.mjs': IDENTITY,
  };
}

let project: Stranger;

beforeAll(() => {
  project = new Stranger(esmProject());
}, 300_000);

afterAll(() => {
  project.remove();
});

test('an ES module project compiles with it, declarations checked', () => {
  expect(project.run('tsc')).toBe('');
}, 120_000);

test('tsx synthesizes', () => {
  project.run('tsx', 'main.ts');
  expect(project.read('dist/shop.k8s.yaml')).toContain('name: front-isolation\n');
}, 60_000);

test('import and require give the same classes', () => {
  expect(project.run('node', 'identity.mjs')).toBe('one class\n');
});
