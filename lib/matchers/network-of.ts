/** The policies and workloads of whatever a matcher received. */
import { told } from '../cli/setup';
import type { Problem } from '../manifest/document';
import { Field } from '../manifest/field';
import { readRepository, type RepositoryReading } from '../manifest/read-repository';
import { NO_REPOSITORY } from '../manifest/repository';
import { Network } from '../network/network';
import { Resources } from '../resources/resources';
import { type ClusterOption, type Received, receivedAs } from './received';

/** @throws Error for what cannot be read: it may be the very policy that decides */
export function networkOf(received: unknown, { cluster: known }: ClusterOption): Network {
  const given = receivedAs(received, known);
  const { cluster } = given;
  if (given.kind === 'documents') return new Network(new Resources(given.documents, cluster.existing), cluster);
  const reading = readingOf(given);
  const hidden = [...(given.kind === 'path' ? given.read.problems : []), ...reading.problems].filter(
    (problem) => !isAboutSecrets(problem, reading),
  );
  if (hidden.length > 0) throw new Error(`what cannot be read may hold policies, so that no flow is proven:\n${told(hidden)}`);
  if (reading.documents.length === 0) throw new Error(`${given.kind === 'path' ? given.path : 'the text'}: there are no manifests`);
  return new Network(new Resources(reading.documents, [...cluster.existing, ...reading.unjudged]), cluster);
}

function readingOf(given: Exclude<Received, { readonly kind: 'documents' }>): RepositoryReading {
  if (given.kind === 'path') return readRepository(given.read.files, given.read.repository, given.read.asked);
  return readRepository(given.files, { ...NO_REPOSITORY, files: new Set(given.files.keys()) });
}

/** Encrypted Secrets decide no flow. */
function isAboutSecrets({ file }: Problem, { unjudged, problems }: RepositoryReading): boolean {
  const kinds = unjudged.filter(({ source }) => source === file).map(({ content }) => new Field(content).at('kind').string);
  return kinds.every((kind) => kind === 'Secret') && problems.filter((one) => one.file === file).length <= kinds.length;
}
