/** What a kustomization does to every object it has: namespace, names, labels, annotations, images, replicas. */
import { BUILT_IN } from './built-in-field-specs';
import type { Field } from './field';
import { type FieldSpec, isSelected, type Made, type Transformers, visitField } from './field-specs';
import { type Kustomized } from './kustomized';
import { type Scalar, type Source, Traced } from './traced';

/** A value that the kustomization sets, and where it says so. */
export interface Setting {
  readonly value: Scalar;
  readonly source: Source;
}

export function setNamespace(objects: readonly Kustomized[], { value, source }: Setting, specs: readonly FieldSpec[]): void {
  const assign = (field: Traced): void => field.become(new Traced(value, source));
  for (const object of objects) {
    object.rememberId();
    if (!object.isClusterScoped) visitField(object.root, { path: 'metadata/namespace', create: true }, assign, 'scalar');
    if (object.kind === 'RoleBinding' || object.kind === 'ClusterRoleBinding')
      for (const subject of object.root.at('subjects')?.list ?? [])
        if (subject.textAt('name') === 'default') subject.set('namespace', new Traced(value, source));
    for (const spec of specs)
      if (spec.path !== 'metadata/namespace' && !(spec.path === 'metadata/name' && object.apiVersion !== 'v1') && fits(object, spec))
        visitField(object.root, spec, assign, 'scalar');
  }
}

/** Kinds whose names other hands depend on keep them. */
const KEEP_THEIR_NAMES = [
  { kind: 'CustomResourceDefinition' },
  { kind: 'APIService', group: 'apiregistration.k8s.io' },
  { kind: 'Namespace' },
];

export function affixNames(objects: readonly Kustomized[], affix: string, side: 'prefix' | 'suffix', specs: readonly FieldSpec[]): void {
  for (const object of objects) {
    const { originalId } = object;
    if (KEEP_THEIR_NAMES.some((kind) => isSelected(originalId, kind))) continue;
    for (const spec of specs) {
      if (!isSelected(originalId, spec)) continue;
      if (spec.path === 'metadata/name') {
        (side === 'prefix' ? object.prefixes : object.suffixes).push(affix);
        object.rememberId();
      }
      // The name is still its author's: a finding about it belongs to where it is written.
      visitField(object.root, spec, (field) => {
        field.value = side === 'prefix' ? `${affix}${field.text ?? ''}` : `${field.text ?? ''}${affix}`;
      });
    }
  }
}

/** Labels or annotations. */
export function setEntries(
  objects: readonly Kustomized[],
  pairs: Field,
  source: (field: Field) => Source,
  specs: readonly FieldSpec[],
): void {
  const { entries } = pairs;
  if (entries.length === 0) return;
  for (const object of objects) {
    const { id } = object;
    const fitting = specs.filter((spec) => isSelected(id, spec));
    for (const [key, value] of entries)
      for (const spec of fitting)
        visitField(object.root, spec, (field) => setEntry(field, key, new Traced(value.text ?? '', source(value))), 'map');
  }
}

/** An entry that the manifest has already keeps its place there. */
function setEntry(map: Traced, key: string, value: Traced): void {
  if (map.map?.get(key)?.value !== value.value) map.set(key, value);
}

export function setReplicas(objects: readonly Kustomized[], name: string, count: Setting, specs: readonly FieldSpec[]): boolean {
  let found = false;
  for (const spec of specs)
    for (const object of objects) {
      if (!object.ids.some((id) => id.name === name && isSelected(id, spec))) continue;
      found = true;
      visit(object, spec, 'scalar', (field) => field.become(new Traced(count.value, count.source)));
    }
  return found;
}

/** An entry of `images`. */
export function setImage(
  objects: readonly Kustomized[],
  image: Field,
  source: (field: Field) => Source,
  specs: readonly FieldSpec[],
): void {
  const pattern = imagePattern(image.at('name').text ?? '');
  const update = (field: Traced): void => {
    if (field.text === undefined || !pattern.test(field.text)) return;
    const next = renamed(field.text, image);
    if (next === field.text) return;
    const by = ['newTag', 'digest', 'tagSuffix', 'newName'].map((key) => image.at(key)).find(({ isSet }) => isSet) ?? image;
    field.become(new Traced(next, source(by)));
  };
  for (const object of objects) {
    // What kustomize looks at by itself are containers: most objects have none.
    if (specs === BUILT_IN.images && !mayHaveContainers(object.root)) continue;
    if (object.kind !== 'CustomResourceDefinition') visitContainers(object.root, update);
    const { id } = object;
    for (const spec of specs) if (isSelected(id, spec)) visit(object, { ...spec, create: false }, 'scalar', update);
  }
}

/** Every list named `containers` or `initContainers`, wherever it stands. */
function visitContainers(node: Traced, update: (field: Traced) => void): void {
  if (node.isScalar || (node.untouched !== undefined && !hasContainers(node.untouched))) return;
  for (const item of node.list ?? []) visitContainers(item, update);
  for (const [key, value] of node.map ?? []) {
    visitContainers(value, update);
    if (key !== 'containers' && key !== 'initContainers') continue;
    for (const container of value.list ?? []) {
      const field = container.map?.get('image');
      if (field !== undefined) update(field);
    }
  }
}

