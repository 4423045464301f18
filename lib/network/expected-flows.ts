/** A contract of flows: `allow` and `deny` list flows as `{from, to: B:PORT/PROTOCOL}`, to hold against the policies. */
import type { Problem } from '../manifest/document';
import { Field } from '../manifest/field';
import { readYaml } from '../manifest/yaml';
import type { FlowVerdict, Network } from './network';
import { readDestination, readPeer, readPort } from './peer-syntax';

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

export function parseExpectedFlows(
  text: string,
  file: string,
): { readonly flows: readonly ExpectedFlow[]; readonly problems: readonly Problem[] } {
  const { documents, problems } = readYaml(text, file);
  const found: Problem[] = [...problems];
  const flows = documents.flatMap((document) => {
    const root = new Field(document.content);
    const lineOf = (path: string): number | undefined => {
      const location = document.locate(path);
      return 'line' in location ? location.line : undefined;
    };
    for (const key of root.keys)
      if (key !== 'allow' && key !== 'deny')
        found.push({ file, line: lineOf(root.at(key).path), message: `unknown key ${key}: use allow and deny` });
    return (['allow', 'deny'] as const).flatMap((verdict) =>
      root.at(verdict).items.flatMap((item): ExpectedFlow[] => {
        const [from, to, line] = [item.at('from').string, item.at('to').string, lineOf(item.path)];
        if (from !== undefined && to !== undefined) return [{ from, to, verdict, line }];
        found.push({ file, line, message: 'a flow needs from: A and to: B:PORT' });
        return [];
      }),
    );
  });
  if (flows.length === 0 && found.length === 0) found.push({ file, message: 'expects no flow: list some under allow or deny' });
  return { flows, problems: found };
}

/** The verdict on a flow by names. */
export function askedFlow(network: Network, from: string, to: string): { readonly flow: FlowVerdict } | { readonly problem: string } {
  const source = readPeer(from, network.resources);
  if ('problem' in source) return source;
  const destination = readDestination(to);
  if ('problem' in destination) return destination;
  const target = readPeer(destination.peer, network.resources);
  if ('problem' in target) return target;
  const port = readPort(destination.port, target.endpoint, destination.protocol);
  if ('problem' in port) return port;
  return { flow: network.verdict(source.endpoint, target.endpoint, port.number, destination.protocol) };
}
