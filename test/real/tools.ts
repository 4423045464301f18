// What a test of the real parts needs from the machine. Debian: mariadb-server mariadb-client awscli etcd-server etcd-client shellcheck
// prometheus faketime.
import { existsSync } from 'node:fs';

/** Only the system's own programs: what a developer has installed elsewhere is not what an image holds. */
export const systemPath = '/usr/sbin:/usr/bin:/sbin:/bin';

/** `describe`, or a skipped one that names what is missing. */
export function describeWith(tools: readonly string[], name: string, tests: () => void): void {
  const missing = tools.filter((tool) => !systemPath.split(':').some((folder) => existsSync(`${folder}/${tool}`)));
  if (missing.length === 0) describe(name, tests);
  else if (process.env.CI) test(`fails: ${name} needs ${missing.join(', ')}`, () => expect(missing).toEqual([]));
  else describe.skip(`${name} (skipped: this machine has no ${missing.join(', ')})`, tests);
}
