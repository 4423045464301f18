/**
 * Objects from typed manifests, judged where they are written.
 *
 * The insight: the API server is the last to see a manifest and the first to refuse it. A wrong field is cheaper to mend where the
 * stack trace still shows who wrote it, so everything that is wrong with an object is one error, at once.
 */
import { ApiObject, type ApiObjectProps } from 'cdk8s';
import type { Construct } from 'constructs';
import { schemaProblems } from '../manifest/schema';

/** What every typed binding of `imports` has. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata?: object;
}

/**
 * Adds an object to a chart: `defineObject<Deployment>(this, 'Deployment', { … })`.
 *
 * The type has to be named: inferred from the manifest it would allow anything. Values that are known only at synth, such as those of
 * `Lazy`, are judged at synth.
 */
export function defineObject<T extends KubernetesObject = never>(scope: Construct, id: string, manifest: NoInfer<T>): ApiObject {
  const problems = schemaProblems(known(manifest)).map(
    ({ path, message, mend }) => `  ${path}: ${message}${mend === undefined ? '' : `; ${mend.description}`}`,
  );
  if (problems.length > 0) {
    const path = `${scope.node.path}/${id}`;
    throw new Error(`${path}: the API server would refuse this ${manifest.kind}:\n${problems.join('\n')}`);
  }
  return new ApiObject(scope, id, propsOf(manifest));
}

function propsOf(manifest: KubernetesObject): ApiObjectProps {
  return { apiVersion: manifest.apiVersion, kind: manifest.kind, ...Object.fromEntries(Object.entries(manifest)) };
}

/** Stands for what is not known yet; nothing is said of it. */
const COMPUTED = '${computed at synth}';

/** The manifest as plain data, with whatever cdk8s resolves later left open. */
function known(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(known);
  if (typeof value === 'function') return COMPUTED;
  if (typeof value !== 'object' || value === null) return value;
  if ('resolve' in value && typeof value.resolve === 'function') return COMPUTED;
  if (Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null) return COMPUTED;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, known(field)]));
}
