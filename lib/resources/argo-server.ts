/** What is known of the Argo CD servers: whether they speak TLS. */
import type { Field } from '../manifest/field';
import { mayBeSame } from './named-objects';
import type { Resource } from './resource';
import type { Resources } from './resources';
import { workloadOf } from './workload';

export type ArgoServerMode = 'insecure' | 'tls' | 'unknown';

export class ArgoServers {
  private readonly insecure: readonly Resource[];
  private readonly isDeclared: boolean;

  constructor(resources: Resources) {
    const deployments = resources.workloads.filter((workload) => isArgoServer(workload.name)).map(({ resource }) => resource);
    const parameters = resources.ofKind('', 'ConfigMap').filter(({ name }) => name === 'argocd-cmd-params-cm');
    const charts = [
      ...resources.others,
      ...resources.ofKind('argoproj.io', 'Application'),
      ...resources.ofKind('helm.toolkit.fluxcd.io', 'HelmRelease'),
    ];
    this.insecure = [
      ...deployments.filter(startsInsecure),
      ...parameters.filter(({ root }) => isTrue(root.at('data', 'server.insecure'))),
      ...charts.filter(hasInsecureValues),
    ];
    this.isDeclared = deployments.length > 0 || parameters.length > 0;
  }

  /** @returns the object that says so, if it is insecure */
  mode(namespace: string | null): { readonly mode: ArgoServerMode; readonly because?: Resource } {
    const because = this.insecure.find(
      (resource) => resource.namespace === null || !resource.isObject || mayBeSame(resource.namespace, namespace),
    );
    if (because !== undefined) return { mode: 'insecure', because };
    return { mode: this.isDeclared ? 'tls' : 'unknown' };
  }
}

export function isArgoServer(name: string): boolean {
  return name === 'argocd-server' || name.endsWith('-argocd-server');
}

function startsInsecure(resource: Resource): boolean {
  return (workloadOf(resource)?.containers ?? []).some(
    (container) =>
      container.commandLine.some((word) => /^--insecure(=true)?$/.test(word)) ||
      container.env.some(({ name, value }) => name === 'ARGOCD_SERVER_INSECURE' && value === 'true'),
  );
}

/** The values of the chart argo-cd, alone or below another chart. */
function hasInsecureValues(resource: Resource): boolean {
  const sources =
    resource.kind === 'Application'
      ? [resource.at('spec', 'source'), ...resource.at('spec', 'sources').items].map((source) => source.at('helm', 'valuesObject'))
      : [];
  const roots = resource.isObject ? [...sources, resource.at('spec', 'values')] : [resource.root];
  return roots.some((root) =>
    [root, root.at('argo-cd'), root.at('argocd')].some(
      (values) =>
        isTrue(values.at('configs', 'params', 'server.insecure')) || values.at('server', 'extraArgs').strings.includes('--insecure'),
    ),
  );
}

function isTrue(field: Field): boolean {
  return field.text?.toLowerCase() === 'true';
}
