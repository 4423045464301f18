/**
 * Content that remembers where each field of it was written.
 *
 * A kustomization takes fields from resources, patches and itself. While it renders, values carry their origin along; afterwards
 * plain content and the way back are read off the same tree.
 */
import type { Document, Location, Origin } from './document';
import { type JsonPointer, pointerTo, stepsOf } from './json-pointer';

export type Scalar = string | number | boolean | null;

/** A field of a document that was read. */
export interface Source {
  readonly document: Document;
  readonly pointer: JsonPointer;
}

/** One value and everything below it. Mutable: rendering is a long series of edits of a tree that nobody else holds. */
export class Traced {
  constructor(
    public value: Map<string, Traced> | Traced[] | Scalar,
    public source: Source,
  ) {}

  static of(content: unknown, document: Document, pointer: JsonPointer = ''): Traced {
    const source = { document, pointer };
    if (Array.isArray(content))
      return new Traced(
        content.map((item, index) => Traced.of(item, document, pointerTo(pointer, index))),
        source,
      );
    if (typeof content === 'object' && content !== null) {
      const entries = Object.entries(content).map(([key, value]) => [key, Traced.of(value, document, pointerTo(pointer, key))] as const);
      return new Traced(new Map(entries), source);
    }
    return new Traced(isScalar(content) ? content : null, source);
  }

  get map(): Map<string, Traced> | undefined {
    return this.value instanceof Map ? this.value : undefined;
  }

  get list(): Traced[] | undefined {
    return Array.isArray(this.value) ? this.value : undefined;
  }

  get isScalar(): boolean {
    return !(this.value instanceof Map) && !Array.isArray(this.value);
  }

  /** A scalar as text, the way it stands in a file; empty for null. */
  get text(): string | undefined {
    if (this.value === null) return '';
    return this.value instanceof Map || Array.isArray(this.value) ? undefined : String(this.value);
  }

  at(...keys: readonly string[]): Traced | undefined {
    let at: Traced | undefined = new Traced(this.value, this.source);
    for (const key of keys) at = at?.map?.get(key) ?? at?.list?.[Number(key)];
    return at;
  }

  /** The text of a field. */
  textAt(...keys: readonly string[]): string | undefined {
    return this.at(...keys)?.text;
  }

  /** Sets a key of a map; no effect on anything else. */
  set(key: string, value: Traced): void {
    this.map?.set(key, value);
  }

  /** Takes over another value in place, with its origin. */
  become(other: Traced): void {
    this.value = other.value;
    this.source = other.source;
  }

  copy(): Traced {
    if (this.value instanceof Map) return new Traced(new Map([...this.value].map(([key, value]) => [key, value.copy()])), this.source);
    if (Array.isArray(this.value))
      return new Traced(
        this.value.map((item) => item.copy()),
        this.source,
      );
    return new Traced(this.value, this.source);
  }

  get content(): unknown {
    if (Array.isArray(this.value)) return this.value.map((item) => item.content);
    if (!(this.value instanceof Map)) return this.value;
    const content: Record<string, unknown> = {};
    for (const [key, { content: value }] of this.value) {
      if (key === '__proto__') Object.defineProperty(content, key, { value, enumerable: true, configurable: true, writable: true });
      else content[key] = value;
    }
    return content;
  }

  /** Where a field, or its nearest existing parent, was written. */
  locate(pointer: JsonPointer): Location {
    const { document, pointer: inside } = this.nearest(pointer).source;
    return document.locate(inside);
  }

  origin(pointer: JsonPointer): Origin | undefined {
    const { document, pointer: inside } = this.nearest(pointer).source;
    return document.origin?.(inside);
  }

  private nearest(pointer: JsonPointer): Traced {
    let nearest = new Traced(this.value, this.source);
    for (const step of stepsOf(pointer)) {
      const next = nearest.map?.get(step) ?? nearest.list?.[Number(step)];
      if (next === undefined) break;
      nearest = next;
    }
    return nearest;
  }
}

function isScalar(value: unknown): value is Scalar {
  return value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
