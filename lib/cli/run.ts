/** The command line: arguments → one pure call → text and exit code. Commands are loaded when they are asked for. */
import { Command, CommanderError } from 'commander';
import { version } from '../../package.json';
import type { CheckArguments } from './check';
import type { Io } from './io';
import type { Outcome } from './outcome';
import type { ReachArguments } from './reach';

/** @param argv what follows the program's name @returns the exit code */
export async function run(argv: readonly string[], io: Io): Promise<Outcome['exitCode']> {
  let exitCode: Outcome['exitCode'] = 0;
  const finish = ({ text, error, exitCode: code }: Outcome): void => {
    if (text !== undefined) io.writeOut(text);
    if (error !== undefined) io.writeError(`${error}\n`);
    exitCode = code;
  };
  try {
    await program(io, finish).parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    // Commander has printed what is wrong; help and version end as errors of exit code 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    io.writeError(`hindsight failed: ${error instanceof Error ? error.message : String(error)}; this is a bug, please report it\n`);
    return 2;
  }
}

function program(io: Io, finish: (outcome: Outcome) => void): Command {
  const command = new Command('hindsight')
    .description("Applies recorded incidents' lessons to Kubernetes manifests")
    .version(version)
    .exitOverride()
    .showSuggestionAfterError()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeOut: io.writeOut, writeErr: io.writeError, outputError: (text, write) => write(text) });
  addCheck(command, io, finish);
  addReach(command, io, finish);
  command
    .command('explain <lesson>')
    .description("tell a lesson's incident, mechanism and mend")
    .action(async (id: string) => finish((await import('./explain')).explain(id)));
  command
    .command('lessons')
    .description('list all lessons')
    .option('--format <format>', 'pretty or json', 'pretty')
    .action(async ({ format }: { format: string }) => finish((await import('./list-lessons')).listLessons(format)));
  command
    .command('init <folder>')
    .description('write a first cluster.yaml and hindsight.config.yaml; what exists stays as it is')
    .action(async (folder: string) => finish((await import('./init')).init(folder, io)));
  return command;
}

function addCheck(command: Command, io: Io, finish: (outcome: Outcome) => void): void {
  command
    .command('check')
    .description('judge manifests by the lessons')
    .argument('[paths...]', 'files and folders, - for standard input; default: the working folder')
    .option('--cluster <file>', 'facts of the cluster (default: the one that the configuration names)')
    .option('--config <file>', 'configuration (default: hindsight.config.yaml, where there is one)')
    .option('--format <format>', 'pretty, json, sarif, github or junit', 'pretty')
    .option('--output <file>', 'write the report there instead of to standard output')
    .option('--fail-on <severity>', 'the least severity that ends in exit code 1: error, warning, info or never', 'error')
    .option('--only <ids>', 'judge by these lessons only; ids, apart by commas', listed)
    .option('--except <ids>', 'leave these lessons out', listed)
    .option('--baseline <file>', 'known findings, which are not reported')
    .option('--update-baseline', 'write all findings to the baseline')
    .option('--fix', 'mend what a program can mend')
    .option('--fix-dry-run', 'show what --fix would change')
    .action(async (paths: string[], options: CheckArguments) => finish(await (await import('./check')).check(paths, options, io)));
}

function addReach(command: Command, io: Io, finish: (outcome: Outcome) => void): void {
  command
    .command('reach')
    .description('tell who can talk to whom, and which rule says so')
    .argument('[paths...]', 'files and folders, - for standard input; default: the working folder')
    .option('--from <source>', 'namespace/name of a workload, entity:NAME, an address, a CIDR or fqdn:HOST')
    .option('--to <destination>', 'the same with its port: B:PORT or B:PORT/PROTOCOL')
    .option('--matrix', 'all flows that something needs, with their verdicts')
    .option('--expect <file>', 'flows that must and must not be possible: allow and deny, lists of {from, to}')
    .option('--cluster <file>', 'facts of the cluster (default: the one that the configuration names)')
    .option('--format <format>', 'pretty or json', 'pretty')
    .action(async (paths: string[], options: ReachArguments) => finish((await import('./reach')).reach(paths, options, io)));
}

/** An option that may be given several times. */
function listed(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}
