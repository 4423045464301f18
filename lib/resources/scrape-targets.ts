/** The Services and pods that the monitors of the Prometheus operator select. */
import { append } from '../manifest/append';
import type { Field } from '../manifest/field';
import { selectorMatches } from './label-selector';
import { mayBeSame } from './named-objects';
import type { Resource } from './resource';
import type { Resources } from './resources';
import type { Service } from './service';
import type { Workload } from './workload';

/** The namespaces that a monitor looks into: undefined for all. */
export type Namespaces = readonly (string | null)[] | undefined;

export function monitoredNamespaces(monitor: Resource): Namespaces {
  const selector = monitor.at('spec', 'namespaceSelector');
  if (selector.at('any').boolean === true) return undefined;
  const names = selector.at('matchNames').strings;
  return names.length > 0 ? names : [monitor.namespace];
}

export class ScrapeTargets {
  private readonly servicesByLabel = new Map<string, Service[]>();
  private readonly servicesByTrait = new Map<string, Service[]>();
  private readonly namespacesWithServices = new Set<string | null>();
  private readonly namespacesWithPods = new Set<string | null>();
  private readonly podsByLabel = new Map<string, Workload[]>();

  constructor(private readonly resources: Resources) {
    for (const service of resources.services) {
      this.namespacesWithServices.add(service.namespace);
      for (const pair of Object.entries(service.resource.labels)) append(this.servicesByLabel, pair.join('\n'), service);
      for (const value of new Set([service.name, ...Object.values(service.resource.labels), ...Object.values(service.selector)])) {
        append(this.servicesByTrait, value, service);
      }
    }
    for (const workload of resources.workloads) {
      this.namespacesWithPods.add(workload.namespace);
      for (const pair of Object.entries(workload.podLabels)) append(this.podsByLabel, pair.join('\n'), workload);
    }
  }

  services(selector: Field, namespaces: Namespaces): readonly Service[] {
    return fewest(selector, this.servicesByLabel, this.resources.services).filter(
      (service) => isIn(service.namespace, namespaces) && selectorMatches(selector, service.resource.labels),
    );
  }

  pods(selector: Field, namespaces: Namespaces): readonly Workload[] {
    return fewest(selector, this.podsByLabel, this.resources.workloads).filter(
      (workload) => isIn(workload.namespace, namespaces) && selectorMatches(selector, workload.podLabels),
    );
  }

  /** Whether any Service is declared in these namespaces: if none is, they are somebody else's. */
  declaresServices(namespaces: Namespaces): boolean {
    return [...this.namespacesWithServices].some((namespace) => isIn(namespace, namespaces));
  }

  declaresPods(namespaces: Namespaces): boolean {
    return [...this.namespacesWithPods].some((namespace) => isIn(namespace, namespaces));
  }

  /** The Service that a selector, which matches none, was most likely meant for: one of its values is its name, or a label of it or of its pods. */
  nearestService(selector: Field, namespaces: Namespaces): Service | undefined {
    const values = Object.values(selector.at('matchLabels').texts);
    const candidates = values.flatMap((value) => this.servicesByTrait.get(value)?.slice(0, MOST_CANDIDATES) ?? []);
    return candidates.find(({ namespace }) => isIn(namespace, namespaces)) ?? candidates[0];
  }
}

const MOST_CANDIDATES = 20;

function isIn(namespace: string | null, namespaces: Namespaces): boolean {
  return namespaces === undefined || namespaces.some((candidate) => mayBeSame(candidate, namespace));
}

/** The shortest list that an index gives for one of the labels; everything, where the selector names none. */
function fewest<Value>(selector: Field, index: ReadonlyMap<string, readonly Value[]>, all: readonly Value[]): readonly Value[] {
  const lists = Object.entries(selector.at('matchLabels').texts).map((pair) => index.get(pair.join('\n')) ?? []);
  return lists.reduce((shortest, list) => (list.length < shortest.length ? list : shortest), all);
}
