/**
 * Matchers for Jest: `import 'cdk8s-hindsight/jest'` in a test or a setup file.
 *
 * What is judged is whatever renders to manifests: a chart, an app, any other construct, what `Testing.synth` returns, YAML, a path.
 * What proves nothing (a name that does not exist, a verdict that cannot be known) fails the test, also behind `not`.
 */
import { type Finding, type Report } from './check/finding';
import type { Severity } from './lessons/lesson';
import { askedOf, type FlowQuery } from './matchers/asked-flow';
import { comparedWith } from './matchers/expected-in-file';
import { type Judged, judged, type JudgeOptions, knownLesson } from './matchers/judged';
import type { ClusterOption } from './matchers/received';
import { differenceText, flowText } from './network/flow-text';
import { pretty } from './report/pretty';
import { reaches } from './report/tally';

export type { ConnectedWorkload, FlowQuery } from './matchers/asked-flow';
export type { JudgeOptions } from './matchers/judged';
export type { ClusterOption } from './matchers/received';

export interface NoFindingsOptions extends JudgeOptions {
  /** The least severity that counts. @default warning */
  readonly failOn?: Severity;
}

export interface FindingQuery extends JudgeOptions {
  /** The name of the object that has it. @default - any */
  readonly name?: string;
  /** @default - any */
  readonly namespace?: string;
  /** @default - any */
  readonly kind?: string;
  /** The field that it points to, as a JSON pointer. @default - any */
  readonly path?: string;
}

interface HindsightMatchers<R> {
  /** No lesson finds an error or a warning. */
  toHaveNoFindings(options?: NoFindingsOptions): R;
  /** The lesson finds something. */
  toHaveFinding(lesson: string, query?: FindingQuery): R;
  /** The policies let the flow out of its source and into its destination. What they allow at layer 4 and restrict at layer 7 is allowed. */
  toAllow(flow: FlowQuery): R;
  /** A policy drops the flow, on one side or both. */
  toDeny(flow: FlowQuery): R;
  /** Every flow of the file, as `hindsight reach --expect` takes it, has its verdict. A relative path is seen from the working folder. */
  toMatchFlows(file: string, options?: ClusterOption): R;
}

declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace -- the matchers of @types/jest are declared in this one
  namespace jest {
    // eslint-disable-next-line @typescript-eslint/no-unused-vars, @typescript-eslint/no-empty-object-type -- a merged declaration needs the same parameters
    interface Matchers<R, T = {}> extends HindsightMatchers<R> {}
  }
}

// For those who import `expect`. Declarations that add to a module which is not installed are passed over.
declare module 'expect' {
  // eslint-disable-next-line @typescript-eslint/no-unused-vars, @typescript-eslint/no-empty-object-type -- a merged declaration needs the same parameters
  interface Matchers<R extends void | Promise<void>, T = unknown> extends HindsightMatchers<R> {}
}

interface Result {
  readonly pass: boolean;
  readonly message: () => string;
}

/** For `expect.extend` of those who have no global `expect`. */
export const matchers = {
  toHaveNoFindings(received: unknown, { failOn = 'warning', ...options }: NoFindingsOptions = {}): Result {
    const { report, sources } = judged(received, options);
    const findings = report.findings.filter(({ severity }) => reaches(severity, failOn));
    const message = (): string =>
      findings.length === 0 ? 'expected findings, there are none' : `expected no findings\n\n${told({ report, sources }, findings)}`;
    return { pass: findings.length === 0, message };
  },

  toHaveFinding(received: unknown, lesson: string, query: FindingQuery = {}): Result {
    knownLesson(lesson);
    const { report, sources } = judged(received, query);
    const found = report.findings.filter((finding) => finding.lesson === lesson && fits(finding, query));
    const what = `a finding of ${lesson}${described(query)}`;
    const message = (): string =>
      found.length > 0
        ? `expected not ${what}\n\n${told({ report, sources }, found)}`
        : `expected ${what}${suppressedAs(report, lesson)}\n\n${told({ report, sources }, report.findings)}`;
    return { pass: found.length > 0, message };
  },

  toAllow: (received: unknown, flow: FlowQuery): Result => verdictIs('allow', received, flow),

  toDeny: (received: unknown, flow: FlowQuery): Result => verdictIs('deny', received, flow),

  toMatchFlows(received: unknown, file: string, options: ClusterOption = {}): Result {
    const { flows, differences, network } = comparedWith(file, received, options);
    const told = differences.map((one) => differenceText(one, file, network)).join('\n');
    // Unknown is no difference and no agreement.
    if (differences.length > 0 && differences.every(({ flow }) => flow.verdict === 'unknown'))
      throw new Error(`whether these flows are possible cannot be known from the manifests\n\n${told}`);
    const message = (): string =>
      differences.length === 0 ? `expected a difference from ${file}: all ${flows.length} flows are as it says` : `expected the flows of ${file}\n\n${told}`; // prettier-ignore
    return { pass: differences.length === 0, message };
  },
};

if (typeof expect !== 'undefined') expect.extend(matchers);

function verdictIs(expected: 'allow' | 'deny', received: unknown, query: FlowQuery): Result {
  const { flow, network } = askedOf(received, query);
  if (flow.verdict === 'unknown')
    throw new Error(`whether the flow is possible cannot be known from the manifests\n\n${flowText(flow, network)}`);
  const pass = flow.verdict === expected;
  const wanted = `${pass ? 'not ' : ''}to be ${expected === 'allow' ? 'allowed' : 'denied'}`;
  return { pass, message: () => `expected the flow ${wanted}\n\n${flowText(flow, network)}` };
}

function fits({ resource, path }: Finding, query: FindingQuery): boolean {
  const { name = resource.name, namespace = resource.namespace, kind = resource.kind } = query;
  return resource.name === name && resource.namespace === namespace && resource.kind === kind && (query.path ?? path) === path;
}

function described({ kind, namespace, name, path }: FindingQuery): string {
  const who = [kind, namespace === undefined ? name : `${namespace}/${name ?? '*'}`].filter((part) => part !== undefined).join(' ');
  return `${who === '' ? '' : ` in ${who}`}${path === undefined ? '' : ` at ${path}`}`;
}

function suppressedAs({ suppressed }: Report, lesson: string): string {
  const reasons = suppressed.filter((finding) => finding.lesson === lesson).map(({ reason }) => reason);
  return reasons.length === 0 ? '' : `, which is suppressed: ${reasons.join('; ')}`;
}

/** The findings as the command line shows them. */
function told({ report, sources }: Judged, findings: readonly Finding[]): string {
  return pretty({ ...report, findings }, { sources });
}
