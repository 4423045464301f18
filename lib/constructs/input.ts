/**
 * Judges what one construct was given.
 *
 * What is wrong is collected and reported by synth, all constructs together, instead of thrown at the first; until then
 * the construct goes on with a harmless stand-in. Types are not trusted: a caller without TypeScript gets the same texts.
 */
import { type Duration, type Size, SizeRoundingBehavior } from 'cdk8s';
import type { Construct } from 'constructs';
import { mutabilityOf } from '../lessons/mutable-image-tag';
import { nearestName } from '../manifest/nearest-name';
import { SecretRef } from './secret-ref';

/** Source: RFC 1123, and kubernetes.io, Object Names and IDs. */
export const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
/** Source: RFC 1035, which Services follow. */
const SERVICE_NAME = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;
const OBJECT_NAME = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const DNS_NAME = /^(?=.{1,253}$)(\*\.)?[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$/;
const SECRET_KEY = /^[-._a-zA-Z0-9]{1,253}$/;

/** Every prop of an interface: the compiler sees to it that none is missing. */
export type PropNames<Props> = Readonly<Record<keyof Props, true>>;

export class Input {
  private readonly errors: string[] = [];
  /** Stands in for a name; no other construct gets the same. */
  private readonly otherName: string;

  constructor(construct: Construct) {
    this.otherName = `invalid-${construct.node.addr.slice(-8)}`;
    construct.node.addValidation({ validate: () => [...this.errors] });
  }

  /** Reports that `prop` has a wrong `value`. @param mend what is wrong and what to do */
  reject(prop: string, value: unknown, mend: string): void {
    this.errors.push(`${prop} is ${describe(value)}: ${mend}`);
  }

  /** Reports a value that must not be printed. */
  rejectSecret(prop: string, mend: string): void {
    this.errors.push(`${prop} is not a SecretRef: ${mend}`);
  }

  /** Reports props that do not exist: a caller without types wrote them. @param within the prop that holds them */
  known<Props extends object>(props: Props, names: PropNames<Props>, within?: string): void {
    for (const prop of Object.keys(props)) {
      if (Object.hasOwn(names, prop)) continue;
      const meant = nearestName(prop, Object.keys(names));
      const mend = meant === undefined ? 'remove it, or correct its name' : `write ${meant}, or remove it`;
      this.errors.push(`${within === undefined ? prop : `${within}.${prop}`} is no prop of this construct: ${mend}`);
    }
  }

  dnsLabel(prop: string, value: string): string {
    return this.text(
      prop,
      value,
      DNS_LABEL,
      this.otherName,
      'use at most 63 lower case letters, digits and hyphens, beginning and ending with a letter or digit',
    );
  }

  /** The name of what a controller names other things after. @param why what becomes of it */
  controllerName(prop: string, value: string, why: string): string {
    return this.text(prop, this.dnsLabel(prop, value), /^.{1,52}$/, this.otherName, `use at most 52 characters: ${why}, with 11 more`);
  }

  serviceName(prop: string, value: string): string {
    return this.text(
      prop,
      value,
      SERVICE_NAME,
      this.otherName,
      'use at most 63 lower case letters, digits and hyphens, beginning with a letter and ending with a letter or digit',
    );
  }

  /** The name of an object, of this app or another's. */
  objectName(prop: string, value: string): string {
    return this.text(
      prop,
      value,
      OBJECT_NAME,
      this.otherName,
      'use at most 253 lower case letters, digits, hyphens and dots, beginning and ending with a letter or digit',
    );
  }

  objectNames(prop: string, values: readonly string[]): string[] {
    return this.list(prop, values).map((value, index) => this.objectName(`${prop}[${index}]`, value));
  }

  list<Item>(prop: string, values: readonly Item[]): readonly Item[] {
    return this.check<readonly Item[]>(prop, values, Array.isArray(values), [], 'give a list');
  }

  host(prop: string, value: string): string {
    return this.text(prop, value, DNS_NAME, 'example.invalid', 'give a DNS name, such as shop.example.org');
  }

  port(prop: string, value: number): number {
    return this.check(prop, value, Number.isInteger(value) && value >= 1 && value <= 65535, 1, 'give a whole number from 1 to 65535');
  }

  wholeNumber(prop: string, value: number, least: number, why = ''): number {
    const sound = Number.isSafeInteger(value) && value >= least;
    return this.check(prop, value, sound, least, `give a whole number of at least ${least}${why === '' ? '' : `, ${why}`}`);
  }

  choice<Choice extends string>(prop: string, value: Choice, choices: readonly [Choice, ...Choice[]]): Choice {
    return this.check(prop, value, choices.includes(value), choices[0], `give ${choices.map((choice) => `'${choice}'`).join(' or ')}`);
  }

  image(prop: string, value: string): string {
    const sound = this.text(
      prop,
      value,
      /^[A-Za-z0-9][A-Za-z0-9._:/@-]*$/,
      'invalid:0',
      'give an image reference, such as registry.example/web:1.0.0',
    );
    const mutability = mutabilityOf(sound);
    if (mutability !== undefined)
      this.reject(prop, value, `it ${mutability}: what runs could not be told or rolled back; give a version tag or a digest`);
    return sound;
  }

  secret(prop: string, value: SecretRef): SecretRef {
    if (!SecretRef.isSecretRef(value)) {
      this.rejectSecret(prop, 'keep the value in a Secret outside of the manifests and give SecretRef.of(name, key)');
      return SecretRef.of('invalid', 'invalid');
    }
    const mend = 'use letters, digits, hyphens, dots and underscores';
    return SecretRef.of(this.objectName(`${prop}.secret`, value.secret), this.text(`${prop}.key`, value.key, SECRET_KEY, 'invalid', mend));
  }

  /** A size as Kubernetes writes it, in the largest unit that divides it. */
  quantity(prop: string, value: Size): string {
    const mebibytes = this.mebibytes(prop, value);
    return mebibytes % 1024 === 0 ? `${mebibytes / 1024}Gi` : `${mebibytes}Mi`;
  }

  mebibytes(prop: string, value: Size, least = 1): number {
    try {
      const mebibytes = value.toMebibytes({ rounding: SizeRoundingBehavior.FAIL });
      if (mebibytes >= least) return mebibytes;
      this.reject(prop, `${mebibytes} MiB`, least === 1 ? 'give a size above zero' : `give at least ${least} MiB`);
    } catch {
      this.reject(prop, value, 'give a positive Size that is a whole number of mebibytes, such as Size.gibibytes(10)');
    }
    return least;
  }

  /** A time in seconds. */
  seconds(prop: string, value: Duration): number {
    try {
      const seconds = value.toSeconds();
      if (seconds >= 1) return seconds;
      this.reject(prop, `${seconds} seconds`, 'give at least one second');
    } catch {
      this.reject(prop, value, 'give a Duration of whole seconds, such as Duration.seconds(30)');
    }
    return 1;
  }

  /** A value that must match a pattern. */
  text(prop: string, value: string, pattern: RegExp, otherwise: string, mend: string): string {
    return this.check(prop, value, isText(pattern, value), otherwise, mend);
  }

  private check<Value>(prop: string, value: Value, sound: boolean, otherwise: Value, mend: string): Value {
    if (sound) return value;
    this.reject(prop, value, mend);
    return otherwise;
  }
}

/** Whether it is a text at all: callers without types may give anything. */
export function isText(pattern: RegExp, value: unknown): boolean {
  // Without `m`, `$` ends the text and not a line: nothing follows what was matched.
  return typeof value === 'string' && pattern.test(value);
}

function describe(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (typeof value === 'object' && value !== null && 'node' in value) return 'a construct';
  const text = jsonOf(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** There is no JSON of undefined or a function, whatever its type says, nor of what contains itself. */
function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
