/**
 * Label selectors as Cilium matches them: keys with sources, over identities.
 *
 * Source: cilium 1.18 pkg/policy/api/selector.go, pkg/labels. NotIn and DoesNotExist match identities that lack the key,
 * and every identity is looked at: world, nodes and address ranges too.
 */
import type { Identity } from './identity';
import { both, certain, type Match, not } from './match';

export type Operator = 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';

export interface Requirement {
  /** `any` matches the key in every source. */
  readonly source: string;
  readonly key: string;
  readonly operator: Operator;
  readonly values: readonly string[];
}

/** Stands for the namespace of what names none and whose surroundings tell none: its own peers are there, others may be. */
export const UNKNOWN_NAMESPACE = '\0';

export class Selector {
  private readonly known: (Match | undefined)[] = [];

  constructor(
    readonly requirements: readonly Requirement[],
    /** The same for selectors that mean the same, whatever the order of their terms. */
    readonly text: string,
  ) {}

  /** Without requirements it selects everything. */
  get isWildcard(): boolean {
    return this.requirements.length === 0;
  }

  matches(identity: Identity): Match {
    const known = this.known[identity.id];
    if (known !== undefined) return known;
    let match: Match = 'yes';
    for (const requirement of this.requirements) {
      match = both(match, requirementMatches(requirement, identity));
      if (match === 'no') break;
    }
    this.known[identity.id] = match;
    return match;
  }
}

/** Hands out one selector per meaning, so that a selection is computed once however many policies repeat it. */
export class Selectors {
  private readonly known = new Map<string, Selector>();

  of(requirements: readonly Requirement[]): Selector {
    const text = requirements.map(textOf).sort().join(',');
    const known = this.known.get(text);
    if (known !== undefined) return known;
    const selector = new Selector(requirements, text);
    this.known.set(text, selector);
    return selector;
  }
}

/** Splits a key as written at its first `:`; without a source it means any. */
export function splitKey(key: string): { source: string; key: string } {
  if (key.startsWith('$')) return { source: 'reserved', key: key.slice(1) };
  const colon = key.indexOf(':');
  if (colon < 0) return key.startsWith('reserved.') ? { source: 'reserved', key: key.slice('reserved.'.length) } : { source: 'any', key };
  return { source: colon === 0 ? 'any' : key.slice(0, colon), key: key.slice(colon + 1) };
}

function requirementMatches({ source, key, operator, values }: Requirement, identity: Identity): Match {
  const label = identity.label(source, key);
  if (label === undefined) {
    if (identity.mayCarry(source, key)) return 'maybe';
    return certain(operator === 'NotIn' || operator === 'DoesNotExist');
  }
  switch (operator) {
    case 'Exists':
      return 'yes';
    case 'DoesNotExist':
      return 'no';
    case 'In':
      return valueMatches(values, label.value);
    case 'NotIn':
      return not(valueMatches(values, label.value));
  }
}

function valueMatches(values: readonly string[], value: string | undefined): Match {
  if (value === undefined) return 'maybe';
  if (values.includes(value)) return 'yes';
  return value === UNKNOWN_NAMESPACE && values.length > 0 ? 'maybe' : 'no';
}

function textOf({ source, key, operator, values }: Requirement): string {
  return `${source}:${key} ${operator} ${[...values].sort().join('|')}`;
}
