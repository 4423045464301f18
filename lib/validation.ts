/**
 * Plugin for the `validations` of cdk8s.yaml: `cdk8s synth` judges what the app wrote, as `hindsight check` would.
 *
 * The types are those of cdk8s-cli as far as they are used, so that it need not be installed to compile.
 */
import { checkFiles, knownLessons } from './check/check-files';
import type { Finding } from './check/finding';
import { readFiles } from './cli/files';
import { readSetup, type Setup, told } from './cli/setup';
import { Cluster } from './facts/cluster';
import type { ClusterFacts } from './facts/cluster-facts';
import { isFileLocation } from './manifest/document';
import { textOf } from './manifest/text';
import { readYaml } from './manifest/yaml';
import { placeText } from './report/place';
import { tallyOf } from './report/tally';
import { Resource } from './resources/resource';

/** The `properties` of the entry in cdk8s.yaml. Paths are relative to the folder that cdk8s runs in. */
export interface HindsightValidationProps {
  /** The file with what is known of the cluster, or the facts themselves. @default - what the configuration names, else nothing: lessons that need facts are skipped */
  readonly cluster?: string | ClusterFacts;
  /** The file with severities by lesson and path. @default - hindsight.config.yaml, where there is one */
  readonly config?: string;
}

interface Violation {
  readonly ruleName: string;
  readonly recommendation: string;
  readonly fix: string;
  readonly violatingResources: readonly {
    readonly resourceName: string;
    readonly locations: readonly string[];
    readonly manifestPath: string;
  }[];
}

/** What cdk8s-cli passes. */
export interface ValidationContext {
  readonly manifests: readonly string[];
  /** The paths of constructs, by the names of their objects. */
  readonly metadata?: Readonly<Record<string, { readonly path: string }>>;
  readonly logger: { log(message: string): void };
  readonly report: {
    addViolation(violation: Violation): void;
    submit(status: 'success' | 'failure', metadata?: Readonly<Record<string, string>>): void;
  };
}

export class HindsightValidation {
  constructor(private readonly props: HindsightValidationProps = {}) {}

  /**
   * Reports every error and warning; errors fail the synth.
   * @throws Error with everything that is wrong with the facts or the configuration
   */
  validate({ manifests, metadata = {}, report, logger }: ValidationContext): Promise<void> {
    const setup = setupOf(this.props);
    const read = readFiles(manifests, process.cwd());
    if (read.wrong.length > 0) throw new Error(read.wrong.join('\n'));
    const judged = checkFiles(read.files, { ...setup, ...read });
    for (const problem of judged.problems) logger.log(told([problem]));
    const nameOf = resourceNames(read.files, metadata);
    for (const finding of judged.findings) {
      if (finding.severity === 'info') logger.log(`info: ${placeText(finding.location)}: ${finding.message} [${finding.lesson}]`);
      else report.addViolation(violationOf(finding, nameOf(finding.resource)));
    }
    const { errors, warnings, suppressed, documents } = tallyOf(judged);
    const summary = { Errors: String(errors), Warnings: String(warnings), Suppressed: String(suppressed), Objects: String(documents) };
    report.submit(errors === 0 ? 'success' : 'failure', summary);
    return Promise.resolve();
  }
}

function setupOf({ cluster, config }: HindsightValidationProps): Setup {
  const isFile = typeof cluster === 'string';
  const setup = readSetup({ config, cluster: isFile ? cluster : undefined }, process.cwd());
  if ('wrong' in setup) throw new Error(setup.wrong);
  return isFile || cluster === undefined ? setup : { settings: setup.settings, cluster: new Cluster(cluster) };
}

/**
 * What cdk8s-cli finds construct paths by: the name alone. Where several objects share one it knows the path of the last, and would
 * show it for all of them; those are called by everything they are called, which has no path unless the app has recorded one.
 */
function resourceNames(
  files: ReadonlyMap<string, string | Uint8Array>,
  metadata: NonNullable<ValidationContext['metadata']>,
): (resource: Resource) => string {
  let known: ReadonlyMap<string, number> | undefined;
  return (resource) => {
    // Read again only where there is something to say.
    const times = (known ??= timesOf(files));
    const whole = resource.toString();
    return metadata[whole] === undefined && times.get(resource.name) === 1 ? resource.name : whole;
  };
}

/** How many objects have each name. */
function timesOf(files: ReadonlyMap<string, string | Uint8Array>): ReadonlyMap<string, number> {
  const times = new Map<string, number>();
  for (const [file, data] of files) {
    const text = textOf(data, file);
    if (typeof text !== 'string') continue;
    for (const document of readYaml(text, file).documents) {
      const { name } = new Resource(document);
      times.set(name, (times.get(name) ?? 0) + 1);
    }
  }
  return times;
}

function violationOf(finding: Finding, resourceName: string): Violation {
  const { lesson, severity, message, fix, path, location, resource } = finding;
  const place = isFileLocation(location) ? ` (line ${location.line})` : '';
  return {
    ruleName: lesson,
    recommendation: severity === 'error' ? message : `${severity}: ${message}`,
    fix: fix?.description ?? knownLessons.find(({ id }) => id === lesson)?.remedy ?? '',
    violatingResources: [
      {
        resourceName,
        locations: [`${path === '' ? '/' : path}${place}`],
        manifestPath: isFileLocation(location) ? location.file : resource.document.source,
      },
    ],
  };
}
