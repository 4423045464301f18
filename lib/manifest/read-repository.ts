/**
 * Which documents there are to judge, of all the files of a repository.
 *
 * What a kustomization applies is judged as it renders it, once for each kustomization that no other one uses; everything else as it
 * stands. Argo CD Applications of the same repository tell how the objects are applied.
 */
import { posix } from 'node:path';
import { type ApplicationSource, applicationSources } from './argo-applications';
import type { Applied, Document, Problem } from './document';
import { Field } from './field';
import { pointerTo } from './json-pointer';
import { type Rendered, renderKustomization } from './kustomization';
import { type Files, isKustomizationFile, KustomizationFiles, pathsNamedBy } from './kustomization-files';
import { type Repository } from './repository';
import type { Dialect } from './scalar';
import { textOf } from './text';

export interface RepositoryReading {
  readonly documents: readonly Document[];
  /** Declared, but not to be judged: encrypted or half a template. They answer references. */
  readonly unjudged: readonly Document[];
  readonly problems: readonly Problem[];
  /** How many files were read. */
  readonly files: number;
}

/**
 * @param files every file that was read
 * @param asked the files to judge; the others only serve kustomizations. @default - all
 */
export function readRepository(
  files: Files,
  repository: Repository,
  asked: ReadonlySet<string> = new Set(files.keys()),
): RepositoryReading {
  const reading = new Reader(files, repository, asked);
  return reading.read();
}

class Reader {
  private readonly sources: KustomizationFiles;
  private readonly documents: Document[] = [];
  private readonly unjudged: Document[] = [];
  private readonly problems: Problem[] = [];
  private readonly kustomizations: ReadonlyMap<string, Field>;
  /** What kustomizations name beside resources: patches and the like, which are no objects of their own. */
  private readonly parts = new Set<string>();
  private readonly rendered = new Map<string, Rendered>();

  constructor(
    files: Files,
    private readonly repository: Repository,
    private readonly asked: ReadonlySet<string>,
  ) {
    this.sources = new KustomizationFiles(files);
    this.kustomizations = this.findKustomizations(files);
  }

  read(): RepositoryReading {
    for (const folder of this.outermost()) this.render(folder);
    const used = new Set([...this.sources.used, ...this.parts]);
    const loose: Document[] = [];
    for (const path of [...this.asked].sort()) if (!used.has(path) || isKustomizationFile(path)) loose.push(...this.readLoose(path));
    const folders = foldersOf([...this.repository.files, ...this.asked]);
    const applications = applicationSources([...loose, ...this.objects()], this.repository, folders);
    // A base that overlays use may be applied by itself as well.
    for (const { folder } of applications) if (this.kustomizations.has(folder)) this.render(folder);
    const apply = applier(applications);
    return {
      documents: [...loose, ...withoutRepetitions(this.objects())].map(apply),
      unjudged: [...this.unjudged, ...[...this.rendered.values()].flatMap(({ unjudged }) => unjudged)].map(apply),
      problems: distinct([...this.problems, ...this.sources.problems, ...[...this.rendered.values()].flatMap(({ problems }) => problems)]),
      files: this.asked.size,
    };
  }

  private objects(): Document[] {
    return [...this.rendered.values()].flatMap(({ documents }) => documents);
  }

  private findKustomizations(files: Files): ReadonlyMap<string, Field> {
    const found = new Map<string, Field>();
    for (const path of [...files.keys()].filter(isKustomizationFile).sort()) {
      const folder = posix.dirname(path);
      if (this.sources.kustomizationOf(folder) !== path) continue;
      const reading = this.sources.read(path, 'kubectl');
      const [document] = [...reading.documents, ...reading.unjudged];
      if (document !== undefined) found.set(folder, new Field(document.content));
    }
    for (const [folder, root] of found) {
      const {
        resources: _,
        bases: __,
        components: ___,
        ...rest
      } = Object.fromEntries(root.entries.map(([key, { value }]) => [key, value]));
      for (const path of pathsNamedBy(new Field(rest))) this.parts.add(posix.join(folder, path));
    }
    return found;
  }

  /** Kustomizations that no other one uses; of those that use one another in a circle, the first. */
  private outermost(): string[] {
    const usesOf = new Map(
      [...this.kustomizations].map(([folder, root]) => [
        folder,
        pathsNamedBy(root).map((path) => posix.join(folder, path).replace(/(?<=.)\/$/, '')),
      ]),
    );
    const uses = (folder: string): readonly string[] => usesOf.get(folder) ?? [];
    const used = new Set([...this.kustomizations.keys()].flatMap(uses));
    const mayBeApplied = [...this.kustomizations].filter(
      ([folder, root]) => root.at('kind').string !== 'Component' && this.isAsked(folder),
    );
    const roots = mayBeApplied.map(([folder]) => folder).filter((folder) => !used.has(folder));
    const reached = new Set<string>();
    const reach = (folder: string): void => {
      if (reached.has(folder) || !this.kustomizations.has(folder)) return;
      reached.add(folder);
      for (const next of uses(folder)) reach(next);
    };
    roots.forEach(reach);
    for (const [folder] of mayBeApplied)
      if (!reached.has(folder)) {
        roots.push(folder);
        reach(folder);
      }
    return roots;
  }

