/** What the lessons say when one default of a construct is taken back by a patch: that is where the default comes from. */
import { ApiObject, type JsonPatch } from 'cdk8s';
import type { IConstruct } from 'constructs';
import { BLOG_CLUSTER, findingsOf } from './blog';

/** @returns the ids of the lessons that find something once the one object of the kind is patched, and nothing before */
export function undone(root: IConstruct, kind: string, ...patches: readonly JsonPatch[]): string[] {
  const before = new Set(findingsOf(root));
  const [object, ...others] = root.node.findAll().filter((construct) => ApiObject.isApiObject(construct) && construct.kind === kind);
  if (object === undefined || others.length > 0)
    throw new Error(`there are ${object === undefined ? 0 : others.length + 1} objects of kind ${kind}`);
  ApiObject.of(object).addJsonPatch(...patches);
  const found = findingsOf(root, BLOG_CLUSTER).filter((finding) => !before.has(finding));
  return [...new Set(found.map((finding) => finding.split(' ')[1] ?? ''))].sort();
}
