/**
 * A lesson: one recorded incident, told once.
 *
 * The same object is the check (`violations`), the page (`hindsight explain`), the SARIF rule and, through the values
 * that constructs import from its file, the default that avoids it.
 */
import type { Cluster } from '../facts/cluster';
import type { ClusterFacts, FactName } from '../facts/cluster-facts';
import type { Location } from '../manifest/document';
import type { Field } from '../manifest/field';
import type { JsonPointer } from '../manifest/json-pointer';
import type { Repository } from '../manifest/repository';
import type { Resource } from '../resources/resource';
import type { Resources } from '../resources/resources';

export type Severity = 'error' | 'warning' | 'info';

export type Section =
  'Rollouts and workloads' | 'Database and storage' | 'Network isolation' | 'Mesh' | 'Backup' | 'GitOps' | 'Monitoring' | 'Delivery';

export interface Lesson {
  /** Kebab-case, stable for ever. */
  readonly id: string;
  /** One sentence that states the rule, without a full stop. */
  readonly title: string;
  readonly section: Section;
  /** The gravest severity it reports; a violation may say a lesser one. */
  readonly severity: Severity;
  readonly incident: {
    /** What people saw. */
    readonly symptom: string;
    /** The mechanism. */
    readonly cause: string;
    /** The incident's record, or the documentation page, that it comes from. */
    readonly source: string;
  };
  /** What to change. */
  readonly remedy: string;
  /** Commands that confirm it on a cluster. */
  readonly confirm: readonly string[];
  /** When it does not apply, and what it knowingly does not see. */
  readonly limits: string;
  /** Facts without which some resources cannot be judged; `violations` yields a `Skip` for each of those. */
  readonly needs?: readonly FactName[];
  /** Lessons that tell more of a mistake: what one of them has found, this one does not find again. @default - none */
  readonly yieldsTo?: readonly string[];
  /** Manifests that it must report; the first is documentation, all are tests. */
  readonly bad: readonly Example[];
  /** Manifests that it must accept: the mended example and tempting look-alikes. */
  readonly good: readonly Example[];
  /** What it finds. Pure: reads views, changes nothing. */
  violations(context: Context): Iterable<Violation | Skip>;
}

export interface Example {
  /** Multi-document YAML; a line `# file: path` starts another file. In a bad example, a comment `# <- here` ends each line that a finding must point to. A file `cluster.yaml` repeats `cluster`, to point into the facts. */
  readonly yaml: string;
  readonly cluster?: ClusterFacts;
}

/** What a lesson may look at. */
export interface Context {
  readonly resources: Resources;
  readonly cluster: Cluster;
  readonly repository: Repository;
}

export interface Violation {
  readonly resource: Resource;
  /** The field to point at; where it is absent its nearest existing parent is shown. */
  readonly path: JsonPointer;
  /** What is so, and what follows from it. `Kind namespace/name: ` is put before it. */
  readonly message: string;
  /** @default - the lesson's */
  readonly severity?: Severity;
  readonly related?: readonly Related[];
  /** Where the mistake behind it may be: what a lesson that it yields to finds there, or below, is the same. @default - its own field */
  readonly causes?: readonly Place[];
  /** The mend in words, and as edits where a program can do it. */
  readonly fix?: Fix;
}

/** A field of an object. */
export interface Place {
  readonly resource: Resource;
  readonly path: JsonPointer;
}

export interface Related extends Place {
  readonly message: string;
}

export interface Fix {
  readonly description: string;
  /** Edits of the violation's document, or of the named resource's. @default - a person decides */
  readonly edits?: readonly Edit[];
}

export interface Edit {
  /** The document to change. @default - the violation's */
  readonly resource?: Resource;
  readonly path: JsonPointer;
  /** The new value, plain data; undefined removes the field. A last step of `-` appends to a list. */
  readonly value?: unknown;
}

/** A resource that cannot be judged without a fact. */
export interface Skip {
  readonly resource: Resource;
  readonly needs: readonly FactName[];
}

export function isSkip(result: Violation | Skip): result is Skip {
  return 'needs' in result;
}

/** Where a violation or related place was written. */
export function locationOf({ resource, path }: { readonly resource: Resource; readonly path: JsonPointer }): Location {
  return resource.locate(path);
}

/** A violation at a field of a resource. */
export function violation(
  resource: Resource,
  field: Field,
  message: string,
  more: Omit<Violation, 'resource' | 'path' | 'message'> = {},
): Violation {
  return { resource, path: field.path, message, ...more };
}
