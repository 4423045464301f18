import { isFileLocation } from '../manifest/document';
import type { Field } from '../manifest/field';
import { type Kustomization, KustomizationTree, kustomizationsOf, normalPath } from '../resources/kustomization';
import type { Labels } from '../resources/label-selector';
import type { Resource } from '../resources/resource';
import type { Resources } from '../resources/resources';
import { workloadOf } from '../resources/workload';
import { type Context, type Fix, type Lesson, type Related, type Severity, violation, type Violation } from './lesson';

/** How labels are added in a kustomization: to the objects, and nowhere else. */
function labelsForObjects(pairs: Labels): { readonly pairs: Labels; readonly includeSelectors: false } {
  return { pairs, includeSelectors: false };
}

/** Kinds whose selector never lets itself be changed. */
const IMMUTABLE_SELECTOR = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Rollout', 'Job']);
/** A kind of which Kustomize knows no selector: it gets the labels only where a configuration brings their field specs. */
const UNKNOWN_TO_KUSTOMIZE = 'Rollout';
const MOST_RELATED = 4;

export const labelsChangeSelectors: Lesson = {
  id: 'labels-change-selectors',
  title: 'labels that a kustomization adds stay out of selectors',
  section: 'GitOps',
  severity: 'error',
  incident: {
    symptom:
      'The Deployment "mysql" is invalid: spec.selector: Invalid value: … field is immutable; meanwhile clients get `connect: operation not permitted`',
    cause:
      'commonLabels writes its labels into selectors as well; a Service takes the new selector at once, a Deployment refuses its own for ever, so that the Service asks for labels that no running pod has',
    source: 'Kustomize labels and Cilium entities, problem 1; kubectl.docs.kubernetes.io, commonLabels and labels',
  },
  remedy: 'use `labels` with `includeSelectors: false`, which is its default',
  confirm: [
    'kubectl kustomize <folder> | kubectl diff -f -',
    "kubectl get endpointslices -l kubernetes.io/service-name=<service> -o jsonpath='{.items[*].endpoints}'",
  ],
  limits:
    'Whether these labels were there when the workloads were first created cannot be seen: where the cluster already runs with them, move them into the selectors of the manifests instead of dropping them. Selectors reached by custom field specs (labels[].fields, configurations) are not looked at.',
  bad: [
    {
      yaml: `# file: blog/kustomization.yaml
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: blog-system
commonLabels: {managed-by: argocd, environment: production} # <- here
resources: [mysql.yaml]
# file: blog/mysql.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: mysql}
spec:
  selector: {matchLabels: {app: mysql}}
  template:
    metadata: {labels: {app: mysql}}
    spec: {containers: [{name: mysql, image: "mysql:8.0"}]}
---
apiVersion: v1
kind: Service
metadata: {name: mysql-service}
spec:
  selector: {app: mysql}
  ports: [{port: 3306}]
`,
    },
    {
      yaml: `# file: base/web.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "nginx:1.27"}]}
# file: base/kustomization.yaml
resources: [web.yaml]
# file: prod/kustomization.yaml
resources: [../base]
labels:
  - pairs: {team: blog}
  - pairs: {stage: prod}
    includeSelectors: true # <- here
`,
    },
    {
      yaml: `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: blog, namespace: argocd}
spec:
  project: default
  destination: {server: https://kubernetes.default.svc, namespace: blog}
  source:
    repoURL: https://github.com/example/manifests.git
    path: blog
    kustomize:
      commonLabels: {team: blog} # <- here
`,
    },
  ],
  good: [
    {
      yaml: `# file: blog/kustomization.yaml
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
labels:
  - pairs: {managed-by: argocd, environment: production}
    includeSelectors: false
  - pairs: {team: blog}
    includeTemplates: true
resources: [mysql.yaml]
# file: blog/mysql.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: mysql}
spec:
  selector: {matchLabels: {app: mysql}}
  template:
    metadata: {labels: {app: mysql}}
    spec: {containers: [{name: mysql, image: "mysql:8.0"}]}
`,
    },
    {
      yaml: `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: blog, namespace: flux-system}
spec:
  interval: 10m
  path: ./blog
  prune: true
  commonMetadata: {labels: {team: blog}}
  sourceRef: {kind: GitRepository, name: blog}
`,
    },
    {
      yaml: `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: blog, namespace: argocd}
spec:
  project: default
  destination: {server: https://kubernetes.default.svc, namespace: blog}
  source:
    repoURL: https://github.com/example/manifests.git
    path: blog
    kustomize:
      commonLabels: {team: blog}
      labelWithoutSelector: true
`,
    },
  ],
  *violations({ resources }: Context): Iterable<Violation> {
    const tree = new KustomizationTree(kustomizationsOf(resources));
    if (tree.all.length > 0) {
      const byFile = objectsByFile(resources);
      for (const kustomization of tree.all) yield* inKustomization(kustomization, tree, byFile);
    }
    for (const application of resources.ofKind('argoproj.io', 'Application')) yield* inApplication(application);
  },
};

