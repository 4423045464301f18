/**
 * PromQL, as far as a question about alerts needs it: which series an expression reads, through which functions, and
 * what it compares them with. Offsets, ranges and grouping labels are read over.
 *
 * Source: prometheus.io, Querying Prometheus, Operators (precedence).
 */
export type Expression =
  | Selector
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'string' }
  | { readonly kind: 'call'; readonly name: string; readonly arguments: readonly Expression[] }
  | { readonly kind: 'binary'; readonly operator: string; readonly left: Expression; readonly right: Expression };

export interface Selector {
  readonly kind: 'selector';
  /** Empty where only labels are given. */
  readonly metric: string;
  readonly matchers: readonly Matcher[];
}

export interface Matcher {
  readonly label: string;
  readonly operator: '=' | '!=' | '=~' | '!~';
  readonly value: string;
}

const COMPARISONS: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=']);

/** @returns undefined for text that is no PromQL expression */
export function parsePromql(text: string): Expression | undefined {
  const tokens = tokensOf(text);
  if (tokens === undefined) return undefined;
  const parser = new Parser(tokens);
  const expression = parser.expression(0);
  return parser.isAtEnd ? expression : undefined;
}

/** Every selector with the names of the functions and aggregations around it, the outermost first. */
export function* selectorsIn(
  expression: Expression,
  around: readonly string[] = [],
): Iterable<{ selector: Selector; around: readonly string[] }> {
  switch (expression.kind) {
    case 'selector':
      yield { selector: expression, around };
      return;
    case 'call':
      for (const argument of expression.arguments) yield* selectorsIn(argument, [...around, expression.name]);
      return;
    case 'binary':
      yield* selectorsIn(expression.left, around);
      yield* selectorsIn(expression.right, around);
      return;
    case 'number':
    case 'string':
      return;
  }
}

export interface Comparison {
  readonly operand: Expression;
  /** As if the number stood on the right. */
  readonly operator: string;
  readonly value: number;
  /** The functions and aggregations around it, the outermost first. */
  readonly around: readonly string[];
}

/** Every comparison of an expression with a number. */
export function* comparisonsIn(expression: Expression, around: readonly string[] = []): Iterable<Comparison> {
  if (expression.kind === 'call') {
    for (const argument of expression.arguments) yield* comparisonsIn(argument, [...around, expression.name]);
  }
  if (expression.kind !== 'binary') return;
  const { operator, left, right } = expression;
  if (COMPARISONS.has(operator)) {
    if (right.kind === 'number') yield { operand: left, operator, value: right.value, around };
    else if (left.kind === 'number') yield { operand: right, operator: MIRRORED[operator] ?? operator, value: left.value, around };
  }
  yield* comparisonsIn(left, around);
  yield* comparisonsIn(right, around);
}

/** Whether a selector may read a series with these labels; a label that is not given may have any value. */
export function mayRead(selector: Selector, labels: Readonly<Record<string, string>>): boolean {
  return selector.matchers.every(({ label, operator, value }) => {
    const actual = labels[label];
    if (actual === undefined) return true;
    const isEqual = operator === '=' || operator === '!=' ? actual === value : (matchesPattern(value, actual) ?? true);
    return operator === '=' || operator === '=~' ? isEqual : !isEqual || (operator === '!~' && matchesPattern(value, actual) === undefined);
  });
}

/**
 * A Prometheus pattern, anchored. Only plain alternatives with `.*` and `.+` are tried: anything richer might take
 * for ever here, or mean something else there. @returns undefined for those
 */
