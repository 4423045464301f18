/** Judges YAML by one lesson, and applies the edits of its fixes to plain data. */
import { judge } from '../../lib/check/judge';
import type { Report } from '../../lib/check/finding';
import { Cluster } from '../../lib/facts/cluster';
import type { ClusterFacts } from '../../lib/facts/cluster-facts';
import type { Lesson } from '../../lib/lessons/lesson';
import type { Document } from '../../lib/manifest/document';
import { stepsOf } from '../../lib/manifest/json-pointer';
import { readYaml } from '../../lib/manifest/yaml';
import { Resources } from '../../lib/resources/resources';

export function documentsOf(yaml: string): readonly Document[] {
  const { documents, problems } = readYaml(yaml, 'example.yaml');
  expect(problems).toEqual([]);
  return documents;
}

export function judged(lesson: Lesson, manifests: string | readonly Document[], facts: ClusterFacts = {}): Report {
  const documents = typeof manifests === 'string' ? documentsOf(manifests) : manifests;
  const cluster = new Cluster(facts);
  return judge(new Resources(documents, cluster.existing), cluster, [lesson]);
}

/** The documents after every edit of the report's findings. */
export function mended(documents: readonly Document[], { findings }: Report): readonly Document[] {
  return documents.map((document) => {
    const edits = findings.flatMap(({ resource, fix }) =>
      (fix?.edits ?? []).filter((edit) => (edit.resource ?? resource).document === document).map(({ path, value }) => ({ path, value })),
    );
    const content = edits.reduce((value, { path, value: replacement }) => changed(value, stepsOf(path), replacement), document.content);
    return { ...document, content };
  });
}

/** A copy of `value` with the field set, or removed where the replacement is undefined; missing parents become maps. */
function changed(value: unknown, [step, ...rest]: readonly string[], replacement: unknown): unknown {
  if (step === undefined) return replacement;
  if (Array.isArray(value)) {
    const at = step === '-' ? value.length : Number(step);
    const item = changed(value[at], rest, replacement);
    return item === undefined && rest.length === 0 ? value.toSpliced(at, 1) : [...value.slice(0, at), item, ...value.slice(at + 1)];
  }
  const map = new Map(Object.entries(typeof value === 'object' && value !== null ? value : {}));
  const item = changed(map.get(step), rest, replacement);
  if (item === undefined && rest.length === 0) map.delete(step);
  else map.set(step, item);
  return Object.fromEntries(map);
}