  private isAsked(folder: string): boolean {
    const file = this.sources.kustomizationOf(folder);
    return file !== undefined && this.asked.has(file);
  }

  private render(folder: string): void {
    if (!this.rendered.has(folder)) this.rendered.set(folder, renderKustomization(folder, this.sources));
  }

  private readLoose(path: string): readonly Document[] {
    if (isPlain(path)) return this.readPlain(path);
    const data = path.endsWith('.json') ? this.sources.bytes(path) : undefined;
    // Most JSON files of a repository are something else entirely.
    if (data !== undefined && !Buffer.from(data).includes('"apiVersion"')) return [];
    const { documents, unjudged } = this.sources.read(path, dialectOf(path));
    this.unjudged.push(...unjudged);
    return path.endsWith('.json') ? documents.filter(isObject) : documents;
  }

  /** A file that is no YAML, such as a Dockerfile: its content is its text, and each line of it can be located by its index. */
  private readPlain(path: string): readonly Document[] {
    const data = this.sources.bytes(path);
    const text = data === undefined ? undefined : textOf(data, path);
    if (text === undefined) return [];
    if (typeof text !== 'string') {
      this.problems.push(text);
      return [];
    }
    const lines = text.split(/\r?\n/);
    const locate = (pointer: string): { file: string; line: number; column: number; endLine: number; endColumn: number } => {
      const index = Math.max(0, lines.findIndex((_, line) => pointerTo('', line) === pointer)); // prettier-ignore
      return { file: path, line: index + 1, column: 1, endLine: index + 1, endColumn: (lines[index]?.length ?? 0) + 1 };
    };
    return [{ content: lines, source: path, locate }];
  }
}

/** Neither YAML nor JSON. */
function isPlain(path: string): boolean {
  return /^(?:Dockerfile|Containerfile)\b|\.Dockerfile$/i.test(posix.basename(path));
}

/** Where YAML 1.1 is not what its reader reads: `on:` of a workflow is no boolean. */
function dialectOf(path: string): Dialect {
  return /(?:^|\/)\.(?:github|gitea|forgejo)\/|cloudflared/.test(path) ? 'kustomize' : 'kubectl';
}

/** Tells of each document which Application applies it. */
function applier(applications: readonly ApplicationSource[]): (document: Document) => Document {
  const byFolder = new Map<string, ApplicationSource[]>();
  for (const application of applications) {
    const list = byFolder.get(application.folder);
    if (list === undefined) byFolder.set(application.folder, [application]);
    else list.push(application);
  }
  return (document) => {
    const application = coveringOf(document, byFolder);
    if (application === undefined) return document;
    const applied: Applied = { ...document.applied, application: application.by };
    return { ...document, applied: application.namespace === undefined ? applied : { ...applied, namespace: application.namespace } };
  };
}

/** The folder of a rendered object is its kustomization's, of any other its file's or, with recursion, one above. */
function coveringOf(
  { source, applied }: Document,
  byFolder: ReadonlyMap<string, readonly ApplicationSource[]>,
): ApplicationSource | undefined {
  if (applied?.kustomization !== undefined) return byFolder.get(applied.kustomization)?.[0];
  if (isKustomizationFile(source)) return undefined;
  const own = posix.dirname(source);
  for (let folder = own; ; folder = posix.dirname(folder)) {
    const path = folder === '.' ? source : source.slice(folder.length + 1);
    const found = byFolder.get(folder)?.find((application) => (application.isRecursive || folder === own) && application.takes(path));
    if (found !== undefined) return found;
    if (folder === '.' || folder === '/' || folder === '..') return undefined;
  }
}

/** Two kustomizations that render the same text to the same object say it once. */
function withoutRepetitions(documents: readonly Document[]): Document[] {
  const seen = new Map<string, Document[]>();
  return documents.filter((document) => {
    const root = new Field(document.content);
    const id = [root.at('apiVersion'), root.at('kind'), root.at('metadata', 'namespace'), root.at('metadata', 'name')].map(
      ({ text }) => text,
    );
    const key = [document.source, ...id].join('\n');
    const before = seen.get(key);
    if (before === undefined) {
      seen.set(key, [document]);
      return true;
    }
    const others = before.filter(({ applied }) => applied?.kustomization !== document.applied?.kustomization);
    const text = others.length === 0 ? '' : JSON.stringify(document.content);
    before.push(document);
    return !others.some(({ content }) => JSON.stringify(content) === text);
  });
}

function foldersOf(paths: readonly string[]): Set<string> {
  const folders = new Set<string>();
  for (const path of paths)
    for (let folder = posix.dirname(path); folder !== '.' && folder !== '/' && !folders.has(folder); folder = posix.dirname(folder))
      folders.add(folder);
  return folders;
}

function distinct(problems: readonly Problem[]): Problem[] {
  const keyed = new Map(problems.map((problem) => [`${problem.file}\n${problem.line ?? ''}\n${problem.message}`, problem]));
  return [...keyed.values()].sort((a, b) => (a.file === b.file ? (a.line ?? 0) - (b.line ?? 0) : a.file < b.file ? -1 : 1));
}

function isObject({ content }: Document): boolean {
  const root = new Field(content);
  return root.at('apiVersion').string !== undefined && root.at('kind').string !== undefined;
}
