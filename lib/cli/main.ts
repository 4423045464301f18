/** The program: the one place that knows the process. */
import { readFileSync } from 'node:fs';
import { run } from './run';

const STANDARD_INPUT = 0;

// Whoever reads the output may stop before its end, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

void run(process.argv.slice(2), {
  cwd: process.cwd(),
  env: process.env,
  isTerminal: { stdout: process.stdout.isTTY, stderr: process.stderr.isTTY },
  readStandardInput: () => readFileSync(STANDARD_INPUT),
  writeOut: (text) => process.stdout.write(text),
  writeError: (text) => process.stderr.write(text),
}).then((exitCode) => {
  process.exitCode = exitCode;
});
