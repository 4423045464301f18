/** The program: the one place that knows the process. */
import { readFileSync } from 'node:fs';
import { run } from './run';

const STANDARD_INPUT = 0;
const PATIENCE_MS = 20;

// Whoever reads the output may stop before its end, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') return;
  process.stderr.write(`the output cannot be written (${error.code ?? error.message})\n`);
  process.exitCode = 2;
});

void run(process.argv.slice(2), {
  cwd: process.cwd(),
  env: process.env,
  isTerminal: { stdout: process.stdout.isTTY, stderr: process.stderr.isTTY },
  readStandardInput,
  writeOut: (text) => process.stdout.write(text),
  writeError: (text) => process.stderr.write(text),
}).then((exitCode) => {
  process.exitCode = exitCode;
});

/** A pipe whose other end is slow may say that there is nothing yet. */
function readStandardInput(): Uint8Array {
  for (;;)
    try {
      return readFileSync(STANDARD_INPUT);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PATIENCE_MS);
    }
}
