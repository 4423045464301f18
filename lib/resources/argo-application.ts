/**
 * Argo CD Applications: what they say of syncing, where they take it from, and which of the objects here they apply.
 *
 * Source: argo-cd.readthedocs.io, Application specification, Directory, and Tool Detection.
 */
import { append } from '../manifest/append';
import type { Field } from '../manifest/field';
import { comparableUrl, ownUrls } from '../manifest/git-url';
import { nameOfRootPath, type Repository } from '../manifest/repository';
import { folderOf, KustomizationTree, kustomizationsOf, normalPath } from './kustomization';
import type { Resource } from './resource';
import type { Resources } from './resources';

export interface ApplicationSource {
  readonly field: Field;
  readonly repoURL: string;
  /** Relative to the repository, `''` for its root. @default - none: a chart, or values for another source */
  readonly path?: string;
  readonly isRecursive: boolean;
}

export class ArgoApplication {
  constructor(readonly resource: Resource) {}

  get spec(): Field {
    return this.resource.at('spec');
  }

  get sources(): readonly ApplicationSource[] {
    const fields = this.spec.at('sources').isList ? this.spec.at('sources').items : [this.spec.at('source')];
    return fields
      .filter(({ isMap }) => isMap)
      .map((field) => {
        const path = field.at('chart').isSet ? undefined : field.at('path').text;
        const directory = field.at('directory');
        return {
          field,
          repoURL: field.at('repoURL').text ?? '',
          path: path === undefined ? undefined : normalPath(path),
          isRecursive: directory.at('recurse').boolean === true,
        };
      });
  }

  get isAutomated(): boolean {
    const automated = this.spec.at('syncPolicy', 'automated');
    return automated.isMap && automated.at('enabled').boolean !== false;
  }

  /** Puts back what anybody changes in the cluster. */
  get selfHeals(): boolean {
    return this.isAutomated && this.spec.at('syncPolicy', 'automated', 'selfHeal').boolean === true;
  }

  hasSyncOption(option: string): boolean {
    return this.spec.at('syncPolicy', 'syncOptions').strings.includes(option);
  }
}

export function applicationsOf(resources: Resources): readonly ArgoApplication[] {
  return resources.all
    .filter(({ group, kind }) => group === 'argoproj.io' && kind === 'Application')
    .map((resource) => new ArgoApplication(resource));
}

/** The repository's own URLs, in one form. */
export function ownUrlsAmong(resources: Resources, { remotes }: Repository): ReadonlySet<string> {
  const isDeclared = ({ group, kind }: Resource): boolean => group === 'argoproj.io' && ['Application', 'ApplicationSet'].includes(kind);
  return ownUrls(
    resources.all.filter(isDeclared).map(({ root }) => root),
    remotes,
  );
}

/** Which objects an Application applies: as the reading found out, else by the path of its sources. */
export class AppliedObjects {
  private readonly byApplication = new Map<string, Resource[]>();
  private readonly byFile = new Map<string, Resource[]>();
  private readonly inFolder = new Map<string, Resource[]>();
  private readonly belowFolder = new Map<string, Resource[]>();
  private readonly tree: KustomizationTree;
  private readonly own: ReadonlySet<string>;

  constructor(
    resources: Resources,
    private readonly repository: Repository,
  ) {
    this.tree = new KustomizationTree(kustomizationsOf(resources));
    this.own = ownUrlsAmong(resources, repository);
    for (const resource of resources.all) {
      const application = resource.document.applied?.application;
      if (application !== undefined) {
        append(this.byApplication, `${application.namespace ?? ''}/${application.name}`, resource);
        continue;
      }
      const file = normalPath(resource.document.source);
      append(this.byFile, file, resource);
      append(this.inFolder, folderOf(file), resource);
      for (let folder = folderOf(file); ; folder = folderOf(folder)) {
        append(this.belowFolder, folder, resource);
        if (folder === '') break;
      }
    }
  }

  of(application: ArgoApplication): readonly Resource[] {
    const { name, namespace } = application.resource;
    const known = this.byApplication.get(`${namespace ?? ''}/${name}`) ?? this.byApplication.get(`/${name}`);
    if (known !== undefined) return known;
    return application.sources.flatMap((source) => (this.own.has(comparableUrl(source.repoURL)) ? this.from(source) : []));
  }

  private from({ path, isRecursive }: ApplicationSource): readonly Resource[] {
    if (path === undefined) return [];
    const folder = normalPath(nameOfRootPath(this.repository, path));
    const kustomization = this.tree.byFolder.get(folder);
    if (kustomization === undefined) return (isRecursive ? this.belowFolder : this.inFolder).get(folder) ?? [];
    return [...this.tree.reachOf(kustomization).files].flatMap((file) => this.byFile.get(file) ?? []);
  }
}
