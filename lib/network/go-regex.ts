/**
 * Whether Go can compile a regular expression, and what stops it.
 *
 * JavaScript's own parser cannot answer: it takes lookaheads and backreferences, which Go refuses, and refuses flags and
 * character classes that Go takes. So the syntax is walked once, left to right. What this does not check is what Go names
 * by tables (Unicode classes) and the size of the compiled program.
 */

/** What is wrong with a regular expression in Go's syntax. @returns undefined when it compiles */
export function regexProblem(pattern: string): string | undefined {
  return new Syntax(pattern).problem();
}

const ESCAPES = new Set('AbBaCdDfnrstSvwWzxQEpP0');

class Syntax {
  private at = 0;
  private depth = 0;
  /** What stands before: nothing that can be repeated, something that can, or a repetition. */
  private before: 'nothing' | 'atom' | 'repetition' = 'nothing';

  constructor(private readonly pattern: string) {}

  problem(): string | undefined {
    while (this.at < this.pattern.length) {
      const problem = this.next();
      if (problem !== undefined) return problem;
    }
    return this.depth > 0 ? 'a parenthesis is not closed' : undefined;
  }

  private next(): string | undefined {
    const character = this.pattern[this.at] ?? '';
    switch (character) {
      case '\\':
        return this.escape();
      case '[':
        return this.characterClass();
      case '(':
        return this.group();
      case ')':
        this.depth -= 1;
        if (this.depth < 0) return 'a closing parenthesis has none to close';
        return this.take(1, 'atom');
      case '|':
        return this.take(1, 'nothing');
      case '*':
      case '+':
      case '?':
        return this.repetition(character);
      case '{':
        return this.count();
      default:
        return this.take(1, 'atom');
    }
  }

  private take(length: number, before: Syntax['before']): string | undefined {
    this.at += length;
    this.before = before;
    return undefined;
  }

  private rest(): string {
    return this.pattern.slice(this.at);
  }

  private escape(): string | undefined {
    const letter = this.pattern[this.at + 1];
    if (letter === undefined) return 'it ends with a backslash';
    if (letter === 'Q') {
      const end = this.pattern.indexOf('\\E', this.at + 2);
      return this.take(end < 0 ? this.pattern.length : end + 2 - this.at, 'atom');
    }
    const isOctal = /^\\[1-7][0-7]/.test(this.pattern.slice(this.at, this.at + 3));
    if (/[1-9]/.test(letter) && !isOctal) return `\\${letter} refers back to a group, which Go does not support`;
    if (/[a-zA-Z]/.test(letter) && !ESCAPES.has(letter)) return `\\${letter} is no escape sequence`;
    if (letter === 'x' && !/^\\x([0-9a-fA-F]{2}|\{[0-9a-fA-F]{1,6}\})/.test(this.rest())) return '\\x needs two hexadecimal digits';
    const length = /^\\(x\{[^}]*\}|x..|[pP]\{[^}]*\}|[pP].|[0-7]{1,3})/.exec(this.rest())?.[0].length;
    return this.take(length ?? 2, 'atom');
  }

  private characterClass(): string | undefined {
    // A bracket right at the start is a member, and named classes such as [:alpha:] have brackets of their own.
    const whole = /^\[\^?\]?(\[:\^?[a-z]+:\]|\\[^]|[^\]\\])*\]/.exec(this.rest())?.[0];
    if (whole === undefined) return 'a bracket is not closed';
    const members = whole.replace(/\[:\^?[a-z]+:\]/g, '').slice(1, -1);
    for (const [range, low = '', high = ''] of members.matchAll(/(\\[^]|[^\\])-(\\[^a-zA-Z0-9]|[^\\])/gu))
      if (!/^\\\w/.test(low) && (low.at(-1) ?? '') > (high.at(-1) ?? '')) return `the range ${range} runs backwards`;
    return this.take(whole.length, 'atom');
  }

  private group(): string | undefined {
    const rest = this.pattern.slice(this.at, this.at + 64);
    this.depth += 1;
    if (!rest.startsWith('(?')) return this.take(1, 'nothing');
    if (/^\(\?(<?[=!])/.test(rest)) return 'it looks ahead or behind, which Go does not support';
    const flags = /^\(\?(P?<\w+>|[imsU]*(-[imsU]+)?:)/.exec(rest);
    if (flags !== null) return this.take(flags[0].length, 'nothing');
    const inline = /^\(\?([imsU]+(-[imsU]+)?|-[imsU]+)\)/.exec(rest);
    if (inline === null) return 'a group starts with an unknown flag';
    this.depth -= 1;
    return this.take(inline[0].length, 'nothing');
  }

  private repetition(operator: string): string | undefined {
    if (this.before === 'nothing') return `${operator} has nothing before it to repeat${operator === '*' ? ' (any text is .*)' : ''}`;
    if (this.before === 'repetition') return `${operator} repeats a repetition`;
    return this.take(this.pattern[this.at + 1] === '?' ? 2 : 1, 'repetition');
  }

  private count(): string | undefined {
    const [whole, low = '', comma, high = ''] = /^\{(\d+)(,(\d*))?\}/.exec(this.rest()) ?? [];
    // Anything else in braces is literal text.
    if (whole === undefined) return this.take(1, 'atom');
    const problem = this.repetition(whole);
    if (problem !== undefined) return problem;
    if (Number(low) > 1000 || Number(high) > 1000) return `${whole} repeats more than 1000 times`;
    if (comma !== undefined && high !== '' && Number(high) < Number(low)) return `${whole} counts backwards`;
    this.at += whole.length - 1;
    if (this.pattern[this.at] === '?') this.at += 1;
    this.before = 'repetition';
    return undefined;
  }
}
