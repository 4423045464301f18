/** Which fields a kustomization's transformers touch, by kind: kustomize's built-in configuration, and how a path of it is walked. */
import { Traced } from './traced';
import type { Id } from './kustomized';

export interface FieldSpec {
  readonly path: string;
  readonly group?: string;
  readonly version?: string;
  readonly kind?: string;
  readonly create?: boolean;
}

/** Fields that hold the name of an object of a kind. */
export interface NameReference {
  readonly group?: string;
  readonly version?: string;
  readonly kind: string;
  readonly fieldSpecs: readonly FieldSpec[];
}

/** The configuration of all transformers. `configurations` of a kustomization adds to it. */
export interface Transformers {
  readonly namespace: readonly FieldSpec[];
  readonly commonLabels: readonly FieldSpec[];
  readonly labels: readonly FieldSpec[];
  readonly templateLabels: readonly FieldSpec[];
  readonly commonAnnotations: readonly FieldSpec[];
  readonly images: readonly FieldSpec[];
  readonly replicas: readonly FieldSpec[];
  readonly namePrefix: readonly FieldSpec[];
  readonly nameSuffix: readonly FieldSpec[];
  readonly nameReference: readonly NameReference[];
  readonly varReference: readonly FieldSpec[];
}

/** Whether an object is of the kinds that a specification names. */
export function isSelected(id: Pick<Id, 'group' | 'version' | 'kind'>, by: Pick<FieldSpec, 'group' | 'version' | 'kind'>): boolean {
  return agrees(by.group, id.group) && agrees(by.version, id.version) && agrees(by.kind, id.kind);
}

function agrees(wanted: string | undefined, actual: string): boolean {
  return wanted === undefined || wanted === '' || wanted === actual;
}

/** What is made where a path ends in nothing. */
export type Made = 'map' | 'scalar';

/** Calls `visit` with every value at a path, lists on the way unfolded; with `made`, what the path lacks is created. */
export function visitField(root: Traced, spec: FieldSpec, visit: (field: Traced) => void, made?: Made): void {
  walk(root, splitPath(spec.path, '/'), spec.create === true ? made : undefined, visit);
}

function walk(node: Traced, path: readonly string[], made: Made | undefined, visit: (field: Traced) => void): void {
  const [name, ...rest] = path;
  if (name === undefined) return visit(node);
  if (node.list !== undefined) {
    for (const item of node.list) walk(item, path, made, visit);
    return;
  }
  if (node.map === undefined) return;
  const isList = name.endsWith('[]');
  const key = isList ? name.slice(0, -2) : name;
  const creates = made !== undefined && !isList;
  let field = node.map.get(key);
  if (field === undefined || (field.value === null && creates)) {
    if (!creates) return;
    field = new Traced(rest.length > 0 || made === 'map' ? new Map() : '', node.source);
    node.set(key, field);
  }
  walk(field, rest, made, visit);
}

/** Splits at a delimiter that no backslash escapes. */
export function splitPath(path: string, delimiter: string): string[] {
  const parts = path.split(delimiter);
  if (parts.length > 1 && parts[0] === '') parts.shift();
  const result: string[] = [];
  for (const part of parts) {
    const last = result.at(-1);
    if (last?.endsWith('\\')) result[result.length - 1] = last.slice(0, -1) + delimiter + part;
    else result.push(part);
  }
  return result;
}
