/**
 * Globs of paths: `*`, `?`, `**`, `[a-z]` and `{a,b}`.
 *
 * The insight: both globs and paths come from repositories that anybody may have written, and regular expressions, which every
 * library makes of globs, can be made to backtrack for ever. So all the ways to match are followed at once, which takes time in
 * proportion to the glob and the path, whatever they are.
 */

/** One step through a path; what repeats may take no character at all. */
interface Step {
  takes(character: string): boolean;
  readonly repeats?: boolean;
  /** Whether it ends only where a name begins: of `**` and its slash. */
  readonly wholeFolders?: boolean;
}

/** More braces in one glob, and more ways to read them, than anybody writes. */
const MOST_BRACES = 100;
const MOST_ALTERNATIVES = 1000;

/**
 * @param star `folder`: a star stays within one folder and `**` crosses all, as in a shell; `path`: every star crosses
 *   folders, as in an Application's directory.include and exclude
 * @returns a matcher of whole paths; undefined for a glob that is malformed, or has more braces than can be tried
 */
export function globMatcher(glob: string, star: 'folder' | 'path'): ((path: string) => boolean) | undefined {
  if (glob === '**') return () => true;
  if (glob.split('{', MOST_BRACES + 2).length - 1 > MOST_BRACES) return undefined;
  const alternatives = withoutBraces(glob.replace(/^\.\//, ''));
  if (alternatives === undefined) return undefined;
  const compiled = alternatives.map((alternative) => stepsOf(alternative, star));
  if (compiled.some((steps) => steps === undefined)) return undefined;
  return (path) => compiled.some((steps) => steps !== undefined && matches(steps, path));
}

/** Every reading of the alternatives in braces. */
function withoutBraces(glob: string): string[] | undefined {
  let depth = 0;
  let open = -1;
  let cuts: number[] = [];
  for (const [index, character] of [...glob.matchAll(/\\.|[^\\]/gs)].map((part) => [part.index, part[0]] as const)) {
    if (character === '{' && depth++ === 0) [open, cuts] = [index, [index]];
    else if (character === ',' && depth === 1) cuts.push(index);
    else if (character === '}' && --depth === 0) {
      const ends = [...cuts.slice(1), index];
      const readings = ends.map((end, at) => glob.slice(0, open) + glob.slice((cuts[at] ?? 0) + 1, end) + glob.slice(index + 1));
      const result: string[] = [];
      for (const reading of readings) {
        const all = withoutBraces(reading);
        if (all === undefined || result.length + all.length > MOST_ALTERNATIVES) return undefined;
        result.push(...all);
      }
      return result;
    }
    if (depth < 0) return undefined;
  }
  return depth === 0 ? [glob] : undefined;
}

const PARTS = /\*\*\/|\*+|\?|\[[!^]?\]?[^\]]*\]|\\.|[^\\]/gsy;

function stepsOf(glob: string, star: 'folder' | 'path'): Step[] | undefined {
  const anything = (): boolean => true;
  const within = star === 'path' ? anything : (character: string): boolean => character !== '/';
  const steps: Step[] = [];
  let end = 0;
  for (const { 0: part, index } of glob.matchAll(PARTS)) {
    end = index + part.length;
    const isWhole = (index === 0 || glob[index - 1] === '/') && (part.endsWith('/') || end === glob.length);
    if (part === '**/' && isWhole) steps.push({ takes: anything, repeats: true, wholeFolders: true });
    else if (part.startsWith('**') && isWhole) steps.push({ takes: anything, repeats: true });
    else if (part.startsWith('*')) {
      steps.push({ takes: within, repeats: true });
      if (part.endsWith('/')) steps.push({ takes: (character) => character === '/' });
    } else if (part === '?') steps.push({ takes: within });
    else if (part.startsWith('[') && part.length > 1) {
      const set = setOf(part);
      if (set === undefined) return undefined;
      steps.push({ takes: (character) => within(character) && set.test(character) });
    } else if (part === '[') return undefined;
    else {
      const text = part.startsWith('\\') ? part.slice(1) : part;
      steps.push({ takes: (character) => character === text });
    }
  }
  return end === glob.length ? steps : undefined;
}

/** `[a-z]` and `[!a-z]`. */
function setOf(part: string): RegExp | undefined {
  const [, not = '', members = ''] = /^\[([!^]?)(.*)\]$/s.exec(part) ?? [];
  try {
    return new RegExp(`^[${not === '' ? '' : '^'}${members.replace(/[\\\]^[]/g, '\\$&')}]$`, 's');
  } catch {
    return undefined;
  }
}

function matches(steps: readonly Step[], path: string): boolean {
  let at = reached(steps, new Set([0]), true);
  for (const character of path.match(/./gsu) ?? []) {
    const next = new Set<number>();
    for (const index of at) {
      const step = steps[index];
      if (step?.takes(character) === true) next.add(step.repeats === true ? index : index + 1);
    }
    if (next.size === 0) return false;
    at = reached(steps, next, character === '/');
  }
  return at.has(steps.length);
}

/** With the steps behind those that may end here. */
function reached(steps: readonly Step[], at: Set<number>, isStart: boolean): Set<number> {
  // A set is gone through in the order of insertion, with what is added on the way.
  for (const index of at) {
    const step = steps[index];
    if (step?.repeats === true && (step.wholeFolders !== true || isStart)) at.add(index + 1);
  }
  return at;
}
