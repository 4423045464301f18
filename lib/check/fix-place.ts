/** Where an edit of a document lands in the files: of what a kustomization renders, in the resource or patch that the field comes from. */
import type { Edit } from '../lessons/lesson';
import { Field } from '../manifest/field';
import { type JsonPointer, nearestExisting, stepsOf } from '../manifest/json-pointer';
import { isKustomizationFile } from '../manifest/kustomization-files';
import type { Resource } from '../resources/resource';
import { Declined } from './declined';
import { sameContent } from './plain-edits';

export interface FilePlace {
  readonly file: string;
  readonly chunk: number;
  readonly path: JsonPointer;
}

/**
 * @param contentOf the plain content of a document of a file
 * @throws Declined where the edit would mean something else there
 */
export function placeOf({ path }: Edit, { document }: Resource, contentOf: (file: string, chunk: number) => unknown): FilePlace {
  const existing = nearestExisting(document.content, path);
  const origin = document.origin?.(existing);
  if (origin === undefined) throw new Declined('it is written where no program can change it');
  const { file, chunk, pointer, value } = origin;
  const isRendered = document.applied?.kustomization !== undefined;
  if (isRendered && isKustomizationFile(file))
    throw new Declined(`it is written by ${file}:${value.line}, which may change other objects too`);
  const rendered = fieldAt(document.content, existing);
  const written = fieldAt(contentOf(file, chunk), pointer);
  const rest = path.slice(existing.length);
  const isWhole = rest === '' || rendered.isList;
  const isSame = isWhole ? sameContent(rendered.value, written.value) : !isRendered || (rendered.isMap && written.isMap);
  if (!isSame || (isRendered && rest === '' && stepsOf(path).at(-1) !== stepsOf(pointer).at(-1)))
    throw new Declined(`${file}:${value.line} says it in another way than the kustomization renders it`);
  return { file, chunk, path: pointer + rest };
}

function fieldAt(content: unknown, path: JsonPointer): Field {
  return stepsOf(path).reduce((field, step) => field.at(field.isList ? Number(step) : step), new Field(content));
}
