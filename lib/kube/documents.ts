/** A construct tree as documents: what a lesson reads of YAML, read of constructs. */
import { ApiObject } from 'cdk8s';
import type { IConstruct } from 'constructs';
import type { Document } from '../manifest/document';

/**
 * Every object below a construct, once, in the order of the tree, as it would be written; patches are applied.
 * @param except a construct whose objects are left out
 */
export function documentsOf(root: IConstruct, except?: IConstruct): Document[] {
  return root.node
    .findAll()
    .filter((construct) => ApiObject.isApiObject(construct))
    .filter((object) => except === undefined || object.node.scope !== except)
    .map(documentOf);
}

/** An object is found at the construct that made it: that is whose props are to be changed. */
function documentOf(object: ApiObject): Document {
  const construct = object.node.scope?.node.path ?? object.node.path;
  const content: unknown = object.toJson();
  return { content, source: construct, locate: () => ({ construct }) };
}
