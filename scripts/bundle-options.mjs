/** What every bundle of this repository has in common: the package's, and the programs that `run.mjs` runs. */

/** The user brings them, because constructs of two copies of cdk8s do not fit together. */
export const PEERS = ['cdk8s', 'cdk8s-plus-28', 'constructs'];

/** @type {import('esbuild').BuildOptions} */
export const bundleOptions = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  // re2-wasm is an optional dependency that the models do without.
  external: [...PEERS, 're2-wasm'],
  loader: { '.sh': 'text' },
  // Names of classes and functions appear in messages and stack traces.
  minifyIdentifiers: false,
  logLevel: 'warning',
  write: false,
};
