/**
 * One object twice in what a kustomization renders: from two places, or from one place by two ways.
 *
 * Rendered documents say which kustomization they belong to. Of what was not rendered, identities are followed through
 * name prefixes and namespaces instead.
 */
import { type Kustomization, type KustomizationTree, type ListedPath, normalPath } from './kustomization';
import type { Resource } from './resource';
import type { Resources } from './resources';

export interface RepeatedObject {
  readonly resource: Resource;
  /** The one that came before it; the same where one place is reached twice. */
  readonly other: Resource;
  /** The kustomization that renders both, for people. */
  readonly kustomization: string;
  /** The list's entry that reaches one place a second time. @default - they stand in two places */
  readonly route?: { readonly kustomization: Kustomization; readonly listed: ListedPath };
}

export function repeatedObjects(tree: KustomizationTree, resources: Resources): readonly RepeatedObject[] {
  return [...renderedTwice(tree, resources), ...new Walk(tree, resources).repeated()];
}

function* renderedTwice(tree: KustomizationTree, resources: Resources): Iterable<RepeatedObject> {
  const first = new Map<string, Resource>();
  for (const resource of resources.all) {
    const folder = resource.document.applied?.kustomization;
    if (folder === undefined) continue;
    const key = `${folder}\n${identity(resource, resource.namespace, resource.name)}`;
    const other = first.get(key);
    if (other === undefined) {
      first.set(key, resource);
      continue;
    }
    const file = normalPath(resource.document.source);
    const route = isOnePlace(resource, other) ? secondRoute(tree, tree.byFolder.get(normalPath(folder)), file) : undefined;
    yield { resource, other, kustomization: folder, route };
  }
}

function isOnePlace(a: Resource, b: Resource): boolean {
  return a.document.source === b.document.source && JSON.stringify(a.locate('/kind')) === JSON.stringify(b.locate('/kind'));
}

/** A chain of bases longer than that is no chain. */
const DEEPEST = 20;

/** The kustomization whose list reaches a file a second time, and where it does. */
function secondRoute(tree: KustomizationTree, kustomization: Kustomization | undefined, file: string, depth = 0): RepeatedObject['route'] {
  if (kustomization === undefined || depth > DEEPEST) return undefined;
  const routes = kustomization.listed.filter(({ path, role }) => {
    if (role !== 'resource' && role !== 'component') return false;
    const base = tree.byFolder.get(path);
    return base === undefined ? path === file : tree.reachOf(base).files.has(file);
  });
  const [only, second] = routes;
  if (second !== undefined) return { kustomization, listed: second };
  return only === undefined ? undefined : secondRoute(tree, tree.byFolder.get(only.path), file, depth + 1);
}

/** An object on its way through kustomizations, as far as its identity is concerned. */
interface Passing {
  readonly resource: Resource;
  readonly namespace: string | null;
  readonly name: string;
}

/** More objects than that are not followed further: bases that use bases may multiply them. */
const MOST_PASSING = 20_000;

class Walk {
  private readonly byFile = new Map<string, Passing[]>();
  private readonly known = new Map<Kustomization, readonly Passing[]>();
  private readonly found: RepeatedObject[] = [];

  constructor(
    private readonly tree: KustomizationTree,
    resources: Resources,
  ) {
    for (const resource of resources.all) {
      if (resource.document.applied?.kustomization !== undefined) continue;
      const file = normalPath(resource.document.source);
      const passing = { resource, namespace: resource.at('metadata', 'namespace').text ?? null, name: resource.name };
      const list = this.byFile.get(file);
      if (list === undefined) this.byFile.set(file, [passing]);
      else list.push(passing);
    }
  }

  repeated(): readonly RepeatedObject[] {
    for (const kustomization of this.tree.all) this.pass(kustomization);
    return this.found;
  }

  /** What a kustomization renders; what it renders twice is noted on the way. */
  private pass(kustomization: Kustomization): readonly Passing[] {
    const before = this.known.get(kustomization);
    if (before !== undefined) return before;
    this.known.set(kustomization, []);
    const first = new Map<string, Passing>();
    for (const listed of kustomization.listed) {
      if (listed.role !== 'resource' && listed.role !== 'component') continue;
      const base = this.tree.byFolder.get(listed.path);
      for (const object of base === undefined ? (this.byFile.get(listed.path) ?? []) : this.pass(base)) {
        const { resource } = object;
        const moved = through(kustomization, object);
        const key = identity(resource, moved.namespace, moved.name);
        const other = first.get(key);
        if (other === undefined) first.set(key, moved);
        else {
          const route = other.resource === resource ? { kustomization, listed } : undefined;
          this.found.push({ resource, other: other.resource, kustomization: kustomization.folder || '.', route });
        }
      }
    }
    const objects = [...first.values()].slice(0, MOST_PASSING);
    this.known.set(kustomization, objects);
    return objects;
  }
}

function through(kustomization: Kustomization, object: Passing): Passing {
  const namespace = object.resource.isClusterScoped ? null : (kustomization.at('namespace').text ?? object.namespace);
  const prefix = kustomization.at('namePrefix').text ?? '';
  return { ...object, namespace, name: `${prefix}${object.name}${kustomization.at('nameSuffix').text ?? ''}` };
}

function identity({ group, kind }: Resource, namespace: string | null, name: string): string {
  return `${group}/${kind} ${namespace ?? ''}/${name}`;
}
