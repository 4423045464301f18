/**
 * What becomes of the exit status of each command of a script.
 *
 * A shell forgets a failure unless something asks for it: the end of the script, `set -e`, `&&`, `||`, `if`, `$?`. And of
 * a pipeline it knows only the last command, unless `pipefail` is set. This file follows every status to where it ends.
 */
import type { AndOr, Command, CompoundCommand, Pipeline, ShellList, SimpleCommand } from './shell';
import { parseShell } from './shell';

/** One simple command that the script may run. */
export interface RunCommand {
  readonly command: SimpleCommand;
  /** Position in its pipeline, from 0, and the pipeline's length. */
  readonly stage: number;
  readonly stages: number;
  /** The programs of its pipeline, in order. */
  readonly pipeline: readonly string[];
  readonly outcome: Outcome;
}

export type Outcome =
  /** A failure ends the script, is returned, or is looked at. */
  | 'kept'
  /** A later command of the pipe hides it: no pipefail. */
  | 'lost in the pipe'
  /** `|| true` and the like. */
  | 'swallowed'
  /** The next command runs as if nothing had happened. */
  | 'ignored'
  /** `&`, and nothing waits for it. */
  | 'in the background';

export interface ShellOptions {
  readonly errexit: boolean;
  readonly pipefail: boolean;
}

/** Finds a file that a script sources. @returns undefined when it is not here */
export type Sources = (path: string) => ShellList | undefined;

/**
 * Every simple command of a script, substitutions and `sh -c` texts included. Commands of sourced files are not listed,
 * but the options that those set count; a sourced file that is not here may have set them all.
 */
export function outcomesOf(script: ShellList, options: ShellOptions, sources: Sources = () => undefined): readonly RunCommand[] {
  const walk = new Walk(options, waits(script), sources);
  walk.list(script, 'kept');
  walk.functions();
  return walk.run;
}

/** The options that words such as `-euo pipefail` switch on or off. */
export function withOptions(options: ShellOptions, words: readonly string[]): ShellOptions {
  let { errexit, pipefail } = options;
  for (const [index, word] of words.entries()) {
    const isOn = word.startsWith('-');
    if (/^[-+][A-Za-z]*e[A-Za-z]*$/.test(word)) errexit = isOn;
    if (!/^[-+][A-Za-z]*o$/.test(word)) continue;
    if (words[index + 1] === 'errexit') errexit = isOn;
    if (words[index + 1] === 'pipefail') pipefail = isOn;
  }
  return { errexit, pipefail };
}

/** The text that `sh -c` and its likes run. @returns undefined for other commands */
export function inlineScript(
  words: readonly string[],
): { readonly text: string; readonly options: ShellOptions; readonly index: number } | undefined {
  const shell = words.findIndex((word) => isShell(word));
  if (shell < 0) return undefined;
  const flag = words.findIndex((word, index) => index > shell && /^-[A-Za-z]*c[A-Za-z]*$/.test(word));
  if (flag < 0) return undefined;
  const text = words.findIndex((word, index) => index > flag && !word.startsWith('-') && words[index - 1] !== '-o' && word !== 'pipefail');
  const found = words[text];
  if (found === undefined) return undefined;
  return { text: found, index: text, options: withOptions({ errexit: false, pipefail: false }, words.slice(shell + 1, text)) };
}

export function isShell(word: string): boolean {
  return /^(.*\/)?(ba|da|a|k|z)?sh$/.test(word);
}

class Walk {
  readonly run: RunCommand[] = [];
  private readonly bodies: ShellList[] = [];

  constructor(
    private options: ShellOptions,
    private readonly waits: boolean,
    private readonly sources: Sources,
    private readonly depth = 0,
  ) {}

  list(list: ShellList, tail: Outcome): void {
    list.forEach((item, index) => {
      const next = list[index + 1];
      const asked = next === undefined ? 'nothing' : statusAskedBy(next);
      const end = asked !== 'nothing' ? 'kept' : index === list.length - 1 ? tail : 'ignored';
      const { pipefail } = this.options;
      if (asked === 'every') this.options = { ...this.options, pipefail: true };
      this.andOr(item, item.isBackground ? (this.waits ? 'kept' : 'in the background') : end);
      if (asked === 'every') this.options = { ...this.options, pipefail };
    });
  }

  /** Functions are judged as they run: with the options that the script ends up with, their status returned to the caller. */
  functions(): void {
    for (let body = this.bodies.pop(); body !== undefined; body = this.bodies.pop()) this.list(body, 'kept');
  }

  private andOr(item: AndOr, end: Outcome): void {
    item.pipelines.forEach((pipeline, index) => this.pipeline(pipeline, this.outcomeAt(item, index, end)));
  }

  private outcomeAt({ pipelines, operators, isBackground }: AndOr, index: number, end: Outcome): Outcome {
    if (pipelines[index]?.isNegated === true) return 'kept';
    const or = operators.findIndex((operator, position) => position >= index && operator === '||');
    if (or >= 0) {
      const handler = pipelines[or + 1];
      const goesOn = operators[or + 1] !== undefined;
      return handler !== undefined && !goesOn && swallows(handler) ? 'swallowed' : 'kept';
    }
    // `set -e` looks at the last pipeline of a list only: a failure before && goes by.
    const isLast = index === pipelines.length - 1;
    return isLast && this.options.errexit && !isBackground ? 'kept' : end;
  }

