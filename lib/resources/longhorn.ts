/**
 * Where a Longhorn volume's number of replicas is asked for: classes, volumes, settings, and the values of its chart in a
 * file, an Argo CD Application, a HelmRelease or a k3s HelmChart.
 */
import { Field } from '../manifest/field';
import { readYaml } from '../manifest/yaml';
import type { Resource } from './resource';
import type { Resources } from './resources';

/** A number of replicas that somebody asked for, or left to a default. */
export interface ReplicaRequest {
  readonly resource: Resource;
  /** Where the number stands, or would stand. Of values in a text, the text. */
  readonly field: Field;
  /** The number asked for. @default - none: the default counts */
  readonly count?: number;
  readonly kind: 'class' | 'volume' | 'setting' | 'values';
  /** The key within values, such as `persistence.defaultClassReplicaCount`. */
  readonly key?: string;
  /** What to write at the field for another count. @default - it cannot be told */
  readonly rewrite?: (count: number) => unknown;
  /** Other values may be laid over these, so that what is absent here may stand elsewhere. @default false */
  readonly isPartial?: boolean;
}

export const LONGHORN_PROVISIONER = 'driver.longhorn.io';
/** Both default to 3 in the chart: the first counts for volumes made by hand, the second for the class it creates. */
const CHART_KEYS = [
  ['defaultSettings', 'defaultReplicaCount'],
  ['persistence', 'defaultClassReplicaCount'],
] as const;

export function replicaRequests(resources: Resources): readonly ReplicaRequest[] {
  return [...resources.all.flatMap((resource) => requestsOf(resource)), ...resources.others.flatMap((document) => valuesFile(document))];
}

/** Whether several replicas of a volume may share a node everywhere, which makes any count fit. */
export function allowsSharedNodes(resources: Resources): boolean {
  const settings = resources.ofKind('longhorn.io', 'Setting').filter(({ name }) => name === 'replica-soft-anti-affinity');
  return settings.some((setting) => setting.at('value').text === 'true');
}

function requestsOf(resource: Resource): readonly ReplicaRequest[] {
  switch (`${resource.group}/${resource.kind}`) {
    case 'storage.k8s.io/StorageClass':
      return resource.at('provisioner').string === LONGHORN_PROVISIONER ? classRequest(resource) : [];
    case 'longhorn.io/Volume':
      return volumeRequest(resource);
    case 'longhorn.io/Setting':
      return resource.name === 'default-replica-count' ? [numbered(resource, resource.at('value'), 'setting')] : [];
    case 'argoproj.io/Application':
      return [resource.at('spec', 'source'), ...resource.at('spec', 'sources').items].flatMap((source) =>
        applicationRequests(resource, source),
      );
    case 'helm.toolkit.fluxcd.io/HelmRelease': {
      const chart = resource.at('spec', 'chart', 'spec', 'chart').string ?? resource.at('spec', 'chartRef', 'name').string;
      return chart === 'longhorn'
        ? chartRequests(resource, resource.at('spec', 'values'), resource.at('spec', 'valuesFrom').items.length > 0)
        : [];
    }
    case 'helm.cattle.io/HelmChart':
      return /(^|\/)longhorn$/.test(resource.at('spec', 'chart').string ?? '')
        ? textRequests(resource, resource.at('spec', 'valuesContent'), false)
        : [];
    default:
      return [];
  }
}

function classRequest(resource: Resource): readonly ReplicaRequest[] {
  const parameters = resource.at('parameters');
  // A class whose replicas may share a node fits any number of nodes.
  if (parameters.at('replicaSoftAntiAffinity').text === 'enabled') return [];
  return [numbered(resource, parameters.at('numberOfReplicas'), 'class')];
}

function volumeRequest(resource: Resource): readonly ReplicaRequest[] {
  if (resource.at('spec', 'replicaSoftAntiAffinity').text === 'enabled') return [];
  const request = numbered(resource, resource.at('spec', 'numberOfReplicas'), 'volume');
  return [{ ...request, count: request.count === 0 ? undefined : request.count }];
}

function numbered(resource: Resource, field: Field, kind: ReplicaRequest['kind'], more: Partial<ReplicaRequest> = {}): ReplicaRequest {
  const count = countOf(field);
  const isText = field.string !== undefined || kind === 'class' || kind === 'setting';
  const isPlain = !field.isPresent || field.number !== undefined || /^\d+$/.test(field.string ?? '');
  return { resource, field, count, kind, ...(isPlain ? { rewrite: (to: number) => (isText ? String(to) : to) } : {}), ...more };
}

/** A number, a number as text, or one for each data engine: `{"v1":"3","v2":"3"}`. */
function countOf(field: Field): number | undefined {
  const text = field.text?.trim();
  if (text === undefined || text === '') return undefined;
  if (/^\d+$/.test(text)) return Number(text);
  const perEngine = [...text.matchAll(/"v\d+"\s*:\s*"?(\d+)/g)].map(([, count]) => Number(count));
  return perEngine.length === 0 ? undefined : Math.max(...perEngine);
}

/** Argo CD: parameters win over valuesObject, that over values, and that over valueFiles. */
function applicationRequests(resource: Resource, source: Field): readonly ReplicaRequest[] {
  const isLonghorn = source.at('chart').string === 'longhorn';
  if (!isLonghorn) return [];
  const helm = source.at('helm');
  const given = helm.at('parameters').items.flatMap((parameter): ReplicaRequest[] => {
    const key = CHART_KEYS.map((steps) => steps.join('.')).find((name) => name === parameter.at('name').string);
    return key === undefined ? [] : [numbered(resource, parameter.at('value'), 'values', { key, rewrite: String })];
  });
  const isPartial = helm.at('valueFiles').items.length > 0 || given.length > 0;
  const values = helm.at('valuesObject').isSet
    ? chartRequests(resource, helm.at('valuesObject'), isPartial)
    : textRequests(resource, helm.at('values'), isPartial);
  return [...given, ...values.filter(({ key }) => !given.some((parameter) => parameter.key === key))];
}

/** Values as a map. Without any, the chart's own defaults count, unless other values may be laid over them. */
function chartRequests(resource: Resource, values: Field, isPartial: boolean): readonly ReplicaRequest[] {
  if (values.at('defaultSettings', 'replicaSoftAntiAffinity').text === 'true') return [];
  return CHART_KEYS.map((steps) => numbered(resource, values.at(...steps), 'values', { key: steps.join('.'), isPartial }));
}

/** Values as text within a field: every number points at the text, and is rewritten within it. */
function textRequests(resource: Resource, text: Field, isPartial: boolean): readonly ReplicaRequest[] {
  const [values] = text.string === undefined ? [] : readYaml(text.string, resource.document.source).documents;
  const read = new Field(values?.content);
  return chartRequests(resource, read, isPartial).map((request) => {
    const [, key = ''] = (request.key ?? '').split('.');
    const line = new RegExp(`^(\\s*${key}:\\s*["']?)\\d+`, 'm');
    const source = text.string ?? '';
    const { rewrite: _, ...rest } = request;
    return { ...rest, field: text, ...(line.test(source) ? { rewrite: (count: number) => source.replace(line, `$1${count}`) } : {}) };
  });
}

/** A values file tells itself by its keys; below `longhorn:` they are those of a chart that contains Longhorn's. */
function valuesFile(document: Resource): readonly ReplicaRequest[] {
  if (document.apiVersion !== '' || document.kind !== '') return [];
  return [document.root, document.at('longhorn')].flatMap((values) => {
    if (!CHART_KEYS.some((steps) => values.at(...steps).isSet)) return [];
    return chartRequests(document, values, true);
  });
}
