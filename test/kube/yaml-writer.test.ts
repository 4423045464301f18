import { Yaml } from 'cdk8s';
import { writeYaml } from '../../lib/kube/yaml-writer';

/** Texts that YAML has an opinion on. */
const NASTY = [
  ...['', ' ', '  ', '~', 'null', 'Null', 'NULL', 'nULL', 'y', 'Y', 'n', 'yes', 'Yes', 'yEs', 'YES', 'no', 'on', 'On', 'oN', 'off', 'true', 'False'],
  ...['0', '07', '08', '0775', '1_000', '-1', '+1', '0x1F', '0b01', '0o7', '1e3', '1.', '.5', '.', '-.5', '1.5e-7', '.inf', '-.INF', '.nan', '.Nan', '_1'],
  ...['12:30', '12:30:45', '1:60', '190:20:30.15', '2024-01-31', '2024-1-1', '2024-01-31T10:00:00Z', '2024-01-31 10:00:00 +9', '2024-01-31t1', '10.0.0.0/8'],
  ...['100m', '128Mi', '1.4.2', 'v1', 'a: b', 'a:b', 'a:', ':a', ': a', ':', 'a #b', 'a#b', '#a', ' a', 'a ', '\ta', 'a\t', 'a\tb', '-', '- a', '-a', '--', '---', '--- a'],
  ...['...', '...a', '%a', '?', '? a', '?a', '*a', '&a', '!a', '|', '>', '@a', '`a', ',', ',a', '[', 'a]', '{a}', '{{ a }}', '${a}', '"a"', "'a'", `"a'`, 'a"b', "a'b", `a "b" 'c'`, `: 'a'`],
  ...['<<', '=', '\\', 'a\\nb', '"\\', 'é', '한국어', '🙂', '\u00a0', '\u0085', '\u2028', '\uFEFF', '\uD800', '\u0000', '\u0007a', '\u007f', '\r', 'a\rb', 'a\r\nb', 'constructor', '__proto__'],
  ...['a\nb', 'a\nb\n', 'a\n\nb\n\n', '\na', '\n', '\n\n', ' a\nb', 'a \nb', 'a\n b', 'a\n\tb', 'a\n ', 'a\n  \n', 'a\n  \nb', '---\na', 'a\n---\nb\n', 'a\n%b', '#!/bin/sh\nset -e\n', '- a\n- b\n', 'a: 1\nb: "2"\n', "it's\nso\n"],
  ...['registry.example:5000/a@sha256:0123', 'https://a.example/?b=c&d=#e', '*/5 * * * *', '$(POD_IP):80', 'x'.repeat(90), `${'word '.repeat(60)}end`, 'x'.repeat(1100), `${'word '.repeat(60)}\nend`],
]; // prettier-ignore

const LETTERS = [
  'a',
  'B',
  '0',
  '1',
  '7',
  '9',
  '.',
  '_',
  '-',
  '+',
  ':',
  ' ',
  '\n',
  '\t',
  '#',
  '"',
  "'",
  'e',
  'x',
  '%',
  '?',
  '\\',
  '[',
  '{',
  ',',
  '&',
  'é',
  '\r',
  'o',
  'n',
  '/',
  '=',
  '~',
  '<',
  '\u2028',
];

/** The same numbers in every run. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

class Values {
  private readonly below = randomNumbers(20260101);

  value(depth: number): unknown {
    const choice = this.below(depth > 0 ? 10 : 6);
    if (choice >= 8) return Array.from({ length: this.below(4) }, () => this.value(depth - 1));
    if (choice >= 6) return this.map(depth - 1);
    if (choice === 5) return [null, undefined, true, false][this.below(4)];
    if (choice === 4) return [0, -0, 1, -17, 0.5, 1e21, 1e-7, 8080, NaN, -Infinity, 0.1 + 0.2][this.below(11)];
    return this.text();
  }

  map(depth: number): Record<string, unknown> {
    return Object.fromEntries(Array.from({ length: this.below(5) }, () => [this.text(), this.value(depth)]));
  }

  text(): string {
    const choice = this.below(4);
    if (choice === 0) return NASTY[this.below(NASTY.length)] ?? '';
    if (choice === 1) return ['name', 'app.kubernetes.io/name', 'spec', 'web-1', 'http'][this.below(5)] ?? '';
    return Array.from({ length: this.below(choice === 2 ? 4 : 12) }, () => LETTERS[this.below(LETTERS.length)] ?? '').join('');
  }
}

describe('the YAML writer', () => {
  test('writes every text that YAML has an opinion on as cdk8s does, wherever it stands', () => {
    for (const text of NASTY)
      for (const document of [
        { a: text },
        { [text]: 'a' },
        { [text]: { b: [] } },
        { a: { [text]: [text] } },
        [text, [text]],
        [{ a: text, b: [{ [text]: text }] }],
        text,
      ])
        expect([text, writeYaml([document])]).toEqual([text, Yaml.stringify(document)]);
  });

  test('writes thousands of random values as cdk8s does', () => {
    const values = new Values();
    for (let run = 0; run < 6000; run++) {
      const document = run % 4 === 0 ? values.value(4) : values.map(3);
      const [ours, stock] = [writeYaml([document]), Yaml.stringify(document)];
      if (ours !== stock) expect({ document, text: ours }).toEqual({ document, text: stock });
    }
    expect(writeYaml([values.map(2), values.map(2)])).toMatch(/\n---\n|^\{\}\n---\n/);
  });

  test('writes random texts as cdk8s does', () => {
    const values = new Values();
    for (let run = 0; run < 200; run++) {
      const document = { items: Array.from({ length: 100 }, () => values.text()) };
      expect(writeYaml([document])).toBe(Yaml.stringify(document));
      const singly = Object.fromEntries(document.items.map((text) => [text, text]));
      for (const [key, value] of Object.entries(singly)) {
        const [ours, stock] = [writeYaml([{ [key]: value }]), Yaml.stringify({ [key]: value })];
        if (ours !== stock) expect({ value, text: ours }).toEqual({ value, text: stock });
      }
    }
  });

  test('writes several documents, and none', () => {
    const documents = [{ a: 1 }, undefined, [], {}, 'text', null, { b: [{}] }];
    expect(writeYaml(documents)).toBe(Yaml.stringify(...documents));
    expect(writeYaml([])).toBe(Yaml.stringify());
  });

  test('writes what stands in a document twice as an alias, as cdk8s does', () => {
    const labels = { app: 'web' };
    const document = { labels, selector: labels };
    expect(writeYaml([document])).toBe(Yaml.stringify(document));
    expect(writeYaml([document])).toContain('*a1');
  });

  test('leaves what is no plain data to cdk8s', () => {
    const document = { at: new Date(0), map: new Map([['a', 1]]), big: 10n, own: { toJSON: () => 'own' } };
    expect(writeYaml([document])).toBe(Yaml.stringify(document));
  });
});
