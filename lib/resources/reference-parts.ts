/** What of an object can be asked for: the keys of a ConfigMap, the ports of a Service, and the like. */
import type { Provision } from './providers';
import type { ReferencePart } from './reference';
import type { Resource } from './resource';
import { declaredKeys } from './secret-makers';
import { Service } from './service';

/** The parts of that kind which an object has. @returns undefined where they are not known */
export function partsOf(provision: Provision, kind: ReferencePart['kind']): ReadonlySet<string> | undefined {
  switch (provision.kind) {
    case 'missing':
      return undefined;
    case 'made':
      return kind === 'key' ? provision.keys : undefined;
    case 'declared': {
      const parts = provision.resources.map((resource) => declaredParts(resource, kind));
      return parts.includes(undefined) ? undefined : new Set(parts.flatMap((names) => [...(names ?? [])]));
    }
  }
}

function declaredParts(resource: Resource, kind: ReferencePart['kind']): ReadonlySet<string> | undefined {
  switch (kind) {
    case 'key':
      return declaredKeys(resource);
    case 'port':
      return filled(new Service(resource).ports.flatMap(({ name, number }) => [String(number), ...(name === undefined ? [] : [name])]));
    case 'subset':
      return resource.kind === 'DestinationRule' ? names(resource, ['subsets']) : undefined;
    case 'route':
      return names(resource, ['http', 'tcp', 'tls']);
    case 'listener':
      return filled([...names(resource, ['listeners'])]);
  }
}

function names(resource: Resource, lists: readonly string[]): ReadonlySet<string> {
  return new Set(lists.flatMap((list) => resource.at('spec', list).items.flatMap((item) => item.at('name').text ?? [])));
}

/** An object told in the facts may leave its parts out: then they are not known. */
function filled(parts: readonly string[]): ReadonlySet<string> | undefined {
  return parts.length > 0 ? new Set(parts) : undefined;
}
