/**
 * YAML or JSON text in, documents out.
 *
 * Everything is read fast and without positions; a document parses its own text a second time, with positions, when
 * the first field of it is located. Most documents never are.
 */
import { load } from 'js-yaml';
import { refuseAliasBomb } from './aliases';
import type { Document, Problem } from './document';
import { type JsonPointer, nearestExisting } from './json-pointer';
import { unfold } from './list';
import { Positions } from './positions';
import type { Dialect } from './scalar';
import { reasonOf, unjudged } from './unreadable';
import { type Chunk, chunksOf } from './yaml-chunks';
import { schemaOf } from './yaml-schema';
import { YamlTree } from './yaml-tree';

export interface Reading {
  readonly documents: readonly Document[];
  /** Declared, but not to be judged: encrypted or half a template. They answer references. Each has its problem. */
  readonly unjudged: readonly Document[];
  readonly problems: readonly Problem[];
}

/** Deeper content would overflow the stacks of those who walk it. Real manifests stay below 50. */
const DEEPEST = 400;

/** The documents of a YAML or JSON file. A broken `.json` file is a problem only when it claims to be an object of Kubernetes. */
export function readYaml(text: string, file: string, dialect: Dialect = 'kubectl'): Reading {
  const reading: MutableReading = { documents: [], unjudged: [], problems: [] };
  const isJson = file.endsWith('.json');
  const chunks = isJson ? [{ text: text.replace(/^\uFEFF/, ''), line: 1, offset: 0 }] : chunksOf(text);
  for (const [index, chunk] of chunks.entries()) {
    if (chunk.refused !== undefined) {
      reading.problems.push({
        file,
        line: chunk.line - 1,
        message: `is not valid YAML for Kubernetes: ${quote(chunk.refused)} stands behind ---`,
      });
      continue;
    }
    let content: unknown;
    try {
      content = isJson ? jsonContent(chunk.text) : yamlContent(chunk, dialect);
    } catch (error) {
      if (!isJson || claimsToBeAnObject(chunk.text)) reading.problems.push({ file, ...reasonOf(error, chunk) });
      continue;
    }
    if (content === undefined || content === null) continue;
    add(reading, content, chunk, { file, index, dialect });
  }
  return reading;
}

interface MutableReading {
  readonly documents: Document[];
  readonly unjudged: Document[];
  readonly problems: Problem[];
}

interface Place {
  readonly file: string;
  readonly index: number;
  readonly dialect: Dialect;
}

function add(reading: MutableReading, content: unknown, chunk: Chunk, place: Place): void {
  const hindrance = unjudged(content, chunk);
  const positions = new Positions(chunk, place.file, place.dialect);
  if (hindrance !== undefined) {
    reading.problems.push({ file: place.file, line: hindrance.line, message: hindrance.message });
    if (hindrance.known !== undefined) reading.unjudged.push(documentOf(hindrance.known, '', positions, place));
    return;
  }
  for (const item of unfold(content))
    if (item.content !== null) reading.documents.push(documentOf(item.content, item.pointer, positions, place));
}

function documentOf(content: unknown, prefix: JsonPointer, positions: Positions, { file, index }: Place): Document {
  const within = (pointer: JsonPointer): JsonPointer => prefix + nearestExisting(content, pointer);
  return {
    content,
    source: file,
    locate: (pointer) => positions.locate(within(pointer)),
    origin: (pointer) => {
      const inside = within(pointer);
      return { file, chunk: index, pointer: inside, value: positions.locate(inside), key: positions.locateKey(inside) };
    },
  };
}

/** js-yaml gives explicit keys precedence over merged ones wherever they stand, kubectl's reader goes by their order; and it takes null for a key. */
const READS_OTHERWISE = /<<["']?[ \t]*:|(?:^|[{,\s])(?:~|null|Null|NULL)[ \t]*:\s/;
const MAP_OR_LIST_AS_KEY = /\{\s*[{[]|^[ \t-]*\?\s/m;

function yamlContent(chunk: Chunk, dialect: Dialect): unknown {
  const { text } = chunk;
  const options = { schema: schemaOf(dialect), json: dialect === 'kubectl', maxDepth: DEEPEST };
  const fast = load(text, options);
  const content = dialect === 'kubectl' && READS_OTHERWISE.test(text) ? new YamlTree(chunk, dialect).content() : fast;
  if (text.includes('*') && text.includes('&')) refuseAliasBomb(content);
  if (MAP_OR_LIST_AS_KEY.test(text)) refuseStrangeKeys(content);
  return content;
}

function refuseStrangeKeys(content: unknown): void {
  if (typeof content !== 'object' || content === null) return;
  for (const [key, value] of Object.entries(content)) {
    if (key === '[object Object]') throw new Error('a map or list stands where a key belongs');
    refuseStrangeKeys(value);
  }
}

function jsonContent(text: string): unknown {
  const content: unknown = JSON.parse(text);
  if (isTooDeep(content)) throw new RangeError('nested too deeply');
  return content;
}

/** Level by level instead of by recursion, for which it may be too deep. */
function isTooDeep(content: unknown): boolean {
  let level = [content];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEEPEST) return true;
    level = level.flatMap((value): unknown[] => (typeof value === 'object' && value !== null ? Object.values(value) : []));
  }
  return false;
}

function claimsToBeAnObject(json: string): boolean {
  return json.includes('"apiVersion"') && json.includes('"kind"');
}

function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
