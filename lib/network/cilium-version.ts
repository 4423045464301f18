/** Minor versions of Cilium, since what is valid changed between them. */

/** Where nothing is known of the cluster. */
export const DEFAULT_CILIUM_VERSION = '1.18';

/** Whether `version` (`1.18`, `v1.18.4`) is the minor version `minimum` or a later one. An unreadable version counts as the default. */
export function isAtLeast(version: string, minimum: string): boolean {
  return ordinal(version) >= ordinal(minimum);
}

function ordinal(version: string): number {
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(version) ?? /^v?(\d+)\.(\d+)/.exec(DEFAULT_CILIUM_VERSION) ?? [];
  return Number(major) * 1000 + Number(minor);
}
