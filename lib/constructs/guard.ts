/** The synth-time guard: every lesson over what is about to be written. */
import type { ApiObject, Chart } from 'cdk8s';
import type { IConstruct } from 'constructs';
import type { Finding } from '../check/finding';
import { judge } from '../check/judge';
import type { Cluster } from '../facts/cluster';
import { lessons } from '../lessons';
import { isFileLocation, type Document } from '../manifest/document';
import { Resources } from '../resources/resources';
import { Acceptances } from './accepted-lessons';
import { deniedFlows } from './flow-proof';
import type { Flow } from './flows';
import { undeclaredFlows } from './undeclared-flows';

/** An object with the manifest it renders to. */
export interface Built {
  readonly chart: Chart;
  readonly object: ApiObject;
  readonly content: unknown;
}

/** What the guard let through. */
export interface Judged {
  /** A text each. */
  readonly warnings: readonly string[];
  /** The objects as they are to be written: with what was accepted of them. */
  readonly built: readonly Built[];
}

/**
 * Judges what was built.
 * @param constructs the whole tree, whose acceptances count
 * @param errors what constructs already refused
 * @param flows the declared connections, which the policies must allow
 * @throws Error that tells all errors
 */
export function guard(
  built: readonly Built[],
  constructs: readonly IConstruct[],
  cluster: Cluster,
  errors: readonly string[],
  flows: readonly Flow[],
): Judged {
  const resources = new Resources(built.map(documentOf), cluster.existing);
  const { findings: found, skipped } = judge(resources, cluster, lessons);
  const acceptances = new Acceptances(constructs);
  const findings = found.filter((finding) => !acceptances.cover(finding));
  const denied = deniedFlows(flows, resources, cluster);
  const grave = [...errors, ...namedTwice(built), ...denied, ...findings.filter(({ severity }) => severity === 'error').map(describe)];
  if (grave.length > 0) {
    throw new Error(
      `synth found ${grave.length === 1 ? 'an error' : `${grave.length} errors`}; nothing was written\n\n${grave.map((text) => `- ${text}`).join('\n')}\n`,
    );
  }
  const doubtful = [...undeclaredFlows(built, resources, cluster), ...findings.filter(({ severity }) => severity === 'warning').map(describe)];
  const warnings = doubtful.map((text) => `warning: ${text}`);
  const blind = new Set(skipped.map(({ lesson }) => lesson));
  return { warnings: [...warnings, ...acceptances.unused(blind)], built: acceptances.written(built) };
}

function documentOf({ object, content }: Built): Document {
  const construct = object.node.path;
  return { content, source: construct, locate: () => ({ construct }) };
}

/** Objects of one kind, namespace and name: the second would silently replace the first. */
function namedTwice(built: readonly Built[]): string[] {
  const first = new Map<string, ApiObject>();
  return built.flatMap(({ object }) => {
    const key = `${object.apiGroup}/${object.kind}/${object.metadata.namespace ?? ''}/${object.name}`;
    const other = first.get(key);
    if (other === undefined) first.set(key, object);
    if (other === undefined) return [];
    return [
      `${object.node.path}: name is "${object.name}": ${other.node.path} already declares that ${object.kind}; give one of them another name`,
    ];
  });
}

function describe({ lesson, location, path, message, fix }: Finding): string {
  const place = isFileLocation(location) ? `${location.file}:${location.line}` : location.construct;
  const mend = fix === undefined ? '' : `; mend: ${fix.description}`;
  return `${place}: ${message}${mend} [${lesson} ${path}]`;
}
