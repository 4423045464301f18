/** A file of expected flows, held against whatever a matcher received. */
import { textOfFile, told } from '../cli/setup';
import { comparedFlows, type ComparedFlows } from '../network/expected-flows';
import { networkOf } from './network-of';
import type { ClusterOption } from './received';

/** @throws Error with every line of the file that cannot be understood */
export function comparedWith(file: unknown, received: unknown, options: ClusterOption): ComparedFlows {
  if (typeof file !== 'string') throw new Error(`expected the path of a file with flows, got ${String(file)}`);
  const text = textOfFile(file, process.cwd(), 'toMatchFlows');
  if (typeof text !== 'string') throw new Error(text.wrong);
  const compared = comparedFlows(networkOf(received, options), text, file);
  if (compared.problems.length > 0) throw new Error(told(compared.problems));
  return compared;
}
