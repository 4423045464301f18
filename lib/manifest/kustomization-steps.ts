/** What a kustomization does with its objects, one step after the other. */
import { posix } from 'node:path';
import type { Document } from './document';
import { Field } from './field';
import { GeneratorError } from './generated-objects';
import type { Gathered, Kustomization } from './kustomization';
import type { KustomizationFiles } from './kustomization-files';
import { applyPatches, type Report } from './kustomization-patches';
import type { Kustomized } from './kustomized';
import { replace, ReplacementError } from './replacements';
import type { Source } from './traced';
import { affixNames, setEntries, setImage, setNamespace, setReplicas, specOf } from './transformers';

/** Everything that a kustomization says about the objects it has, in kustomize's order. */
export function applyTransformers(kustomization: Kustomization, gathered: Gathered, files: KustomizationFiles, report: Report): void {
  const { root, document } = kustomization;
  const { transformers } = gathered;
  const at = (field: Field): Source => ({ document, pointer: field.path });
  gathered.objects = applyPatches(gathered.objects, kustomization, files, 'before', report);
  const { objects } = gathered;
  const namespace = root.at('namespace');
  if ((namespace.string ?? '') !== '')
    setNamespace(objects, { value: namespace.string ?? '', source: at(namespace) }, transformers.namespace);
  const [prefix, suffix] = [root.at('namePrefix').text ?? '', root.at('nameSuffix').text ?? ''];
  if (prefix !== '') affixNames(objects, prefix, 'prefix', transformers.namePrefix);
  if (suffix !== '') affixNames(objects, suffix, 'suffix', transformers.nameSuffix);
  for (const label of root.at('labels').items) {
    const own = [...label.at('fields').items.map(specOf), ...transformers.labels];
    const templates = label.at('includeTemplates').boolean === true ? transformers.templateLabels : [];
    const specs =
      label.at('includeSelectors').boolean === true ? transformers.commonLabels : [...templates, { path: 'metadata/labels', create: true }];
    setEntries(objects, label.at('pairs'), at, [...own, ...specs]);
  }
  setEntries(objects, root.at('commonLabels'), at, transformers.commonLabels);
  setEntries(objects, root.at('commonAnnotations'), at, transformers.commonAnnotations);
  applyPatches(objects, kustomization, files, 'after', report);
  for (const replicas of root.at('replicas').items) {
    const count = replicas.at('count');
    const name = replicas.at('name').text ?? '';
    if (!setReplicas(objects, name, { value: count.number ?? 0, source: at(count) }, transformers.replicas))
      report(document, replicas.path, `replicas names ${name}, which no workload here has`);
  }
  for (const image of [...root.at('images').items, ...root.at('imageTags').items]) setImage(objects, image, at, transformers.images);
  for (const field of root.at('replacements').items) replaceAll(field, kustomization, objects, files, report);
}

function replaceAll(
  field: Field,
  { folder, document }: Kustomization,
  objects: readonly Kustomized[],
  files: KustomizationFiles,
  report: Report,
): void {
  const path = field.at('path').string;
  if (path === undefined) return reporting(report, document, () => replace(objects, field));
  for (const read of files.read(posix.join(folder, path), 'kubectl').documents) {
    const root = new Field(read.content);
    for (const replacement of root.isList ? root.items : [root]) reporting(report, read, () => replace(objects, replacement));
  }
}

/** Reports what kustomize would refuse, and goes on. */
export function reporting(report: Report, document: Document, action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof GeneratorError || error instanceof ReplacementError)) throw error;
    report(document, error.pointer, error.message);
  }
}
