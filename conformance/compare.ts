/** The engine's answers beside the evaluator's. */
import { endpointText } from '../lib/network/endpoint';
import type { SideVerdict } from '../lib/network/verdict';
import type { EngineCase, EngineResult, PreparedCase } from './engine-case';

export interface Comparison {
  readonly input: EngineCase;
  readonly differences: readonly string[];
  readonly policies: number;
  readonly rejected: number;
  readonly compared: number;
  readonly allowed: number;
  readonly denied: number;
  /** What manifests cannot tell, and the engine was told. */
  readonly unknown: number;
  readonly conflicts: number;
}

export function compare(prepared: PreparedCase, result: EngineResult | undefined): Comparison {
  const { input } = prepared;
  if (result === undefined || result.id !== input.id) throw new Error(`the engine did not answer ${input.id}`);
  const differences = rejectionDifferences(prepared, result);
  let compared = 0;
  let allowed = 0;
  let denied = 0;
  let unknown = 0;
  let conflicts = 0;
  const side = (ours: SideVerdict, theirs: string, text: string): void => {
    if (theirs === 'none') return;
    compared++;
    const isConflict = ours.because.some(({ words }) => words.includes('Cilium cannot merge'));
    // Go walks a map of rules in any order, and what it can merge depends on that.
    const isByChance = ours.because.some(({ words }) => words.includes('whether Cilium can merge'));
    if (isByChance) unknown++;
    else if (theirs === 'unresolved' || isConflict) {
      if (theirs === 'unresolved' && isConflict) conflicts++;
      else
        differences.push(
          `${text}: ${theirs === 'unresolved' ? 'the engine cannot merge' : 'only we say that it cannot merge'}: ${ours.because[0]?.words ?? ''}`,
        );
    } else if (ours.verdict === 'unknown') unknown++;
    else if (ours.verdict !== theirs)
      differences.push(
        `${text}: ${ours.verdict} here, ${theirs} there; ${ours.because.map(({ effect, words }) => `${effect} ${words}`).join('; ')}`,
      );
    else if (theirs === 'allow') allowed++;
    else denied++;
  };
  input.queries.forEach((query, index) => {
    const [from, to] = [prepared.endpoints[query.from], prepared.endpoints[query.to]];
    const theirs = result.verdicts[index];
    if (from === undefined || to === undefined || theirs === undefined) throw new Error('a query without an answer');
    const ours = prepared.network.verdict(from, to, query.port, query.protocol);
    const text = `${endpointText(from)} -> ${endpointText(to)} ${query.protocol} ${query.port}`;
    side(ours.egress, theirs[0], `${text} egress`);
    side(ours.ingress, theirs[1], `${text} ingress`);
  });
  return {
    input,
    differences,
    policies: input.policies.length,
    rejected: result.rejected.length,
    compared,
    allowed,
    denied,
    unknown,
    conflicts,
  };
}

function rejectionDifferences({ network, policies }: PreparedCase, { rejected }: EngineResult): string[] {
  const theirs = new Map(rejected.map(({ index, error }) => [policies[index], error]));
  const ours = new Map(network.rejected.map(({ policy, rejections }) => [policy, rejections]));
  return policies.flatMap((policy) => {
    const [here, there] = [ours.get(policy), theirs.get(policy)];
    if ((here === undefined) === (there === undefined)) return [];
    return [
      `${policy.toString()}: ${here === undefined ? 'enforced here' : `rejected here (${here[0]?.path ?? ''} ${here[0]?.message ?? ''})`}, ${there === undefined ? 'enforced there' : `rejected there (${there})`}`,
    ];
  });
}
