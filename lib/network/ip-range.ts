/**
 * Which addresses a CIDR covers.
 *
 * Cilium gives an address the identity of its most specific known prefix, with the labels of all covering prefixes, so
 * plain containment is the right static model of its CIDR rules.
 */
import { isValid, isValidCIDR, parse, parseCIDR, type IPv4, type IPv6 } from 'ipaddr.js';
import type { Match } from './match';

export interface IpRange {
  readonly family: 4 | 6;
  readonly first: bigint;
  readonly last: bigint;
  /** As it was written. */
  readonly text: string;
}

/** The range of a CIDR, or of one address. @returns undefined for what is neither */
export function ipRange(text: string): IpRange | undefined {
  if (isValidCIDR(text)) {
    const [address, length] = parseCIDR(text);
    const { family, bits, value } = numberOf(address);
    const size = 1n << BigInt(bits - length);
    const first = (value / size) * size;
    return { family, first, last: first + size - 1n, text };
  }
  // ipaddr.js reads `10` and `0x7f.1` as addresses; Go and Kubernetes do not.
  if (!isValid(text) || !/^(\d+\.\d+\.\d+\.\d+|.*:.*)$/.test(text)) return undefined;
  const { family, value } = numberOf(parse(text));
  return { family, first: value, last: value, text };
}

export function contains(outer: IpRange, inner: IpRange): boolean {
  return outer.family === inner.family && outer.first <= inner.first && inner.last <= outer.last;
}

export function overlaps(a: IpRange, b: IpRange): boolean {
  return a.family === b.family && a.first <= b.last && b.first <= a.last;
}

/** Whether every (`yes`), some (`maybe`) or no address of `addresses` is in `range` and outside of `except`. */
export function rangeMatches(range: IpRange, except: readonly IpRange[], addresses: IpRange): Match {
  if (!overlaps(range, addresses)) return 'no';
  if (except.some((excepted) => contains(excepted, addresses))) return 'no';
  return contains(range, addresses) && !except.some((excepted) => overlaps(excepted, addresses)) ? 'yes' : 'maybe';
}

function numberOf(address: IPv4 | IPv6): { family: 4 | 6; bits: number; value: bigint } {
  const bytes = address.toByteArray();
  const value = bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  return { family: bytes.length === 4 ? 4 : 6, bits: bytes.length * 8, value };
}
