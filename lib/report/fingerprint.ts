/** Who a finding is, whatever line it moves to: a program that keeps findings sees the same one again after an edit elsewhere. */
import { createHash } from 'node:crypto';
import type { Finding } from '../check/finding';
import { sourceOf } from './place';

/** One for each finding, in their order. Those that nothing else tells apart are counted. */
export function fingerprints(findings: readonly Finding[]): string[] {
  const seen = new Map<string, number>();
  return findings.map(({ lesson, resource, path, location }) => {
    const { group, kind, namespace, name } = resource;
    const who = resource.isObject ? [group, kind, namespace, name] : [resource.document.source];
    const key = JSON.stringify([lesson, ...who, path, sourceOf(location)]);
    const before = seen.get(key) ?? 0;
    seen.set(key, before + 1);
    return createHash('sha256')
      .update(JSON.stringify([key, before]))
      .digest('hex')
      .slice(0, 32);
  });
}