function* inKustomization(
  kustomization: Kustomization,
  tree: KustomizationTree,
  byFile: ReadonlyMap<string, readonly Resource[]>,
): Iterable<Violation> {
  const common = kustomization.at('commonLabels');
  const { resource } = kustomization;
  if (Object.keys(common.texts).length > 0) yield judged(common, common.texts, withoutSelectors(kustomization, common));
  for (const entry of kustomization.at('labels').items) {
    const switched = entry.at('includeSelectors');
    if (switched.boolean !== true || Object.keys(entry.at('pairs').texts).length === 0) continue;
    yield judged(switched, entry.at('pairs').texts, {
      description: 'set includeSelectors: false',
      edits: [{ path: switched.path, value: false }],
    });
  }

  function judged(field: Field, labels: Labels, fix: Fix): Violation {
    const { files, isWhole } = tree.reachOf(kustomization);
    const objects = [...files].flatMap((file) => byFile.get(file) ?? []).filter((object) => tree.isThrough(kustomization, object));
    return violation(resource, field, ...verdict(labels, objects, isWhole, fix));
  }
}

/** What follows for the objects that the kustomization renders. */
function verdict(
  labels: Labels,
  objects: readonly Resource[],
  isWhole: boolean,
  fix: Fix,
): [message: string, more: { severity: Severity; related: Related[]; fix: Fix }] {
  const text = Object.entries(labels)
    .map((pair) => pair.join(': '))
    .join(', ');
  const selectors = objects.flatMap((object) => selectorOf(object) ?? []);
  const rewritten = selectors.filter(({ resource, field }) => isRewritten(resource, field, labels));
  const behind = selectors.filter((selector) => !rewritten.includes(selector) && isLeftBehind(selector.resource, labels));
  const frozen = rewritten.filter(({ resource }) => IMMUTABLE_SELECTOR.has(resource.kind));
  const related = [...frozen, ...rewritten.filter((selector) => !frozen.includes(selector))]
    .slice(0, MOST_RELATED)
    .map(({ resource, field }) => ({
      message: `the selector of ${resource.toString()}${IMMUTABLE_SELECTOR.has(resource.kind) ? ' is refused' : ' changes at once'}`,
      resource,
      path: field.path,
    }));
  const [leftBehind] = behind;
  if (rewritten.length > 0 && frozen.length === 0 && leftBehind !== undefined) {
    return [
      `writes ${text} into the selectors of Services, which take it at once, while the pods of ${leftBehind.resource.toString()} stay without it, since Kustomize knows no selector and no template of a ${UNKNOWN_TO_KUSTOMIZE}: no running pod matches`,
      { severity: 'error', related, fix },
    ];
  }
  if (selectors.length > 0 && rewritten.length === 0 && leftBehind === undefined) {
    return [
      `writes ${text} into selectors; all of them carry it already, so nothing changes until a label is added or changed here`,
      { severity: 'warning', related, fix },
    ];
  }
  if (frozen.length === 0 && isWhole && objects.length > 0) {
    return [
      `writes ${text} into selectors; none of a workload is rendered yet, and the first one to be added is bound to these labels for ever`,
      { severity: 'warning', related, fix },
    ];
  }
  const what =
    frozen.length > 0
      ? `those of ${String(frozen.length)} workload${frozen.length > 1 ? 's' : ''} among them`
      : 'those of every workload among them';
  return [
    `writes ${text} into selectors, ${what}: the Services take the new selector at once while the workloads refuse theirs (field is immutable), so that no running pod matches`,
    { severity: 'error', related, fix },
  ];
}

