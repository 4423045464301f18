/** DNS names and patterns in `toFQDNs` and DNS rules. */
import type { Field } from '../manifest/field';
import { refusedByApiServer, type Rejection } from './rejection';

const NAME_PART = /^[-a-zA-Z0-9_]+$/;
const PATTERN_PART = /^[-a-zA-Z0-9_*]+$/;

export function* fqdnRejections(selector: Field): Iterable<Rejection> {
  const name = selector.at('matchName');
  const pattern = selector.at('matchPattern');
  if (name.isSet === pattern.isSet) {
    yield refusedByApiServer(
      selector,
      name.isSet ? 'matchName and matchPattern exclude each other' : 'one of matchName and matchPattern is required',
    );
    return;
  }
  if (name.isSet && !isName(name.string, NAME_PART))
    yield refusedByApiServer(
      name,
      `${JSON.stringify(name.text ?? null)} is no DNS name${(name.string ?? '').includes('*') ? '; a wildcard belongs in matchPattern' : ''}`,
    );
  if (pattern.isSet && !isName(pattern.string, PATTERN_PART))
    yield refusedByApiServer(pattern, `${JSON.stringify(pattern.text ?? null)} is no pattern of DNS names`);
}

/** The schema's pattern backtracks without end on hostile input, so the same language is recognised by splitting at the dots. */
function isName(text: string | undefined, part: RegExp): boolean {
  if (text === undefined || text === '' || text.length > 255) return false;
  const labels = (text.endsWith('.') ? text.slice(0, -1) : text).split('.');
  return labels.every((label) => part.test(label));
}
