/** Strategic merge patches, as kustomize applies them: maps are merged, lists by their keys where they have some, `$patch` says otherwise. */
import { type Merged, type Shape } from './merge-lists';
import { Traced } from './traced';

const DIRECTIVE = '$patch';

/** A patch that cannot be applied; kustomize would refuse to render anything. */
export class PatchError extends Error {
  constructor(
    message: string,
    readonly at: Traced,
  ) {
    super(message);
  }
}

/** @returns undefined when the patch deletes the target. The target is changed in place, the patch is used up. */
export function strategicMerge(target: Traced, patch: Traced, shape: Shape | undefined): Traced | undefined {
  return merge(target, patch, { below: shape });
}

function merge(target: Traced | undefined, patch: Traced | undefined, merged: Merged | undefined): Traced | undefined {
  const example = isSet(target) ? target : isSet(patch) ? patch : undefined;
  if (example === undefined) return patch ?? target;
  for (const each of [target, patch])
    if (isSet(each) && kindOf(each) !== kindOf(example))
      throw new PatchError(`a patch puts a ${kindOf(each)} where the resource has a ${kindOf(example)}`, each);
  if (example.map !== undefined) return mergeMaps(target, patch, merged?.below);
  if (example.list === undefined) return patch ?? target;
  return merged?.keys === undefined ? (patch ?? target) : mergeLists(target, patch, merged.keys, merged.below);
}

function mergeMaps(target: Traced | undefined, patch: Traced | undefined, shape: Shape | undefined): Traced | undefined {
  const directive = isSet(patch) ? takeDirective(patch) : undefined;
  if (directive === 'delete' || (isSet(target) && patch?.value === null)) return undefined;
  const result = !isSet(target) || directive === 'replace' ? patch : target;
  const replaces = result === patch;
  for (const key of new Set([...(result?.map?.keys() ?? []), ...(patch?.map?.keys() ?? [])])) {
    const below = patch?.map?.get(key);
    const value = merge(replaces ? below : result?.map?.get(key), below, shape?.[key]);
    // A null in a patch removes; one that the resource had stays.
    if (value === undefined || (value.value === null && below !== undefined)) result?.map?.delete(key);
    else result?.set(key, value);
  }
  return result;
}

function mergeLists(
  target: Traced | undefined,
  patch: Traced | undefined,
  keys: readonly string[],
  shape: Shape | undefined,
): Traced | undefined {
  if (isSet(target) && patch?.value === null) return undefined;
  const directive = isSet(patch) ? takeListDirective(patch) : undefined;
  if (directive === 'delete') return undefined;
  const added = patch?.list ?? [];
  const present = directive === 'replace' ? [] : (target?.list ?? []);
  const matches = keys.length === 0 ? sameScalar : (a: Traced, b: Traced) => sameElement(a, b, keys);
  const used = new Map<Traced, Traced | undefined>();
  const first: Traced[] = [];
  for (const element of added) {
    const counterparts = present.filter((candidate) => matches(candidate, element));
    const [counterpart] = counterparts;
    const result = element.map === undefined ? element : mergeElement(counterpart, element, shape);
    for (const each of counterparts) used.set(each, result);
    // Of lists with one key the patch's elements come first; with several, those that are new.
    if (result !== undefined && !first.includes(result) && (counterpart === undefined || keys.length <= 1)) first.push(result);
  }
  const rest = present.flatMap((element) => {
    const result = used.has(element) ? used.get(element) : element;
    return result === undefined || first.includes(result) ? [] : result;
  });
  const source = (isSet(target) ? target : patch)?.source;
  return source === undefined ? undefined : new Traced([...first, ...new Set(rest)], source);
}

/** Kustomize leaves an element as it is that a patch says to replace, which is seldom what the patch's author meant. */
function mergeElement(target: Traced | undefined, patch: Traced, shape: Shape | undefined): Traced | undefined {
  if (target === undefined) return mergeMaps(undefined, patch, shape);
  return patch.textAt(DIRECTIVE) === 'replace' ? target : mergeMaps(target, patch.copy(), shape);
}

/** Elements are one when the keys that both have agree, and there is such a key. */
function sameElement(a: Traced, b: Traced, keys: readonly string[]): boolean {
  let agrees = false;
  for (const key of keys) {
    const [left, right] = [a.textAt(key) ?? '', b.textAt(key) ?? ''];
    if (left !== '' && right !== '' && left !== right) return false;
    if (left !== '' && left === right) agrees = true;
  }
  return agrees;
}

function sameScalar(a: Traced, b: Traced): boolean {
  return a.isScalar && a.text === b.text;
}

function takeDirective(patch: Traced): string | undefined {
  const directive = patch.textAt(DIRECTIVE);
  patch.map?.delete(DIRECTIVE);
  if (directive !== undefined && !['delete', 'replace', 'merge'].includes(directive))
    throw new PatchError(`$patch: ${directive} is unknown; it is delete, replace or merge`, patch);
  return directive;
}

/** A list says it by an element that holds nothing else. */
function takeListDirective(patch: Traced): string | undefined {
  const index = patch.list?.findIndex((element) => element.map?.has(DIRECTIVE) === true && element.map.size === 1) ?? -1;
  const [element] = index < 0 ? [] : (patch.list?.splice(index, 1) ?? []);
  return element === undefined ? undefined : takeDirective(element);
}

function kindOf(node: Traced): string {
  return node.map !== undefined ? 'map' : node.list !== undefined ? 'list' : 'plain value';
}

function isSet(node: Traced | undefined): node is Traced {
  return node !== undefined && node.value !== null;
}
