/** What the policies say to a flow, and which rule says so. */
import type { JsonPointer } from '../manifest/json-pointer';
import type { Resource } from '../resources/resource';
import type { L7Rule } from './policy-rule';

export type Verdict = 'allow' | 'deny' | 'unknown';

/** What a rule, or the absence of one, does to a flow. */
export type Effect =
  /** A rule allows it. */
  | 'allow'
  /** A rule allows the connection, and restricts what may be said in it. */
  | 'allow-l7'
  /** A deny rule covers it. */
  | 'deny'
  /** This rule makes the direction default-deny, and no rule allows the flow. */
  | 'default-deny'
  /** No policy restricts this direction of the endpoint. */
  | 'no-policy'
  /** This end has no policy of its own: outside addresses, nodes, unmanaged pods. */
  | 'not-enforced'
  /** A node always reaches its own pods. */
  | 'local-host'
  /** A pod always reaches itself. */
  | 'itself'
  /** The Service sends to no pod. */
  | 'no-backends'
  /** The Service does not offer the port, or its pods do not. */
  | 'no-such-port'
  /** Something that decides is not known offline. */
  | 'unknown';

export interface Because {
  readonly policy: Resource | null;
  readonly rule: JsonPointer | null;
  readonly effect: Effect;
  readonly words: string;
}

export interface SideVerdict {
  readonly verdict: Verdict;
  readonly because: readonly Because[];
  /** What an allowed connection may carry, where every rule that allows it restricts that. @default - everything */
  readonly l7?: readonly L7Rule[];
}

/** Whether a side denies only for want of a rule, so that no deny rule stands against one that is added. */
export function lacksRule({ verdict, because }: SideVerdict): boolean {
  return verdict === 'deny' && because.every(({ effect }) => effect === 'default-deny');
}

/** Both sides must allow. */
export function together(a: Verdict, b: Verdict): Verdict {
  if (a === 'deny' || b === 'deny') return 'deny';
  return a === 'allow' && b === 'allow' ? 'allow' : 'unknown';
}

/** One of several must be met, and nobody knows which. */
export function alternatives(verdicts: readonly Verdict[]): Verdict {
  const [first] = verdicts;
  return first !== undefined && verdicts.every((verdict) => verdict === first) ? first : 'unknown';
}

/** The sides of alternatives as one; where they differ, it says so by the names of the alternatives. */
export function mergeSides(sides: readonly SideVerdict[], names: readonly string[]): SideVerdict {
  const [first] = sides;
  if (first !== undefined && sides.length === 1) return first;
  const because: Because[] = [...differing(sides, names)];
  const seen = new Set<string>();
  for (const reason of sides.flatMap((side) => side.because)) {
    const key = `${reason.policy?.toString() ?? ''} ${reason.rule ?? ''} ${reason.effect} ${reason.words}`;
    if (!seen.has(key)) because.push(reason);
    seen.add(key);
  }
  const l7 = sides.every((side) => side.l7 !== undefined) ? [...new Set(sides.flatMap((side) => side.l7 ?? []))] : undefined;
  return { verdict: alternatives(sides.map(({ verdict }) => verdict)), because, l7 };
}

function differing(sides: readonly SideVerdict[], names: readonly string[]): Because[] {
  const byVerdict = new Map<Verdict, Set<string>>();
  for (const [index, { verdict }] of sides.entries()) byVerdict.set(verdict, (byVerdict.get(verdict) ?? new Set()).add(names[index] ?? ''));
  if (byVerdict.size < 2) return [];
  const words = [...byVerdict].map(([verdict, those]) => `${verdict} for ${[...those].join(' and ')}`).join(', ');
  return [{ policy: null, rule: null, effect: 'unknown', words: `it depends on which end is met: ${words}` }];
}
