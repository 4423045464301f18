import type { Field } from '../manifest/field';
import { CheckoutFiles } from '../resources/checkout-files';
import {
  folderOf,
  type Kustomization,
  KustomizationTree,
  kustomizationsOf,
  type ListedPath,
  joinPath,
  normalPath,
} from '../resources/kustomization';
import { repeatedObjects } from '../resources/repeated-objects';
import type { Resources } from '../resources/resources';
import { type Context, type Lesson, violation, type Violation } from './lesson';

export const kustomizationIntegrity: Lesson = {
  id: 'kustomization-integrity',
  title: 'a kustomization lists what is there, all of it, and once',
  section: 'GitOps',
  severity: 'error',
  incident: {
    symptom:
      'Argo CD: ComparisonError, accumulating resources: no such file or directory; or a manifest is merged, reviewed, and never reaches the cluster',
    cause:
      'kustomize renders what is listed and nothing else: a renamed file stops everything, a new one that nobody lists is ignored without a word, and one object from two files is refused',
    source: 'kubectl.docs.kubernetes.io, kustomization file, resources',
  },
  remedy: 'list each manifest of the folder exactly once, under a name that exists',
  confirm: ['kubectl kustomize <folder> > /dev/null', 'kubectl kustomize <folder> | grep -c "^kind:"'],
  limits:
    'Files that git ignores count as absent, which for the inputs of generators is a warning. Remote bases are not fetched. Files whose name says example, sample or template, Argo CD Applications and configuration of local tools need not be listed.',
  bad: [
    {
      yaml: `# file: blog/kustomization.yaml
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
  - web.yaml
  - mysql.yaml # <- here
  - ../missing # <- here
secretGenerator:
  - name: mysql
    envs:
      - mysql.env # <- here
patches:
  - path: replicas.yaml # <- here
# file: blog/web.yaml
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
# file: blog/netpol.yaml
apiVersion: networking.k8s.io/v1 # <- here
kind: NetworkPolicy
metadata: {name: web}
spec: {podSelector: {}}
`,
    },
    {
      yaml: `# file: blog/kustomization.yaml
resources: [web.yaml, services.yaml]
namespace: blog
# file: blog/web.yaml
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
# file: blog/services.yaml
apiVersion: v1
kind: Service
metadata: {name: was}
spec: {selector: {app: was}, ports: [{port: 8080}]}
---
apiVersion: v1
kind: Service
metadata:
  name: web # <- here
  namespace: blog
spec: {selector: {app: web}, ports: [{port: 8080}]}
`,
    },
    {
      yaml: `# file: base/kustomization.yaml
resources: [web.yaml]
# file: base/web.yaml
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
# file: prod/kustomization.yaml
resources:
  - ../base
  - ../base/web.yaml # <- here
`,
    },
  ],
  good: [
    {
      yaml: `# file: base/kustomization.yaml
resources: [web.yaml]
configurations: [names.yaml]
# file: base/names.yaml
nameReference: []
# file: base/web.yaml
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
# file: base/secret.example.yaml
apiVersion: v1
kind: Secret
metadata: {name: web}
# file: base/application.yaml
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: web, namespace: argocd}
spec: {source: {repoURL: "https://example.org/x.git", path: base}}
# file: prod/kustomization.yaml
resources:
  - ../base
  - https://github.com/argoproj/argo-rollouts/releases/download/v1.8.0/install.yaml
  - github.com/example/base?ref=v1
  - ../../elsewhere/base
patches:
  - path: patch.yaml
  - target: {kind: Service}
    patch: |
      - op: remove
        path: /spec/type
# file: prod/patch.yaml
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: NodePort}
# file: stage/kustomization.yaml
resources: [../base]
`,
    },
    {
      yaml: `# file: base/kustomization.yaml
resources: [web.yaml]
# file: base/web.yaml
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
# file: blue/kustomization.yaml
namePrefix: blue-
resources: [../base]
# file: green/kustomization.yaml
namespace: green
resources: [../base]
# file: all/kustomization.yaml
resources: [../blue, ../green]
generators: [secrets.yaml]
# file: all/secrets.yaml
apiVersion: viaduct.ai/v1
kind: ksops
metadata: {name: secrets}
files: [./token.enc.yaml]
# file: all/token.enc.yaml
apiVersion: v1
kind: Secret
metadata: {name: token}
`,
    },
  ],
  *violations({ resources, repository }: Context): Iterable<Violation> {
    const tree = new KustomizationTree(kustomizationsOf(resources));
    if (tree.all.length === 0) return;
    const files = new CheckoutFiles(repository);
    for (const kustomization of tree.all) yield* absent(kustomization, files);
    yield* unlisted(tree, resources);
    yield* repetitions(tree, resources);
  },
};

function* absent(kustomization: Kustomization, files: CheckoutFiles): Iterable<Violation> {
  // Where the documents have other names than the checkout's files, nothing can be said.
  if (!files.has(kustomization.file)) return;
  for (const listed of kustomization.listed) {
    if (listed.isRemote || listed.path.startsWith('..') || listed.path.startsWith('/') || files.has(listed.path)) continue;
    const mayBeFolder = listed.role === 'resource' || listed.role === 'component' || listed.role === 'plugin';
    if (mayBeFolder && files.isKustomized(listed.path)) continue;
    yield notThere(kustomization, listed, files);
  }
}

