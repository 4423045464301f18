/**
 * Reads unknown content without trusting it.
 *
 * A manifest may hold anything anywhere. A `Field` is a value together with the pointer that leads to it, so that a
 * reader asks for what it expects (`field.at('spec', 'replicas').number`), gets `undefined` or nothing when something
 * else stands there, and always knows which field to report.
 */
import { type JsonPointer, pointerTo, type Step } from './json-pointer';

export class Field {
  private pointer: JsonPointer | undefined;

  /**
   * @param from where it was reached from
   * @param steps how, from there
   */
  constructor(
    readonly value: unknown,
    private readonly from: Field | JsonPointer = '',
    private readonly steps: readonly Step[] = [],
  ) {}

  /** Put together only when asked for: most fields are looked at, and few are reported. */
  get path(): JsonPointer {
    this.pointer ??= pointerTo(typeof this.from === 'string' ? this.from : this.from.path, ...this.steps);
    return this.pointer;
  }

  /** The field below this one; it may be absent. */
  at(...steps: readonly Step[]): Field {
    let value = this.value;
    for (const step of steps) value = child(value, step);
    return new Field(value, this, steps);
  }

  /** Whether the field is written, be it as null. */
  get isPresent(): boolean {
    return this.value !== undefined;
  }

  /** Whether the field holds something: neither absent nor null. */
  get isSet(): boolean {
    return this.value !== undefined && this.value !== null;
  }

  get string(): string | undefined {
    return typeof this.value === 'string' ? this.value : undefined;
  }

  get number(): number | undefined {
    return typeof this.value === 'number' ? this.value : undefined;
  }

  get boolean(): boolean | undefined {
    return typeof this.value === 'boolean' ? this.value : undefined;
  }

  /** A string, or a number or boolean as text: what most consumers make of a scalar. */
  get text(): string | undefined {
    return textOf(this.value);
  }

  get isMap(): boolean {
    return isMap(this.value);
  }

  get isList(): boolean {
    return Array.isArray(this.value);
  }

  /** The elements of a list; none for anything else. */
  get items(): Field[] {
    return Array.isArray(this.value) ? this.value.map((item, index) => new Field(item, this, [index])) : [];
  }

  /** The keys and fields of a map; none for anything else. */
  get entries(): [string, Field][] {
    return isMap(this.value) ? Object.entries(this.value).map(([key, value]) => [key, new Field(value, this, [key])]) : [];
  }

  get keys(): string[] {
    return isMap(this.value) ? Object.keys(this.value) : [];
  }

  /** The scalar values of a map as text: labels, annotations, a label selector. */
  get texts(): Readonly<Record<string, string>> {
    const texts: Record<string, string> = {};
    if (!isMap(this.value)) return texts;
    for (const key of Object.keys(this.value)) {
      const text = textOf(this.value[key]);
      if (text === undefined) continue;
      if (key === '__proto__') Object.defineProperty(texts, key, { value: text, enumerable: true, configurable: true, writable: true });
      else texts[key] = text;
    }
    return texts;
  }

  /** The strings of a list; other elements are left out. */
  get strings(): string[] {
    return this.items.flatMap((item) => item.string ?? []);
  }
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

/** Data holds no functions: what is one was inherited, as is what `__proto__` leads to. Asking for ownership each time would cost more. */
function child(value: unknown, step: Step): unknown {
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    return typeof step === 'number' || /^\d+$/.test(step) ? items[Number(step)] : undefined;
  }
  if (!isMap(value)) return undefined;
  const found = value[step];
  return typeof found === 'function' || (step === '__proto__' && !Object.hasOwn(value, step)) ? undefined : found;
}

/** A map, and neither a list nor null. */
export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
