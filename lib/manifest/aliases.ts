/** Anchors share content; a few lines of them can stand for billions of fields ("billion laughs"). */

/** A document may stand for this many fields however it is written, and for more when it really writes them. */
const MOST_SHARED = 100_000;
const MOST_TIMES = 10;

/** @throws Error when what the aliases stand for has no end, or none in sight */
export function refuseAliasBomb(content: unknown): void {
  const sizes = new Map<object, number>();
  const open = new Set<object>();
  const sizeOf = (value: unknown): number => {
    if (typeof value !== 'object' || value === null) return 1;
    const known = sizes.get(value);
    if (known !== undefined) return known;
    if (open.has(value)) throw new Error('an anchor contains itself');
    open.add(value);
    let size = 1;
    for (const below of Object.values(value)) size += sizeOf(below);
    open.delete(value);
    sizes.set(value, size);
    return size;
  };
  const size = sizeOf(content);
  let written = 1;
  for (const container of sizes.keys()) written += Object.keys(container).length;
  if (size > MOST_SHARED && size > written * MOST_TIMES) throw new Error('its aliases multiply into more than can be read (an alias bomb)');
}
