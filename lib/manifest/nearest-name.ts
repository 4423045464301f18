/** What somebody probably meant who wrote a name that does not exist. */

/** The nearest of `names`, if any is near: another case, another order of two letters, one or two letters off. */
export function nearestName(written: string, names: Iterable<string>): string | undefined {
  const wanted = written.toLowerCase();
  const limit = wanted.length < 4 ? 1 : 2;
  let nearest: string | undefined;
  let least = limit + 1;
  for (const name of names) {
    if (name.toLowerCase() === wanted) return name;
    if (Math.abs(name.length - written.length) >= least) continue;
    const distance = editsBetween(wanted, name.toLowerCase());
    if (distance < least && distance < name.length / 2) [nearest, least] = [name, distance];
  }
  return nearest ?? pluralOf(wanted, names);
}

/** `accessMode` for `accessModes`, `capability` for `capabilities`. */
function pluralOf(wanted: string, names: Iterable<string>): string | undefined {
  for (const name of names) {
    const lower = name.toLowerCase();
    if (lower === `${wanted.slice(0, -1)}ies` || wanted === `${lower.slice(0, -1)}ies`) return name;
  }
  return undefined;
}

/** Letters to insert, remove, replace or swap with their neighbour. */
function editsBetween(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? (beforeLast[j - 2] ?? 0) + 1 : Infinity;
      row.push(Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, replaced, swapped));
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length] ?? 0;
}
