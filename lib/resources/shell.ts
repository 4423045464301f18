/**
 * A shell script as a tree of lists, pipelines and commands: as much of the grammar as it takes to know which command
 * runs under which conditions. Nothing is expanded or run, and text that no shell would take still gives a tree.
 */
import { REDIRECTIONS, tokensOf, type Token, type WordToken } from './shell-words';

export type ShellList = readonly AndOr[];

/** Pipelines joined by `&&` and `||`. */
export interface AndOr {
  readonly pipelines: readonly Pipeline[];
  /** One fewer than the pipelines. */
  readonly operators: readonly string[];
  readonly isBackground: boolean;
}

export interface Pipeline {
  readonly commands: readonly Command[];
  readonly isNegated: boolean;
}

export type Command = SimpleCommand | CompoundCommand;

export interface SimpleCommand {
  readonly kind: 'simple';
  /** The program and its arguments, without quotes; empty for a bare assignment. */
  readonly words: readonly string[];
  readonly assignments: readonly string[];
  readonly redirections: readonly Redirection[];
  /** What its `$(…)` and the like run. */
  readonly substitutions: readonly ShellList[];
  /** Within the script, from 1. */
  readonly line: number;
}

export interface CompoundCommand {
  readonly kind: 'group' | 'subshell' | 'if' | 'loop' | 'case' | 'function';
  /** What an `if` or a `while` asks. */
  readonly conditions: readonly ShellList[];
  readonly bodies: readonly ShellList[];
}

export interface Redirection {
  readonly operator: string;
  readonly target: string;
  /** The text of a here-document. */
  readonly heredoc?: { readonly text: string; /** Variables in it stay as they are written. */ readonly isLiteral: boolean };
}

/** How deep compound commands may nest before the rest is read as plain words. */
const DEEPEST = 50;

export function parseShell(text: string, line = 1, depth = 0): ShellList {
  return depth > DEEPEST ? [] : new Parser(tokensOf(text, line), depth).list();
}

class Parser {
  private at = 0;

  constructor(
    private readonly tokens: readonly Token[],
    private readonly depth: number,
  ) {}

  /** Up to one of the words or operators that end it, which stays unread. */
  list(...ends: readonly string[]): ShellList {
    const items: AndOr[] = [];
    for (;;) {
      while (this.isOperator('\n', ';') || this.skipsStray(ends)) this.at++;
      const token = this.tokens[this.at];
      if (token === undefined || this.isEnd(ends)) return items;
      const before = this.at;
      items.push(this.andOr(ends));
      if (this.at === before) this.at++;
    }
  }

  private skipsStray(ends: readonly string[]): boolean {
    return this.isOperator(')', ';;', ';&', ';;&', '&', '|', '&&', '||') && !this.isEnd(ends);
  }

  private isEnd(ends: readonly string[]): boolean {
    const token = this.tokens[this.at];
    return token !== undefined && ends.includes(token.text) && !(token.kind === 'word' && token.isQuoted);
  }

  private andOr(ends: readonly string[]): AndOr {
    const pipelines = [this.pipeline(ends)];
    const operators: string[] = [];
    while (this.isOperator('&&', '||')) {
      operators.push(this.tokens[this.at++]?.text ?? '');
      this.skipNewlines();
      pipelines.push(this.pipeline(ends));
    }
    const isBackground = this.isOperator('&');
    if (isBackground) this.at++;
    return { pipelines, operators, isBackground };
  }

  private pipeline(ends: readonly string[]): Pipeline {
    let isNegated = false;
    while (this.isKeyword('!', 'time')) isNegated = this.tokens[this.at++]?.text === '!' || isNegated;
    const commands = [this.command(ends)];
    while (this.isOperator('|', '|&')) {
      this.at++;
      this.skipNewlines();
      commands.push(this.command(ends));
    }
    return { commands, isNegated };
  }

  private command(ends: readonly string[]): Command {
    const compound = this.depth < DEEPEST ? this.compound() : undefined;
    if (compound === undefined) return this.simple(ends);
    while (this.readRedirection() !== undefined);
    return compound;
  }

  private compound(): CompoundCommand | undefined {
    const nested = (...ends: readonly string[]): ShellList => this.inside(ends);
    if (this.isOperator('(')) {
      this.at++;
      return { kind: 'subshell', conditions: [], bodies: [this.upTo(nested(')'))] };
    }
    if (this.isKeyword('{')) {
      this.at++;
      return { kind: 'group', conditions: [], bodies: [this.upTo(nested('}'))] };
    }
    if (this.isKeyword('if')) return this.readIf(nested);
    if (this.isKeyword('while', 'until', 'for', 'select')) return this.readLoop(nested);
    if (this.isKeyword('case')) return this.readCase(nested);
    return this.readFunction();
  }

  /** Reads with a parser that is one level deeper, and goes on where that one stopped. */
  private inside(ends: readonly string[]): ShellList {
    const inner = new Parser(this.tokens, this.depth + 1);
    inner.at = this.at;
    const list = inner.list(...ends);
    this.at = inner.at;
    return list;
  }

