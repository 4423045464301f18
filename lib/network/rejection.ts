/**
 * A policy that never takes effect, and why.
 *
 * Two gates stand before a policy. The API server refuses what the schema forbids, and then the apply fails where
 * people see it. Cilium's own checks come later: the object is stored, its status says `Valid: False`, and nothing of it
 * is enforced, which leaves the pods as open as they were.
 */
import type { Field } from '../manifest/field';
import type { JsonPointer } from '../manifest/json-pointer';

/** Who does not take the policy: the API server (nothing is stored), or Cilium (stored, and not enforced). */
export type Gate = 'api-server' | 'cilium';

export interface Rejection {
  readonly path: JsonPointer;
  /** What is so at the field, in the gate's own terms. */
  readonly message: string;
  readonly by: Gate;
  /** A setting of Cilium that decides, where the manifest alone does not. @default - it is rejected in any case */
  readonly unless?: string;
  /** The value that was meant. @default - a person decides */
  readonly meant?: string;
  /** The peer is a string where a selector belongs. @default false */
  readonly isString?: boolean;
}

export function refusedByApiServer(field: Field, message: string): Rejection {
  return { path: field.path, message, by: 'api-server' };
}

export function notEnforced(field: Field, message: string): Rejection {
  return { path: field.path, message, by: 'cilium' };
}

/** Values of a schema's enumeration, the way messages list them. */
export function oneOf(values: readonly string[]): string {
  return values.length < 2 ? values.join('') : `${values.slice(0, -1).join(', ')} or ${values.at(-1) ?? ''}`;
}
