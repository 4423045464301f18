/** `vars` of a kustomization: `$(NAME)` in some fields stands for a field of an object. */
import type { Document } from './document';
import type { Field } from './field';
import { type FieldSpec, isSelected, splitPath, visitField } from './field-specs';
import { groupAndVersion, type Kustomized } from './kustomized';
import { type Scalar, type Traced } from './traced';

export interface Variable {
  readonly field: Field;
  readonly document: Document;
  /** The object that it meant where it was declared; others of its name may join later. */
  readonly object: Kustomized | undefined;
}

/** A variable as its kustomization declares it, among the objects that it has at that point. */
export function declareVariable(field: Field, document: Document, objects: readonly Kustomized[]): Variable {
  return { field, document, object: objectOf(field, objects) };
}

/** @returns the variables whose object or field is not there */
export function substituteVariables(
  objects: readonly Kustomized[],
  variables: readonly Variable[],
  specs: readonly FieldSpec[],
): Variable[] {
  const values = new Map<string, Traced>();
  const unknown: Variable[] = [];
  for (const variable of variables) {
    const value = valueOf(variable.field, variable.object ?? objectOf(variable.field, objects));
    if (value === undefined) unknown.push(variable);
    else values.set(variable.field.at('name').string ?? '', value);
  }
  if (values.size === 0) return unknown;
  for (const object of objects)
    for (const spec of specs) if (isSelected(object.id, spec)) visitField(object.root, spec, (field) => substitute(field, values));
  return unknown;
}

function objectOf(variable: Field, objects: readonly Kustomized[]): Kustomized | undefined {
  const reference = variable.at('objref');
  const [group, version] = groupAndVersion(reference.at('apiVersion').string ?? '');
  const kind = {
    group: reference.at('group').string ?? group,
    version: reference.at('version').string ?? version,
    kind: reference.at('kind').string,
  };
  const name = reference.at('name').string;
  const namespace = reference.at('namespace').string;
  return objects.find(({ ids }) =>
    ids.some((id) => id.name === name && isSelected(id, kind) && (namespace === undefined || id.namespace === namespace)),
  );
}

function valueOf(variable: Field, object: Kustomized | undefined): Traced | undefined {
  const path = splitPath(
    variable.at('fieldref', 'fieldPath').string ?? variable.at('fieldref', 'fieldpath').string ?? 'metadata.name',
    '.',
  );
  const value = object?.root.at(...path.flatMap((step) => step.replace(/\[(\d+)\]/g, '\n$1').split('\n')));
  return value?.isScalar === true ? value : undefined;
}

function substitute(field: Traced, values: ReadonlyMap<string, Traced>): void {
  for (const item of field.list ?? []) if (item.isScalar) substitute(item, values);
  for (const item of field.map?.values() ?? []) if (item.isScalar) substitute(item, values);
  if (typeof field.value !== 'string' || !field.value.includes('$')) return;
  const whole = /^\$\(([^()]*)\)$/.exec(field.value)?.[1];
  const only = whole === undefined ? undefined : values.get(whole);
  field.value = only === undefined ? expanded(field.value, values) : scalar(only);
}

/** `$$` is a dollar sign; an unknown variable stays as it stands. */
function expanded(text: string, values: ReadonlyMap<string, Traced>): string {
  return text.replace(/\$\$|\$\(([^)]*)\)/g, (match, name: string | undefined) =>
    match === '$$' ? '$' : (values.get(name ?? '')?.text ?? match),
  );
}

function scalar({ value, text }: Traced): Scalar {
  return value instanceof Map || Array.isArray(value) ? (text ?? '') : value;
}
