/** The Application heals and prunes, leaves alone what controllers own, and never prunes what holds data. */
import { ApiObject, App, Chart, JsonPatch, Size } from 'cdk8s';
import { BlogWeb } from '../../lib/constructs/blog-web';
import { GitOpsApplication, type GitOpsApplicationProps } from '../../lib/constructs/gitops-application';
import { Mysql } from '../../lib/constructs/mysql';
import { setCluster } from '../../lib/constructs/platform';
import { PlatformApp } from '../../lib/constructs/platform-app';
import { SecretRef } from '../../lib/constructs/secret-ref';
import { Was } from '../../lib/constructs/was';
import { Cluster } from '../../lib/facts/cluster';
import { at, BLOG_CLUSTER, errorsOf, findingsOf, objectOf } from './blog';

const REPOSITORY = 'https://git.example.org/platform/manifests.git';

function gitOps(props: Partial<GitOpsApplicationProps> = {}, forced: object = {}) {
  const app = new App();
  setCluster(app, new Cluster(BLOG_CLUSTER));
  const chart = new Chart(app, 'blog', { namespace: 'blog-system' });
  const application = new GitOpsApplication(new Chart(app, 'gitops', { namespace: 'argocd' }), 'blog', {
    repository: REPOSITORY,
    path: 'dist',
    namespace: 'blog-system',
    ...props,
    ...forced,
  });
  return { app, chart, application };
}

const specOf = (app: App) => at(objectOf(app, 'Application'), 'spec');

/** An object that holds data, as somebody else's construct makes it. */
function holding(chart: Chart, kind: string, annotations: Record<string, string> = {}): ApiObject {
  const groups: Record<string, string> = { StatefulSet: 'apps/v1', CustomResourceDefinition: 'apiextensions.k8s.io/v1' };
  return new ApiObject(chart, kind, { apiVersion: groups[kind] ?? 'v1', kind, metadata: { name: 'precious', annotations } });
}

describe('GitOpsApplication', () => {
  test('prunes last, heals, and tries again', () => {
    expect(specOf(gitOps().app)).toMatchObject({
      project: 'default',
      source: { repoURL: REPOSITORY, path: 'dist', targetRevision: 'main' },
      destination: { server: 'https://kubernetes.default.svc', namespace: 'blog-system' },
      syncPolicy: {
        automated: { prune: true, selfHeal: true },
        retry: { limit: 5 },
        syncOptions: ['PruneLast=true', 'RespectIgnoreDifferences=true'],
      },
    });
  });

  test('is told otherwise by props', () => {
    const { app } = gitOps({ name: 'shop', project: 'team', revision: 'release/1.x', server: 'https://10.0.0.1:6443', prune: false, selfHeal: false }); // prettier-ignore
    expect(at(objectOf(app, 'Application', 'shop'), 'spec')).toMatchObject({
      project: 'team',
      source: { targetRevision: 'release/1.x' },
      destination: { server: 'https://10.0.0.1:6443' },
      syncPolicy: { automated: { prune: false, selfHeal: false } },
    });
  });

  test('ignores what controllers write into the app’s own objects, and nothing else', () => {
    const { app, chart } = gitOps();
    new BlogWeb(chart, 'web', { image: 'registry.example/web:1.0.0', autoscaling: { min: 2, max: 5 } });
    new Was(chart, 'was', { image: 'registry.example/was:1.0.0', replicas: 3, traffic: 'replicas' });
    const namespace = 'blog-system';
    expect(at(specOf(app), 'ignoreDifferences')).toEqual([
      { group: 'networking.istio.io', kind: 'VirtualService', name: 'web-vsvc', namespace, jqPathExpressions: ['.spec.http[].route[].weight'] },
      { group: 'networking.istio.io', kind: 'DestinationRule', name: 'web-dest-rule', namespace, jqPathExpressions: ['.spec.subsets[].labels."rollouts-pod-template-hash"'] },
      { group: 'argoproj.io', kind: 'Rollout', name: 'web', namespace, jsonPointers: ['/spec/replicas'] },
    ]);
    expect(findingsOf(app).filter((finding) => finding.includes('controller-owned-fields'))).toEqual([]);
  }); // prettier-ignore

  test('is found out at synth when a patch takes the exceptions away', () => {
    const warnings: string[] = [];
    const app = new PlatformApp({ cluster: new Cluster(BLOG_CLUSTER), onWarning: (text) => warnings.push(text) });
    new BlogWeb(new Chart(app, 'blog', { namespace: 'blog-system' }), 'web', { image: 'registry.example/web:1.0.0' });
    const chart = new Chart(app, 'gitops', { namespace: 'argocd' });
    const application = new GitOpsApplication(chart, 'blog', { repository: REPOSITORY, path: 'dist', namespace: 'blog-system' });
    const fought = () => {
      warnings.length = 0;
      app.synthYaml();
      return warnings.filter((warning) => warning.includes('[controller-owned-fields'));
    };
    expect(fought()).toEqual([]);
    ApiObject.of(application.node.findChild('application')).addJsonPatch(JsonPatch.remove('/spec/ignoreDifferences'));
    expect(fought()).toEqual([
      expect.stringMatching(/^warning: gitops\/blog\/application: .*heals itself over fields that a controller writes/),
    ]);
  });
});

