/** Something about an object that the API server would refuse, or drop without a word. */
import type { JsonPointer } from './json-pointer';

export interface SchemaProblem {
  readonly kind: 'type' | 'unknown-field' | 'value' | 'required' | 'alternatives' | 'name' | 'unknown-kind';
  /** The field; of a missing one, where it belongs. */
  readonly path: JsonPointer;
  /** Begins with the field's name: `replicas is the text "3", where a whole number belongs`. */
  readonly message: string;
  readonly mend?: Mend;
  /** The Kubernetes release from which on it is a problem. @default - it always was */
  readonly since?: string;
}

export interface Mend {
  readonly description: string;
  /** New values; undefined removes the field. @default - a person decides */
  readonly edits?: readonly { readonly path: JsonPointer; readonly value?: unknown }[];
}
