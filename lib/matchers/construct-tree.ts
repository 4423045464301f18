/**
 * A construct tree as documents, read without loading cdk8s: whoever has a tree has loaded it, and perhaps another copy of it.
 */
import type { AcceptingConstruct } from '../check/accepted-in-code';
import type { Document } from '../manifest/document';

/** As much of a construct as is needed. */
export interface ConstructLike extends AcceptingConstruct {
  readonly node: AcceptingConstruct['node'] & {
    readonly root: unknown;
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
 * Every object of the tree as it would be written, by its document; but for the reasons of what is accepted.
 * @throws Error with what the constructs themselves find wrong
 */
export function objectsOf(root: ConstructLike): [Document, ConstructLike][] {
  const constructs = root.node.findAll();
  const errors = constructs.flatMap(({ node }) => node.validate().map((error) => `  ${node.path}: ${error}`));
  if (errors.length > 0) throw new Error(`the constructs are wrong, and synth would fail:\n${errors.join('\n')}`);
  return constructs.filter(isApiObject).map((object) => {
    const construct = object.node.path;
    return [{ content: object.toJson(), source: construct, locate: () => ({ construct }) }, object];
  });
}

interface ApiObjectLike extends ConstructLike {
  toJson(): unknown;
}

/** Charts render too, but have no kind. */
function isApiObject(construct: ConstructLike): construct is ApiObjectLike {
  return 'toJson' in construct && typeof construct.toJson === 'function' && 'apiVersion' in construct && 'kind' in construct;
}
