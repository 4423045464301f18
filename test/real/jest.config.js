// Scripts and rules against real servers and tools. What this machine lacks is said and its tests skipped; with CI set it is a failure.
/** @type {import('jest').Config} */
module.exports = {
  ...require('../../jest.config.js'),
  rootDir: '../..',
  testMatch: ['<rootDir>/test/real/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  maxWorkers: 2,
  // Servers start, and uploads are cut and tried again; a busy machine with two cores takes several times as long as a free one.
  testTimeout: 180_000,
};