function withoutSelectors(kustomization: Kustomization, common: Field): Fix {
  const labels = kustomization.at('labels');
  const entry = labelsForObjects(common.texts);
  return {
    description:
      'replace commonLabels by labels with includeSelectors: false; where the cluster already runs with these labels, write them into the selectors of the manifests as well',
    edits: [{ path: common.path }, labels.isList ? { path: labels.at('-').path, value: entry } : { path: labels.path, value: [entry] }],
  };
}

/** Argo CD passes these to `kustomize edit add label`. */
function* inApplication(application: Resource): Iterable<Violation> {
  const spec = application.at('spec');
  for (const source of [spec.at('source'), ...spec.at('sources').items]) {
    const kustomize = source.at('kustomize');
    const labels = kustomize.at('commonLabels');
    if (Object.keys(labels.texts).length === 0 || kustomize.at('labelWithoutSelector').boolean === true) continue;
    const [message, more] = verdict(labels.texts, [], false, {
      description: 'set labelWithoutSelector: true',
      edits: [{ path: kustomize.at('labelWithoutSelector').path, value: true }],
    });
    yield violation(application, labels, message, more);
  }
}

function selectorOf(resource: Resource): { readonly resource: Resource; readonly field: Field } | undefined {
  if (resource.group === '' && resource.kind === 'Service') {
    const field = resource.at('spec', 'selector');
    return field.isMap ? { resource, field } : undefined;
  }
  const workload = workloadOf(resource);
  if (workload === undefined || workload.kind === 'Pod' || workload.kind === 'CronJob') return undefined;
  const field = resource.at('spec', 'selector', 'matchLabels');
  return field.isMap ? { resource, field } : undefined;
}

function isRewritten(resource: Resource, selector: Field, labels: Labels): boolean {
  if (resource.kind !== UNKNOWN_TO_KUSTOMIZE) return !carries(resource, selector, labels);
  return Object.keys(labels).some((key) => selector.at(key).isSet && !isOwn(resource, selector.at(key)));
}

/** Whether the pods of a workload do without the labels that Services ask for. */
function isLeftBehind(resource: Resource, labels: Labels): boolean {
  if (resource.kind !== UNKNOWN_TO_KUSTOMIZE) return false;
  const podLabels = resource.at('spec', 'template', 'metadata', 'labels');
  return Object.entries(labels).some(([key, value]) => podLabels.at(key).text !== value);
}

/** Whether a selector has these labels of its own: what was rendered has them all, but some of those stand in the kustomization. */
function carries(resource: Resource, selector: Field, labels: Labels): boolean {
  return Object.entries(labels).every(([key, value]) => {
    const label = selector.at(key);
    return label.text === value && isOwn(resource, label);
  });
}

function isOwn(resource: Resource, label: Field): boolean {
  const location = resource.locate(label.path);
  return !isFileLocation(location) || normalPath(location.file) === normalPath(resource.document.source);
}

function objectsByFile(resources: Resources): ReadonlyMap<string, readonly Resource[]> {
  const byFile = new Map<string, Resource[]>();
  for (const resource of resources.all) {
    const file = normalPath(resource.document.source);
    const list = byFile.get(file);
    if (list === undefined) byFile.set(file, [resource]);
    else list.push(resource);
  }
  return byFile;
}
