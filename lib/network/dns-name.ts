/**
 * Which names a toFQDNs or DNS rule means.
 *
 * Source: cilium 1.18 pkg/fqdn/matchpattern, pkg/policy/api/fqdn.go. A `*` stands for any number of characters of one
 * label; alone it stands for every name. The prefix `**.`, any number of labels, exists since 1.20.
 */
import type { Field } from '../manifest/field';

const CHARACTER = '[-a-z0-9_]';

export class NamePattern {
  readonly text: string;
  private readonly expression: RegExp;

  constructor(pattern: string, doubleStar: boolean) {
    this.text = pattern.trim().toLowerCase();
    this.expression = this.text === '*' ? new RegExp(`^(${CHARACTER}+[.])+$|^[.]$`) : expressionOf(rooted(this.text), doubleStar);
  }

  matches(name: string): boolean {
    return this.expression.test(rooted(name.toLowerCase()));
  }
}

/** The patterns of a list of `{matchName}` and `{matchPattern}`. */
export function namePatterns(list: Field, doubleStar: boolean): NamePattern[] {
  return list.items.flatMap((item) => {
    const text = item.at('matchName').text ?? item.at('matchPattern').text;
    return text === undefined || text === '' ? [] : [new NamePattern(text, doubleStar)];
  });
}

function expressionOf(pattern: string, doubleStar: boolean): RegExp {
  const anyDepth = doubleStar && pattern.startsWith('**.');
  const rest = anyDepth ? pattern.slice(3) : pattern;
  const escaped = rest.replaceAll(/[^-a-z0-9_*]/g, (character) => `\\${character}`).replaceAll(/\*+/g, `${CHARACTER}*`);
  return new RegExp(`^${anyDepth ? `(${CHARACTER}+[.])+` : ''}${escaped}$`);
}

function rooted(name: string): string {
  return name.endsWith('.') ? name : `${name}.`;
}
