/** `generators` and `transformers` of a kustomization. Those that kustomize brings along are run here, programs are not. */
import { posix } from 'node:path';
import type { Document } from './document';
import { Field } from './field';
import type { FieldSpec, Transformers } from './field-specs';
import type { Kustomization } from './kustomization';
import type { KustomizationFiles } from './kustomization-files';
import type { Kustomized } from './kustomized';
import type { Source } from './traced';
import { affixNames, setEntries, setImage, setNamespace, setReplicas, specOf } from './transformers';

/** The configuration of a plugin. */
export interface Plugin {
  readonly root: Field;
  readonly document: Document;
  /** Where the kustomization names it. */
  readonly named: Field;
}

export function pluginsOf(
  { root, folder, document }: Kustomization,
  key: 'generators' | 'transformers',
  files: KustomizationFiles,
): Plugin[] {
  return root.at(key).items.flatMap((named) => {
    const text = named.string ?? '';
    const path = posix.join(folder, text);
    const reading = text.includes('\n') ? files.readInside(text, document, named.path, 'kubectl') : files.read(path, 'kubectl');
    const plugins = reading.documents.map((configuration) => ({ root: new Field(configuration.content), document: configuration, named }));
    return plugins.length > 0 ? plugins : [{ root: new Field(undefined), document, named }];
  });
}

/** @returns false for what is no transformer of kustomize's own, or one that is not run here */
export function runBuiltIn(root: Field, document: Document, objects: readonly Kustomized[], transformers: Transformers): boolean {
  const at = (field: Field): Source => ({ document, pointer: field.path });
  const own = root.at('fieldSpecs');
  const specs = (usual: readonly FieldSpec[]): readonly FieldSpec[] => (own.isList ? own.items.map(specOf) : usual);
  switch (root.at('kind').string) {
    case 'NamespaceTransformer': {
      if (root.at('unsetOnly').boolean === true || root.at('setRoleBindingSubjects').isSet) return false;
      const namespace = root.at('metadata', 'namespace');
      setNamespace(objects, { value: namespace.string ?? '', source: at(namespace) }, specs(transformers.namespace));
      return true;
    }
    case 'PrefixTransformer':
      affixNames(objects, root.at('prefix').text ?? '', 'prefix', specs([]));
      return true;
    case 'SuffixTransformer':
      affixNames(objects, root.at('suffix').text ?? '', 'suffix', specs([]));
      return true;
    case 'LabelTransformer':
      setEntries(objects, root.at('labels'), at, specs([]));
      return true;
    case 'AnnotationsTransformer':
      setEntries(objects, root.at('annotations'), at, specs([]));
      return true;
    case 'ImageTagTransformer':
      setImage(objects, root.at('imageTag'), at, specs([]));
      return true;
    case 'ReplicaCountTransformer': {
      const count = root.at('replica', 'count');
      setReplicas(objects, root.at('replica', 'name').text ?? '', { value: count.number ?? 0, source: at(count) }, specs([]));
      return true;
    }
    default:
      return false;
  }
}
