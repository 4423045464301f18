/**
 * Signs in the manifests that other pods run than those whose templates are declared.
 *
 * Pods come out of Helm charts, remote bases and custom resources as well. A lesson that misses a pod asks here first,
 * so that it does not accuse a selector of missing what an operator will create.
 */
import { append } from '../manifest/append';
import { containsLabels, type Labels } from './label-selector';
import { mayBeSame } from './named-objects';
import type { Resource } from './resource';
import type { Resources } from './resources';
import { workloadOf } from './workload';

/** Custom resources from which nobody makes pods, by group; of the other groups any kind may be an operator's. */
const GROUPS_WITHOUT_PODS =
  /^(networking\.istio\.io|security\.istio\.io|telemetry\.istio\.io|extensions\.istio\.io|cilium\.io|cert-manager\.io|acme\.cert-manager\.io|trust\.cert-manager\.io|bitnami\.com|external-secrets\.io|generators\.external-secrets\.io|keda\.sh|kyverno\.io|longhorn\.io|metallb\.io|traefik\.(io|containo\.us)|secrets-store\.csi\.x-k8s\.io|(source|kustomize|notification|image)\.toolkit\.fluxcd\.io|velero\.io|secrets\.hashicorp\.com|secrets\.infisical\.com|onepassword\.com|isindir\.github\.com|http\.keda\.sh|apiextensions\.k8s\.io)$/;
const KINDS_WITHOUT_PODS = new Set([
  'Application', 'ApplicationSet', 'AppProject', 'Rollout', 'AnalysisTemplate', 'ClusterAnalysisTemplate',
  'ServiceMonitor', 'PodMonitor', 'Probe', 'ScrapeConfig', 'PrometheusRule', 'AlertmanagerConfig',
]); // prettier-ignore
const BUILT_IN_GROUPS = new Set(['', 'apps', 'batch', 'autoscaling', 'policy', 'extensions']);

/** Namespaces that every cluster fills by itself. */
const SYSTEM_NAMESPACES = ['kube-system', 'kube-public', 'kube-node-lease'];

export class InstalledElsewhere {
  private readonly filled = new Set<string | null>(SYSTEM_NAMESPACES);
  private readonly operated = new Map<string, Resource[]>();
  private readonly operatedByLabel = new Map<string, Resource[]>();

  constructor(resources: Resources) {
    for (const document of resources.others) if (rendersElsewhere(document)) this.filled.add(namespaceOfKustomization(document));
    for (const resource of resources.all) {
      const namespace = chartNamespaceOf(resource);
      if (namespace !== undefined) this.filled.add(namespace);
      else if (mayMakePods(resource)) {
        append(this.operated, resource.name, resource);
        for (const pair of Object.entries(podLabelsOf(resource))) append(this.operatedByLabel, pair.join('\n'), resource);
      }
    }
  }

  /** Whether something that is not rendered here, such as a Helm chart, is installed into this namespace. */
  into(namespace: string | null): boolean {
    return this.filled.has(namespace);
  }

  /** Whether a custom resource is named so, or so before a hyphen: operators name what they make after their resource. */
  operates(name: string, namespace: string | null): boolean {
    const parts = name.split('-');
    return parts.some((_, index) =>
      this.operated.get(parts.slice(0, index + 1).join('-'))?.some((resource) => mayBeSame(resource.namespace, namespace)),
    );
  }

  /** The custom resource whose operator most likely makes pods with these labels. @returns undefined when none is in sight */
  operatorOf(labels: Labels, namespace: string | null): Resource | undefined {
    const [first] = Object.entries(labels);
    const sameLabels = first === undefined ? [] : (this.operatedByLabel.get(first.join('\n')) ?? []);
    return [
      ...Object.values(labels).flatMap((value) => this.operated.get(value) ?? []),
      ...sameLabels.filter((resource) => containsLabels(podLabelsOf(resource), labels)),
    ].find((resource) => mayBeSame(resource.namespace, namespace));
  }
}

/** Whether it is a custom resource, of a kind from which an operator may make pods and what goes with them. */
function mayMakePods(resource: Resource): boolean {
  if (workloadOf(resource) !== undefined || KINDS_WITHOUT_PODS.has(resource.kind)) return false;
  if (resource.group === 'gateway.networking.k8s.io') return resource.kind === 'Gateway';
  return !BUILT_IN_GROUPS.has(resource.group) && !resource.group.endsWith('.k8s.io') && !GROUPS_WITHOUT_PODS.test(resource.group);
}

/** The namespace that a chart is installed into. @returns undefined for what installs no chart */
function chartNamespaceOf(resource: Resource): string | undefined {
  const spec = resource.at('spec');
  if (resource.kind === 'HelmRelease') return spec.at('targetNamespace').text ?? resource.namespace ?? undefined;
  if (resource.kind === 'HelmChart') return spec.at('targetNamespace').text ?? resource.namespace ?? undefined;
  if (resource.group !== 'argoproj.io' || resource.kind !== 'Application') return undefined;
  const sources = [spec.at('source'), ...spec.at('sources').items];
  const isChart = sources.some((source) => source.at('chart').isSet || source.at('helm').isSet);
  return isChart ? spec.at('destination', 'namespace').text : undefined;
}

function rendersElsewhere(document: Resource): boolean {
  if (document.at('helmCharts').items.length > 0 || document.at('helmChartInflationGenerator').items.length > 0) return true;
  const bases = [...document.at('resources').strings, ...document.at('bases').strings];
  return document.kind === 'Kustomization' && bases.some((base) => /^https?:|^git@|^ssh:|\?ref=|^github\.com\//.test(base));
}

function namespaceOfKustomization(document: Resource): string | null {
  return document.at('namespace').text ?? document.namespace;
}

/** The labels in a custom resource's own pod template, where the common place has one. */
function podLabelsOf(resource: Resource): Labels {
  return resource.at('spec', 'template', 'metadata', 'labels').texts;
}