export function matchesPattern(pattern: string, text: string): boolean | undefined {
  if (!/^[\w\-:/|. *+\\]*$/.test(pattern.replaceAll(/[()]|\?:/g, '')) || /[)][*+]|[^.][*+]|\(.*\(|\.[*+].*\.[*+].*\.[*+]/.test(pattern))
    return undefined;
  try {
    return new RegExp(`^(?:${pattern})$`).test(text);
  } catch {
    return undefined;
  }
}

const MIRRORED: Readonly<Record<string, string>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' };

const PRECEDENCE: Readonly<Record<string, number>> = {
  or: 1, and: 2, unless: 2, '==': 3, '!=': 3, '<': 3, '<=': 3, '>': 3, '>=': 3, '+': 4, '-': 4, '*': 5, '/': 5, '%': 5, atan2: 5, '^': 6,
}; // prettier-ignore

const GROUPINGS = new Set(['by', 'without', 'on', 'ignoring', 'group_left', 'group_right']);

interface PromqlToken {
  readonly kind: 'name' | 'number' | 'string' | 'operator';
  readonly text: string;
}

const TOKEN =
  /\s+|#[^\n]*|(?<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)|(?<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+|[a-z]\w*)?)|(?<name>[A-Za-z_:][\w:.]*)|(?<operator>==|!=|=~|!~|<=|>=|[-+*/%^(){}[\],@=<>:])/y;

function tokensOf(text: string): readonly PromqlToken[] | undefined {
  const tokens: PromqlToken[] = [];
  const pattern = new RegExp(TOKEN);
  while (pattern.lastIndex < text.length) {
    const groups = pattern.exec(text)?.groups;
    if (groups === undefined) return undefined;
    const { string, number, name, operator } = groups;
    if (string !== undefined) tokens.push({ kind: 'string', text: string.slice(1, -1).replaceAll(/\\(.)/g, '$1') });
    else if (number !== undefined) tokens.push({ kind: 'number', text: number });
    else if (name !== undefined) tokens.push({ kind: /^(inf|nan)$/i.test(name) ? 'number' : 'name', text: name });
    else if (operator !== undefined) tokens.push({ kind: 'operator', text: operator });
  }
  return tokens;
}

const DEEPEST = 100;

class Parser {
  private at = 0;
  private depth = 0;

  constructor(private readonly tokens: readonly PromqlToken[]) {}

  get isAtEnd(): boolean {
    return this.at === this.tokens.length;
  }

  expression(weakest: number): Expression | undefined {
    if (this.depth > DEEPEST) return undefined;
    this.depth++;
    let left = this.operand();
    for (;;) {
      const token = this.tokens[this.at];
      const operator = token?.kind === 'string' ? '' : (token?.text.toLowerCase() ?? '');
      const precedence = Object.hasOwn(PRECEDENCE, operator) ? (PRECEDENCE[operator] ?? 0) : 0;
      if (left === undefined || precedence <= weakest) break;
      this.at++;
      this.skipWord('bool');
      this.skipGroupings();
      // `^` binds to the right.
      const right = this.expression(operator === '^' ? precedence - 1 : precedence);
      left = right === undefined ? undefined : { kind: 'binary', operator, left, right };
    }
    this.depth--;
    return left;
  }

  private operand(): Expression | undefined {
    const token = this.tokens[this.at];
    if (token === undefined) return undefined;
    if (token.kind === 'operator' && (token.text === '-' || token.text === '+')) return this.signed(token.text);
    const operand = this.primary(token);
    return operand === undefined || !this.skipModifiers() ? undefined : operand;
  }

  private signed(sign: string): Expression | undefined {
    this.at++;
    const operand = this.expression(5);
    return operand?.kind === 'number' && sign === '-' ? { kind: 'number', value: -operand.value } : operand;
  }

  private primary(token: PromqlToken): Expression | undefined {
    if (token.kind === 'operator' && token.text === '{') return this.selector('');
    this.at++;
    if (token.kind === 'number') return { kind: 'number', value: valueOf(token.text) };
    if (token.kind === 'string') return { kind: 'string' };
    if (token.kind === 'name') return this.named(token.text);
    if (token.text !== '(') return undefined;
    const inner = this.expression(0);
    return this.take(')') ? inner : undefined;
  }

  /** A call, an aggregation, or a metric. */
  private named(name: string): Expression | undefined {
    this.skipGroupings();
    if (!this.isOperator('(')) return this.selector(name);
    this.at++;
    const list: Expression[] = [];
    while (!this.isOperator(')')) {
      const argument = this.expression(0);
      if (argument === undefined) return undefined;
      list.push(argument);
      if (!this.take(',')) break;
    }
    if (!this.take(')')) return undefined;
    this.skipGroupings();
    return { kind: 'call', name: name.toLowerCase(), arguments: list };
  }

  private selector(name: string): Expression | undefined {
    if (!this.take('{')) return { kind: 'selector', metric: name, matchers: [] };
    const matchers: Matcher[] = [];
    let metric = name;
    while (!this.isOperator('}')) {
      const [label, operator, value] = [this.tokens[this.at], this.tokens[this.at + 1], this.tokens[this.at + 2]];
      if (label === undefined) return undefined;
      if (label.kind === 'string' && (operator?.text === ',' || operator?.text === '}')) {
        metric = label.text;
        this.at++;
      } else if (value?.kind === 'string' && isMatching(operator?.text)) {
        if (label.text === '__name__' && operator.text === '=') metric = value.text;
        else matchers.push({ label: label.text, operator: operator.text, value: value.text });
        this.at += 3;
      } else return undefined;
      if (!this.take(',')) break;
    }
    return this.take('}') ? { kind: 'selector', metric, matchers } : undefined;
  }

  /** Ranges, subqueries, offset and @. @returns whether they were well-formed */
  private skipModifiers(): boolean {
    for (;;) {
      if (this.take('[')) {
        while (!this.isAtEnd && !this.isOperator(']')) this.at++;
        if (!this.take(']')) return false;
      } else if (this.skipWord('offset')) {
        this.take('-');
        this.at++;
      } else if (this.take('@')) {
        this.at++;
        if (this.take('(') && !this.take(')')) return false;
      } else return true;
    }
  }

  private skipGroupings(): void {
    for (;;) {
      const token = this.tokens[this.at];
      if (token?.kind !== 'name' || !GROUPINGS.has(token.text.toLowerCase())) return;
      this.at++;
      if (!this.take('(')) continue;
      while (!this.isAtEnd && !this.isOperator(')')) this.at++;
      this.at++;
    }
  }

  private isOperator(text: string): boolean {
    const token = this.tokens[this.at];
    return token?.kind === 'operator' && token.text === text;
  }

  private take(text: string): boolean {
    const isThere = this.isOperator(text);
    if (isThere) this.at++;
    return isThere;
  }

  private skipWord(word: string): boolean {
    const token = this.tokens[this.at];
    const isThere = token?.kind === 'name' && token.text.toLowerCase() === word;
    if (isThere) this.at++;
    return isThere;
  }
}

function isMatching(operator: string | undefined): operator is Matcher['operator'] {
  return operator === '=' || operator === '!=' || operator === '=~' || operator === '!~';
}

/** A number, or a duration in seconds. */
function valueOf(text: string): number {
  const lower = text.toLowerCase();
  if (lower === 'inf') return Infinity;
  if (/^0x/.test(lower) || /^[\d.]+(e[+-]?\d+)?$/.test(lower)) return Number(lower);
  const units: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86400, w: 604800, y: 31536000 };
  let seconds = 0;
  for (const [, amount = '0', unit = 's'] of lower.matchAll(/(\d+)(ms|[smhdwy])/g)) seconds += Number(amount) * (units[unit] ?? 1);
  return seconds;
}
