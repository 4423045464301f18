/** @type {import('jest').Config} */
module.exports = {
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  // Each of these has a configuration of its own: real needs programs that CI installs, package needs the registry.
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/(real|package)/'],
  // What a test proves has nothing to do with the machine's pace.
  testTimeout: 60_000,
  reporters: ['default', ...(process.env.TEST_TOTALS === undefined ? [] : ['<rootDir>/test/totals-reporter.cjs'])],
  // Compiled code is no module of this project.
  modulePathIgnorePatterns: ['<rootDir>/build/', '<rootDir>/.cache/'],
  resolver: '<rootDir>/test/resolver.cjs',
  transform: {
    '\\.[cm]?[jt]s$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } } }],
    '\\.sh$': '<rootDir>/test/text.cjs',
  },
  // What is published as ES modules only.
  transformIgnorePatterns: ['/node_modules/(?!(@kubernetes-models|kubernetes-models|is-cidr|cidr-regex)/)'],
  moduleNameMapper: {
    '^cdk8s-hindsight$': '<rootDir>/lib/index.ts',
    '^cdk8s-hindsight/(check|jest|validation)$': '<rootDir>/lib/$1.ts',
  },
};
