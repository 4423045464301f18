/** The checkout around the manifests: what a lesson may know of it without reading the disk. */
export interface Repository {
  /** URLs of its git remotes. */
  readonly remotes: readonly string[];
  /** Every file below the root that git would not ignore, relative to the root, with forward slashes. */
  readonly files: ReadonlySet<string>;
}

/** Nothing is known: standard input, a construct tree. */
export const NO_REPOSITORY: Repository = { remotes: [], files: new Set() };
