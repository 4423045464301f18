/** Three-valued logic: what cannot be known from manifests and facts is `maybe`, never a guess. */
export type Match = 'yes' | 'maybe' | 'no';

export function both(a: Match, b: Match): Match {
  if (a === 'no' || b === 'no') return 'no';
  return a === 'yes' && b === 'yes' ? 'yes' : 'maybe';
}

export function either(a: Match, b: Match): Match {
  if (a === 'yes' || b === 'yes') return 'yes';
  return a === 'no' && b === 'no' ? 'no' : 'maybe';
}

export function not(match: Match): Match {
  if (match === 'maybe') return 'maybe';
  return match === 'yes' ? 'no' : 'yes';
}

export function certain(claim: boolean): Match {
  return claim ? 'yes' : 'no';
}
