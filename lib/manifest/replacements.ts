/** `replacements` of a kustomization: a value copied from one field to others. */
import type { Field } from './field';
import { isSelected, splitPath } from './field-specs';
import { type Id, type Kustomized } from './kustomized';
import { matchesLabels } from './patch-target';
import { scalarValue } from './scalar';
import { type Scalar, Traced } from './traced';

export class ReplacementError extends Error {
  constructor(
    message: string,
    readonly pointer: string,
  ) {
    super(message);
  }
}

/** @throws ReplacementError where kustomize would refuse */
export function replace(objects: readonly Kustomized[], replacement: Field): void {
  const source = replacement.at('source');
  const value = sourceValue(objects, source);
  for (const target of replacement.at('targets').items) {
    const rejects = target.at('reject').items;
    for (const object of objects) {
      const { ids } = object;
      if (!ids.some((id) => isMeant(id, target.at('select'))) || !selectorsMatch(object, target.at('select'))) continue;
      if (rejects.some((reject) => isRejected(object, ids, reject))) continue;
      const paths = target.at('fieldPaths').strings;
      for (const path of paths.length === 0 ? ['metadata.name'] : paths) copyTo(object, path, value, target);
    }
  }
}

function sourceValue(objects: readonly Kustomized[], source: Field): Traced {
  const matches = objects.filter((object) => object.ids.some((id) => isMeant(id, source)));
  const [object] = matches;
  if (object === undefined || matches.length > 1)
    throw new ReplacementError(`a replacement's source matches ${matches.length} objects instead of one`, source.path);
  const path = source.at('fieldPath').string ?? 'metadata.name';
  const [found] = find(object.root, fieldPath(path), undefined);
  if (found === undefined) throw new ReplacementError(`a replacement's source has no ${path}`, source.path);
  const delimiter = source.at('options', 'delimiter').string ?? '';
  if (delimiter === '' || found.text === undefined) return found;
  const part = found.text.split(delimiter)[source.at('options', 'index').number ?? 0];
  if (part === undefined) throw new ReplacementError(`a replacement's source has fewer parts than its index says`, source.path);
  return new Traced(part, found.source);
}

function copyTo(object: Kustomized, path: string, value: Traced, target: Field): void {
  const creates = target.at('options', 'create').boolean === true;
  const fields = find(object.root, fieldPath(path), creates ? value : undefined);
  if (fields.length === 0) throw new ReplacementError(`a replacement's target has no ${path}`, target.path);
  const delimiter = target.at('options', 'delimiter').string ?? '';
  const index = target.at('options', 'index').number ?? 0;
  for (const field of fields) {
    if (value.text === undefined || field.text === undefined) field.become(value.copy());
    else {
      const text = delimiter === '' ? value.text : spliced(field.text.split(delimiter), value.text, index).join(delimiter);
      field.become(new Traced(typed(text, field.value), value.source));
    }
  }
}

function spliced(parts: readonly string[], value: string, index: number): string[] {
  if (index < 0) return [value, ...parts];
  if (index >= parts.length) return [...parts, value];
  return parts.map((part, position) => (position === index ? value : part));
}

/** The text changes, the type stays: a quoted number does not turn a port into a string. */
function typed(text: string, before: Traced['value']): Scalar {
  if (typeof before === 'string') return text;
  const value = scalarValue(text, 'kustomize');
  return typeof value === 'number' || typeof value === 'boolean' || value === null ? value : text;
}

/** `a.b.[name=x].c`, `a.*.b`, `a.0.b`, with dots escaped by a backslash or inside of brackets. */
function fieldPath(path: string): string[] {
  const result: string[] = [];
  let open: string[] | undefined;
  for (const part of splitPath(path, '.')) {
    if (open !== undefined) open.push(part);
    else if (part.startsWith('[') && !part.endsWith(']')) open = [part];
    else result.push(part);
    if (open !== undefined && part.endsWith(']')) {
      const bracketed = open.join('.');
      result.push(bracketed.includes('=') ? bracketed : bracketed.slice(1, -1));
      open = undefined;
    }
  }
  return result;
}

function find(node: Traced, path: readonly string[], create: Traced | undefined): Traced[] {
  const [step, ...rest] = path;
  if (step === undefined) return [node];
  const { list } = node;
  if (step === '*') return (list ?? []).flatMap((item) => find(item, rest, create));
  const match = /^\[([^=]*)=(.*)\]$/.exec(step);
  if (match !== null) {
    const [, key = '', value = ''] = match;
    const wanted = (item: Traced): boolean => pattern(value).test((key === '' ? item.text : item.textAt(key)) ?? '');
    const found = (list ?? []).filter(wanted);
    if (found.length === 0 && create !== undefined && list !== undefined) {
      const made =
        key === '' ? new Traced(value, create.source) : new Traced(new Map([[key, new Traced(value, create.source)]]), create.source);
      list.push(made);
      found.push(made);
    }
    return found.flatMap((item) => find(item, rest, create));
  }
  if (list !== undefined) {
    const item = list[Number(step)];
    return item === undefined ? [] : find(item, rest, create);
  }
  const field = node.map?.get(step);
  if (field !== undefined) return find(field, rest, create);
  if (create === undefined || node.map === undefined) return [];
  const next = rest[0];
  const made = new Traced(next === undefined ? null : /^\[|^\d+$|^\*$/.test(next) ? [] : new Map(), create.source);
  if (next === undefined && !create.isScalar) made.become(create.copy());
  node.set(step, made);
  return find(made, rest, create);
}

function pattern(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch {
    return /(?!)/;
  }
}

function isMeant(id: Id, selector: Field): boolean {
  const group = selector.at('group').string;
  const name = selector.at('name').string ?? '';
  const namespace = selector.at('namespace').string ?? '';
  const isOfKind = isSelected(id, { group, version: selector.at('version').string, kind: selector.at('kind').string });
  return isOfKind && (name === '' || name === id.name) && (namespace === '' || namespace === id.namespace);
}

function isRejected(object: Kustomized, ids: readonly Id[], reject: Field): boolean {
  const byLabels = reject.at('labelSelector').isSet || reject.at('annotationSelector').isSet;
  if (byLabels && selectorsMatch(object, reject)) return true;
  const byId = ['group', 'version', 'kind', 'name', 'namespace'].some((key) => reject.at(key).isSet);
  return byId && ids.some((id) => isMeant(id, reject));
}

function selectorsMatch(object: Kustomized, selector: Field): boolean {
  return (
    matchesLabels(object.textsAt('metadata', 'labels'), selector.at('labelSelector').string) &&
    matchesLabels(object.textsAt('metadata', 'annotations'), selector.at('annotationSelector').string)
  );
}
