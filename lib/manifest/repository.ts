/** The checkout around the manifests: what a lesson may know of it without reading the disk. */
export interface Repository {
  /** URLs of its git remotes. */
  readonly remotes: readonly string[];
  /** Every file below the root that git would not ignore, named as the documents' sources are, with forward slashes. */
  readonly files: ReadonlySet<string>;
  /**
   * The folder that all those names are relative to, as seen from the root. Somebody who works in `clusters/prod` reads `../../apps/web.yaml`
   * where an Argo CD Application says `apps/web.yaml`.
   * @default '' - the root
   */
  readonly folder?: string;
}

/** Nothing is known: standard input, a construct tree. */
export const NO_REPOSITORY: Repository = { remotes: [], files: new Set() };

/** A path that is relative to the root, such as an Application's, under the name that files have here. */
export function nameOfRootPath({ folder = '' }: Pick<Repository, 'folder'>, path: string): string {
  const from = stepsOf(folder);
  const to = stepsOf(path);
  let shared = 0;
  while (shared < from.length && shared < to.length && from[shared] === to[shared]) shared++;
  return [...from.slice(shared).map(() => '..'), ...to.slice(shared)].join('/') || '.';
}

function stepsOf(path: string): string[] {
  return path.split('/').filter((step) => step !== '' && step !== '.');
}
