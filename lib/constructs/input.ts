/**
 * Judges what one construct was given.
 *
 * What is wrong is collected and reported by synth, all constructs together, instead of thrown at the first; until then
 * the construct goes on with a harmless stand-in.
 */
import { type Size, SizeRoundingBehavior } from 'cdk8s';
import type { Construct } from 'constructs';
import { mutabilityOf } from '../lessons/mutable-image-tag';
import { SecretRef } from './secret-ref';

/** Source: RFC 1123, and kubernetes.io, Object Names and IDs. */
const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const DNS_NAME = /^(?=.{1,253}$)(\*\.)?[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$/;

export class Input {
  private readonly errors: string[] = [];

  constructor(construct: Construct) {
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

  /** Reports what is left of props after the known ones were taken out: a caller without types wrote it. */
  unknown(props: object): void {
    for (const prop of Object.keys(props)) this.errors.push(`${prop} is no prop of this construct: remove it, or correct its name`);
  }

  dnsLabel(prop: string, value: string): string {
    return this.check(
      prop,
      value,
      isText(DNS_LABEL, value),
      'x',
      'use at most 63 lower case letters, digits and hyphens, beginning and ending with a letter or digit',
    );
  }

  host(prop: string, value: string): string {
    return this.check(prop, value, isText(DNS_NAME, value), 'example.invalid', 'give a DNS name, such as shop.example.org');
  }

  port(prop: string, value: number): number {
    return this.check(prop, value, Number.isInteger(value) && value >= 1 && value <= 65535, 1, 'give a whole number from 1 to 65535');
  }

  wholeNumber(prop: string, value: number, least: number, why = ''): number {
    const sound = Number.isSafeInteger(value) && value >= least;
    return this.check(prop, value, sound, least, `give a whole number of at least ${least}${why === '' ? '' : `, ${why}`}`);
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
    if (SecretRef.isSecretRef(value)) return value;
    this.rejectSecret(prop, 'keep the value in a Secret outside of the manifests and give SecretRef.of(name, key)');
    return SecretRef.of('invalid', 'invalid');
  }

  /** A size as Kubernetes writes it, in the largest unit that divides it. */
  quantity(prop: string, value: Size): string {
    const mebibytes = this.mebibytes(prop, value);
    return mebibytes % 1024 === 0 ? `${mebibytes / 1024}Gi` : `${mebibytes}Mi`;
  }

  mebibytes(prop: string, value: Size): number {
    try {
      const mebibytes = value.toMebibytes({ rounding: SizeRoundingBehavior.FAIL });
      if (mebibytes > 0) return mebibytes;
      this.reject(prop, `${mebibytes} MiB`, 'give a size above zero');
    } catch {
      this.reject(prop, value, 'give a positive Size that is a whole number of mebibytes, such as Size.gibibytes(10)');
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

function isText(pattern: RegExp, value: unknown): boolean {
  return typeof value === 'string' && pattern.test(value);
}

function describe(value: unknown): string {
  if (typeof value === 'number') return String(value);
  // There is no JSON of undefined or a function, whatever its type says.
  const json: unknown = JSON.stringify(value);
  const text = typeof json === 'string' ? json : String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
