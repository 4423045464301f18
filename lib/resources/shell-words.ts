/**
 * Shell text in, words and operators out.
 *
 * Enough of POSIX shell and bash to tell commands apart in the scripts that people put into manifests: quotes,
 * substitutions, comments, continued lines and here-documents. It never fails: text that no shell would take gives
 * some tokens, and a reader that finds nothing in them says nothing.
 */
export type Token = WordToken | OperatorToken;

export interface WordToken {
  readonly kind: 'word';
  /** Without its quotes; substitutions stay as written. */
  readonly text: string;
  /** Whether any of it was quoted, so that it can be neither a keyword nor an assignment's name. */
  readonly isQuoted: boolean;
  /** The insides of its `$(…)`, backquotes, `<(…)` and `>(…)`. */
  readonly substitutions: readonly string[];
  /** The here-document that it is the delimiter of. */
  readonly heredoc?: string;
  readonly line: number;
}

export interface OperatorToken {
  readonly kind: 'operator';
  readonly text: string;
  readonly line: number;
}

/** Longest first. */
const OPERATORS = [
  '&>>',
  '<<<',
  '<<-',
  ';;&',
  '&&',
  '||',
  ';;',
  ';&',
  '|&',
  '<<',
  '>>',
  '&>',
  '>&',
  '<&',
  '<>',
  '>|',
  '&',
  '|',
  ';',
  '(',
  ')',
  '<',
  '>',
  '\n',
];

export const REDIRECTIONS: ReadonlySet<string> = new Set(['&>>', '<<<', '<<-', '<<', '>>', '&>', '>&', '<&', '<>', '>|', '<', '>']);

export function tokensOf(text: string, line = 1): readonly Token[] {
  return new Lexer(text, line).tokens();
}

class Lexer {
  private at = 0;
  private readonly read: Token[] = [];
  /** Delimiters of here-documents whose bodies begin on the next line. */
  private heredocs: { readonly text: string; heredoc?: string }[] = [];

  constructor(
    private readonly text: string,
    private line: number,
  ) {}

  tokens(): readonly Token[] {
    while (this.at < this.text.length) {
      const char = this.text[this.at] ?? '';
      if (char === '\\' && this.text[this.at + 1] === '\n') this.skip(2);
      else if (char === ' ' || char === '\t' || char === '\r') this.skip(1);
      else if (char === '#') this.skipComment();
      else if (!this.readOperator()) this.readWord();
    }
    return this.read;
  }

  private skip(count: number): void {
    for (let index = this.at; index < this.at + count; index++) if (this.text[index] === '\n') this.line++;
    this.at += count;
  }

  private skipComment(): void {
    const end = this.text.indexOf('\n', this.at);
    this.at = end < 0 ? this.text.length : end;
  }

  private readOperator(): boolean {
    const next = this.text[this.at + 1];
    if ((this.text[this.at] === '<' || this.text[this.at] === '>') && next === '(') return false;
    const operator = OPERATORS.find((candidate) => this.text.startsWith(candidate, this.at));
    if (operator === undefined) return false;
    this.read.push({ kind: 'operator', text: operator, line: this.line });
    this.skip(operator.length);
    if (operator === '\n') this.readHeredocs();
    return true;
  }

  private readHeredocs(): void {
    for (const delimiter of this.heredocs) {
      const start = this.at;
      let end = start;
      while (this.at < this.text.length) {
        const newline = this.text.indexOf('\n', this.at);
        const line = this.text.slice(this.at, newline < 0 ? this.text.length : newline);
        end = this.at;
        this.skip(line.length + 1);
        if (line.trim() === delimiter.text) break;
        end = this.at;
      }
      delimiter.heredoc = this.text.slice(start, end);
    }
    this.heredocs = [];
  }

  private readWord(): void {
    const line = this.line;
    const substitutions: string[] = [];
    let text = '';
    let isQuoted = false;
    for (;;) {
      const char = this.text[this.at];
      if (char === undefined || /[\s;&|()]/.test(char)) break;
      if ((char === '<' || char === '>') && this.text[this.at + 1] !== '(') break;
      if (char === '\\') {
        if (this.text[this.at + 1] !== '\n') text += this.text[this.at + 1] ?? '';
        isQuoted = true;
        this.skip(2);
      } else if (char === "'" || char === '"') {
        isQuoted = true;
        text += this.readQuoted(char, substitutions);
      } else text += this.readPlain(substitutions);
    }
    const previous = this.read.at(-1);
    const word: WordToken = { kind: 'word', text, isQuoted, substitutions, line };
    if (previous?.kind === 'operator' && (previous.text === '<<' || previous.text === '<<-')) this.heredocs.push(word);
    this.read.push(word);
  }

  private readQuoted(quote: string, substitutions: string[]): string {
    let text = '';
    this.skip(1);
    while (this.at < this.text.length && this.text[this.at] !== quote) {
      if (quote === '"' && this.text[this.at] === '\\' && /["\\$`\n]/.test(this.text[this.at + 1] ?? '')) {
        text += this.text[this.at + 1] === '\n' ? '' : (this.text[this.at + 1] ?? '');
        this.skip(2);
      } else if (quote === '"') text += this.readPlain(substitutions);
      else {
        text += this.text[this.at] ?? '';
        this.skip(1);
      }
    }
    this.skip(1);
    return text;
  }

  /** One character, or one whole substitution. */
  private readPlain(substitutions: string[]): string {
    const start = this.at;
    const char = this.text[this.at];
    const next = this.text[this.at + 1];
    if ((char === '$' || char === '<' || char === '>') && next === '(') {
      const isArithmetic = char === '$' && this.text[this.at + 2] === '(';
      this.skip(1);
      this.skipBalanced('(', ')');
      if (!isArithmetic) substitutions.push(this.text.slice(start + 2, this.at - 1));
    } else if (char === '$' && next === '{') {
      this.skip(1);
      this.skipBalanced('{', '}');
    } else if (char === '`') {
      const end = this.text.indexOf('`', this.at + 1);
      this.skip((end < 0 ? this.text.length : end + 1) - this.at);
      substitutions.push(this.text.slice(start + 1, this.at - 1));
    } else this.skip(1);
    return this.text.slice(start, this.at);
  }

  /** From an opening bracket to behind its closing one, past quoted brackets. */
  private skipBalanced(open: string, close: string): void {
    let depth = 0;
    while (this.at < this.text.length) {
      const char = this.text[this.at];
      if (char === '\\') this.skip(1);
      else if (char === "'" && open === '(') this.skip(Math.max(0, this.text.indexOf("'", this.at + 1) - this.at));
      else if (char === open) depth++;
      else if (char === close) depth--;
      this.skip(1);
      if (depth === 0) return;
    }
  }
}
