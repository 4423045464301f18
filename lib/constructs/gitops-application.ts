/**
 * An Argo CD Application over the manifests of this app.
 *
 * It heals and prunes, and so must know two things: which fields belong to controllers (it ignores exactly those, found
 * in the app's own objects) and what holds data (such objects say themselves that they are never pruned; synth refuses
 * those that do not).
 */
import { ApiObject, Lazy } from 'cdk8s';
import { Construct } from 'constructs';
import type { Application } from '../../imports/argo-cd';
import { defineObject } from '../kube/define';
import { documentsOf } from '../kube/documents';
import { ignoredDifferences, type IgnoreDifference, RESPECT_IGNORE_DIFFERENCES } from '../lessons/controller-owned-fields';
import { Field } from '../manifest/field';
import { groupOf } from '../resources/resource';
import { Resources } from '../resources/resources';
import { Input, type PropNames } from './input';

export interface GitOpsApplicationProps {
  /** URL of the GitOps repository. */
  readonly repository: string;
  /** Folder in it that holds the manifests. */
  readonly path: string;
  /** Branch, tag or commit. @default 'main' */
  readonly revision?: string;
  /** Namespace for objects that name none. */
  readonly namespace: string;
  /** Name of the Application. @default - the construct's id */
  readonly name?: string;
  /** Argo CD project. @default 'default' */
  readonly project?: string;
  /** API server it deploys to. @default 'https://kubernetes.default.svc', Argo CD's own cluster */
  readonly server?: string;
  /** Removes what Git no longer holds; what holds data never. @default true */
  readonly prune?: boolean;
  /** Puts back what Git says when something else changed it. @default true */
  readonly selfHeal?: boolean;
}

const GITOPS_APPLICATION_PROPS: PropNames<GitOpsApplicationProps> = {
  repository: true,
  path: true,
  revision: true,
  namespace: true,
  name: true,
  project: true,
  server: true,
  prune: true,
  selfHeal: true,
};
const REVISION = /^[A-Za-z0-9][A-Za-z0-9._/*-]{0,249}$/;
const SERVER = /^https:\/\/[A-Za-z0-9.:[\]-]+(\/[A-Za-z0-9._~/-]*)?$/;

/** The kinds whose removal loses what no manifest brings back. */
const HOLDS_DATA = new Set([
  'PersistentVolumeClaim',
  'PersistentVolume',
  'Namespace',
  'CustomResourceDefinition',
  'StatefulSet',
  'PerconaXtraDBCluster',
]);
const SYNC_OPTIONS = 'argocd.argoproj.io/sync-options';

export class GitOpsApplication extends Construct {
  readonly name: string;

  constructor(scope: Construct, id: string, props: GitOpsApplicationProps) {
    super(scope, id);
    const input = new Input(this);
    input.known(props, GITOPS_APPLICATION_PROPS);
    const { repository, path, revision = 'main', namespace, name = id, project = 'default' } = props;
    const { server = 'https://kubernetes.default.svc', prune = true, selfHeal = true } = props;
    this.name = input.dnsLabel('name', name);
    const folder = input.text(
      'path',
      path,
      /^(?!\/)(?!.*(^|\/)\.\.(\/|$))[A-Za-z0-9._/-]+$/,
      '.',
      'give a folder relative to the root of the repository',
    );
    const url = input.text(
      'repository',
      repository,
      /^(https?:\/\/|ssh:\/\/|git@)\S+$/,
      'https://example.invalid',
      'give the URL that Argo CD clones',
    );
    if (prune) this.node.addValidation({ validate: () => this.unguarded() });

    defineObject<Application>(this, 'application', {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Application',
      metadata: { name: this.name },
      spec: {
        project: input.objectName('project', project),
        source: {
          repoURL: url,
          targetRevision: input.text('revision', revision, REVISION, 'main', 'give a branch, tag or commit'),
          path: folder,
        },
        destination: {
          server: input.text('server', server, SERVER, 'https://example.invalid', 'give the URL of an API server'),
          namespace: input.dnsLabel('namespace', namespace),
        },
        syncPolicy: {
          automated: { prune, selfHeal },
          retry: { limit: 5, backoff: { duration: '10s', factor: 2, maxDuration: '3m' } },
          // Pruning last keeps the old objects until the new ones are healthy.
          syncOptions: ['PruneLast=true', RESPECT_IGNORE_DIFFERENCES],
        },
        // eslint-disable-next-line @typescript-eslint/no-unsafe-assignment -- cdk8s types what is known at synth as any
        ignoreDifferences: Lazy.any({ produce: () => this.ignored() }),
      },
    });
  }

  /** What controllers own among the app's objects; not asked of this one, which would ask itself without end. */
  private ignored(): readonly IgnoreDifference[] {
    const resources = new Resources(documentsOf(this.node.root, this));
    const ignored = ignoredDifferences(resources);
    // An autoscaler owns the number of pods also where Git is silent: a manifest that once set it would else reset it to one.
    const scaled = resources.ofKind('autoscaling', 'HorizontalPodAutoscaler').map((hpa): IgnoreDifference => {
      const target = hpa.at('spec', 'scaleTargetRef');
      return {
        group: groupOf(target.at('apiVersion').string ?? ''),
        kind: target.at('kind').string ?? '',
        name: target.at('name').string ?? '',
        namespace: hpa.namespace ?? undefined,
        jsonPointers: ['/spec/replicas'],
      };
    });
    const known = new Set(
      ignored.filter((each) => 'jsonPointers' in each).map(({ kind, name, namespace }) => `${kind} ${namespace}/${name}`),
    );
    return [...ignored, ...scaled.filter(({ kind, name, namespace }) => !known.has(`${kind} ${namespace}/${name}`))];
  }

  private unguarded(): string[] {
    const objects = this.node.root.node.findAll().filter((construct): construct is ApiObject => ApiObject.isApiObject(construct));
    return (
      objects
        .filter((object) => HOLDS_DATA.has(object.kind))
        // As it is written, patches included.
        .filter(
          (object) =>
            !/\bPrune=(false|confirm)\b/.test(new Field(object.toJson()).at('metadata', 'annotations', SYNC_OPTIONS).string ?? ''),
        )
        .map(
          (object) =>
            `prune is true: ${object.node.path} (${object.kind} ${object.name}) holds data and would be pruned with it; annotate it ${SYNC_OPTIONS}: Prune=false,Delete=false`,
        )
    );
  }
}
