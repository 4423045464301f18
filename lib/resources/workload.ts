/** What runs pods: every kind that carries a pod template, seen alike. */
import { Field } from '../manifest/field';
import { Container } from './container';
import { type Labels, selectorMatches } from './label-selector';
import type { Resource } from './resource';

/** The workload that a resource is. @returns undefined for kinds that run no pods */
export function workloadOf(resource: Resource): Workload | undefined {
  const { templateSteps } = resource;
  if (templateSteps === undefined) return undefined;
  const known = workloads.get(resource);
  if (known !== undefined) return known;
  const workload = new Workload(resource, resource.at(...templateSteps));
  workloads.set(resource, workload);
  return workload;
}

/** One for each resource, whoever asks: it remembers what was read. */
const workloads = new WeakMap<Resource, Workload>();

/** What every lesson asks for again is read once. */
export class Workload {
  private labels: Labels | undefined;
  private spec: Field | undefined;
  private main: readonly Container[] | undefined;
  private init: readonly Container[] | undefined;
  private both: readonly Container[] | undefined;

  constructor(
    readonly resource: Resource,
    /** The pod template, wherever this kind keeps it. Of a Rollout with `workloadRef` it is absent. */
    readonly template: Field,
  ) {}

  get kind(): string {
    return this.resource.kind;
  }

  get name(): string {
    return this.resource.name;
  }

  get namespace(): string | null {
    return this.resource.namespace;
  }

  /** Runs to completion instead of for ever. */
  get isJob(): boolean {
    return this.kind === 'Job' || this.kind === 'CronJob';
  }

  get podLabels(): Labels {
    this.labels ??= this.template.at('metadata', 'labels').texts;
    return this.labels;
  }

  get podAnnotations(): Labels {
    return this.template.at('metadata', 'annotations').texts;
  }

  get podSpec(): Field {
    this.spec ??= this.template.at('spec');
    return this.spec;
  }

  /** The selector as a LabelSelector; of a ReplicationController, wrapped into one. */
  get selector(): Field {
    const field = this.resource.at('spec', 'selector');
    return this.kind === 'ReplicationController' ? new Field({ matchLabels: field.value }, field.path) : field;
  }

  /** Whether its selector matches these labels. A Pod and a Job without a selector of its own select nothing. */
  selects(labels: Labels): boolean {
    return !this.isJob && this.kind !== 'Pod' && selectorMatches(this.selector, labels);
  }

  /** What `spec.replicas` says, one when it says nothing; undefined for kinds that have no such number. */
  get replicas(): number | undefined {
    if (!['Deployment', 'StatefulSet', 'ReplicaSet', 'ReplicationController', 'Rollout'].includes(this.kind))
      return this.kind === 'Pod' ? 1 : undefined;
    return this.resource.at('spec', 'replicas').number ?? 1;
  }

  /** The containers that serve or work, without init containers. */
  get containers(): readonly Container[] {
    this.main ??= this.podSpec.at('containers').items.map((field) => new Container(field, false));
    return this.main;
  }

  get initContainers(): readonly Container[] {
    this.init ??= this.podSpec.at('initContainers').items.map((field) => new Container(field, true));
    return this.init;
  }

  get allContainers(): readonly Container[] {
    this.both ??= [...this.initContainers, ...this.containers];
    return this.both;
  }

  get volumes(): readonly Field[] {
    return this.podSpec.at('volumes').items;
  }

  get hostNetwork(): boolean {
    return this.podSpec.at('hostNetwork').boolean === true;
  }

  toString(): string {
    return this.resource.toString();
  }
}
