/**
 * Kubernetes' quantities as whole thousandths.
 *
 * Sums of `100m` and `0.1` have to be exact, or a quota of 300m would be too small for three of them.
 * Source: kubernetes.io, Quantity. What is finer than a thousandth is rounded up, as the API server does.
 */
import type { Field } from '../manifest/field';

const SUFFIXES: Readonly<Record<string, readonly [base: bigint, exponent: bigint]>> = {
  '': [10n, 0n], k: [10n, 3n], M: [10n, 6n], G: [10n, 9n], T: [10n, 12n], P: [10n, 15n], E: [10n, 18n],
  Ki: [2n, 10n], Mi: [2n, 20n], Gi: [2n, 30n], Ti: [2n, 40n], Pi: [2n, 50n], Ei: [2n, 60n],
  m: [10n, -3n], u: [10n, -6n], n: [10n, -9n],
}; // prettier-ignore

/** @returns undefined for what is no quantity */
export function thousandthsOf(quantity: string | number): bigint | undefined {
  const match = /^\+?(\d*)(?:\.(\d*))?(?:([KMGTPE]i|[numkMGTPE])|[eE]([+-]?\d{1,3}))?$/.exec(String(quantity));
  if (match === null) return undefined;
  const [, whole = '', fraction = '', suffix = '', exponent] = match;
  if (whole === '' && fraction === '') return undefined;
  const [base, power] = exponent === undefined ? (SUFFIXES[suffix] ?? [10n, 0n]) : [10n, BigInt(exponent)];
  const numerator = BigInt(whole + fraction) * 1000n * (power > 0n ? base ** power : 1n);
  const denominator = 10n ** BigInt(fraction.length) * (power < 0n ? base ** -power : 1n);
  return (numerator + denominator - 1n) / denominator;
}

/** The quantity that a field holds. @returns undefined when it holds none */
export function quantityAt(field: Field): bigint | undefined {
  const text = field.text;
  return text === undefined ? undefined : thousandthsOf(text);
}

const BINARY = ['Ei', 'Pi', 'Ti', 'Gi', 'Mi', 'Ki'] as const;

/** The shortest way to write it: `500m`, `3`, `1536Mi`. */
export function quantityText(thousandths: bigint): string {
  if (thousandths % 1000n !== 0n) return `${thousandths}m`;
  const whole = thousandths / 1000n;
  const unit = BINARY.find((suffix) => whole !== 0n && whole % factorOf(suffix) === 0n);
  return unit === undefined ? String(whole) : `${whole / factorOf(unit)}${unit}`;
}

function factorOf(suffix: string): bigint {
  const [base, power] = SUFFIXES[suffix] ?? [10n, 0n];
  return base ** power;
}
