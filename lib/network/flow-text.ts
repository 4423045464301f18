/** A verdict in words: what `hindsight reach` prints, and what a failing test shows. */
import { isFileLocation } from '../manifest/document';
import { endpointText } from './endpoint';
import type { Difference } from './expected-flows';
import { missingRules } from './missing-rule';
import type { FlowVerdict, Network } from './network';
import { trafficText } from './traffic-port';
import type { Because } from './verdict';

/** The verdict, what each side says to it by which rule, and what is missing. */
export function flowText(flow: FlowVerdict, network: Network): string {
  const lines = [`${flow.verdict}  ${endpointText(flow.from)} to ${endpointText(flow.to)} on ${trafficText(flow)}`];
  for (const direction of ['egress', 'ingress'] as const) {
    const { verdict, because } = flow[direction];
    lines.push(`  ${direction}: ${verdict}`, ...because.map((reason) => `    ${reasonText(reason)}`));
  }
  for (const { words, into, policy } of missingRules(flow, network))
    lines.push(
      `  missing: ${words}`,
      into === undefined
        ? `    add ${JSON.stringify(policy)}`
        : `    add to ${into.path} of ${into.policy.toString()}: ${JSON.stringify(into.value)}`,
    );
  return `${lines.join('\n')}\n`;
}

/** An expectation that does not hold, with its line and the verdict. */
export function differenceText({ expected: { verdict, line }, flow }: Difference, file: string, network: Network): string {
  return `${file}:${line ?? 1}: expected ${verdict}, and it is\n${flowText(flow, network)}`;
}

/** `CiliumNetworkPolicy blog/mysql /spec/ingress/0: allows … (blog.yaml:30)`. */
export function reasonText({ policy, rule, words }: Because): string {
  if (policy === null) return words;
  const at = rule === null ? undefined : policy.locate(rule);
  const where = at === undefined ? '' : ` (${isFileLocation(at) ? `${at.file}:${at.line}` : at.construct})`;
  return `${policy.toString()} ${rule ?? ''}: ${words}${where}`;
}
