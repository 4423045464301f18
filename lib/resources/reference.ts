/** A field of one object that names another. */
import type { Field } from '../manifest/field';
import type { Resource } from './resource';

export interface Reference {
  readonly from: Resource;
  /** Where the name is written. */
  readonly field: Field;
  readonly group: string;
  readonly kind: string;
  /** Where the object has to be; null where that is unknown, and for kinds outside of namespaces. */
  readonly namespace: string | null;
  readonly name: string;
  /** What of the object is asked for. @default - the object as a whole */
  readonly part?: ReferencePart;
  /** What happens without it. */
  readonly consequence: string;
  /** `together`: it is part of the same application, and nobody else makes it. `anywhere`: other hands may provide it. */
  readonly origin: 'together' | 'anywhere';
}

/** A key of a Secret, a port of a Service, and the like. */
export interface ReferencePart {
  readonly kind: 'key' | 'port' | 'subset' | 'route' | 'listener';
  readonly name: string;
  readonly field: Field;
}

/** The reference that a field makes; none when the field holds no name. */
export function referenceAt(
  from: Resource,
  field: Field,
  [group, kind]: readonly [group: string, kind: string],
  consequence: string,
  more: Partial<Pick<Reference, 'namespace' | 'name' | 'part' | 'origin'>> = {},
): readonly Reference[] {
  const name = more.name ?? field.text;
  if (name === undefined || name === '') return [];
  return [{ from, field, group, kind, namespace: from.namespace, origin: 'anywhere', consequence, ...more, name }];
}

/** The part that a field asks for; undefined when the field holds nothing. */
export function partAt(kind: ReferencePart['kind'], field: Field): ReferencePart | undefined {
  const name = field.text;
  return name === undefined ? undefined : { kind, name, field };
}
