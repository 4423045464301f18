import { distance } from 'fastest-levenshtein';

/** The name that was probably meant. @returns undefined when none is near */
export function nearestName(given: string, names: readonly string[]): string | undefined {
  const limit = Math.max(2, Math.floor(given.length / 3));
  const near = names.map((name) => ({ name, away: distance(given, name) })).filter(({ away }) => away <= limit);
  return near.sort((a, b) => a.away - b.away)[0]?.name;
}