  private pipeline({ commands }: Pipeline, outcome: Outcome): void {
    const programs = commands.map((command) => (command.kind === 'simple' ? programOf(command.words) : command.kind));
    commands.forEach((command, stage) => {
      const before = this.options;
      const isLast = stage === commands.length - 1;
      const own = isLast || this.options.pipefail ? outcome : 'lost in the pipe';
      if (command.kind === 'simple') this.simple(command, { stage, stages: commands.length, pipeline: programs, outcome: own });
      else this.compound(command, own);
      if (commands.length > 1) this.options = before;
    });
  }

  private simple(command: SimpleCommand, place: Omit<RunCommand, 'command'>): void {
    this.run.push({ command, ...place });
    for (const list of command.substitutions) this.apart(list, this.options, substitutionOutcome(command, place.outcome));
    const inline = inlineScript(command.words);
    if (inline !== undefined) this.apart(parseShell(inline.text, command.line), inline.options, place.outcome);
    if (command.words[0] === 'set') this.options = withOptions(this.options, command.words.slice(1));
    if (command.words[0] === '.' || command.words[0] === 'source') this.options = this.optionsAfter(command.words[1] ?? '');
    if (command.words[0] === 'trap' && command.words.includes('ERR')) this.options = { ...this.options, errexit: true };
  }

  private optionsAfter(path: string): ShellOptions {
    const list = this.depth < 5 ? this.sources(path) : undefined;
    if (list === undefined) return { errexit: true, pipefail: true };
    const walk = new Walk(this.options, true, this.sources, this.depth + 1);
    walk.list(list, 'kept');
    return walk.options;
  }

  /** What runs in a shell of its own: its options end with it, and `set -e` ends that shell only. */
  private apart(list: ShellList, options: ShellOptions, tail: Outcome): void {
    const before = this.options;
    this.options = tail === 'kept' ? options : { ...options, errexit: false };
    this.list(list, tail);
    this.options = before;
  }

  private compound(command: CompoundCommand, outcome: Outcome): void {
    const condition = { ...this.options, errexit: false };
    for (const list of command.conditions) this.apart(list, condition, 'kept');
    for (const body of command.bodies) {
      if (command.kind === 'function') this.bodies.push(body);
      else if (command.kind === 'subshell') this.apart(body, this.options, outcome);
      // A loop's status is that of its last round.
      else this.list(body, command.kind === 'loop' && outcome === 'kept' ? 'ignored' : outcome);
    }
  }
}

/** `x=$(dump)` takes over the status; `echo "$(dump)"` and `export x=$(dump)` do not. */
function substitutionOutcome(command: SimpleCommand, outcome: Outcome): Outcome {
  const [program] = command.words;
  if (program === undefined) return outcome;
  return ['test', '[', '[[', 'if'].includes(program) ? 'kept' : 'ignored';
}

const HARMLESS = new Set(['true', ':', 'echo', 'printf', 'logger', 'date', 'sleep', 'continue']);

/** Whether what stands behind `||` ends well whatever happened before. */
function swallows({ commands, isNegated }: Pipeline): boolean {
  return !isNegated && commands.every(endsWell);
}

function endsWell(command: Command): boolean {
  if (command.kind !== 'simple') {
    return (
      (command.kind === 'group' || command.kind === 'subshell') &&
      command.bodies.every((body) => body.every(({ pipelines }) => pipelines.every(swallows)))
    );
  }
  const [program, argument] = command.words;
  if (program === undefined) return false;
  if (program === 'exit' || program === 'return') return argument === '0';
  return HARMLESS.has(program);
}

/** Whether the next command looks at the status before it: of the whole pipeline, or of every command in it. */
function statusAskedBy(item: AndOr): 'nothing' | 'last' | 'every' {
  const text = JSON.stringify(item.pipelines);
  if (text.includes('PIPESTATUS')) return 'every';
  return text.includes('$?') ? 'last' : 'nothing';
}

function waits(list: ShellList): boolean {
  return JSON.stringify(list).includes('"words":["wait"');
}

const WRAPPERS = new Set([
  'sudo',
  'nice',
  'ionice',
  'time',
  'timeout',
  'nohup',
  'env',
  'exec',
  'command',
  'stdbuf',
  'chroot',
  'gosu',
  'su-exec',
  'eval',
]);

/** The words from the program on that a command really runs, past `timeout 60`, `nice` and the like, without its folder. */
export function programWords(words: readonly string[]): readonly string[] {
  let at = 0;
  while (WRAPPERS.has(baseName(words[at] ?? ''))) {
    at++;
    while (at < words.length && /^(-|\d|[A-Za-z_]\w*=)/.test(words[at] ?? '')) at++;
  }
  const [program, ...rest] = words.slice(at);
  return program === undefined ? [] : [baseName(program), ...rest];
}

export function programOf(words: readonly string[]): string {
  return programWords(words)[0] ?? '';
}

function baseName(path: string): string {
  return path.split('/').at(-1) ?? '';
}
