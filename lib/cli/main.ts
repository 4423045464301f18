/** The command line: arguments → one pure call → text and exit code. Commands are loaded when they are asked for. */
import { Command, CommanderError } from 'commander';
import { version } from '../../package.json';
import type { Outcome } from './outcome';

const program = new Command('hindsight')
  .description("Applies recorded incidents' lessons to Kubernetes manifests")
  .version(version)
  .exitOverride()
  .configureHelp({ showGlobalOptions: true });

program
  .command('explain <lesson>')
  .description("tell a lesson's incident, mechanism and mend")
  .action(async (id: string) => finish((await import('./explain')).explain(id)));

program
  .command('lessons')
  .description('list all lessons')
  .option('--format <format>', 'pretty or json', 'pretty')
  .action(async ({ format }: { format: string }) => finish((await import('./list-lessons')).listLessons(format)));

function finish({ text, error, exitCode }: Outcome): void {
  if (text !== undefined) process.stdout.write(text);
  if (error !== undefined) process.stderr.write(`${error}\n`);
  process.exitCode = exitCode;
}

program.parseAsync().catch((error: unknown) => {
  if (!(error instanceof CommanderError)) throw error;
  // Commander has printed what is wrong; help and version end as errors of exit code 0.
  process.exitCode = error.exitCode === 0 ? 0 : 2;
});
