/** `kind: List` and its relatives: one document, many objects. */
import { Field } from './field';
import type { JsonPointer } from './json-pointer';

export interface Item {
  readonly content: unknown;
  /** Where in the document it stands. */
  readonly pointer: JsonPointer;
}

/** The objects of a document: itself, or the items of a list as kubectl unfolds them. */
export function unfold(content: unknown, pointer: JsonPointer = ''): Item[] {
  const root = new Field(content, pointer);
  const kind = root.at('kind').string ?? '';
  const items = root.at('items');
  if (!kind.endsWith('List') || !items.isList || !root.at('apiVersion').isSet) return [{ content, pointer }];
  return items.items.flatMap((item) => unfold(inheriting(item, root, kind), item.path));
}

/** Items of a typed list may leave out what the list says. */
function inheriting(item: Field, list: Field, kind: string): unknown {
  if (!item.isMap || kind === 'List' || item.at('kind').isSet || item.at('apiVersion').isSet) return item.value;
  return {
    apiVersion: list.at('apiVersion').value,
    kind: kind.slice(0, -'List'.length),
    ...Object.fromEntries(item.entries.map(([key, { value }]) => [key, value])),
  };
}