  /** Steps over the word that ended the list. */
  private upTo(list: ShellList): ShellList {
    this.at++;
    return list;
  }

  private readIf(nested: (...ends: readonly string[]) => ShellList): CompoundCommand {
    const conditions: ShellList[] = [];
    const bodies: ShellList[] = [];
    while (this.isKeyword('if', 'elif')) {
      this.at++;
      conditions.push(this.upTo(nested('then')));
      bodies.push(nested('elif', 'else', 'fi'));
    }
    if (this.isKeyword('else')) {
      this.at++;
      bodies.push(nested('fi'));
    }
    this.at++;
    return { kind: 'if', conditions, bodies };
  }

  private readLoop(nested: (...ends: readonly string[]) => ShellList): CompoundCommand {
    const asks = this.isKeyword('while', 'until');
    this.at++;
    const head = this.upTo(nested('do'));
    return { kind: 'loop', conditions: asks ? [head] : [], bodies: [this.upTo(nested('done'))] };
  }

  private readCase(nested: (...ends: readonly string[]) => ShellList): CompoundCommand {
    const bodies: ShellList[] = [];
    while (this.at < this.tokens.length && !this.isKeyword('in')) this.at++;
    this.at++;
    this.skipNewlines();
    while (this.at < this.tokens.length && !this.isKeyword('esac')) {
      while (this.at < this.tokens.length && !this.isOperator(')')) this.at++;
      this.at++;
      bodies.push(nested(';;', ';&', ';;&', 'esac'));
      while (this.isOperator(';;', ';&', ';;&', '\n')) this.at++;
    }
    this.at++;
    return { kind: 'case', conditions: [], bodies };
  }

  private readFunction(): CompoundCommand | undefined {
    const start = this.at;
    const isNamed = this.isKeyword('function');
    if (isNamed) this.at++;
    const hasName = this.tokens[this.at++]?.kind === 'word';
    const hasBrackets = this.isOperator('(') && this.tokens[this.at + 1]?.text === ')';
    if (hasBrackets) this.at += 2;
    this.skipNewlines();
    const body = hasName && (hasBrackets || isNamed) && (this.isKeyword('{') || this.isOperator('(')) ? this.compound() : undefined;
    if (body !== undefined) return { kind: 'function', conditions: [], bodies: body.bodies };
    this.at = start;
    return undefined;
  }

  private simple(ends: readonly string[]): SimpleCommand {
    const words: WordToken[] = [];
    const redirections: Redirection[] = [];
    const substitutions: string[] = [];
    const line = this.tokens[this.at]?.line ?? 1;
    for (;;) {
      const redirection = this.readRedirection();
      if (redirection !== undefined) {
        redirections.push(redirection);
        substitutions.push(...redirection.substitutions);
        continue;
      }
      const token = this.tokens[this.at];
      // A closing word ends a list only where a command may begin: `echo done` prints it.
      if (token?.kind !== 'word' || (words.length === 0 && this.isEnd(ends))) break;
      words.push(token);
      substitutions.push(...token.substitutions);
      this.at++;
    }
    const first = words.findIndex((word) => !isAssignment(word));
    const assignments = first < 0 ? words : words.slice(0, first);
    return {
      kind: 'simple',
      words: (first < 0 ? [] : words.slice(first)).map(({ text }) => text),
      assignments: assignments.map(({ text }) => text),
      redirections,
      substitutions: substitutions.map((text) => parseShell(text, line, this.depth + 1)),
      line,
    };
  }

  private readRedirection(): (Redirection & { readonly substitutions: readonly string[] }) | undefined {
    const token = this.tokens[this.at];
    const next = this.tokens[this.at + 1];
    const isNumbered =
      token?.kind === 'word' && !token.isQuoted && /^\d+$/.test(token.text) && next?.kind === 'operator' && REDIRECTIONS.has(next.text);
    if (isNumbered) this.at++;
    const operator = this.tokens[this.at];
    if (operator?.kind !== 'operator' || !REDIRECTIONS.has(operator.text)) return undefined;
    this.at++;
    const target = this.tokens[this.at];
    if (target?.kind !== 'word') return { operator: operator.text, target: '', substitutions: [] };
    this.at++;
    const heredoc = target.heredoc === undefined ? undefined : { text: target.heredoc, isLiteral: target.isQuoted };
    return { operator: operator.text, target: target.text, substitutions: target.substitutions, heredoc };
  }

  private isOperator(...texts: readonly string[]): boolean {
    const token = this.tokens[this.at];
    return token?.kind === 'operator' && texts.includes(token.text);
  }

  private isKeyword(...texts: readonly string[]): boolean {
    const token = this.tokens[this.at];
    return token?.kind === 'word' && !token.isQuoted && texts.includes(token.text);
  }

  private skipNewlines(): void {
    while (this.isOperator('\n')) this.at++;
  }
}

function isAssignment(word: WordToken): boolean {
  return /^[A-Za-z_]\w*\+?=/.test(word.text);
}
