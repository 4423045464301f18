// Appends what a run counted to the file that TEST_TOTALS names: CI adds up the runs.
const { appendFileSync } = require('node:fs');

module.exports = class TotalsReporter {
  onRunComplete(_, results) {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, numRuntimeErrorTestSuites } = results;
    // A file that cannot even be loaded is a failure, though none of its tests was counted.
    const totals = [numPassedTests, numFailedTests + numRuntimeErrorTestSuites, numPendingTests + numTodoTests];
    appendFileSync(process.env.TEST_TOTALS, `${totals.join(' ')}\n`);
  }
};
