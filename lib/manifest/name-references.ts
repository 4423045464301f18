/** After names changed (prefix, suffix, hash), the fields that name the objects follow. */
import { BUILT_IN } from './built-in-field-specs';
import { type FieldSpec, isSelected, type NameReference, visitField } from './field-specs';
import type { Kustomized } from './kustomized';
import type { Traced } from './traced';

/** Index of what an old name may stand for, so that each field looks at a handful of candidates. */
type ByOldName = ReadonlyMap<string, readonly Kustomized[]>;

export function followNames(objects: readonly Kustomized[], references: readonly NameReference[]): void {
  const byOldName = new Map<string, Kustomized[]>();
  for (const object of objects)
    for (const name of new Set(object.previous.map((id) => id.name))) {
      const list = byOldName.get(name);
      if (list === undefined) byOldName.set(name, [object]);
      else list.push(object);
    }
  if (byOldName.size === 0) return;
  const kinds = new Set(objects.flatMap(({ previous }) => previous.map(({ kind }) => kind)));
  const isRenamed = objects.some(({ name, previous }) => previous.some((id) => id.name !== name));
  const present = (isRenamed ? references : references.map(onlyWithNamespace)).filter(({ kind }) => kinds.has(kind));
  const specsOf = new Map<string, Reference[]>();
  for (const referrer of objects) {
    const { originalId } = referrer;
    const known = specsOf.get(originalId.kind) ?? referencesOf(originalId.kind, present);
    specsOf.set(originalId.kind, known);
    for (const { target, spec } of known)
      if (isSelected(originalId, spec))
        visitField(referrer.root, { path: spec.path }, (field) => follow(field, referrer, target, spec.path, byOldName));
  }
}

/** Fields that name an object together with its namespace: all that has to follow when only namespaces changed. */
const WITH_NAMESPACE = new Set(['subjects', 'webhooks/clientConfig/service']);

function onlyWithNamespace(reference: NameReference): NameReference {
  const isBuiltIn = BUILT_IN.nameReference.includes(reference);
  return isBuiltIn ? { ...reference, fieldSpecs: reference.fieldSpecs.filter(({ path }) => WITH_NAMESPACE.has(path)) } : reference;
}

interface Reference {
  readonly target: NameReference;
  readonly spec: FieldSpec;
}

/** The fields of a kind that name objects of these kinds. */
function referencesOf(kind: string, targets: readonly NameReference[]): Reference[] {
  return targets.flatMap((target) =>
    target.fieldSpecs.filter((spec) => spec.kind === undefined || spec.kind === '' || spec.kind === kind).map((spec) => ({ target, spec })),
  );
}

function follow(field: Traced, referrer: Kustomized, target: NameReference, path: string, byOldName: ByOldName): void {
  if (field.list !== undefined) {
    for (const item of field.list) follow(item, referrer, target, path, byOldName);
    return;
  }
  if (field.map !== undefined) return followInMap(field, referrer, target, path, byOldName);
  if (field.value === null) return;
  // The field keeps pointing to where it is written: the name there is the author's, only its form is not.
  const found = referral(field.text ?? '', referrer, target, path, byOldName, () => true);
  if (found !== undefined && found.name !== field.text) field.value = found.name;
}

/** A map with name and namespace: a subject of a role binding, the service of a webhook. */
function followInMap(field: Traced, referrer: Kustomized, target: NameReference, path: string, byOldName: ByOldName): void {
  const name = field.at('name');
  if (name === undefined) return;
  const namespace = field.textAt('namespace');
  const inNamespace = (object: Kustomized): boolean =>
    namespace === undefined || object.originalId.namespace === namespace || object.id.namespace === namespace;
  const found = referral(name.text ?? '', referrer, target, path, byOldName, inNamespace);
  if (found === undefined) return;
  if (found.name !== name.text) name.value = found.name;
  const itsNamespace = found.root.at('metadata', 'namespace');
  if (found.namespace !== '' && itsNamespace !== undefined && found.namespace !== namespace) field.set('namespace', itsNamespace.copy());
}

function referral(
  oldName: string,
  referrer: Kustomized,
  target: NameReference,
  path: string,
  byOldName: ByOldName,
  accepts: (object: Kustomized) => boolean,
): Kustomized | undefined {
  let candidates = (byOldName.get(oldName) ?? []).filter(
    (object) =>
      accepts(object) &&
      mayRefer(referrer, object) &&
      object.previous.some((id) => isSelected(id, target)) &&
      isRoleMeant(referrer, object, path),
  );
  if (candidates.length > 1) candidates = candidates.filter((object) => sameAffixes(object, referrer, true));
  if (candidates.length > 1) candidates = candidates.filter((object) => sameAffixes(object, referrer, false));
  const [first] = candidates;
  return candidates.every((each) => each.name === first?.name) ? first : undefined;
}

/** Objects refer to those of their own namespace and to cluster-scoped ones; cluster-scoped ones to all. */
function mayRefer(referrer: Kustomized, object: Kustomized): boolean {
  if (referrer.isClusterScoped || object.isClusterScoped || referrer.id.namespace === object.id.namespace) return true;
  if (object.kind !== 'ServiceAccount' || referrer.kind !== 'RoleBinding') return false;
  return (referrer.root.at('subjects')?.list ?? []).some(
    (subject) => subject.textAt('kind') === 'ServiceAccount' && subject.textAt('namespace') === object.namespace,
  );
}

function isRoleMeant(referrer: Kustomized, object: Kustomized, path: string): boolean {
  if (!path.endsWith('roleRef/name')) return true;
  const role = referrer.root.at('roleRef');
  const [group, kind] = [role?.textAt('apiGroup'), role?.textAt('kind')];
  return group === undefined || kind === undefined || object.previous.some((id) => isSelected(id, { group, kind }));
}

function sameAffixes(a: Kustomized, b: Kustomized, orNone: boolean): boolean {
  const same = (left: readonly string[], right: readonly string[]): boolean =>
    (orNone && (left.length === 0 || right.length === 0)) || endAlike(left, right);
  return same(a.prefixes, b.prefixes) && same(a.suffixes, b.suffixes);
}

function endAlike(a: readonly string[], b: readonly string[]): boolean {
  const length = Math.min(a.length, b.length);
  if (length === 0) return a.length === b.length;
  return a.slice(a.length - length).join('\n') === b.slice(b.length - length).join('\n');
}
