/** What was asked for, or what is wrong with how. */
import { nearestName } from '../manifest/nearest-name';

export type Chosen<Value> = { readonly value: Value } | { readonly wrong: string };

/** One of several words. */
export function chosen<Word extends string>(option: string, written: string, words: readonly Word[]): Chosen<Word> {
  const word = words.find((one) => one === written);
  return word === undefined
    ? { wrong: `${option} is "${written}"; choose ${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}` }
    : { value: word };
}

/** Ids of lessons, apart by commas or spaces. */
export function lessonIds(option: string, written: readonly string[], known: readonly string[]): Chosen<readonly string[]> {
  const ids = written.flatMap((text) => text.split(',')).map((id) => id.trim()).filter((id) => id !== ''); // prettier-ignore
  const wrong = ids.filter((id) => !known.includes(id)).map((id) => `no lesson is called "${id}"${meant(id, known)}`);
  if (wrong.length > 0) return { wrong: wrong.map((text) => `${option}: ${text}`).join('\n') };
  return ids.length === 0 && written.length > 0 ? { wrong: `${option} names no lesson` } : { value: ids };
}

function meant(id: string, known: readonly string[]): string {
  const nearest = nearestName(id, known);
  return nearest === undefined ? '; `hindsight lessons` lists them' : `; did you mean ${nearest}?`;
}
