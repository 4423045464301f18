/**
 * What constructs accept in code, taken out of a report: at synth and by the matchers alike.
 *
 * An acceptance is metadata of a construct, and covers the findings of everything below it; the nearest gives the reason. Constructs
 * are known by their shape, because those who judge a tree do not load cdk8s.
 */
import type { Document } from '../manifest/document';
import { Field } from '../manifest/field';
import type { Finding, SkippedLesson, SuppressedFinding } from './finding';

/** The type of the metadata. */
export const ACCEPTED_METADATA = 'cdk8s-hindsight:accept';

export interface AcceptedLesson {
  readonly lesson: string;
  readonly reason: string;
}

/** As much of a construct as is needed. */
export interface AcceptingConstruct {
  readonly node: {
    readonly path: string;
    /** From the root to the construct itself. */
    readonly scopes: readonly AcceptingConstruct[];
    readonly metadata: readonly { readonly type: string; readonly data: unknown }[];
  };
}

export interface AcceptedFinding extends SuppressedFinding {
  /** Path of the construct that accepts it. */
  readonly acceptedAt: string;
}

/** The findings parted into those that count and those that their construct, or what holds it, accepts. */
export function partedByAcceptance(
  findings: readonly Finding[],
  constructs: ReadonlyMap<Document, AcceptingConstruct>,
): { readonly left: readonly Finding[]; readonly accepted: readonly AcceptedFinding[] } {
  const left: Finding[] = [];
  const accepted: AcceptedFinding[] = [];
  for (const finding of findings) {
    const scopes = constructs.get(finding.resource.document)?.node.scopes ?? [];
    const nearest = scopes.toReversed().flatMap(acceptancesAt).find(({ lesson }) => lesson === finding.lesson); // prettier-ignore
    if (nearest === undefined) left.push(finding);
    else accepted.push({ ...finding, reason: nearest.reason, acceptedAt: nearest.path });
  }
  return { left, accepted };
}

/** What constructs accept though nothing needs it. Lessons that lacked facts might find something with them. */
export function unneededAcceptances(
  constructs: readonly AcceptingConstruct[],
  accepted: readonly AcceptedFinding[],
  skipped: readonly SkippedLesson[],
): readonly { readonly path: string; readonly lesson: string }[] {
  const needed = new Set(accepted.map(({ lesson, acceptedAt }) => `${lesson} ${acceptedAt}`));
  const blind = new Set(skipped.map(({ lesson }) => lesson));
  return constructs.flatMap(acceptancesAt).filter(({ lesson, path }) => !needed.has(`${lesson} ${path}`) && !blind.has(lesson));
}

/** What is accepted at a construct itself. */
function acceptancesAt({ node }: AcceptingConstruct): (AcceptedLesson & { readonly path: string })[] {
  return node.metadata
    .filter(({ type }) => type === ACCEPTED_METADATA)
    .map(({ data }) => new Field(data))
    .map((data) => ({ path: node.path, lesson: data.at('lesson').string ?? '', reason: data.at('reason').string ?? '' }));
}
