/** `hindsight reach`: who can talk to whom, by the policies among the files. */
import { askedFlow, comparedFlows } from '../network/expected-flows';
import { flowJson } from '../network/flow-json';
import { differenceText, flowText } from '../network/flow-text';
import { matrixRows } from '../network/flow-matrix';
import { KnownFlows } from '../network/known-flows';
import { unknownSources } from '../network/unknown-sources';
import { readRepository } from '../manifest/read-repository';
import { Resources } from '../resources/resources';
import { matrixText, unknownSourcesText } from '../report/matrix';
import { chosen } from './choices';
import { readFiles } from './files';
import type { Io } from './io';
import type { Outcome } from './outcome';
import { readSetup, textOfFile, told } from './setup';

/** As commander hands them over. */
export interface ReachArguments {
  readonly from?: string;
  readonly to?: string;
  readonly matrix?: boolean;
  readonly expect?: string;
  readonly cluster?: string;
  readonly format: string;
}

type Format = 'pretty' | 'json';

export function reach(paths: readonly string[], options: ReachArguments, io: Io): Outcome {
  const format = chosen<Format>('--format', options.format, ['pretty', 'json']);
  if ('wrong' in format) return wrongUsage(format.wrong);
  const { from, to, matrix, expect } = options;
  const asked = [from !== undefined || to !== undefined, matrix === true, expect !== undefined].filter((one) => one).length;
  if (asked !== 1 || (from === undefined) !== (to === undefined))
    return wrongUsage('ask one of: --from A --to B:PORT, --matrix, or --expect FILE');
  const known = flowsOf(paths, options, io);
  if ('wrong' in known) return wrongUsage(known.wrong);
  const answer = { ...known, format: format.value };
  if (expect !== undefined) return expected(expect, answer, io);
  return from === undefined || to === undefined ? neededFlows(answer) : oneFlow(from, to, answer);
}

interface Answer {
  readonly known: KnownFlows;
  readonly format: Format;
  /** What could not be read. */
  readonly notes?: string;
}

function flowsOf(paths: readonly string[], options: ReachArguments, io: Io): Omit<Answer, 'format'> | { readonly wrong: string } {
  const setup = readSetup(options, io.cwd);
  if ('wrong' in setup) return setup;
  const read = readFiles(paths, io.cwd, io.readStandardInput);
  if (read.wrong.length > 0) return { wrong: read.wrong.join('\n') };
  const { cluster } = setup;
  const reading = readRepository(read.files, read.repository, read.asked);
  const problems = [...read.problems, ...reading.problems];
  const known = new KnownFlows(new Resources(reading.documents, [...cluster.existing, ...reading.unjudged]), cluster);
  return { known, notes: problems.length === 0 ? undefined : told(problems) };
}

function oneFlow(from: string, to: string, { known: { network }, format, notes }: Answer): Outcome {
  const asked = askedFlow(network, from, to);
  if ('problem' in asked) return wrongUsage(asked.problem);
  const { flow } = asked;
  const text = format === 'json' ? jsonText(flowJson(flow)) : flowText(flow, network);
  return { text, error: notes, exitCode: flow.verdict === 'deny' ? 1 : 0 };
}

/** Every flow that something needs, and what the policies say to it. */
function neededFlows({ known, format, notes }: Answer): Outcome {
  const { needs, resources, cluster, network } = known;
  const rows = matrixRows(needs);
  const text =
    format === 'json' ? jsonText(rows.flatMap(({ flows }) => flows.map(({ flow }) => flowJson(flow)))) : matrixText(rows, network);
  const unknown = unknownSourcesText(unknownSources(resources, cluster));
  const error = [notes, unknown].filter((one) => one !== undefined && one !== '').join('\n');
  return { text, error: error === '' ? undefined : error, exitCode: 0 };
}

function expected(file: string, { known: { network }, format, notes }: Answer, io: Io): Outcome {
  const text = textOfFile(file, io.cwd, '--expect');
  if (typeof text !== 'string') return wrongUsage(text.wrong);
  const { flows, problems, differences } = comparedFlows(network, text, file);
  if (problems.length > 0) return wrongUsage(told(problems));
  const exitCode = differences.length > 0 ? 1 : 0;
  if (format === 'json')
    return { text: jsonText(differences.map((one) => ({ expected: one.expected, flow: flowJson(one.flow) }))), error: notes, exitCode };
  const lines = differences.map((one) => differenceText(one, file, network));
  return { text: lines.length === 0 ? `all ${flows.length} flows are as expected\n` : lines.join('\n'), error: notes, exitCode };
}

function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function wrongUsage(error: string): Outcome {
  return { error, exitCode: 2 };
}
