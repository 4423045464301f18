/**
 * Objects by kind and name, where a namespace may be unknown.
 *
 * A manifest without a namespace lands wherever it is applied. A name is therefore taken as found when the two
 * namespaces are the same or either of them is not known: silence is better than a false alarm.
 */
import { append } from '../manifest/append';
import type { Resource } from './resource';
import type { Resources } from './resources';

/** Whether two namespaces may be one: they are, or one of them is not known. */
export function mayBeSame(a: string | null, b: string | null): boolean {
  return a === b || a === null || b === null;
}

export class NamedObjects {
  private readonly byKind = new Map<string, ReadonlyMap<string, readonly Resource[]>>();

  constructor(private readonly resources: Resources) {}

  /** The objects of that kind and name in any namespace. */
  named(group: string, kind: string, name: string): readonly Resource[] {
    return this.kindByName(group, kind).get(name) ?? [];
  }

  /** The objects of that kind and name that may be in this namespace, certain ones first. */
  find(group: string, kind: string, namespace: string | null, name: string): readonly Resource[] {
    const named = this.named(group, kind, name);
    const certain = named.filter((resource) => resource.namespace === namespace);
    return certain.length > 0 ? certain : named.filter((resource) => mayBeSame(resource.namespace, namespace));
  }

  private kindByName(group: string, kind: string): ReadonlyMap<string, readonly Resource[]> {
    const key = `${group}/${kind}`;
    const known = this.byKind.get(key);
    if (known !== undefined) return known;
    const byName = new Map<string, Resource[]>();
    for (const resource of this.resources.ofKind(group, kind)) append(byName, resource.name, resource);
    this.byKind.set(key, byName);
    return byName;
  }
}
