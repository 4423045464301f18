import { comparableUrl } from '../manifest/git-url';
import { globMatcher } from '../manifest/glob';
import { nameOfRootPath } from '../manifest/repository';
import { type ApplicationSource, applicationsOf, type ArgoApplication, ownUrlsAmong } from '../resources/argo-application';
import { CheckoutFiles } from '../resources/checkout-files';
import { folderOf, joinPath, normalPath } from '../resources/kustomization';
import type { Resource } from '../resources/resource';
import type { Resources } from '../resources/resources';
import { type Context, type Fix, type Lesson, type Severity, violation, type Violation } from './lesson';

/** What Argo CD reads in a plain folder. */
const MANIFEST_FILE = /\.(ya?ml|json|jsonnet)$/;

/** Whether Argo CD takes a file of a plain folder for a manifest. */
function isReadByArgoCd(file: string): boolean {
  return MANIFEST_FILE.test(file);
}

export const applicationSource: Lesson = {
  id: 'application-source',
  title: 'an Application’s path holds the manifests that its author means, and is its own',
  section: 'GitOps',
  severity: 'error',
  incident: {
    symptom: 'Argo CD: app path does not exist; or the Application is Synced and Healthy, and applies nothing',
    cause:
      'a folder was renamed; the manifests lie one folder deeper and directory.recurse is off; a values file or a package.json lies among them; or two Applications apply one folder and take its objects from each other',
    source: 'argo-cd.readthedocs.io, Directory and Tool Detection; reposerver, what is read of a folder',
  },
  remedy:
    'point the path at the folder that holds the manifests, set directory.recurse for folders of folders, and give each folder one Application',
  confirm: ['argocd app manifests <application>', 'argocd app resources <application>'],
  limits:
    'Judges Applications whose repoURL is this repository: one of its git remotes, or, where none is known, the URL that the Applications share. A targetRevision other than the default branch gives a warning, as another revision may look different. ApplicationSets, plugins and Helm charts are not judged.',
  bad: [
    {
      yaml: `# file: argocd/blog.yaml
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: blog, namespace: argocd}
spec:
  destination: {server: https://kubernetes.default.svc, namespace: blog}
  source:
    repoURL: https://github.com/Example/manifests.git
    path: services/blog-system # <- here
# file: argocd/monitoring.yaml
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: monitoring, namespace: argocd}
spec:
  destination: {server: https://kubernetes.default.svc, namespace: monitoring}
  sources:
    - repoURL: git@github.com:example/manifests
      path: configs # <- here
# file: services/blog/web.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: web}
# file: configs/monitoring/rules.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: rules}
`,
    },
    {
      yaml: `# file: argocd/blog.yaml
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: blog, namespace: argocd}
spec:
  destination: {server: https://kubernetes.default.svc, namespace: blog}
  source:
    repoURL: https://github.com/example/manifests.git
    path: blog # <- here
    directory: {recurse: true}
# file: argocd/web.yaml
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: web, namespace: argocd}
spec:
  destination: {server: https://kubernetes.default.svc, namespace: blog}
  source:
    repoURL: https://github.com/example/manifests
    path: ./blog/web/ # <- here
# file: blog/web/web.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: web}
# file: blog/was/was.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: was}
# file: blog/was/kustomization.yaml
resources: [was.yaml]
`,
    },
    {
      yaml: `# file: argocd/blog.yaml
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: blog, namespace: argocd}
spec:
  destination: {server: https://kubernetes.default.svc, namespace: blog}
  source:
    repoURL: https://github.com/example/manifests.git
    path: blog # <- here
# file: blog/web.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: web}
# file: blog/package.json
{"name": "blog", "private": true}
`,
    },
  ],
  good: [
    {
      yaml: `# file: argocd/blog.yaml
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: blog, namespace: argocd}
spec:
  destination: {server: https://kubernetes.default.svc, namespace: blog}
  source: {repoURL: "https://github.com/example/manifests.git", path: services/blog}
# file: argocd/blog-stage.yaml
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: blog-stage, namespace: argocd}
spec:
  destination: {server: https://kubernetes.default.svc, namespace: stage}
  source: {repoURL: "https://github.com/example/manifests.git", path: services/blog}
# file: argocd/all.yaml
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: all, namespace: argocd}
spec:
  destination: {server: https://kubernetes.default.svc, namespace: argocd}
  source: {repoURL: "https://github.com/example/manifests.git", path: argocd}
# file: argocd/elsewhere.yaml
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: elsewhere, namespace: argocd}
spec:
  destination: {server: https://kubernetes.default.svc, namespace: x}
  source: {repoURL: "https://github.com/somebody/else.git", path: not/here}
# file: argocd/longhorn.yaml
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: longhorn, namespace: argocd}
spec:
  destination: {server: https://kubernetes.default.svc, namespace: longhorn-system}
  sources:
    - {repoURL: "https://charts.longhorn.io", chart: longhorn, targetRevision: 1.9.0}
    - {repoURL: "https://github.com/example/manifests.git", ref: values}
# file: services/blog/kustomization.yaml
resources: [web/web.yaml]
# file: services/blog/web/web.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: web}
`,
    },
    {
      yaml: `# file: argocd/blog.yaml
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: blog, namespace: argocd}
spec:
  destination: {server: https://kubernetes.default.svc, namespace: blog}
  source:
    repoURL: https://github.com/example/manifests.git
    path: blog
    directory: {recurse: true, exclude: "{package.json,*/values.yaml}"}
# file: blog/web/web.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: web}
# file: blog/web/values.yaml
replicas: 2
# file: blog/package.json
{"name": "blog", "private": true}
# file: blog/README.md
text: no manifest, and not read
`,
    },
  ],
  *violations({ resources, repository }: Context): Iterable<Violation> {
    const files = new CheckoutFiles(repository);
    const applications = applicationsOf(resources);
    if (!files.isKnown || applications.length === 0) return;
    const own = ownUrlsAmong(resources, repository);
    const sources = applications.flatMap((application) =>
      application.sources.flatMap((source) => {
        const written = source.path;
        if (written === undefined || !own.has(comparableUrl(source.repoURL)) || /\{\{|\$/.test(written)) return [];
        const path = normalPath(nameOfRootPath(repository, written));
        return isAbove(path) && !isAbove(written) ? [] : [{ application, source, path, written: written || '.' }];
      }),
    );
    const contents = new Contents(resources);
    for (const own of sources) yield* judgeFolder(own, files, contents);
    yield* coveredTwice(sources, files);
  },
};

/** A source of this repository. */
interface OwnSource {
  readonly application: ArgoApplication;
  readonly source: ApplicationSource;
  /** As the checkout names it, and as the Application does. */
  readonly path: string;
  readonly written: string;
}

/** A folder around the one whose files are known. */
function isAbove(path: string): boolean {
  return /^(\.\.\/?)+$/.test(path);
}

function* judgeFolder({ application, source, path, written }: OwnSource, files: CheckoutFiles, contents: Contents): Iterable<Violation> {
  const report = (message: string, fix: Fix, severity?: Severity): Violation =>
    violation(application.resource, source.field.at('path'), message, { severity: isDefaultRevision(source) ? severity : 'warning', fix });
  if (written.startsWith('..')) {
    yield report(`has the path ${written}, outside of the repository: Argo CD refuses it`, {
      description: 'name a folder of the repository',
    });
    return;
  }
  if (!files.isFolder(path)) {
    const what = files.has(path)
      ? 'a file: Argo CD wants the folder'
      : 'which is not in this repository: Argo CD reports that the app path does not exist and syncs nothing';
    yield report(`has the path ${written}, ${what}`, {
      description: files.has(path) ? `use ${folderOf(path) || '.'}` : 'correct the path, or commit the folder',
    });
    return;
  }
  if (!isPlain(source, path, files)) return;
  const read = readFiles(source, path, files);
  if (read.length === 0) {
    yield empty({ source, path, written }, files, report);
    return;
  }
  yield* noManifests(read, contents, report);
}

function empty(
  { source, path, written }: Omit<OwnSource, 'application'>,
  files: CheckoutFiles,
  report: (message: string, fix: Fix) => Violation,
): Violation {
  const deeper = source.isRecursive ? [] : files.below(path).filter(isReadByArgoCd);
  if (deeper.length === 0)
    return report(`has the path ${written}, which holds no manifests: it syncs nothing and is Healthy`, {
      description: 'correct the path',
    });
  const recurse = source.field.at('directory', 'recurse');
  const isPlainBelow = deeper.every((file) => !files.isKustomized(folderOf(file)) && !files.has(joinPath(folderOf(file), 'Chart.yaml')));
  return report(
    `has the path ${written}, whose manifests lie in folders below it, and directory.recurse is off: it syncs nothing and is Healthy`,
    {
      description: isPlainBelow ? 'set directory.recurse: true' : 'name the folder that holds the kustomization or the chart',
      ...(isPlainBelow ? { edits: [{ path: recurse.path, value: true }] } : {}),
    },
  );
}

function* noManifests(
  read: readonly string[],
  contents: Contents,
  report: (message: string, fix: Fix, severity?: Severity) => Violation,
): Iterable<Violation> {
  // Somebody who asks for one folder has not read the others.
  if (!read.some((file) => contents.knows(file))) return;
  const refused = read.filter((file) => contents.isRefused(file));
  const fix = { description: 'move them away, exclude them with directory.exclude, or name a folder of manifests only' };
  if (refused.length > 0) {
    yield report(
      `reads ${names(refused)} as manifests, which ${refused.length === 1 ? 'is none' : 'are none'}: Argo CD fails on the whole Application`,
      fix,
    );
  }
  const ignored = read.filter((file) => contents.isIgnored(file));
  if (ignored.length > 0)
    yield report(`finds ${names(ignored)} among its manifests, which Argo CD passes over without a word`, fix, 'warning');
}

function names(files: readonly string[]): string {
  return files.length > 3 ? `${files.slice(0, 3).join(', ')} and ${String(files.length - 3)} more` : files.join(', ');
}

/** Whether Argo CD reads the folder file by file, instead of with kustomize, Helm or a plugin. */
function isPlain({ field }: ApplicationSource, path: string, files: CheckoutFiles): boolean {
  if (['plugin', 'helm', 'kustomize'].some((tool) => field.at(tool).isSet)) return false;
  return field.at('directory').isSet || !(files.isKustomized(path) || files.has(joinPath(path, 'Chart.yaml')));
}

function readFiles({ field, isRecursive }: ApplicationSource, path: string, files: CheckoutFiles): readonly string[] {
  const include = globMatcher(field.at('directory', 'include').string ?? '**', 'path');
  const exclude = globMatcher(field.at('directory', 'exclude').string ?? '', 'path');
  return (isRecursive ? files.below(path) : files.in(path)).filter((file) => {
    const relative = path === '' ? file : file.slice(path.length + 1);
    return isReadByArgoCd(file) && (include?.(relative) ?? true) && exclude?.(relative) !== true;
  });
}

/** What Argo CD makes of a file that it reads by itself. */
class Contents {
  private readonly objects: ReadonlySet<string>;
  private readonly named = new Set<string>();
  private readonly nameless = new Set<string>();

  constructor(resources: Resources) {
    const fileOf = ({ document }: Resource): string => normalPath(document.source);
    this.objects = new Set(resources.all.map(fileOf));
    for (const document of resources.others) (document.kind === '' ? this.nameless : this.named).add(fileOf(document));
  }

  knows(file: string): boolean {
    return this.objects.has(file) || this.named.has(file) || this.nameless.has(file);
  }

  /** JSON without a kind, something with a kind and no name, and something without a kind beside an object: it fails on those. */
  isRefused(file: string): boolean {
    if (this.named.has(file)) return true;
    return this.objects.has(file) ? this.nameless.has(file) : file.endsWith('.json');
  }

  /** YAML without a kind, all alone in its file: it takes that for something else. */
  isIgnored(file: string): boolean {
    return !this.isRefused(file) && this.nameless.has(file);
  }
}

function* coveredTwice(sources: readonly OwnSource[], files: CheckoutFiles): Iterable<Violation> {
  const first = new Map<string, OwnSource>();
  const recursive = new Map<string, OwnSource>();
  for (const own of sources) {
    if (!isComparable(own)) continue;
    const key = `${own.path}\n${destination(own)}`;
    if (!first.has(key)) first.set(key, own);
    if (own.source.isRecursive && isPlain(own.source, own.path, files)) recursive.set(key, own);
  }
  for (const own of sources) {
    if (!isComparable(own)) continue;
    const same = first.get(`${own.path}\n${destination(own)}`);
    if (same !== undefined && same.application !== own.application) yield shared(own, same);
    else {
      const above = coveringFolder(own, recursive);
      if (above !== undefined) yield shared(own, above);
    }
  }
}

function coveringFolder(own: OwnSource, recursive: ReadonlyMap<string, OwnSource>): OwnSource | undefined {
  for (let folder = own.path; folder !== '';) {
    folder = folderOf(folder);
    const above = recursive.get(`${folder}\n${destination(own)}`);
    if (above !== undefined && above.application !== own.application) return above;
  }
  return undefined;
}

function shared(own: OwnSource, other: OwnSource): Violation {
  return violation(
    own.application.resource,
    own.source.field.at('path'),
    `applies ${own.written}, which ${other.application.resource.toString()} applies as well: each takes the objects for its own, and with prune one deletes what the other made`,
    {
      severity: isDefaultRevision(own.source) && isDefaultRevision(other.source) ? 'error' : 'warning',
      related: [{ message: 'the other Application', resource: other.application.resource, path: other.source.field.at('path').path }],
      fix: { description: 'give each folder one Application' },
    },
  );
}

/** Whether two sources of one path make the same objects: parameters of their own may make others. */
function isComparable({ source }: OwnSource): boolean {
  const { field } = source;
  const renames = ['namePrefix', 'nameSuffix', 'namespace'].some((key) => field.at('kustomize', key).isSet);
  const picks = ['include', 'exclude'].some((key) => field.at('directory', key).isSet);
  return !renames && !picks && !field.at('helm').isSet && !field.at('plugin').isSet;
}

function destination({ application }: OwnSource): string {
  const target = application.spec.at('destination');
  return `${target.at('server').text ?? target.at('name').text ?? ''}\n${target.at('namespace').text ?? ''}`;
}

function isDefaultRevision({ field }: ApplicationSource): boolean {
  return ['', 'HEAD', 'main', 'master'].includes(field.at('targetRevision').text ?? '');
}
