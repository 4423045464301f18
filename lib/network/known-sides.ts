/** Sides that were judged before, for identities that several workloads share. */
import type { Identity } from './identity';
import type { Direction } from './policy-rule';
import type { Traffic } from './traffic-port';
import type { SideVerdict } from './verdict';

/** Two of them make a number that is still exact. */
const MOST_IDENTITIES = 2 ** 26;

export class KnownSides {
  private readonly byTraffic = new Map<string, Map<number, SideVerdict>>();

  of(direction: Direction, subject: Identity, peer: Identity, { port, protocol }: Traffic, judge: () => SideVerdict): SideVerdict {
    const traffic = `${direction} ${protocol} ${port}`;
    const sides = this.byTraffic.get(traffic) ?? new Map<number, SideVerdict>();
    this.byTraffic.set(traffic, sides);
    const pair = subject.id * MOST_IDENTITIES + peer.id;
    const side = sides.get(pair) ?? judge();
    sides.set(pair, side);
    return side;
  }
}
