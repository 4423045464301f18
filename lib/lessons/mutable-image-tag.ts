import { workloadOf } from '../resources/workload';
import { type Context, type Lesson, violation, type Violation } from './lesson';

/** The parts of an image reference. A colon before the last slash belongs to the registry's port. */
export interface ImageReference {
  /** Registry and repository: `registry.example:5000/shop/api`. */
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: string;
}

export function imageReferenceOf(image: string): ImageReference {
  const at = image.indexOf('@');
  const named = at < 0 ? image : image.slice(0, at);
  const digest = at < 0 ? undefined : image.slice(at + 1);
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1);
  if (colon < 0) return { repository: named, digest };
  return { repository: named.slice(0, colon), tag: named.slice(colon + 1), digest };
}

/** What lets an image change under its name. @returns undefined for a digest, and for any tag but `latest` */
export function mutabilityOf(image: string): 'has no tag, which means latest' | 'has the tag latest' | undefined {
  const { tag, digest } = imageReferenceOf(image);
  if (digest !== undefined) return undefined;
  if (tag === undefined || tag === '') return 'has no tag, which means latest';
  return tag === 'latest' ? 'has the tag latest' : undefined;
}

/** Istio's gateway injection puts the proxy's image in place of this word. */
const REPLACED_AT_INJECTION = 'auto';

/** Whether the reference is text that some tool fills in before Kubernetes sees it. */
function isPlaceholder(image: string): boolean {
  return image.trim() === '' || image === REPLACED_AT_INJECTION || /\$\{|\$\(|\{\{|<|>/.test(image);
}

/** A tag that names one build: it holds a digit, and none of the words for builds that come again. */
function isFixed(image: string): boolean {
  const { tag, digest } = imageReferenceOf(image);
  return digest !== undefined || (tag !== undefined && /\d/.test(tag) && !/latest|snapshot|nightly|edge|dev|main|master|canary/i.test(tag));
}

export const mutableImageTag: Lesson = {
  id: 'mutable-image-tag',
  title: 'An image is named by a version or a digest, never by latest',
  section: 'Rollouts and workloads',
  severity: 'warning',
  incident: {
    symptom:
      'a new release is pushed and nothing is deployed, or a rolled back workload starts the broken build again; nobody can say which build runs',
    cause:
      'a workflow pushed every build as :latest as well. The manifest does not change when the image does, so there is no new revision and none to go back to; a node with a cached copy and one without run different builds',
    source: 'CI/CD troubleshooting guide, 5 and 9.1; kubernetes.io, Images, Image names and Updating images',
  },
  remedy: 'name the version that the workflow built (:1.4.2, :v47), or the digest; let the workflow commit the new one to the manifests',
  confirm: [
    'kubectl get pods -l app=<name> -o jsonpath=\'{range .items[*]}{.spec.nodeName} {.status.containerStatuses[*].imageID}{"\\n"}{end}\'',
  ],
  limits:
    'Only latest and the absent tag are certain to move. Other tags that a registry may overwrite (stable, main, 1.27) are accepted. ' +
    'Always with a fixed tag is right where the admission plugin AlwaysPullImages or a shared node asks for a check of the pull secret at every start.',
  bad: [
    {
      yaml: `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: blog}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      initContainers:
        - name: wait
          image: registry.example:5000/tools/wait # <- here
      containers:
        - name: web
          image: ghcr.io/example/blog-web:latest # <- here
        - name: exporter
          image: nginx/nginx-prometheus-exporter:1.4.0
          imagePullPolicy: Always # <- here
`,
    },
    {
      yaml: `apiVersion: batch/v1
kind: CronJob
metadata: {name: purge, namespace: blog}
spec:
  schedule: "0 3 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers:
            - {name: curl, image: docker.io/curlimages/curl} # <- here
`,
    },
  ],
  good: [
    {
      yaml: `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: blog}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      initContainers:
        - {name: port, image: "localhost:5000/tools/wait:2"}
      containers:
        - {name: tagged, image: "registry.example:5000/blog/web:v47", imagePullPolicy: IfNotPresent}
        - {name: pinned, image: "nginx@sha256:0a399eb16751829e1af26fea27b20c3ec28d7ab1fb72182879dcae1cca21206a"}
        - {name: both, image: "nginx:latest@sha256:0a399eb16751829e1af26fea27b20c3ec28d7ab1fb72182879dcae1cca21206a"}
        - {name: not-the-word, image: "ghcr.io/example/latest:1.0"}
        - {name: moving-on-purpose, image: "ghcr.io/example/web:main", imagePullPolicy: Always}
        - {name: snapshot, image: "ghcr.io/example/web:1.2-SNAPSHOT", imagePullPolicy: Always}
`,
    },
    {
      yaml: `# The gateway's image is filled in by injection, and the Rollout has its template in the Deployment.
apiVersion: apps/v1
kind: Deployment
metadata: {name: gateway, namespace: edge}
spec:
  selector: {matchLabels: {istio: gateway}}
  template:
    metadata:
      annotations: {inject.istio.io/templates: gateway}
      labels: {istio: gateway, sidecar.istio.io/inject: "true"}
    spec:
      containers: [{name: istio-proxy, image: auto}]
---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: gateway, namespace: edge}
spec:
  selector: {matchLabels: {istio: gateway}}
  workloadRef: {apiVersion: apps/v1, kind: Deployment, name: gateway}
`,
    },
  ],
  *violations({ resources }: Context): Iterable<Violation> {
    for (const resource of resources.all) {
      const workload = workloadOf(resource);
      for (const container of workload?.allContainers ?? []) {
        const image = container.at('image').string;
        if (image === undefined || isPlaceholder(image)) continue;
        const mutable = mutabilityOf(image);
        if (mutable !== undefined) {
          yield violation(
            resource,
            container.at('image'),
            `the image ${image} of container ${container.name} ${mutable}: the manifest does not tell what runs, and a rollback starts the same image again`,
            { fix: { description: 'name a version or a digest of the image' } },
          );
          continue;
        }
        const policy = container.at('imagePullPolicy');
        if (policy.string !== 'Always' || !isFixed(image)) continue;
        yield violation(
          resource,
          policy,
          `container ${container.name} pulls ${image} at every start although its tag is fixed: a restart needs the registry`,
          {
            severity: 'info',
            fix: { description: 'pull IfNotPresent', edits: [{ path: policy.path, value: 'IfNotPresent' }] },
          },
        );
      }
    }
  },
};
