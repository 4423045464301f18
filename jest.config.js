/** @type {import('jest').Config} */
module.exports = {
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  testPathIgnorePatterns: ['<rootDir>/test/real/', '/node_modules/'],
  transform: { '\\.[cm]?[jt]s$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } } }] },
  moduleNameMapper: {
    '^cdk8s-hindsight$': '<rootDir>/lib/index.ts',
    '^cdk8s-hindsight/(check|jest|validation)$': '<rootDir>/lib/$1.ts',
  },
};
