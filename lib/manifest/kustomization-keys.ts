/** The keys of a kustomization file, however somebody wrote them: kustomize does not look at their case. */
import type { Document } from './document';
import { Field } from './field';
import type { JsonPointer } from './json-pointer';

const KNOWN_KEYS: ReadonlyMap<string, string> = new Map(
  [
    'resources', 'bases', 'components', 'namespace', 'namePrefix', 'nameSuffix', 'labels', 'commonLabels', 'commonAnnotations', 'images', 'imageTags',
    'replicas', 'patches', 'patchesStrategicMerge', 'patchesJson6902', 'replacements', 'vars', 'configMapGenerator', 'secretGenerator', 'generatorOptions',
    'configurations', 'crds', 'openapi', 'generators', 'transformers', 'validators', 'helmCharts', 'helmGlobals', 'helmChartInflationGenerator',
  ].map((key) => [key.toLowerCase(), key]),
); // prettier-ignore

/** The same document under the keys as they are documented; its fields are still found where they are written. */
export function withKnownKeys(document: Document): Document {
  const { entries } = new Field(document.content);
  const known = (key: string): string => KNOWN_KEYS.get(key.toLowerCase()) ?? key;
  if (entries.every(([key]) => known(key) === key)) return document;
  const written = new Map(entries.map(([key]) => [known(key), key]));
  const asWritten = (pointer: JsonPointer): JsonPointer => pointer.replace(/^\/([^/]*)/, (_, key: string) => `/${written.get(key) ?? key}`);
  return {
    ...document,
    content: Object.fromEntries(entries.map(([key, { value }]) => [known(key), value])),
    locate: (pointer) => document.locate(asWritten(pointer)),
    origin: (pointer) => document.origin?.(asWritten(pointer)),
  };
}
