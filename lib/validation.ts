/**
 * Plugin for the `validations` of cdk8s.yaml: `cdk8s synth` judges what the app wrote.
 *
 * The types are those of cdk8s-cli as far as they are used, so that it need not be installed to compile.
 */
import { readFileSync } from 'node:fs';
import type { Finding } from './check/finding';
import { judge } from './check/judge';
import { Cluster } from './facts/cluster';
import type { ClusterFacts } from './facts/cluster-facts';
import { lessons } from './lessons';
import { isFileLocation } from './manifest/document';
import { readYaml } from './manifest/yaml';
import { Resources } from './resources/resources';

/** The `properties` of the entry in cdk8s.yaml. */
export interface HindsightValidationProps {
  /** What is known of the cluster. @default - nothing: lessons that need facts are skipped */
  readonly cluster?: ClusterFacts;
}

/** What cdk8s-cli passes. */
export interface ValidationContext {
  readonly manifests: readonly string[];
  readonly logger: { log(message: string): void };
  readonly report: {
    addViolation(violation: {
      readonly ruleName: string;
      readonly recommendation: string;
      readonly fix: string;
      readonly violatingResources: readonly {
        readonly resourceName: string;
        readonly locations: readonly string[];
        readonly manifestPath: string;
      }[];
    }): void;
    submit(status: 'success' | 'failure'): void;
  };
}

export class HindsightValidation {
  private readonly cluster: Cluster;

  constructor({ cluster }: HindsightValidationProps = {}) {
    this.cluster = new Cluster(cluster);
  }

  /** Reports every finding; those of severity error fail the synth, warnings are only logged. */
  validate({ manifests, report, logger }: ValidationContext): Promise<void> {
    const documents = manifests.flatMap((file) => readYaml(readFileSync(file, 'utf8'), file).documents);
    const { findings } = judge(new Resources(documents, this.cluster.existing), this.cluster, lessons);
    const errors = findings.filter(({ severity }) => severity === 'error');
    for (const finding of findings.filter(({ severity }) => severity === 'warning')) {
      logger.log(`warning: ${placeOf(finding)}: ${finding.message} [${finding.lesson}]`);
    }
    for (const finding of errors) {
      report.addViolation({
        ruleName: finding.lesson,
        recommendation: finding.message,
        fix: finding.fix?.description ?? lessons.find(({ id }) => id === finding.lesson)?.remedy ?? '',
        violatingResources: [
          { resourceName: finding.resource.name, locations: [finding.path], manifestPath: finding.resource.document.source },
        ],
      });
    }
    report.submit(errors.length === 0 ? 'success' : 'failure');
    return Promise.resolve();
  }
}

function placeOf({ location }: Finding): string {
  return isFileLocation(location) ? `${location.file}:${location.line}` : location.construct;
}
