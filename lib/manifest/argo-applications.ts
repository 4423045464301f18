/**
 * Argo CD Applications, as far as they tell how other files of the same repository are applied.
 *
 * Of an ApplicationSet, those that its list and git directory generators make; what other generators add is not known here.
 */
import type { AppliedBy, Document } from './document';
import { Field } from './field';
import { comparableUrl, ownUrls } from './git-url';
import { globMatcher } from './glob';
import { nameOfRootPath, type Repository } from './repository';

/** A folder that an Application takes its manifests from. */
export interface ApplicationSource {
  readonly by: AppliedBy;
  /** Where objects without a namespace land. @default - not said */
  readonly namespace?: string;
  /** The folder, named as files are; `.` for all of them. */
  readonly folder: string;
  readonly isRecursive: boolean;
  /** Whether it takes a file, by its path below the folder. */
  takes(path: string): boolean;
}

type Parameters = Readonly<Record<string, string>>;

export function applicationSources(
  documents: readonly Document[],
  repository: Repository,
  folders: ReadonlySet<string>,
): ApplicationSource[] {
  const declared = documents.map((document) => ({ document, root: new Field(document.content) })).filter(({ root }) => isArgo(root));
  const own = ownUrls(declared.map(({ root }) => root), repository.remotes); // prettier-ignore
  const isOwn = (url: string): boolean => own.has(comparableUrl(url));
  return declared.flatMap(({ root, document }) => {
    const namespace = root.at('metadata', 'namespace').string ?? document.applied?.namespace;
    if (root.at('kind').string === 'Application') return sourcesOf(root, {}, namespace, repository, isOwn);
    const generators = root.at('spec', 'generators').items;
    return generators
      .flatMap((generator) => parametersOf(generator, repository, folders, isOwn))
      .flatMap((parameters) => sourcesOf(root.at('spec', 'template'), parameters, namespace, repository, isOwn));
  });
}

function isArgo(root: Field): boolean {
  const isGroup = root.at('apiVersion').string?.startsWith('argoproj.io/') === true;
  return isGroup && ['Application', 'ApplicationSet'].includes(root.at('kind').string ?? '');
}

function sourcesOf(
  application: Field,
  parameters: Parameters,
  namespace: string | undefined,
  repository: Repository,
  isOwn: (url: string) => boolean,
): ApplicationSource[] {
  const text = (field: Field): string | undefined => substituted(field.text, parameters);
  const spec = application.at('spec');
  const automated = spec.at('syncPolicy', 'automated');
  const isAutomated = automated.isMap && automated.at('enabled').boolean !== false;
  const by = {
    name: text(application.at('metadata', 'name')) ?? '',
    namespace,
    selfHeal: isAutomated && automated.at('selfHeal').boolean === true,
    prune: isAutomated && automated.at('prune').boolean === true,
  };
  const sources = spec.at('sources').isList ? spec.at('sources').items : [spec.at('source')];
  return sources.flatMap((source) => {
    const path = text(source.at('path'));
    if (path === undefined || source.at('chart').isSet || !isOwn(text(source.at('repoURL')) ?? '')) return [];
    const directory = source.at('directory');
    return {
      by,
      namespace: text(spec.at('destination', 'namespace')),
      folder: nameOfRootPath(repository, path),
      isRecursive: directory.at('recurse').boolean === true,
      takes: filter(directory.at('include').string ?? '', directory.at('exclude').string ?? ''),
    };
  });
}

function filter(include: string, exclude: string): (path: string) => boolean {
  const includes = include === '' ? undefined : globMatcher(include, 'path');
  const excludes = exclude === '' ? undefined : globMatcher(exclude, 'path');
  return (path) => (includes?.(path) ?? true) && excludes?.(path) !== true;
}

function parametersOf(
  generator: Field,
  repository: Repository,
  folders: ReadonlySet<string>,
  isOwn: (url: string) => boolean,
): Parameters[] {
  const list = generator.at('list', 'elements').items.map((element) => element.texts);
  const git = generator.at('git');
  if (!git.at('directories').isList || !isOwn(git.at('repoURL').string ?? '')) return list;
  const globs = git.at('directories').items.map((entry) => ({
    matches: globMatcher(entry.at('path').string ?? '', 'folder') ?? (() => false),
    isExcluded: entry.at('exclude').boolean === true,
  }));
  const fromRoot = new Map([...folders].map((folder) => [rootPathOf(repository, folder), folder]));
  const paths = [...fromRoot.keys()].filter(
    (path) =>
      globs.some(({ matches, isExcluded }) => !isExcluded && matches(path)) &&
      !globs.some(({ matches, isExcluded }) => isExcluded && matches(path)),
  );
  return [...list, ...paths.map(directoryParameters)];
}

function rootPathOf({ folder = '' }: Repository, name: string): string {
  const steps: string[] = folder.split('/').filter((step) => step !== '');
  for (const step of name.split('/')) {
    if (step === '..') steps.pop();
    else if (step !== '.' && step !== '') steps.push(step);
  }
  return steps.join('/');
}

function directoryParameters(path: string): Parameters {
  const segments = path.split('/');
  const basename = segments.at(-1) ?? '';
  const numbered = segments.flatMap((segment, index): [string, string][] => [
    [`path[${index}]`, segment],
    [`index .path.segments ${index}`, segment],
  ]);
  return {
    path,
    'path.path': path,
    'path.basename': basename,
    'path.basenameNormalized': basename.replace(/[^a-z0-9-]/gi, '-'),
    ...Object.fromEntries(numbered),
  };
}

/** @returns undefined where a placeholder is left that nothing here can fill */
function substituted(text: string | undefined, parameters: Parameters): string | undefined {
  const result = text?.replace(/\{\{-?\s*(.*?)\s*-?\}\}/g, (match, name: string) => {
    const key = name.startsWith('.') ? name.slice(1) : name;
    return Object.hasOwn(parameters, key) ? (parameters[key] ?? match) : match;
  });
  return result?.includes('{{') === true ? undefined : result;
}
