/** A contract of flows: `allow` and `deny` list flows as `{from, to: B:PORT/PROTOCOL}`, to hold against the policies. */
import { type Document, isFileLocation, type Problem } from '../manifest/document';
import { Field } from '../manifest/field';
import { readYaml } from '../manifest/yaml';
import type { FlowVerdict, Network } from './network';
import { type Destination, readDestination, readPeer, readPort } from './peer-syntax';

export interface ExpectedFlow {
  readonly from: string;
  readonly to: string;
  readonly verdict: 'allow' | 'deny';
  readonly line?: number;
}

export interface Difference {
  readonly expected: ExpectedFlow;
  readonly flow: FlowVerdict;
}

export interface ExpectedFlows {
  readonly flows: readonly ExpectedFlow[];
  readonly problems: readonly Problem[];
}

export interface ComparedFlows extends ExpectedFlows {
  /** Whatever has another verdict than the expected one, or none that can be known. */
  readonly differences: readonly Difference[];
  /** That told the verdicts. */
  readonly network: Network;
}

export type AskedFlow = { readonly flow: FlowVerdict } | { readonly problem: string };

/** Holds the flows of a file against the policies; with every problem of the file, when it has any. */
export function comparedFlows(network: Network, text: string, file: string): ComparedFlows {
  const { flows, problems } = parseExpectedFlows(text, file);
  const wrong = [...problems];
  const differences: Difference[] = [];
  for (const expected of flows) {
    const asked = askedFlow(network, expected.from, expected.to);
    if ('problem' in asked) wrong.push({ file, line: expected.line, message: asked.problem });
    else if (asked.flow.verdict !== expected.verdict) differences.push({ expected, flow: asked.flow });
  }
  return { flows, problems: wrong.sort((a, b) => (a.line ?? 0) - (b.line ?? 0)), differences, network };
}

export function parseExpectedFlows(text: string, file: string): ExpectedFlows {
  const { documents, unjudged, problems } = readYaml(text, file);
  const found: Problem[] = [...problems];
  const flows = [...documents, ...unjudged].flatMap((document) => flowsOf(document, file, found));
  if (flows.length === 0 && found.length === 0) found.push({ file, message: 'expects no flow: list some under allow or deny' });
  return { flows, problems: found };
}

/** The verdict on a flow by names. */
export function askedFlow(network: Network, from: string, to: string): AskedFlow {
  const destination = readDestination(to);
  return 'problem' in destination ? destination : flowTo(network, from, destination);
}

/** The verdict on a flow to a destination that was read. */
export function flowTo(network: Network, from: string, { peer, port, protocol }: Destination): AskedFlow {
  const source = readPeer(from, network.resources);
  if ('problem' in source) return source;
  const target = readPeer(peer, network.resources);
  if ('problem' in target) return target;
  const numbered = readPort(port, target.endpoint, protocol);
  if ('problem' in numbered) return numbered;
  return { flow: network.verdict(source.endpoint, target.endpoint, numbered.number, protocol) };
}

function flowsOf(document: Document, file: string, found: Problem[]): ExpectedFlow[] {
  const root = new Field(document.content);
  const lineOf = ({ path }: Field): number | undefined => {
    const location = document.locate(path);
    return isFileLocation(location) ? location.line : undefined;
  };
  const wrong = (field: Field, message: string): void => {
    found.push({ file, line: lineOf(field), message });
  };
  if (!root.isMap) wrong(root, 'is no map with lists of flows under allow and deny');
  for (const [key, field] of root.entries) if (key !== 'allow' && key !== 'deny') wrong(field, `unknown key ${key}: use allow and deny`);
  return (['allow', 'deny'] as const).flatMap((verdict) => {
    const list = root.at(verdict);
    if (list.isSet && !list.isList) wrong(list, `${verdict} is no list of flows`);
    return list.items.flatMap((item): ExpectedFlow[] => {
      for (const [key, field] of item.entries) if (key !== 'from' && key !== 'to') wrong(field, `unknown key ${key} of a flow: use from: A and to: B:PORT`); // prettier-ignore
      const [from, to] = [item.at('from').string, item.at('to').string];
      if (from !== undefined && to !== undefined) return [{ from, to, verdict, line: lineOf(item) }];
      wrong(item, 'a flow needs from: A and to: B:PORT');
      return [];
    });
  });
}
