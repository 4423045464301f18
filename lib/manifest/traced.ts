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

/** Stands for content that nobody has looked into yet. */
const UNOPENED = Symbol('unopened');

/**
 * One value and everything below it. Mutable: rendering is a long series of edits of a tree that nobody else holds.
 *
 * Most of a resource no transformer ever touches: what is below a node is wrapped when somebody looks, and handed back as it came when
 * nobody did.
 */
export class Traced {
  private raw: unknown = UNOPENED;

  constructor(
    private opened: Map<string, Traced> | Traced[] | Scalar,
    public source: Source,
  ) {}

  static of(content: unknown, document: Document, pointer: JsonPointer = ''): Traced {
    const traced = new Traced(isScalar(content) ? content : null, { document, pointer });
    if (typeof content === 'object' && content !== null) traced.raw = content;
    return traced;
  }

  get value(): Map<string, Traced> | Traced[] | Scalar {
    if (this.raw === UNOPENED) return this.opened;
    const { document, pointer } = this.source;
    const { raw } = this;
    this.raw = UNOPENED;
    if (Array.isArray(raw)) this.opened = raw.map((item, index) => Traced.of(item, document, pointerTo(pointer, index)));
    else if (typeof raw === 'object' && raw !== null)
      this.opened = new Map(Object.entries(raw).map(([key, value]) => [key, Traced.of(value, document, pointerTo(pointer, key))]));
    return this.opened;
  }

  set value(value: Map<string, Traced> | Traced[] | Scalar) {
    this.raw = UNOPENED;
    this.opened = value;
  }

  /** The content as it was read, while nobody has changed it. @returns undefined afterwards */
  get untouched(): unknown {
    return this.raw === UNOPENED ? undefined : this.raw;
  }

  get map(): Map<string, Traced> | undefined {
    return this.value instanceof Map ? this.value : undefined;
  }

  get list(): Traced[] | undefined {
    return Array.isArray(this.value) ? this.value : undefined;
  }

  get isScalar(): boolean {
    if (this.raw !== UNOPENED) return false;
    return !(this.value instanceof Map) && !Array.isArray(this.value);
  }

  /** A scalar as text, the way it stands in a file; empty for null. */
  get text(): string | undefined {
    if (this.value === null) return '';
    return this.value instanceof Map || Array.isArray(this.value) ? undefined : String(this.value);
  }

  at(...keys: readonly string[]): Traced | undefined {
    const [key, ...below] = keys;
    if (key === undefined) return this;
    const child = this.child(key);
    return below.length === 0 ? child : child?.at(...below);
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
    if (this.raw !== UNOPENED) return Traced.of(this.raw, this.source.document, this.source.pointer);
    if (this.value instanceof Map) return new Traced(new Map([...this.value].map(([key, value]) => [key, value.copy()])), this.source);
    if (Array.isArray(this.value))
      return new Traced(
        this.value.map((item) => item.copy()),
        this.source,
      );
    return new Traced(this.value, this.source);
  }

  get content(): unknown {
    if (this.raw !== UNOPENED) return this.raw;
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

  private child(key: string): Traced | undefined {
    return this.map?.get(key) ?? this.list?.[Number(key)];
  }

  private nearest(pointer: JsonPointer): Traced {
    const [step, ...below] = stepsOf(pointer);
    const child = step === undefined ? undefined : this.child(step);
    return child === undefined ? this : child.nearest(pointerTo('', ...below));
  }
}

function isScalar(value: unknown): value is Scalar {
  return value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
