/**
 * Everything declared, indexed once.
 *
 * The insight: a lesson asks few kinds of question (all of a kind; the one of a name; what selects this pod), and each is
 * answered from an index by kind, by namespace or by label, so that no lesson loops over everything twice.
 */
import { append } from '../manifest/append';
import type { Document } from '../manifest/document';
import { type Labels } from './label-selector';
import { Resource } from './resource';
import { Service } from './service';
import { type Workload, workloadOf } from './workload';

export class Resources {
  /** The objects to judge, in the order they were read. */
  readonly all: readonly Resource[];
  /** Documents that are no objects: kustomizations, chart values and the like. */
  readonly others: readonly Resource[];
  readonly workloads: readonly Workload[];
  readonly services: readonly Service[];

  private readonly byKind = new Map<string, Resource[]>();
  private readonly byName = new Map<string, Resource>();
  private readonly workloadsByNamespace = new Map<string | null, Workload[]>();
  private readonly workloadsByLabel = new Map<string, Workload[]>();
  private readonly servicesByLabel = new Map<string, Service[]>();
  private readonly views = new Map<object, object>();

  /**
   * @param documents what is judged
   * @param existing what other hands provide: it answers references, and is not judged
   */
  constructor(documents: Iterable<Document>, existing: Iterable<Document> = []) {
    const read = [...documents].map((document) => new Resource(document));
    this.all = read.filter(({ isObject }) => isObject);
    this.others = read.filter(({ isObject }) => !isObject);
    const provided = [...existing].map((document) => new Resource(document)).filter(({ isObject }) => isObject);
    for (const resource of [...this.all, ...provided]) {
      append(this.byKind, `${resource.group}/${resource.kind}`, resource);
      const key = nameKey(resource.group, resource.kind, resource.namespace, resource.name);
      if (!this.byName.has(key)) this.byName.set(key, resource);
    }
    this.workloads = [...this.all, ...provided].flatMap((resource) => workloadOf(resource) ?? []);
    this.services = this.ofKind('', 'Service').map((resource) => new Service(resource));
    for (const service of this.services) {
      const [first] = Object.entries(service.selector);
      if (first !== undefined) append(this.servicesByLabel, labelKey(service.namespace, ...first), service);
    }
    for (const workload of this.workloads) {
      append(this.workloadsByNamespace, workload.namespace, workload);
      for (const [key, value] of Object.entries(workload.podLabels))
        append(this.workloadsByLabel, labelKey(workload.namespace, key, value), workload);
    }
  }

  /** A further index over these resources, made once for everybody who asks for it. */
  view<View extends object>(Index: new (resources: Resources) => View): View {
    const known = this.views.get(Index);
    if (known instanceof Index) return known;
    const view = new Index(this);
    this.views.set(Index, view);
    return view;
  }

  /** All objects of a kind, whatever the version; the group of core kinds is `''`. Those that already exist come last. */
  ofKind(group: string, kind: string): readonly Resource[] {
    return this.byKind.get(`${group}/${kind}`) ?? [];
  }

  /** The object of that kind, namespace and name. @returns undefined when nothing declares it */
  find(group: string, kind: string, namespace: string | null, name: string): Resource | undefined {
    return this.byName.get(nameKey(group, kind, namespace, name));
  }

  workloadsIn(namespace: string | null): readonly Workload[] {
    return this.workloadsByNamespace.get(namespace) ?? [];
  }

  /** The workloads of a namespace whose pods carry all of these labels; an empty map gives all of them. */
  workloadsLabelled(namespace: string | null, labels: Labels): readonly Workload[] {
    const wanted = Object.entries(labels);
    if (wanted.length === 0) return this.workloadsIn(namespace);
    const candidates = wanted.map(([key, value]) => this.workloadsByLabel.get(labelKey(namespace, key, value)) ?? []);
    const fewest = candidates.reduce((a, b) => (b.length < a.length ? b : a));
    return fewest.filter(({ podLabels }) => wanted.every(([key, value]) => podLabels[key] === value));
  }

  /** The workloads that a Service sends to; none for one without a selector. */
  backendsOf(service: Service): readonly Workload[] {
    return service.hasSelector ? this.workloadsLabelled(service.namespace, service.selector) : [];
  }

  /** The Services that send to a workload's pods. */
  servicesOf(workload: Workload): readonly Service[] {
    const candidates = Object.entries(workload.podLabels).flatMap(
      ([key, value]) => this.servicesByLabel.get(labelKey(workload.namespace, key, value)) ?? [],
    );
    return candidates.filter((service) => service.selects(workload));
  }
}

function nameKey(group: string, kind: string, namespace: string | null, name: string): string {
  return `${group}/${kind}/${namespace ?? ''}/${name}`;
}

function labelKey(namespace: string | null, key: string, value: string): string {
  return `${namespace ?? ''}\n${key}\n${value}`;
}
