/** What a lesson tells of a YAML text, short enough to compare; and the same text's content after its edits. */
import { judge } from '../../lib/check/judge';
import { Cluster } from '../../lib/facts/cluster';
import type { ClusterFacts } from '../../lib/facts/cluster-facts';
import type { Edit, Lesson } from '../../lib/lessons/lesson';
import type { Document } from '../../lib/manifest/document';
import { type Step, stepsOf } from '../../lib/manifest/json-pointer';
import { readYaml } from '../../lib/manifest/yaml';
import { Resources } from '../../lib/resources/resources';
import type { Finding, Report } from '../../lib/check/finding';

export function reportOf(lesson: Lesson, yaml: string | readonly Document[], facts: ClusterFacts = {}): Report {
  const documents = typeof yaml === 'string' ? readYaml(yaml, 'example.yaml').documents : yaml;
  const cluster = new Cluster(facts);
  return judge(new Resources(documents, cluster.existing), cluster, [lesson]);
}

/** `severity path: message` of each finding. */
export function told(lesson: Lesson, yaml: string | readonly Document[], facts: ClusterFacts = {}): string[] {
  return reportOf(lesson, yaml, facts).findings.map(({ severity, path, message }) => `${severity} ${path}: ${message}`);
}

/** The documents after the edits of all findings. */
export function mended(yaml: string, findings: readonly Finding[]): Document[] {
  return readYaml(yaml, 'example.yaml').documents.map((document) => {
    const own = findings.filter(({ resource }) => isSame(resource.document.content, document.content));
    const content = own.flatMap(({ fix }) => fix?.edits ?? []).reduce(edited, document.content);
    return { ...document, content };
  });
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function edited(content: unknown, { path, value }: Edit): unknown {
  return set(structuredClone(content), stepsOf(path), value);
}

function set(node: unknown, [step, ...rest]: readonly Step[], value: unknown): unknown {
  if (step === undefined) return value;
  if (Array.isArray(node)) {
    const list: unknown[] = node;
    if (step === '-') return [...list, value];
    return list.map((item, index) => (String(index) === step ? set(item, rest, value) : item));
  }
  const map = new Map(Object.entries(node ?? {}));
  const below = set(map.get(String(step)), rest, value);
  if (below === undefined) map.delete(String(step));
  else map.set(String(step), below);
  return Object.fromEntries(map);
}
