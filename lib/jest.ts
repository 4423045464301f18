/**
 * Matchers for Jest: `import 'cdk8s-hindsight/jest'` in a test or a setup file.
 *
 * What is judged is whatever renders to manifests: YAML, parsed objects (what `Testing.synth` returns), a chart, an app.
 */
import type { Finding } from './check/finding';
import { judge } from './check/judge';
import { Cluster } from './facts/cluster';
import { lessons } from './lessons';
import { type Document, isFileLocation } from './manifest/document';
import { readYaml } from './manifest/yaml';
import { Resources } from './resources/resources';

export interface JudgeOptions {
  /** What is known of the cluster. @default - nothing: lessons that need facts are skipped */
  readonly cluster?: Cluster;
}

export interface FindingQuery extends JudgeOptions {
  /** The name of the object that has it. @default - any */
  readonly name?: string;
}

declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace -- the matchers of @types/jest are declared in this one
  namespace jest {
    // eslint-disable-next-line @typescript-eslint/no-unused-vars, @typescript-eslint/no-empty-object-type -- a merged declaration needs the same parameters
    interface Matchers<R, T = {}> {
      /** No lesson finds an error or a warning. */
      toHaveNoFindings(options?: JudgeOptions): R;
      /** The lesson finds something. */
      toHaveFinding(lesson: string, query?: FindingQuery): R;
    }
  }
}

expect.extend({
  toHaveNoFindings(received: unknown, options: JudgeOptions = {}) {
    const findings = findingsOf(received, options).filter(({ severity }) => severity !== 'info');
    return {
      pass: findings.length === 0,
      message: () => (findings.length === 0 ? 'expected findings, there are none' : `expected no findings\n\n${listed(findings)}`),
    };
  },
  toHaveFinding(received: unknown, lesson: string, { name, ...options }: FindingQuery = {}) {
    if (!lessons.some(({ id }) => id === lesson)) throw new Error(`no lesson is called "${lesson}"`);
    const findings = findingsOf(received, options);
    const found = findings.filter((finding) => finding.lesson === lesson && (name === undefined || finding.resource.name === name));
    const what = `a finding of ${lesson}${name === undefined ? '' : ` in ${name}`}`;
    return {
      pass: found.length > 0,
      message: () => (found.length > 0 ? `expected not ${what}\n\n${listed(found)}` : `expected ${what}\n\n${listed(findings)}`),
    };
  },
});

function findingsOf(received: unknown, { cluster = new Cluster() }: JudgeOptions): readonly Finding[] {
  return judge(new Resources(documentsOf(received), cluster.existing), cluster, lessons).findings;
}

function documentsOf(received: unknown): readonly Document[] {
  if (typeof received === 'string') return readYaml(received, 'manifests.yaml').documents;
  if (Array.isArray(received)) return received.map(documentOf);
  if (renders(received)) return received.toJson().map(documentOf);
  if (holdsCharts(received)) return received.charts.flatMap(documentsOf);
  return [documentOf(received, 0)];
}

function documentOf(content: unknown, index: number): Document {
  return { content, source: `manifest ${index + 1}`, locate: () => ({ construct: `manifest ${index + 1}` }) };
}

function renders(value: unknown): value is { toJson(): readonly unknown[] } {
  return typeof value === 'object' && value !== null && 'toJson' in value && typeof value.toJson === 'function';
}

function holdsCharts(value: unknown): value is { readonly charts: readonly unknown[] } {
  return typeof value === 'object' && value !== null && 'charts' in value && Array.isArray(value.charts);
}

function listed(findings: readonly Finding[]): string {
  if (findings.length === 0) return 'there are no findings';
  return findings.map((finding) => `${placeOf(finding)}: ${finding.severity}: ${finding.message} [${finding.lesson}]`).join('\n');
}

function placeOf({ location }: Finding): string {
  return isFileLocation(location) ? `${location.file}:${location.line}` : location.construct;
}
