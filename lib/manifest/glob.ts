/** Globs of paths: `*`, `?`, `**` and `{a,b}`. */

/** More stars than that are not tried: matching them could take for ever. */
const MOST_STARS = 8;

/**
 * @param star `folder`: a star stays within one folder and `**` crosses all, as in a shell; `path`: every star crosses
 *   folders, as in an Application's directory.include and exclude
 * @returns a matcher of whole paths; undefined for a glob that is malformed or too rich to try
 */
export function globMatcher(glob: string, star: 'folder' | 'path'): ((path: string) => boolean) | undefined {
  const text = glob.replace(/^\.\//, '');
  if ((text.match(/\*+/g) ?? []).length > MOST_STARS) return undefined;
  const within = star === 'folder' ? '[^/]' : '.';
  let depth = 0;
  const pattern = text.replaceAll(/\*\*\/?|\*|[?{},]|[^\w*?{},]/g, (part) => {
    switch (part) {
      case '?':
        return within;
      case '*':
        return `${within}*`;
      case '{':
        depth++;
        return '(?:';
      case '}':
        depth--;
        return ')';
      case ',':
        return depth > 0 ? '|' : ',';
      default:
        return part.startsWith('**') ? '.*' : `\\${part}`;
    }
  });
  if (depth !== 0) return undefined;
  try {
    const expression = new RegExp(`^(?:${pattern})$`);
    return (path) => expression.test(path);
  } catch {
    return undefined;
  }
}
