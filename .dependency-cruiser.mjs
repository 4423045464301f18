/** The layers, lowest first: each may use those before it. `kube` stands on manifest, `constructs` on everything up to check, and kube. */
const LAYERS = ['manifest', 'resources', 'facts', ['network', 'scheduling'], 'lessons', 'check', 'report', 'cli'].map((layer) =>
  [layer].flat(),
);

const folder = (layers) => `^lib/(${layers.join('|')})/`;

const oneWay = LAYERS.map((layer, index) => ({
  name: `${layer.join('-and-')}-uses-lower-layers-only`,
  comment: 'imports go one way: manifest < resources < facts < network, scheduling < lessons < check < report < cli',
  severity: 'error',
  from: { path: folder(layer) },
  to: { path: '^(lib|app|test|bench|scripts)/', pathNot: [folder(LAYERS.slice(0, index + 1).flat()), '^lib/[^/]+\\.d\\.ts$'] },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...oneWay,
    {
      name: 'kube-stands-on-manifest',
      severity: 'error',
      from: { path: folder(['kube']) },
      to: { path: '^(lib|app|test|bench|scripts)/', pathNot: [folder(['manifest', 'kube'])] },
    },
    {
      name: 'constructs-stand-on-check-and-kube',
      severity: 'error',
      from: { path: folder(['constructs']) },
      to: { path: folder(['report', 'cli']) },
    },
    {
      name: 'only-kube-and-constructs-load-cdk8s',
      comment: 'loading cdk8s costs a third of a second, and the checker must answer at once',
      severity: 'error',
      from: { path: '^lib/', pathNot: [folder(['kube', 'constructs'])] },
      to: { path: '^(node_modules/)?(cdk8s|cdk8s-plus-28|constructs)(/|$)' },
    },
    {
      name: 'the-checker-needs-no-constructs',
      severity: 'error',
      from: { path: '^lib/(check|jest|validation)\\.ts$|^lib/matchers/' },
      // The matchers and the validation read files and settings as the command line does.
      to: { path: folder(['constructs', 'kube', 'cli']), pathNot: '^lib/cli/(files|checkout|setup)\\.ts$' },
    },
    {
      name: 'only-the-edges-touch-the-machine',
      comment: 'disk, processes and clocks belong to the command line; the app writes its output folder, the validation reads it',
      severity: 'error',
      from: { path: '^lib/', pathNot: [folder(['cli']), '^lib/constructs/output-folder\\.ts$', '^lib/validation\\.ts$'] },
      to: { dependencyTypes: ['core'], pathNot: '^(node:)?(path|path/posix|crypto|url|util|buffer|assert|net)$' },
    },
    {
      name: 'the-app-uses-the-public-surface',
      severity: 'error',
      from: { path: '^app/' },
      to: { path: '^lib/', pathNot: '^lib/(index|check|jest)\\.ts$' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
    { name: 'every-import-resolves', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(build|dist|\\.cache)/' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default', 'types'] },
  },
};
