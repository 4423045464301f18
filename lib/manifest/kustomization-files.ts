/** What a kustomization may read: files by path, each parsed once, and texts inside of it that are YAML themselves. */
import { posix } from 'node:path';
import { isFileLocation, type Document, type FileLocation, type Problem } from './document';
import { type Field } from './field';
import { filesOf } from './generated-objects';
import type { JsonPointer } from './json-pointer';
import type { Dialect } from './scalar';
import { textOf } from './text';
import { readYaml, type Reading } from './yaml';

/** File contents by path. Paths are relative to one folder, with forward slashes, and may begin with `../`. */
export type Files = ReadonlyMap<string, string | Uint8Array>;

const NAMES = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];
const NOTHING: Reading = { documents: [], unjudged: [], problems: [] };

export function isKustomizationFile(path: string): boolean {
  return NAMES.includes(posix.basename(path));
}

/** Whether a reference leads to another host: a URL, or a repository in one of kustomize's short forms. */
export function isRemote(reference: string): boolean {
  return /^[a-z+]+:\/\/|^git@|^[\w.-]+\.[a-z]{2,}\/[^/]+\/|^[a-z]+::|[?&]ref=|^[^/]+@[^/]+:/i.test(reference) && !reference.startsWith('.');
}

/** Every path that a kustomization names, for those who have to read them beforehand; remote ones left out. */
export function pathsNamedBy(kustomization: Field): string[] {
  const strings = [
    'resources',
    'bases',
    'components',
    'patchesStrategicMerge',
    'configurations',
    'crds',
    'generators',
    'transformers',
  ].flatMap((key) => kustomization.at(key).strings);
  const paths = ['patches', 'patchesJson6902', 'replacements'].flatMap((key) =>
    kustomization.at(key).items.flatMap((item) => item.at('path').string ?? []),
  );
  const generated = ['configMapGenerator', 'secretGenerator'].flatMap((key) => kustomization.at(key).items.flatMap(filesOf));
  return [...strings, ...paths, ...generated].filter((path) => path !== '' && !path.includes('\n') && !isRemote(path));
}

export class KustomizationFiles {
  /** Of reading, each once. */
  readonly problems: Problem[] = [];
  /** Files that a kustomization named. */
  readonly used = new Set<string>();
  private readonly readings = new Map<string, Reading>();

  constructor(private readonly files: Files) {}

  has(path: string): boolean {
    return this.files.has(path);
  }

  /** The kustomization file of a folder. */
  kustomizationOf(folder: string): string | undefined {
    return NAMES.map((name) => posix.join(folder, name)).find((path) => this.files.has(path));
  }

  bytes(path: string): Uint8Array | undefined {
    const data = this.files.get(path);
    if (data === undefined) return undefined;
    this.used.add(path);
    return typeof data === 'string' ? new TextEncoder().encode(data) : data;
  }

  read(path: string, dialect: Dialect): Reading {
    this.used.add(path);
    const key = `${dialect} ${path}`;
    const known = this.readings.get(key);
    if (known !== undefined) return known;
    const text = this.text(path);
    const reading = text === undefined ? NOTHING : readYaml(text, path, dialect);
    this.problems.push(...reading.problems);
    this.readings.set(key, reading);
    return reading;
  }

  /** YAML that stands as text in a field. What is found in it is located in the file around it. */
  readInside(text: string, document: Document, pointer: JsonPointer, dialect: Dialect): Reading {
    const reading = readYaml(text, document.source, dialect);
    const place = (inner: FileLocation): FileLocation => this.within(document, pointer, inner);
    const outward = (inner: Document): Document => ({
      content: inner.content,
      source: inner.source,
      locate: (field) => {
        const location = inner.locate(field);
        return isFileLocation(location) ? place(location) : location;
      },
    });
    const first = document.locate(pointer);
    const line = isFileLocation(first) ? first.line : 0;
    return {
      documents: reading.documents.map(outward),
      unjudged: reading.unjudged.map(outward),
      problems: reading.problems.map((problem) => ({ ...problem, line: line + (problem.line ?? 0) })),
    };
  }

  private text(path: string): string | undefined {
    const data = this.files.get(path);
    if (data === undefined) return undefined;
    const text = textOf(data, path);
    if (typeof text === 'string') return text;
    this.problems.push(text);
    return undefined;
  }

  /** A block scalar keeps its lines; of any other text only the whole can be shown. */
  private within(document: Document, pointer: JsonPointer, inner: FileLocation): FileLocation {
    const outer = document.locate(pointer);
    if (!isFileLocation(outer)) return inner;
    const lines = (this.text(document.source) ?? '').split(/\r?\n/);
    if (!/^[|>]/.test(lines[outer.line - 1]?.slice(outer.column - 1) ?? '')) return outer;
    const indent = /^ */.exec(lines.slice(outer.line).find((line) => line.trim() !== '') ?? '')?.[0].length ?? 0;
    return {
      file: outer.file,
      line: outer.line + inner.line,
      column: indent + inner.column,
      endLine: outer.line + inner.endLine,
      endColumn: indent + inner.endColumn,
    };
  }
}
