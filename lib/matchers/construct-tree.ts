/**
 * A construct tree as documents, read without loading cdk8s: whoever has a tree has loaded it, and perhaps another copy of it.
 *
 * What the tree accepts in code is written into the annotations of its objects, as synth does.
 */
import { ACCEPTED_METADATA } from '../check/accepted-metadata';
import { IGNORE_ANNOTATION } from '../check/judge';
import type { Document } from '../manifest/document';
import { Field } from '../manifest/field';

/** As much of a construct as is needed. */
export interface ConstructLike {
  readonly node: {
    readonly path: string;
    readonly root: unknown;
    readonly scopes: readonly ConstructLike[];
    readonly metadata: readonly { readonly type: string; readonly data: unknown }[];
    findAll(): readonly ConstructLike[];
    validate(): readonly string[];
  };
}

export function isConstruct(value: unknown): value is ConstructLike {
  if (typeof value !== 'object' || value === null || !('node' in value)) return false;
  const { node } = value;
  return typeof node === 'object' && node !== null && 'findAll' in node && typeof node.findAll === 'function';
}

/**
 * Every object of the tree as it would be written.
 * @throws Error with what the constructs themselves find wrong
 */
export function documentsOf(root: ConstructLike): Document[] {
  const constructs = root.node.findAll();
  const errors = constructs.flatMap(({ node }) => node.validate().map((error) => `  ${node.path}: ${error}`));
  if (errors.length > 0) throw new Error(`the constructs are wrong, and synth would fail:\n${errors.join('\n')}`);
  return constructs.filter(isApiObject).map((object) => {
    const construct = object.node.path;
    return { content: accepted(object.toJson(), object), source: construct, locate: () => ({ construct }) };
  });
}

interface ApiObjectLike extends ConstructLike {
  toJson(): unknown;
}

/** Charts render too, but have no kind. */
function isApiObject(construct: ConstructLike): construct is ApiObjectLike {
  return 'toJson' in construct && typeof construct.toJson === 'function' && 'apiVersion' in construct && 'kind' in construct;
}

function accepted(content: unknown, { node }: ConstructLike): unknown {
  const metadata = node.scopes.flatMap((scope) => scope.node.metadata).filter(({ type }) => type === ACCEPTED_METADATA);
  const reasons = metadata.map(({ data }) => new Field(data)).map((data): [string, string] => [`${IGNORE_ANNOTATION}${data.at('lesson').string ?? ''}`, data.at('reason').string ?? '']); // prettier-ignore
  if (reasons.length === 0) return content;
  const root = new Field(content);
  const annotations = { ...Object.fromEntries(reasons), ...root.at('metadata', 'annotations').texts };
  return { ...mapOf(root), metadata: { ...mapOf(root.at('metadata')), annotations } };
}

function mapOf(field: Field): Record<string, unknown> {
  return Object.fromEntries(field.entries.map(([key, { value }]) => [key, value]));
}
