/** A JSON pointer (RFC 6901) into a document: `''` is the document, `/spec/replicas` a field of it. */
export type JsonPointer = string;

/** The keys of an object and indexes of a list on the way to a field. */
export type Step = string | number;

/** `pointer` with further steps appended, each escaped. */
export function pointerTo(pointer: JsonPointer, ...steps: readonly Step[]): JsonPointer {
  let result = pointer;
  for (const step of steps) result += `/${typeof step === 'number' ? step : escaped(step)}`;
  return result;
}

/** Hardly any key needs it, and every field of every document comes through here. */
function escaped(step: string): string {
  return step.includes('/') || step.includes('~') ? step.replaceAll('~', '~0').replaceAll('/', '~1') : step;
}

/** The steps of a pointer, unescaped. List indexes come back as strings. */
export function stepsOf(pointer: JsonPointer): string[] {
  if (pointer === '') return [];
  return pointer
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The field that an edit at this pointer is about: of one that ends in `-`, and so appends, the list. */
export function editedField(pointer: JsonPointer): JsonPointer {
  return pointer.endsWith('/-') ? pointer.slice(0, -2) : pointer;
}

/** The deepest part of `pointer` that exists in `content`: itself, or its nearest existing parent. */
export function nearestExisting(content: unknown, pointer: JsonPointer): JsonPointer {
  let value = content;
  let reached = '';
  for (const step of stepsOf(pointer)) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return reached;
    value = Reflect.get(value, step);
    reached = pointerTo(reached, step);
  }
  return reached;
}
