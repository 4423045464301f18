/** The cluster's facts from YAML: all of them, or everything that is wrong with them, each with its line. */
import { type Document, isFileLocation, type Problem } from '../manifest/document';
import { readYaml } from '../manifest/yaml';
import { Cluster } from './cluster';
import { type FactProblem, factProblems } from './facts-problems';
import type { GivenFacts } from './given-facts';

export interface ParsedFacts {
  /** @default - there are problems */
  readonly facts?: GivenFacts;
  /** The same as a cluster, which knows where each fact was written. @default - there are problems */
  readonly cluster?: Cluster;
  /** In the order of their lines. */
  readonly problems: readonly Problem[];
}

export function parseClusterFacts(text: string, file: string): ParsedFacts {
  const { documents, unjudged, problems } = readYaml(text, file);
  if (problems.length > 0) return { problems };
  const [document, second] = [...documents, ...unjudged];
  if (second !== undefined) return { problems: [{ file, line: lineOf(second, ''), message: 'holds a second document: facts are one' }] };
  if (document === undefined) return { facts: {}, cluster: new Cluster({}, file), problems: [] };
  const content: unknown = document.content;
  const wrong = factProblems(content);
  if (!areFacts(content, wrong))
    return { problems: wrong.map(({ path, message }) => ({ file, line: lineOf(document, path), message })).sort(byLine) };
  return { facts: content, cluster: new Cluster(content, file, (pointer) => document.locate(pointer)), problems: [] };
}

/** Content that nothing is wrong with has the shape of facts. */
function areFacts(_content: unknown, wrong: readonly FactProblem[]): _content is GivenFacts {
  return wrong.length === 0;
}

function lineOf(document: Document, path: string): number | undefined {
  const location = document.locate(path);
  return isFileLocation(location) ? location.line : undefined;
}

function byLine(a: Problem, b: Problem): number {
  return (a.line ?? 0) - (b.line ?? 0);
}
