/** Runs the command line in a folder of its own, as a person would. */
import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { run } from '../../lib/cli/run';

export interface Ended {
  readonly exitCode: number;
  readonly out: string;
  readonly error: string;
}

export interface Terminal {
  readonly folder: string;
  write(files: Readonly<Record<string, string | Uint8Array>>): void;
  run(...argv: readonly string[]): Promise<Ended>;
  runIn(folder: string, ...argv: readonly string[]): Promise<Ended>;
  runWith(
    input: { readonly stdin?: string; readonly env?: Record<string, string>; readonly isTerminal?: boolean; readonly cwd?: string },
    ...argv: readonly string[]
  ): Promise<Ended>;
}

export function terminal(): Terminal {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'hindsight-')));
  const runWith: Terminal['runWith'] = async ({ stdin = '', env = {}, isTerminal = false, cwd = '.' }, ...argv) => {
    const out: string[] = [];
    const error: string[] = [];
    const exitCode = await run(argv, {
      cwd: join(folder, cwd),
      env,
      isTerminal: { stdout: isTerminal, stderr: isTerminal },
      readStandardInput: () => Buffer.from(stdin),
      writeOut: (text) => out.push(text),
      writeError: (text) => error.push(text),
    });
    return { exitCode, out: out.join(''), error: error.join('') };
  };
  return {
    folder,
    write: (files) => {
      for (const [name, content] of Object.entries(files)) {
        mkdirSync(dirname(join(folder, name)), { recursive: true });
        writeFileSync(join(folder, name), content);
      }
    },
    run: (...argv) => runWith({}, ...argv),
    runIn: (cwd, ...argv) => runWith({ cwd }, ...argv),
    runWith,
  };
}
