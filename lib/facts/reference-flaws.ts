/**
 * What is wrong with a reference, as far as the manifests and the facts tell.
 *
 * A missing object may come from outside, so it is a doubt; a part that a known object does not have is a certainty, and
 * so is what belongs to the same application.
 */
import type { Field } from '../manifest/field';
import { DestinationSubsets } from '../resources/destination-subsets';
import { Providers } from '../resources/providers';
import type { Reference, ReferencePart } from '../resources/reference';
import { partsOf } from '../resources/reference-parts';
import type { Resource } from '../resources/resource';
import type { Resources } from '../resources/resources';
import type { Cluster } from './cluster';
import type { FactName } from './cluster-facts';

export interface ReferenceFlaw {
  /** The same for all references of an object that lack the same thing. */
  readonly key: string;
  /** Nothing that may come from outside could mend it. */
  readonly isCertain: boolean;
  readonly message: string;
  /** The field to point at: the name, or the part that is asked for. */
  readonly field: Field;
  /** What was perhaps meant, or what lacks the part. */
  readonly related: readonly { readonly message: string; readonly resource: Resource }[];
}

/** Facts without which a name cannot be judged. */
export interface ReferenceDoubt {
  readonly needs: readonly FactName[];
}

/** The kinds that a name of the wrong kind is looked for among. */
const WORKLOAD_KINDS = [
  ['apps', 'Deployment'],
  ['apps', 'StatefulSet'],
  ['apps', 'DaemonSet'],
  ['argoproj.io', 'Rollout'],
] as const;

export class ReferenceFlaws {
  private readonly providers: Providers;
  private readonly subsets: DestinationSubsets;
  /** The class names that declared volumes offer themselves under: a claim for one of them needs no StorageClass. */
  private readonly volumeClasses: ReadonlySet<string>;

  constructor(
    resources: Resources,
    private readonly cluster: Cluster,
  ) {
    this.providers = resources.view(Providers);
    this.subsets = resources.view(DestinationSubsets);
    const volumes = resources.ofKind('', 'PersistentVolume');
    this.volumeClasses = new Set(volumes.flatMap((volume) => volume.at('spec', 'storageClassName').text ?? []));
  }

  /** @returns undefined when something provides what the reference asks for */
  of(reference: Reference): ReferenceFlaw | ReferenceDoubt | undefined {
    const provision = this.providers.provisionOf(reference);
    if (provision.kind === 'missing') return this.missing(reference);
    const { part } = reference;
    if (part === undefined) return undefined;
    if (reference.kind === 'Service' && part.kind === 'subset') return this.subset(reference, part);
    const parts = partsOf(provision, part.kind);
    if (parts === undefined || parts.has(part.name)) return undefined;
    return partMissing(reference, part, parts, provision.kind === 'declared' ? provision.resources[0] : provision.by);
  }

  /** The facts list all classes when they list any: with them a name is known to be wrong, without them nothing is known. */
  private missing(reference: Reference): ReferenceFlaw | ReferenceDoubt | undefined {
    const { cluster } = this;
    switch (reference.kind) {
      case 'StorageClass':
        if (this.volumeClasses.has(reference.name) || cluster.facts.storageClasses?.some(({ name }) => name === reference.name) === true)
          return undefined;
        return cluster.knows('storageClasses') ? this.absent(reference, true) : { needs: ['storageClasses'] };
      case 'IngressClass':
        if (cluster.ingressController(reference.name) !== undefined) return undefined;
        return cluster.knows('ingressControllers') ? this.absent(reference, true) : { needs: ['ingressControllers'] };
      default:
        return this.absent(reference, reference.origin === 'together' || this.namesakes(reference).length > 0);
    }
  }

  private absent(reference: Reference, isCertain: boolean): ReferenceFlaw {
    const { kind, group, name, consequence, field } = reference;
    const namesakes = this.namesakes(reference);
    const elsewhere = this.providers.anywhere(group, kind, name).filter(({ namespace }) => namespace !== null);
    const [near] = [...namesakes, ...elsewhere];
    const hint = near === undefined ? '' : ` (${near.toString()} has this name)`;
    const doubt = isCertain ? '' : '. It may come from outside of the manifests: then name it under existing in the facts';
    return {
      key: `${kind} ${nameOf(reference)}`,
      isCertain,
      message: `it names ${kind} ${nameOf(reference)}, which nothing in the manifests or the facts provides${hint}: ${consequence}${doubt}`,
      field,
      related: [
        ...namesakes.map((resource) => ({ message: 'of this name, and another kind', resource })),
        ...elsewhere.map((resource) => ({ message: 'of this name, in another namespace', resource })),
      ].slice(0, 3),
    };
  }

  /** Workloads of the same name and another kind: what was meant, or what the missing Service should have stood before. */
  private namesakes({ from, kind, name, namespace, group }: Reference): readonly Resource[] {
    const isWorkload = WORKLOAD_KINDS.some(([ofGroup, ofKind]) => ofGroup === group && ofKind === kind);
    if (kind !== 'Service' && !isWorkload) return [];
    return WORKLOAD_KINDS.filter(([, ofKind]) => ofKind !== kind)
      .flatMap(([ofGroup, ofKind]) => this.providers.find(ofGroup, ofKind, namespace, name))
      .filter((resource) => resource !== from);
  }

  private subset(reference: Reference, part: ReferencePart): ReferenceFlaw | undefined {
    const rules = this.subsets.rulesFor(reference.namespace, reference.name);
    const declared = new Set(rules.flatMap((rule) => rule.at('spec', 'subsets').items.flatMap((subset) => subset.at('name').text ?? [])));
    if (declared.has(part.name)) return undefined;
    if (rules.length > 0) return partMissing(reference, part, declared, rules[0]);
    return {
      key: keyOf(reference, part),
      isCertain: false,
      message: `it sends to subset ${part.name} of Service ${nameOf(reference)}, and no DestinationRule for it is declared: ${reference.consequence}. It may come from outside of the manifests: then name it under existing in the facts`,
      field: part.field,
      related: [],
    };
  }
}

/** How many parts of an object a message lists. */
const MOST_PARTS = 8;

function partMissing(reference: Reference, part: ReferencePart, parts: ReadonlySet<string>, owner: Resource | undefined): ReferenceFlaw {
  const listed = [...parts].slice(0, MOST_PARTS).join(', ');
  const has = parts.size === 0 ? 'which has none' : `which has ${listed}${parts.size > MOST_PARTS ? ', …' : ''}`;
  return {
    key: keyOf(reference, part),
    isCertain: true,
    message: `it asks for ${part.kind} ${part.name} of ${reference.kind} ${nameOf(reference)}, ${has}: ${reference.consequence}`,
    field: part.field,
    related: owner === undefined ? [] : [{ message: 'where it is declared', resource: owner }],
  };
}

function keyOf(reference: Reference, part: ReferencePart): string {
  return `${reference.kind} ${nameOf(reference)} ${part.kind} ${part.name}`;
}

function nameOf({ namespace, name }: Reference): string {
  return namespace === null ? name : `${namespace}/${name}`;
}
