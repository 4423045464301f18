/** Edits of plain content, and the smallest changes that lead from one content to another. */
import type { Edit } from '../lessons/lesson';
import { isMap } from '../manifest/field';
import { type JsonPointer, pointerTo, stepsOf } from '../manifest/json-pointer';

export type PlainEdit = Pick<Edit, 'path' | 'value'>;

/** One change of content. Pointers and indexes are those of the content before all changes. */
export type Change =
  | { readonly kind: 'set'; readonly path: JsonPointer; readonly value: unknown }
  | { readonly kind: 'remove'; readonly path: JsonPointer }
  | { readonly kind: 'add'; readonly path: JsonPointer; readonly key: string; readonly value: unknown }
  | { readonly kind: 'insert'; readonly path: JsonPointer; readonly index: number; readonly value: unknown };

/** The content after edits, one after the other; missing parents are made. */
export function edited(content: unknown, edits: readonly PlainEdit[]): unknown {
  return edits.reduce((value, { path, value: replacement }) => changed(value, stepsOf(path), replacement), content);
}

function changed(value: unknown, [step, ...rest]: readonly string[], replacement: unknown): unknown {
  if (step === undefined) return replacement;
  if (Array.isArray(value) || (step === '-' && (value === undefined || value === null))) {
    const list: readonly unknown[] = Array.isArray(value) ? value : [];
    const at = step === '-' ? list.length : Number(step);
    if (rest.length === 0 && replacement === undefined) return list.toSpliced(at, 1);
    return list.toSpliced(at, 1, changed(list[at], rest, replacement));
  }
  const map = new Map(isMap(value) ? Object.entries(value) : []);
  if (rest.length === 0 && replacement === undefined) map.delete(step);
  else if (map.has(step) || replacement !== undefined) {
    const below = changed(map.get(step), rest, replacement);
    if (replacement === undefined && isMap(below) && isNothingWhenEmpty(step) && Object.keys(below).length === 0) map.delete(step);
    else map.set(step, below);
  }
  return Object.fromEntries(map);
}

/** Maps that mean the same empty as absent; of others, such as emptyDir, that is not known. */
function isNothingWhenEmpty(key: string): boolean {
  return key === 'annotations' || key === 'labels';
}

/** What to change so that `before` becomes `after`: as deep down as possible, so that everything else keeps its form. */
export function changesBetween(before: unknown, after: unknown, path: JsonPointer = ''): Change[] {
  if (sameContent(before, after)) return [];
  if (isMap(before) && isMap(after)) return mapChanges(before, after, path);
  if (Array.isArray(before) && Array.isArray(after)) return listChanges(before, after, path);
  return [{ kind: 'set', path, value: after }];
}

function mapChanges(before: Readonly<Record<string, unknown>>, after: Readonly<Record<string, unknown>>, path: JsonPointer): Change[] {
  if (!Object.keys(before).some((key) => Object.hasOwn(after, key))) {
    const isFilled = Object.keys(before).length === 0 && Object.keys(after).length > 0;
    return isFilled
      ? Object.entries(after).map(([key, value]) => ({ kind: 'add', path, key, value }))
      : [{ kind: 'set', path, value: after }];
  }
  const old = Object.entries(before).flatMap(([key, value]): Change[] =>
    Object.hasOwn(after, key) ? changesBetween(value, after[key], pointerTo(path, key)) : [{ kind: 'remove', path: pointerTo(path, key) }],
  );
  const added = Object.entries(after).filter(([key]) => !Object.hasOwn(before, key));
  return [...old, ...added.map(([key, value]): Change => ({ kind: 'add', path, key, value }))];
}

/** What both lists begin and end with stays; in between, item by item. */
function listChanges(before: readonly unknown[], after: readonly unknown[], path: JsonPointer): Change[] {
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && sameContent(before[head], after[head])) head++;
  let tail = 0;
  while (tail < shorter - head && sameContent(before.at(-1 - tail), after.at(-1 - tail))) tail++;
  if (after.length === 0 || before.length === 0) return [{ kind: 'set', path, value: after }];
  const middle = before.slice(head, before.length - tail);
  const wanted = after.slice(head, after.length - tail);
  const changes = middle.flatMap((item, index): Change[] => {
    const place = pointerTo(path, head + index);
    return index < wanted.length ? changesBetween(item, wanted[index], place) : [{ kind: 'remove', path: place }];
  });
  const more = wanted.slice(middle.length).map((value): Change => ({ kind: 'insert', path, index: head + middle.length, value }));
  return [...changes, ...more];
}

/** Whether two contents say the same; the order of keys says nothing. */
export function sameContent(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) || Array.isArray(b))
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, index) => sameContent(item, b[index]));
  if (!isMap(a) || !isMap(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && sameContent(a[key], b[key]));
}
