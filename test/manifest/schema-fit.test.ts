// The quick answer and the one in words are two readings of the same schemas: they have to agree on every value.
import { lessons } from '../../lib/lessons';
import { stepsOf } from '../../lib/manifest/json-pointer';
import { readYaml } from '../../lib/manifest/yaml';
import { misfits } from '../../lib/manifest/schema';
import { fits } from '../../lib/manifest/schema-fit';
import { schemaOfKind } from '../../lib/manifest/schema-types';

/** One example of each known kind, the longest that the lessons have. */
function examples(): ReadonlyMap<string, object> {
  const longest = new Map<string, object>();
  for (const { yaml = '' } of lessons.flatMap(({ bad, good }) => [...bad, ...good]))
    for (const { content } of readYaml(yaml, 'example.yaml').documents) {
      if (typeof content !== 'object' || content === null || !('apiVersion' in content && 'kind' in content)) continue;
      const key = `${String(content.apiVersion)}/${String(content.kind)}`;
      const size = (value: object | undefined): number => JSON.stringify(value ?? null).length;
      if (size(content) > size(longest.get(key))) longest.set(key, content);
    }
  return longest;
}

const STRANGE: readonly unknown[] = [null, '', 'a text', '${LATER}', 7, -1.5, 70_000, true, [], ['x'], {}, { strange: 'x' }];

function pathsOf(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [
    path,
    ...Object.keys(value).flatMap((key) => pathsOf(Reflect.get(value, key), `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`)),
  ];
}

function changed(content: unknown, path: string, value: unknown): unknown {
  const copy: unknown = structuredClone(content);
  const steps = stepsOf(path);
  const last = steps.pop();
  const parent = steps.reduce<unknown>((at, step) => (typeof at === 'object' && at !== null ? Reflect.get(at, step) : undefined), copy);
  if (last === undefined || typeof parent !== 'object' || parent === null) return copy;
  if (value === undefined) Reflect.deleteProperty(parent, last);
  else Reflect.set(parent, last, value);
  return copy;
}

const known = [...examples()].filter(
  ([key]) => schemaOfKind(key.slice(0, key.lastIndexOf('/')), key.slice(key.lastIndexOf('/') + 1)) !== undefined,
);

test('there are examples of many kinds', () => expect(known.length).toBeGreaterThan(30));

test.each(known)('%s fits exactly when nothing is said of it, whatever stands in any of its fields', (key, content) => {
  const schema = schemaOfKind(key.slice(0, key.lastIndexOf('/')), key.slice(key.lastIndexOf('/') + 1));
  if (schema === undefined) throw new Error(key);
  let refused = 0;
  for (const path of pathsOf(content))
    for (const value of [...STRANGE, undefined]) {
      const other = changed(content, path, value);
      const problems = misfits(other, schema, 'it');
      refused += problems.length;
      if (fits(other, schema) !== (problems.length === 0)) expect({ path, value, problems }).toBe('what fits() says');
    }
  expect(refused).toBeGreaterThan(0);
});
