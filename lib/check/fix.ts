/**
 * Fixes of findings, as changes of the files.
 *
 * A fix is done whole or not at all, and only where the text afterwards reads as what was wanted and nothing else. Fixes that touch the
 * same place wait for the next round, which judges what the first one has left.
 */
import { fingerprintOf } from './baseline';
import type { FileContents, Finding, Report } from './finding';
import { LATER, Plan, textOfData } from './fix-plan';

export interface DeclinedFix {
  readonly finding: Finding;
  /** Why a person has to do it. */
  readonly reason: string;
}

export interface Fixed {
  readonly files: FileContents;
  /** The texts of the files that changed, before and after. */
  readonly changed: ReadonlyMap<string, { readonly before: string; readonly after: string }>;
  readonly fixed: readonly Finding[];
  readonly declined: readonly DeclinedFix[];
  /** What is found afterwards. */
  readonly report: Report;
}

/** Fixes may uncover further findings; more rounds than that are a circle. */
const MOST_ROUNDS = 10;

/** @param judge judges all files again, to prove that what was fixed is gone @param asked the files that may be changed */
export function fixAll(files: FileContents, report: Report, judge: (files: FileContents) => Report, asked: ReadonlySet<string>): Fixed {
  const fixed: Finding[] = [];
  const declined = new Map<string, DeclinedFix>();
  let now = { files, report };
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const open = now.report.findings.filter((finding) => finding.fix?.edits !== undefined && !declined.has(fingerprintOf(finding)));
    const result = fixOnce(now, open, judge, asked);
    for (const one of result.declined) declined.set(fingerprintOf(one.finding), one);
    fixed.push(...result.fixed);
    now = result;
    if (result.fixed.length === 0) break;
  }
  const changed = [...now.files].flatMap(([file, data]) => {
    const before = files.get(file);
    return before === undefined || before === data
      ? []
      : [[file, { before: textOfData(before) ?? '', after: textOfData(data) ?? '' }] as const];
  });
  return { ...now, changed: new Map(changed), fixed, declined: [...declined.values()] };
}

interface Round {
  readonly files: FileContents;
  readonly report: Report;
  readonly fixed: readonly Finding[];
  readonly declined: readonly DeclinedFix[];
}

/** Applies as many fixes as fit together; those that do not help are taken back. */
function fixOnce(
  { files, report }: { readonly files: FileContents; readonly report: Report },
  open: readonly Finding[],
  judge: (files: FileContents) => Report,
  asked: ReadonlySet<string>,
): Round {
  const declined: DeclinedFix[] = [];
  let candidates = open;
  for (;;) {
    const plan = new Plan(files, asked);
    const applied = candidates.filter((finding) => {
      const reason = plan.tryFix(finding);
      if (reason !== undefined && reason !== LATER) declined.push({ finding, reason });
      return reason === undefined;
    });
    if (applied.length === 0) return { files, report, fixed: [], declined };
    const after = plan.files();
    const next = judge(after);
    const idle = unchanged(applied, report, next);
    const isWorse = next.problems.length > report.problems.length;
    if (idle.size === 0 && !isWorse) return { files: after, report: next, fixed: applied, declined };
    // Of fixes that break something together, the last one is left out until the rest holds.
    const left = idle.size > 0 ? idle : new Set(applied.slice(-1));
    for (const finding of left)
      declined.push({ finding, reason: isWorse ? 'the file would not be readable any more' : 'the mend would not change what is found' });
    candidates = applied.filter((finding) => !left.has(finding));
  }
}

/** The fixed findings that are still there. In a list, another one may have moved up to where a fixed one was: then there are fewer of them. */
function unchanged(applied: readonly Finding[], before: Report, after: Report): Set<Finding> {
  const [exactly, roughly] = [counter((finding) => fingerprintOf(finding)), counter((finding) => fingerprintOf({ ...finding, path: '' }))];
  return new Set(
    applied.filter((finding) => {
      const others = (findings: readonly Finding[]): number => roughly(finding, findings);
      const areFewer = others(after.findings) <= others(before.findings) - others(applied);
      return !areFewer && exactly(finding, after.findings) >= exactly(finding, before.findings);
    }),
  );
}

/** Counts findings of one key; each list is gone through once. */
function counter(keyOf: (finding: Finding) => string): (finding: Finding, among: readonly Finding[]) => number {
  const counts = new Map<readonly Finding[], Map<string, number>>();
  return (finding, among) => {
    const known = counts.get(among) ?? new Map<string, number>();
    if (!counts.has(among)) {
      counts.set(among, known);
      for (const key of among.map(keyOf)) known.set(key, (known.get(key) ?? 0) + 1);
    }
    return known.get(keyOf(finding)) ?? 0;
  };
}
