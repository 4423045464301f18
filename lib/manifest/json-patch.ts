/** JSON patches (RFC 6902) on traced content. */
import { stepsOf } from './json-pointer';
import { PatchError } from './strategic-merge';
import { Traced } from './traced';

/** Applies the operations in order, in place. @throws PatchError where kustomize would refuse */
export function jsonPatch(target: Traced, operations: Traced): void {
  for (const operation of operations.list ?? []) apply(target, operation);
}

function apply(target: Traced, operation: Traced): void {
  const path = operation.textAt('path');
  const op = operation.textAt('op');
  if (path === undefined || op === undefined) throw new PatchError('an operation of a JSON patch has an op and a path', operation);
  const value = operation.at('value')?.copy();
  const from = operation.textAt('from') ?? '';
  switch (op) {
    case 'add':
      return put(target, path, value ?? new Traced(null, operation.source), operation, true);
    case 'replace':
      get(target, path, operation);
      return put(target, path, value ?? new Traced(null, operation.source), operation, false);
    case 'remove':
      return remove(target, path, operation);
    case 'copy':
      return put(target, path, get(target, from, operation).copy(), operation, true);
    case 'move': {
      const moved = get(target, from, operation).copy();
      remove(target, from, operation);
      return put(target, path, moved, operation, true);
    }
    case 'test':
      if (JSON.stringify(find(target, path)?.content ?? null) !== JSON.stringify(value?.content ?? null))
        throw new PatchError(`a JSON patch tests ${path}, which holds something else`, operation);
      return;
    default:
      throw new PatchError(`${op} is no operation of a JSON patch`, operation);
  }
}

function put(target: Traced, path: string, value: Traced, operation: Traced, inserts: boolean): void {
  const steps = stepsOf(path);
  const last = steps.pop();
  if (last === undefined) return target.become(value);
  const parent = get(target, path.slice(0, path.lastIndexOf('/')), operation);
  if (parent.map !== undefined) return parent.set(last, value);
  const list = parent.list;
  const index = list === undefined ? undefined : indexIn(list, last, inserts);
  if (list === undefined || index === undefined) throw missing(path, operation);
  list.splice(index, inserts ? 0 : 1, value);
}

function remove(target: Traced, path: string, operation: Traced): void {
  get(target, path, operation);
  const last = stepsOf(path).at(-1) ?? '';
  const parent = get(target, path.slice(0, path.lastIndexOf('/')), operation);
  parent.map?.delete(last);
  if (parent.list !== undefined) parent.list.splice(indexIn(parent.list, last, false) ?? 0, 1);
}

function get(target: Traced, path: string, operation: Traced): Traced {
  const found = find(target, path);
  if (found === undefined) throw missing(path, operation);
  return found;
}

function find(target: Traced, path: string): Traced | undefined {
  let at: Traced | undefined = target;
  for (const step of stepsOf(path)) {
    const list: Traced[] | undefined = at?.list;
    at = list === undefined ? at?.map?.get(step) : list[indexIn(list, step, false) ?? -1];
  }
  return at;
}

/** `-` is the place after the last element; negative indexes count from the end. */
function indexIn(list: readonly Traced[], step: string, inserts: boolean): number | undefined {
  if (step === '-') return inserts ? list.length : undefined;
  if (!/^-?\d+$/.test(step)) return undefined;
  const number = Number(step);
  const index = number < 0 ? number + list.length : number;
  return index >= 0 && index < list.length + (inserts ? 1 : 0) ? index : undefined;
}

function missing(path: string, operation: Traced): PatchError {
  return new PatchError(`a JSON patch names ${path}, which the resource does not have`, operation);
}
