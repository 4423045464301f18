/** The synth-time guard: every lesson over what is about to be written. */
import type { ApiObject, Chart } from 'cdk8s';
import type { Finding } from '../check/finding';
import { judge } from '../check/judge';
import type { Cluster } from '../facts/cluster';
import { lessons } from '../lessons';
import { isFileLocation, type Document } from '../manifest/document';
import { Resources } from '../resources/resources';
import { deniedFlows } from './flow-proof';
import type { Flow } from './flows';

/** An object with the manifest it renders to. */
export interface Built {
  readonly chart: Chart;
  readonly object: ApiObject;
  readonly content: unknown;
}

/**
 * Judges what was built.
 * @param errors what constructs already refused
 * @param flows the declared connections, which the policies must allow
 * @returns warnings, a text each
 * @throws Error that tells all errors
 */
export function guard(built: readonly Built[], cluster: Cluster, errors: readonly string[], flows: readonly Flow[]): string[] {
  const resources = new Resources(built.map(documentOf), cluster.existing);
  const { findings } = judge(resources, cluster, lessons);
  const denied = deniedFlows(flows, resources, cluster);
  const grave = [...errors, ...namedTwice(built), ...denied, ...findings.filter(({ severity }) => severity === 'error').map(describe)];
  if (grave.length > 0) {
    throw new Error(
      `synth found ${grave.length === 1 ? 'an error' : `${grave.length} errors`}; nothing was written\n\n${grave.map((text) => `- ${text}`).join('\n')}\n`,
    );
  }
  return findings.filter(({ severity }) => severity === 'warning').map((finding) => `warning: ${describe(finding)}`);
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