/** Without opening what nobody has touched. */
function mayHaveContainers(node: Traced): boolean {
  if (node.untouched !== undefined) return hasContainers(node.untouched);
  if (node.map?.has('containers') === true || node.map?.has('initContainers') === true) return true;
  return [...(node.map?.values() ?? node.list ?? [])].some(mayHaveContainers);
}

function hasContainers(content: unknown): boolean {
  if (typeof content !== 'object' || content === null) return false;
  if (!Array.isArray(content) && ('containers' in content || 'initContainers' in content)) return true;
  return Object.values(content).some(hasContainers);
}

/** kustomize takes the name for a regular expression. */
function imagePattern(name: string): RegExp {
  const rest = '(:[a-zA-Z0-9_.{}-]*)?(@sha256:[a-zA-Z0-9_.{}-]*)?$';
  try {
    if (/[+*}]\)?[+*{]/.test(name)) throw new Error('may take for ever');
    return new RegExp(`^${name}${rest}`);
  } catch {
    return new RegExp(`^${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}${rest}`);
  }
}

function renamed(image: string, by: Field): string {
  const parts = split(image);
  const name = by.at('newName').text ?? parts.name;
  const [newTag, newDigest, tagSuffix] = ['newTag', 'digest', 'tagSuffix'].map((key) => by.at(key).text ?? '');
  let { tag, digest } = parts;
  if (newTag !== '' && newDigest !== '') [tag, digest] = [newTag ?? '', newDigest ?? ''];
  else if (newTag !== '') [tag, digest] = [newTag ?? '', ''];
  else if (newDigest !== '') [tag, digest] = ['', newDigest ?? ''];
  else if (tagSuffix !== '') [tag, digest] = [tag + (tagSuffix ?? ''), ''];
  return `${name === '' ? parts.name : name}${tag === '' ? '' : `:${tag}`}${digest === '' ? '' : `@${digest}`}`;
}

function split(image: string): { name: string; tag: string; digest: string } {
  const slash = Math.max(0, image.indexOf('/'));
  const at = image.indexOf('@', slash);
  const digest = at < 0 ? '' : image.slice(at + 1);
  const rest = at < 0 ? image : image.slice(0, at);
  const colon = rest.indexOf(':', slash);
  return colon < 0 ? { name: rest, tag: '', digest } : { name: rest.slice(0, colon), tag: rest.slice(colon + 1), digest };
}

function fits(object: Kustomized, spec: FieldSpec): boolean {
  return isSelected(object.id, spec);
}

function visit(object: Kustomized, spec: FieldSpec, made: Made, set: (field: Traced) => void): void {
  visitField(object.root, spec, set, made);
}

/** `configurations` of a kustomization come on top of what is built in. */
export function extended(transformers: Transformers, configuration: Field): Transformers {
  const specs = (key: string): FieldSpec[] => configuration.at(key).items.map(specOf);
  return {
    namespace: [...transformers.namespace, ...specs('namespace')],
    commonLabels: [...transformers.commonLabels, ...specs('commonLabels')],
    labels: [...transformers.labels, ...specs('labels')],
    templateLabels: [...transformers.templateLabels, ...specs('templateLabels')],
    commonAnnotations: [...transformers.commonAnnotations, ...specs('commonAnnotations')],
    images: [...transformers.images, ...specs('images')],
    replicas: [...transformers.replicas, ...specs('replicas')],
    namePrefix: [...transformers.namePrefix, ...specs('namePrefix')],
    nameSuffix: [...transformers.nameSuffix, ...specs('nameSuffix')],
    varReference: [...transformers.varReference, ...specs('varReference')],
    nameReference: [
      ...transformers.nameReference,
      ...configuration.at('nameReference').items.map((reference) => ({
        ...specOf(reference),
        kind: reference.at('kind').string ?? '',
        fieldSpecs: reference.at('fieldSpecs').items.map(specOf),
      })),
    ],
  };
}

export function specOf(field: Field): FieldSpec {
  const text = (key: string): string | undefined => field.at(key).string;
  return {
    path: text('path') ?? '',
    group: text('group'),
    version: text('version'),
    kind: text('kind'),
    create: field.at('create').boolean,
  };
}

/** The configurations of a base hold for what is above it as well. */
export function merged(own: Transformers, base: Transformers): Transformers {
  if (base === BUILT_IN) return own;
  if (own === BUILT_IN) return base;
  const join = <Item>(a: readonly Item[], b: readonly Item[]): Item[] => [...new Set([...a, ...b])];
  return {
    namespace: join(own.namespace, base.namespace),
    commonLabels: join(own.commonLabels, base.commonLabels),
    labels: join(own.labels, base.labels),
    templateLabels: join(own.templateLabels, base.templateLabels),
    commonAnnotations: join(own.commonAnnotations, base.commonAnnotations),
    images: join(own.images, base.images),
    replicas: join(own.replicas, base.replicas),
    namePrefix: join(own.namePrefix, base.namePrefix),
    nameSuffix: join(own.nameSuffix, base.nameSuffix),
    varReference: join(own.varReference, base.varReference),
    nameReference: join(own.nameReference, base.nameReference),
  };
}
