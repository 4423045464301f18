/** The synth-time guard: every lesson over what is about to be written. */
import type { ApiObject, Chart } from 'cdk8s';
import type { IConstruct } from 'constructs';
import { partedByAcceptance, unneededAcceptances } from '../check/accepted-in-code';
import type { Finding } from '../check/finding';
import { judge } from '../check/judge';
import type { Cluster } from '../facts/cluster';
import { lessons } from '../lessons';
import { type Applied, isFileLocation, type Document } from '../manifest/document';
import { Field } from '../manifest/field';
import { Resource } from '../resources/resource';
import { Resources } from '../resources/resources';
import { withReasons } from './accepted-lessons';
import { deniedFlows } from './flow-proof';
import type { Flow } from './flows';
import { GitOpsApplication } from './gitops-application';
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
  const applied = appliedBy(built);
  const objects = new Map(built.map((each) => [documentOf(each, applied), each.object]));
  const resources = new Resources(objects.keys(), cluster.existing);
  const { findings: found, skipped } = judge(resources, cluster, lessons);
  const { left: findings, accepted } = partedByAcceptance(found, objects);
  const denied = deniedFlows(flows, resources, cluster);
  const grave = [
    ...errors,
    ...namedTwice(resources, objects),
    ...denied,
    ...findings.filter(({ severity }) => severity === 'error').map(describe),
  ];
  if (grave.length > 0) {
    throw new Error(
      `synth found ${grave.length === 1 ? 'an error' : `${grave.length} errors`}; nothing was written\n\n${grave.map((text) => `- ${text}`).join('\n')}\n`,
    );
  }
  const doubtful = [
    ...undeclaredFlows(built, resources, cluster),
    ...findings.filter(({ severity }) => severity === 'warning').map(describe),
  ];
  const unneeded = unneededAcceptances(constructs, accepted, skipped).map(
    ({ path, lesson }) =>
      `${path === '' ? 'the app' : path}: accepts ${lesson}, which finds nothing there; mend: remove the acceptance [unused-suppression]`,
  );
  return { warnings: [...doubtful, ...unneeded].map((text) => `warning: ${text}`), built: withReasons(built, accepted) };
}

export function documentOf({ object, content }: Built, applied?: Applied): Document {
  const construct = object.node.path;
  return { content, source: construct, locate: () => ({ construct }), applied };
}

/** A GitOpsApplication is over all manifests of its app; of several, whose is whose is unknown. */
function appliedBy(built: readonly Built[]): Applied | undefined {
  const [application, ...others] = built.filter(({ object }) => object.node.scope instanceof GitOpsApplication);
  if (application === undefined || others.length > 0) return undefined;
  const { name, namespace } = new Resource(documentOf(application));
  const automated = new Field(application.content).at('spec', 'syncPolicy', 'automated');
  const by = { name, selfHeal: automated.at('selfHeal').boolean === true, prune: automated.at('prune').boolean === true };
  return { application: namespace === null ? by : { ...by, namespace } };
}

/** Objects of one kind, namespace and name, as they are written: the second would silently replace the first. */
function namedTwice({ all, others }: Resources, objects: ReadonlyMap<Document, ApiObject>): string[] {
  const first = new Map<string, ApiObject>();
  return [...all, ...others].flatMap(({ document, group, kind, namespace, name }) => {
    const object = objects.get(document);
    if (object === undefined) return [];
    const key = `${group}/${kind}/${namespace ?? ''}/${name}`;
    const other = first.get(key);
    if (other === undefined) first.set(key, object);
    if (other === undefined) return [];
    return [`${object.node.path}: name is "${name}": ${other.node.path} already declares that ${kind}; give one of them another name`];
  });
}

function describe({ lesson, location, path, message, fix }: Finding): string {
  const place = isFileLocation(location) ? `${location.file}:${location.line}` : location.construct;
  const mend = fix === undefined ? '' : `; mend: ${fix.description}`;
  return `${place}: ${message}${mend} [${lesson} ${path}]`;
}
