/** Whatever a test hands to a matcher: text, a path, objects, constructs; and the cluster that they are for. */
import { type FilesRead, readFiles } from '../cli/files';
import { readSetup } from '../cli/setup';
import { Cluster } from '../facts/cluster';
import type { ClusterFacts } from '../facts/cluster-facts';
import type { Document } from '../manifest/document';
import { type ConstructLike, isConstruct, objectsOf } from './construct-tree';

export interface ClusterOption {
  /** What is known of the cluster: a cluster, its facts, or the path of a file with them. @default - the cluster of the app, else nothing: lessons that need facts are skipped */
  readonly cluster?: Cluster | ClusterFacts | string;
}

export type Received =
  | { readonly kind: 'text'; readonly files: ReadonlyMap<string, string>; readonly cluster: Cluster }
  | { readonly kind: 'path'; readonly path: string; readonly read: FilesRead; readonly cluster: Cluster }
  | {
      readonly kind: 'documents';
      readonly documents: readonly Document[];
      /** Those that the documents were rendered from. */
      readonly constructs: ReadonlyMap<Document, ConstructLike>;
      readonly cluster: Cluster;
    };

/** How a text is named that comes from no file. */
const TEXT = 'manifests.yaml';

/** @throws Error for what renders to no manifests */
export function receivedAs(received: unknown, cluster: ClusterOption['cluster']): Received {
  if (typeof received !== 'string')
    return { kind: 'documents', ...objectsIn(received), cluster: clusterOf(cluster ?? appCluster(received)) };
  if (isText(received)) return { kind: 'text', files: new Map([[TEXT, received]]), cluster: clusterOf(cluster) };
  const read = readFiles([received], process.cwd());
  if (read.wrong.length > 0) throw new Error(`${read.wrong.join('; ')}; expected manifests, or the path of some`);
  return { kind: 'path', path: received, read, cluster: clusterOf(cluster) };
}

/** Manifests have several lines, or are JSON; paths are neither. */
function isText(received: string): boolean {
  return received.includes('\n') || received.trimStart().startsWith('{') || /^\S+:(?:\s|$)/.test(received);
}

function objectsIn(received: unknown): Pick<Extract<Received, { readonly kind: 'documents' }>, 'documents' | 'constructs'> {
  const constructs = new Map<Document, ConstructLike>();
  const documents = (Array.isArray(received) ? received : [received]).flatMap((item: unknown, index): readonly Document[] => {
    if (!isConstruct(item)) return [plain(item, index)];
    const objects = objectsOf(item);
    for (const [document, object] of objects) constructs.set(document, object);
    return objects.map(([document]) => document);
  });
  return { documents, constructs };
}

function plain(content: unknown, index: number): Document {
  if (typeof content !== 'object' || content === null || content instanceof Promise)
    throw new Error(`expected constructs, manifests, YAML or a path, got ${content instanceof Promise ? 'a promise' : String(content)}`);
  const construct = `manifest ${index + 1}`;
  return { content, source: construct, locate: () => ({ construct }) };
}

function clusterOf(cluster: ClusterOption['cluster']): Cluster {
  if (cluster === undefined) return new Cluster();
  if (typeof cluster === 'string') {
    const setup = readSetup({ cluster }, process.cwd());
    if ('wrong' in setup) throw new Error(setup.wrong);
    return setup.cluster;
  }
  return isCluster(cluster) ? cluster : new Cluster(cluster);
}

/** By what it can do: a class of another copy of this package is not this one. */
function isCluster(cluster: object): cluster is Cluster {
  return 'facts' in cluster && 'existing' in cluster && 'knows' in cluster;
}

/** What the app was given, when it was given it. */
function appCluster(received: unknown): Cluster | undefined {
  const [first] = Array.isArray(received) ? received.filter(isConstruct) : [received].filter(isConstruct);
  const root: unknown = first?.node.root;
  if (typeof root !== 'object' || root === null || !('cluster' in root)) return undefined;
  const { cluster } = root;
  return typeof cluster === 'object' && cluster !== null && isCluster(cluster) ? cluster : undefined;
}
