/** The patches of a kustomization: where they stand, which objects they change. */
import { posix } from 'node:path';
import type { Document } from './document';
import type { Field } from './field';
import { jsonPatch } from './json-patch';
import type { JsonPointer } from './json-pointer';
import type { Kustomization } from './kustomization';
import type { KustomizationFiles } from './kustomization-files';
import { Kustomized, sameId } from './kustomized';
import { shapeOf } from './merge-lists';
import { selectTargets } from './patch-target';
import { PatchError, strategicMerge } from './strategic-merge';
import { Traced } from './traced';

/** Takes what kustomize would refuse, and where it is written. */
export type Report = (document: Document, pointer: JsonPointer, message: string) => void;

/** A patch: operations, or an object in part. */
interface Patch {
  readonly document: Document;
  readonly isOperations: boolean;
}

/**
 * @param when `patchesJson6902` come after names and labels, all others before
 * @returns the objects that are left
 */
export function applyPatches(
  objects: readonly Kustomized[],
  kustomization: Kustomization,
  files: KustomizationFiles,
  when: 'before' | 'after',
  report: Report,
): Kustomized[] {
  const { root, document } = kustomization;
  let left = [...objects];
  const apply = (field: Field, patch: Patch, target: Field | undefined): void => {
    try {
      left = patch.isOperations ? operate(left, patch.document, target, document, report) : mergeInto(left, patch.document, target, field);
    } catch (error) {
      if (!(error instanceof PatchError)) throw error;
      const { document: at, pointer } = error.at.source;
      report(at, pointer, error.message);
    }
  };
  if (when === 'after') {
    for (const field of root.at('patchesJson6902').items)
      for (const patch of read(field, kustomization, files, report)) apply(field, patch, field.at('target'));
    return left;
  }
  for (const field of root.at('patchesStrategicMerge').items)
    for (const patch of readText(field, kustomization, files, report)) apply(field, patch, undefined);
  for (const field of root.at('patches').items)
    for (const patch of read(field, kustomization, files, report))
      apply(field, patch, field.at('target').isMap ? field.at('target') : undefined);
  return left;
}

/** An entry with `path` or `patch`. */
function read(field: Field, kustomization: Kustomization, files: KustomizationFiles, report: Report): Patch[] {
  const path = field.at('path');
  return path.string === undefined ? inside(field.at('patch'), kustomization, files, report) : inFile(path, kustomization, files, report);
}

/** An entry that is a path, or the patch itself. */
function readText(field: Field, kustomization: Kustomization, files: KustomizationFiles, report: Report): Patch[] {
  const isInline = field.string?.includes('\n') === true || field.string?.includes('{') === true;
  return isInline ? inside(field, kustomization, files, report) : inFile(field, kustomization, files, report);
}

function inFile(field: Field, { folder, document }: Kustomization, files: KustomizationFiles, report: Report): Patch[] {
  const path = posix.join(folder, field.string ?? '');
  if (!files.has(path)) {
    report(document, field.path, `the patch ${field.string ?? ''} does not exist; the rest is rendered without it`);
    return [];
  }
  const asOperations = files.read(path, 'kubectl').documents;
  if (asOperations.some(({ content }) => Array.isArray(content)))
    return asOperations.map((patch) => ({ document: patch, isOperations: true }));
  const reading = files.read(path, 'kustomize');
  return [...reading.documents, ...reading.unjudged].map((patch) => ({ document: patch, isOperations: false }));
}

function inside(field: Field, { document }: Kustomization, files: KustomizationFiles, report: Report): Patch[] {
  const text = field.string ?? '';
  const operations = files.readInside(text, document, field.path, 'kubectl');
  for (const { message } of operations.problems) report(document, field.path, `the patch ${message}`);
  if (operations.documents.some(({ content }) => Array.isArray(content)))
    return operations.documents.map((patch) => ({ document: patch, isOperations: true }));
  const reading = files.readInside(text, document, field.path, 'kustomize');
  return [...reading.documents, ...reading.unjudged].map((patch) => ({ document: patch, isOperations: false }));
}

function operate(
  objects: readonly Kustomized[],
  patch: Document,
  target: Field | undefined,
  kustomization: Document,
  report: Report,
): Kustomized[] {
  if (target === undefined || !target.isMap) {
    report(patch, '', 'a JSON patch needs a target');
    return [...objects];
  }
  const operations = Traced.of(patch.content, patch);
  const targets = selectTargets(objects, target);
  if (targets.length === 0) report(kustomization, target.path, 'the patch has a target that no object here matches');
  for (const object of targets) {
    object.rememberId();
    jsonPatch(object.root, operations);
  }
  return [...objects];
}

function mergeInto(objects: readonly Kustomized[], patch: Document, target: Field | undefined, entry: Field): Kustomized[] {
  const original = new Kustomized(Traced.of(patch.content, patch));
  const { id } = original;
  const targets =
    target === undefined ? objects.filter(({ ids }) => ids.some((known) => sameId(known, id))) : selectTargets(objects, target);
  if (target === undefined && targets.length !== 1)
    throw new PatchError(`no object here is the ${id.kind} ${id.name} that the patch changes`, original.root);
  const allows = (option: string): boolean => entry.at('options', option).boolean === true;
  const deleted = new Set<Kustomized>();
  for (const object of targets) {
    const copy = original.root.copy();
    // Which version a targeted patch says does not matter, nor does its kind.
    if (target !== undefined) copy.map?.delete('apiVersion');
    if (target !== undefined && !allows('allowKindChange')) copy.map?.delete('kind');
    if (allows('allowNameChange') || allows('allowKindChange')) object.rememberId();
    if (!mergeOne(object, copy, allows('allowNameChange'), allows('allowKindChange'))) deleted.add(object);
  }
  return objects.filter((object) => !deleted.has(object));
}

/** @returns whether the object is still there */
function mergeOne(object: Kustomized, patch: Traced, mayRename: boolean, mayChangeKind: boolean): boolean {
  const { root } = object;
  const none: readonly string[] = [];
  const keep = [
    ...(mayChangeKind ? [] : [{ in: none, key: 'kind' }]),
    ...(mayRename ? [] : [{ in: ['metadata'], key: 'name' }]),
    { in: ['metadata'], key: 'namespace' },
  ].map((field) => ({ ...field, value: root.at(...field.in, field.key) }));
  const result = strategicMerge(root, patch, shapeOf(object.apiVersion, object.kind));
  if (result === undefined) return false;
  root.become(result);
  for (const { in: path, key, value } of keep) {
    const parent = root.at(...path);
    if (value === undefined) parent?.map?.delete(key);
    else parent?.set(key, value);
  }
  return true;
}