function notThere({ resource }: Kustomization, { field, path, role }: ListedPath, files: CheckoutFiles): Violation {
  const text = field.string ?? '';
  if (files.isFolder(path)) {
    return violation(resource, field, `lists ${text}, a folder without a kustomization: kustomize refuses to render anything`, {
      fix: { description: `add a kustomization.yaml to ${path}, or list its files` },
    });
  }
  if (role === 'input') {
    return violation(
      resource,
      field,
      `generates from ${text}, which is not in the repository or is ignored by git: Argo CD, which has only the repository, cannot render this`,
      {
        severity: 'warning',
        fix: { description: 'commit the file (encrypted, where it is secret), or provide the object in another way' },
      },
    );
  }
  const other = /\.ya?ml$/.test(path) ? (path.endsWith('.yml') ? path.replace(/\.yml$/, '.yaml') : path.replace(/\.yaml$/, '.yml')) : path;
  const renamed = other !== path && files.has(other) ? text.replace(/\.ya?ml$/, other.slice(other.lastIndexOf('.'))) : undefined;
  return violation(
    resource,
    field,
    `lists ${text}, which does not exist: kustomize refuses to render anything, so that nothing of it is applied any more`,
    {
      fix:
        renamed === undefined
          ? { description: 'remove the line, or add the file' }
          : { description: `write ${renamed}`, edits: [{ path: field.path, value: renamed }] },
    },
  );
}

const NEED_NOT_BE_LISTED = /(^|[-._/])(example|sample|template|dist|tpl)([-._]|$)/i;
/** Configuration of tools on somebody's machine, and what is applied by hand before anything else. */
const LOCAL_GROUPS =
  /^(kind\.x-k8s\.io|k3d\.io|skaffold|kubeadm\.k8s\.io|kubelet\.config\.k8s\.io|kubeproxy\.config\.k8s\.io|viaduct\.ai|builtin|cli-utils|tilt\.dev|(kustomize|source)\.toolkit\.fluxcd\.io)/;

function* unlisted(tree: KustomizationTree, resources: Resources): Iterable<Violation> {
  const mentioned = mentionedFiles(tree, resources);
  const opaque = foldersWithPlugins(tree, resources);
  for (const resource of resources.all) {
    const file = normalPath(resource.document.source);
    const kustomization = tree.byFolder.get(folderOf(file));
    if (
      kustomization === undefined ||
      resource.document.applied?.kustomization !== undefined ||
      mentioned.has(file) ||
      opaque.has(kustomization.folder)
    )
      continue;
    if (NEED_NOT_BE_LISTED.test(file.slice(folderOf(file).length)) || LOCAL_GROUPS.test(resource.group)) continue;
    if (
      ['Application', 'ApplicationSet', 'AppProject'].includes(resource.kind) ||
      resource.annotations['config.kubernetes.io/local-config'] === 'true'
    )
      continue;
    mentioned.add(file);
    yield violation(resource, resource.root, `stands beside a kustomization that does not list ${file}: it is never applied`, {
      severity: 'warning',
      related: [{ message: 'the kustomization', resource: kustomization.resource, path: '/resources' }],
      fix: { description: `add ${file.slice(kustomization.folder.length).replace(/^\//, '')} to resources, or move the file away` },
    });
  }
}

/** Every file that a kustomization, or a plugin that it runs, speaks of. */
function mentionedFiles(tree: KustomizationTree, resources: Resources): Set<string> {
  const mentioned = new Set<string>();
  const plugins = new Set<string>();
  for (const { listed, folder, resource } of tree.all) {
    for (const { path, role } of listed) {
      mentioned.add(path);
      if (role === 'plugin') plugins.add(path);
    }
    for (const chart of resource.at('helmCharts').items) {
      for (const field of [chart.at('valuesFile'), ...chart.at('additionalValuesFiles').items])
        mentioned.add(joinPath(folder, field.string ?? ''));
    }
    mentioned.add(joinPath(folder, resource.at('openapi', 'path').string ?? ''));
  }
  for (const resource of [...resources.all, ...resources.others]) {
    const file = normalPath(resource.document.source);
    if (!plugins.has(file)) continue;
    for (const text of stringsIn(resource.root)) mentioned.add(joinPath(folderOf(file), text));
  }
  return mentioned;
}

/** The folders of plugins whose own files are not among the documents: what those take in cannot be told. */
function foldersWithPlugins(tree: KustomizationTree, resources: Resources): ReadonlySet<string> {
  const seen = new Set([...resources.all, ...resources.others].map(({ document }) => normalPath(document.source)));
  const blind = tree.all.filter(({ listed }) =>
    listed.some(({ role, path, field }) => role === 'plugin' && /^\/(generators|transformers)/.test(field.path) && !seen.has(path)),
  );
  return new Set(blind.map(({ folder }) => folder));
}

function stringsIn(field: Field, depth = 0): readonly string[] {
  if (field.string !== undefined) return [field.string];
  if (depth > 10) return [];
  return [...field.items, ...field.entries.map(([, child]) => child)].flatMap((child) => stringsIn(child, depth + 1));
}

function* repetitions(tree: KustomizationTree, resources: Resources): Iterable<Violation> {
  const told = new Set<unknown>();
  for (const { resource, other, kustomization, route } of repeatedObjects(tree, resources)) {
    if (route === undefined) {
      yield violation(
        resource,
        resource.at('metadata', 'name'),
        `is rendered twice by the kustomization ${kustomization}, which kustomize refuses`,
        {
          related: [{ message: 'the other one', resource: other, path: '/metadata/name' }],
          fix: { description: 'remove one of them' },
        },
      );
      continue;
    }
    const { field } = route.listed;
    const key = `${route.kustomization.file} ${field.path}`;
    // One entry may reach many objects a second time.
    if (told.has(key)) continue;
    told.add(key);
    const message = `reaches ${resource.kind} ${resource.name} a second time through ${field.string ?? ''}: kustomize refuses one object twice`;
    yield violation(route.kustomization.resource, field, message, {
      related: [{ message: 'the object', resource, path: '/metadata/name' }],
      fix: { description: 'list it once' },
    });
  }
}
