import type { Field } from './field';

/** One form for the ways to write a Git URL: without scheme, user, port, letter case and `.git`. */
export function comparableUrl(url: string): string {
  return url
    .trim()
    .toLowerCase()
    .replace(/^[a-z][\w+.-]*:\/\//, '')
    .replace(/^[^@/]*@/, '')
    .replace(/^([^/:]+):\d+\//, '$1/')
    .replace(/^([^/:]+):/, '$1/')
    .replace(/\/+$/, '')
    .replace(/\.git$/, '');
}

/** The URLs of this repository, in one form: its remotes; without any, those that Applications and ApplicationSets share. */
export function ownUrls(applications: readonly Field[], remotes: readonly string[]): ReadonlySet<string> {
  if (remotes.length > 0) return new Set(remotes.map(comparableUrl));
  const uses = new Map<string, number>();
  for (const root of applications) {
    const spec = root.at('kind').string === 'Application' ? root.at('spec') : root.at('spec', 'template', 'spec');
    const sources = spec.at('sources').isList ? spec.at('sources').items : [spec.at('source')];
    const urls = sources
      .filter((source) => source.at('path').isSet && !source.at('chart').isSet)
      .map((source) => comparableUrl(source.at('repoURL').string ?? ''));
    for (const url of new Set(urls)) uses.set(url, (uses.get(url) ?? 0) + 1);
  }
  return new Set([...uses].filter(([, count]) => uses.size === 1 || count > 1).map(([url]) => url));
}
