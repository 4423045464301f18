/**
 * Kustomizations as their authors wrote them: what they list, and which files that reaches.
 *
 * Rendering is somebody else's work; this view answers questions about the file itself.
 */
import type { Field } from '../manifest/field';
import type { Resource } from './resource';
import type { Resources } from './resources';

/** The names under which kustomize looks for a kustomization in a folder. */
export const KUSTOMIZATION_NAMES = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'] as const;

export interface ListedPath {
  /** Relative to the repository; of a remote one, as written. */
  readonly path: string;
  readonly field: Field;
  readonly role: 'resource' | 'component' | 'patch' | 'input' | 'plugin';
  readonly isRemote: boolean;
}

export class Kustomization {
  readonly file: string;
  readonly folder: string;

  constructor(readonly resource: Resource) {
    this.file = normalPath(resource.document.source);
    this.folder = folderOf(this.file);
  }

  at(...steps: readonly (string | number)[]): Field {
    return this.resource.at(...steps);
  }

  get listed(): readonly ListedPath[] {
    return [
      ...this.paths('resource', [...this.at('resources').items, ...this.at('bases').items]),
      ...this.paths('component', this.at('components').items),
      ...this.paths(
        'patch',
        this.at('patches').items.map((patch) => patch.at('path')),
      ),
      ...this.paths(
        'patch',
        this.at('patchesJson6902').items.map((patch) => patch.at('path')),
      ),
      ...this.paths('patch', this.at('patchesStrategicMerge').items),
      ...this.paths(
        'patch',
        this.at('replacements').items.map((replacement) => replacement.at('path')),
      ),
      ...this.paths(
        'plugin',
        ['generators', 'transformers', 'validators', 'configurations', 'crds'].flatMap((key) => this.at(key).items),
      ),
      ...this.inputs(),
    ];
  }

  /** Whether something that it renders cannot be seen here. */
  get rendersMore(): boolean {
    return this.at('helmCharts').items.length > 0 || this.at('generators').items.length > 0 || this.listed.some(({ isRemote }) => isRemote);
  }

  /** The files that become ConfigMaps and Secrets. */
  private inputs(): readonly ListedPath[] {
    return [...this.at('configMapGenerator').items, ...this.at('secretGenerator').items].flatMap((generator) => {
      const fields = [...generator.at('files').items, ...generator.at('envs').items, generator.at('env')];
      // `key=file` gives the file another name.
      return this.paths('input', fields, (text) => text.slice(text.indexOf('=') + 1));
    });
  }

  private paths(role: ListedPath['role'], fields: readonly Field[], fileOf = (text: string): string => text): readonly ListedPath[] {
    return fields.flatMap((field) => {
      const text = field.string;
      // An inline patch or transformer stands where a path could.
      if (text === undefined || text === '' || text.includes('\n')) return [];
      const isRemote = isRemotePath(text);
      return [{ path: isRemote ? text : joinPath(this.folder, fileOf(text)), field, role, isRemote }];
    });
  }
}

export function kustomizationsOf(resources: Resources): readonly Kustomization[] {
  return resources.others.filter(isKustomization).map((resource) => new Kustomization(resource));
}

function isKustomization(resource: Resource): boolean {
  if (resource.group === 'kustomize.config.k8s.io') return resource.kind === 'Kustomization' || resource.kind === 'Component';
  const name = resource.document.source.split('/').at(-1) ?? '';
  return resource.apiVersion === '' && KUSTOMIZATION_NAMES.some((candidate) => candidate === name) && resource.root.isMap;
}

interface Reach {
  /** The manifest files that it renders, its bases' included. */
  readonly files: ReadonlySet<string>;
  /** The kustomizations that it takes in, components included. */
  readonly bases: ReadonlySet<Kustomization>;
  /** Whether those are all. */
  readonly isWhole: boolean;
}

/** Kustomizations by their folder, and the files that each reaches through others. */
export class KustomizationTree {
  readonly byFolder: ReadonlyMap<string, Kustomization>;
  private readonly reached = new Map<Kustomization, Reach>();

  constructor(readonly all: readonly Kustomization[]) {
    this.byFolder = new Map(all.map((kustomization) => [kustomization.folder, kustomization]));
  }

  /** Whether a kustomization has a hand in an object: of a base, each overlay renders another one. */
  isThrough(kustomization: Kustomization, { document }: Resource): boolean {
    const folder = document.applied?.kustomization;
    const outermost = folder === undefined ? undefined : this.byFolder.get(normalPath(folder));
    return outermost === undefined || outermost === kustomization || this.reachOf(outermost).bases.has(kustomization);
  }

  reachOf(kustomization: Kustomization): Reach {
    const known = this.reached.get(kustomization);
    if (known !== undefined) return known;
    const files = new Set<string>();
    const bases = new Set<Kustomization>();
    let isWhole = !kustomization.rendersMore;
    // A cycle, which kustomize refuses, ends here with what is known so far.
    this.reached.set(kustomization, { files, bases, isWhole: false });
    for (const { path, role, isRemote } of kustomization.listed) {
      if (isRemote || (role !== 'resource' && role !== 'component')) continue;
      const base = this.byFolder.get(path);
      if (base === undefined) files.add(path);
      else {
        const below = this.reachOf(base);
        for (const file of below.files) files.add(file);
        for (const each of [base, ...below.bases]) bases.add(each);
        isWhole &&= below.isWhole;
      }
    }
    const reach = { files, bases, isWhole };
    this.reached.set(kustomization, reach);
    return reach;
  }
}

/** Whether kustomize would fetch it: a URL, or a Git repository in one of its short forms. */
function isRemotePath(text: string): boolean {
  return /^[a-z][\w+.-]*:\/\/|^git@|^git::|[?&](ref|version|timeout)=|^(github\.com|gitlab\.com|bitbucket\.org)[/:]|\.git(\/\/|$|\?)/.test(
    text,
  );
}

/** Resolved against a folder; a path that leaves the repository keeps its `..`. */
export function joinPath(folder: string, path: string): string {
  return normalPath(path.startsWith('/') || folder === '' ? path : `${folder}/${path}`);
}

export function normalPath(path: string): string {
  const steps: string[] = [];
  for (const step of path.split('/')) {
    if (step === '' || step === '.') continue;
    if (step === '..' && steps.length > 0 && steps.at(-1) !== '..') steps.pop();
    else steps.push(step);
  }
  return `${path.startsWith('/') ? '/' : ''}${steps.join('/')}`;
}

export function folderOf(file: string): string {
  return file.includes('/') ? file.slice(0, file.lastIndexOf('/')) : '';
}
