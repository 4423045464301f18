/**
 * What must not be shown of a file: values of Secrets, and credentials wherever they stand.
 *
 * The insight: what is shown is decided by the file, not by the findings. A finding about a label shows its line even where a password
 * stands behind it on the same line, and the lesson that would have found the password may be switched off.
 */
import type { Finding, Report } from '../check/finding';
import { Cluster } from '../facts/cluster';
import { isSkip } from '../lessons/lesson';
import { secretInManifest } from '../lessons/secret-in-manifest';
import { append } from '../manifest/append';
import { type Document, type FileLocation, isFileLocation } from '../manifest/document';
import type { Field } from '../manifest/field';
import { NO_REPOSITORY } from '../manifest/repository';
import { readYaml } from '../manifest/yaml';
import { isCredentialName, isNoCredential } from '../resources/credentials';
import { Resource } from '../resources/resource';
import { Resources } from '../resources/resources';
import { secretFields } from '../resources/secret-fields';

export interface Secrets {
  readonly regions: readonly FileLocation[];
  /** The values themselves, because they may stand elsewhere in the file as well: behind an anchor, in a comment. */
  readonly values: readonly string[];
}

/** Shorter values are words of every file. */
const SHORTEST = 6;

/** The regions of one file that hold secrets, whatever was found in it. */
export function secretsOf(text: string, file: string): Secrets {
  const { documents, unjudged } = readYaml(text, file);
  const all = [...documents, ...unjudged];
  const resources = all.map((document) => new Resource(document));
  const fields = resources.flatMap((resource) => secretFields(resource).map((field) => ({ resource, field })));
  const regions = fields.flatMap(({ resource, field }) => located(resource, field.path));
  const values = fields.flatMap(({ field }) => telling(field));
  return { regions: [...regions, ...credentials(documents)], values: [...new Set(values)].sort((a, b) => b.length - a.length) };
}

/** By file, the regions that findings point to, where it is a secret that they speak of: in files that are no YAML, and in what a kustomization makes. */
export function secretsIn({ findings, suppressed }: Report): ReadonlyMap<string, readonly FileLocation[]> {
  const byFile = new Map<string, FileLocation[]>();
  for (const finding of [...findings, ...suppressed]) {
    const { lesson, location } = finding;
    if (isFileLocation(location) && (lesson === secretInManifest.id || isInSecret(finding))) append(byFile, location.file, location);
  }
  return byFile;
}

function isInSecret({ resource, path }: Finding): boolean {
  return resource.kind === 'Secret' && /^\/(?:data|stringData)\//.test(path);
}

/** What secret-in-manifest points to, whether it was asked or not. */
function credentials(documents: readonly Document[]): FileLocation[] {
  const context = { resources: new Resources(documents), cluster: new Cluster(), repository: NO_REPOSITORY };
  return [...secretInManifest.violations(context)].flatMap((result) => (isSkip(result) ? [] : located(result.resource, result.path)));
}

function located(resource: Resource, path: string): FileLocation[] {
  const location = resource.locate(path);
  return isFileLocation(location) ? [location] : [];
}

/** The values of a field that are worth looking for elsewhere: lines of it, long enough to be nothing else. */
function telling(field: Field): string[] {
  const key = field.path.slice(field.path.lastIndexOf('/') + 1);
  const lines = (field.text ?? '').split(/\r?\n/).map((line) => line.trim());
  const isShort = (line: string): boolean => line.length < SHORTEST || (!isCredentialName(key) && line.length < 2 * SHORTEST);
  return lines.filter((line) => !isShort(line) && !isNoCredential(line));
}