describe('what holds data', () => {
  const kinds = ['PersistentVolumeClaim', 'PersistentVolume', 'Namespace', 'CustomResourceDefinition', 'StatefulSet'];

  test.each(kinds)('is refused when a %s could be pruned', (kind) => {
    const { app, chart } = gitOps();
    holding(chart, kind);
    expect(errorsOf(app)).toEqual([
      `prune is true: blog/${kind} (${kind} precious) holds data and would be pruned with it; annotate it argocd.argoproj.io/sync-options: Prune=false,Delete=false`,
    ]);
  });

  test.each(['Prune=false', 'Delete=false,Prune=false', 'Prune=confirm'])('is let through with %s', (options) => {
    const { app, chart } = gitOps();
    for (const kind of kinds) holding(chart, kind, { 'argocd.argoproj.io/sync-options': options });
    expect(errorsOf(app)).toEqual([]);
  });

  test.each(['Delete=false', 'Prune=true', 'NoPrune=false'])('is refused with %s', (options) => {
    const { app, chart } = gitOps();
    holding(chart, 'PersistentVolumeClaim', { 'argocd.argoproj.io/sync-options': options });
    expect(errorsOf(app)).toHaveLength(1);
  });

  test('is judged as it is written: with its patches', () => {
    const { app, chart } = gitOps();
    const options = '/metadata/annotations/argocd.argoproj.io~1sync-options';
    holding(chart, 'Namespace', { 'argocd.argoproj.io/sync-options': 'Prune=false' }).addJsonPatch(JsonPatch.remove(options));
    holding(chart, 'StatefulSet', { other: 'yes' }).addJsonPatch(JsonPatch.add(options, 'Prune=false'));
    expect(errorsOf(app)).toEqual([expect.stringMatching(/^prune is true: blog\/Namespace /)]);
  });

  test('guards itself in every database of this library', () => {
    for (const adopt of [undefined, 'deployment'] as const) {
      const { app, chart } = gitOps();
      new Mysql(chart, 'mysql', { image: 'mysql:8.4.3', storage: Size.gibibytes(1), database: 'board', rootPassword: SecretRef.of('mysql-secret', 'mysql-root-password'), adopt }); // prettier-ignore
      expect(errorsOf(app)).toEqual([]);
    }
  });

  test('is nobody’s business when nothing is pruned', () => {
    const { app, chart } = gitOps({ prune: false });
    for (const kind of kinds) holding(chart, kind);
    expect(errorsOf(app)).toEqual([]);
  });
});

test.each<[string, object, RegExp]>([
  ['a folder outside of the repository', { path: '../secrets' }, /^path is "\.\.\/secrets": give a folder relative/],
  ['an absolute folder', { path: '/dist' }, /^path is "\/dist": give a folder relative/],
  ['a folder with a newline', { path: 'dist\nx' }, /^path is "dist\\nx": give a folder relative/],
  ['a repository of no scheme', { repository: 'git.example.org/x' }, /^repository is "git\.example\.org\/x": give the URL that Argo CD clones/],
  ['a revision with a space', { revision: 'main --force' }, /^revision is "main --force": give a branch, tag or commit/],
  ['a server by name', { server: 'in-cluster' }, /^server is "in-cluster": give the URL of an API server/],
  ['a namespace that is no label', { namespace: 'Blog' }, /^namespace is "Blog": use at most 63/],
  ['a project with a slash', { project: 'a/b' }, /^project is "a\/b": use at most 253/],
  ['a typo', { selfheal: true }, /^selfheal is no prop of this construct: write selfHeal/],
])('fails on %s, naming prop, value and mend', (_, forced, message) => {
  expect(errorsOf(gitOps({}, forced).app)).toEqual([expect.stringMatching(message)]);
}); // prettier-ignore
