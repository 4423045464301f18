/** Which environment variables a container gets, by name, and whether those are all: a Secret that is elsewhere may hold more. */
import type { Field } from '../manifest/field';
import type { Container } from './container';
import type { NamedObjects } from './named-objects';
import type { Resource } from './resource';

export interface Environment {
  readonly variables: readonly Variable[];
  /** Whether every source of variables could be read. */
  readonly isComplete: boolean;
  /** Secrets that variables come from and that nothing declares. */
  readonly missing: readonly { readonly name: string; readonly field: Field }[];
}

export interface Variable {
  readonly name: string;
  /** Where the container says so: the entry of `env`, or of `envFrom`. */
  readonly field: Field;
  /** The object and key that the name itself comes from, for `envFrom`. */
  readonly key?: { readonly resource: Resource; readonly field: Field };
}

export function environmentOf(container: Container, namespace: string | null, objects: NamedObjects): Environment {
  const variables: Variable[] = container.env.map(({ name, field }) => ({ name, field }));
  const missing: { name: string; field: Field }[] = [];
  let isComplete = true;
  for (const { valueFrom } of container.env) {
    const reference = valueFrom.at('secretKeyRef');
    const name = reference.at('name').string;
    if (name === undefined || reference.at('optional').boolean === true) continue;
    if (keysOf('Secret', name, namespace, objects) === undefined) missing.push({ name, field: reference.at('name') });
  }
  for (const source of container.at('envFrom').items) {
    const kind = source.at('secretRef').isSet ? 'Secret' : 'ConfigMap';
    const reference = source.at(kind === 'Secret' ? 'secretRef' : 'configMapRef');
    const name = reference.at('name').string ?? '';
    const keys = keysOf(kind, name, namespace, objects);
    if (keys === undefined && kind === 'Secret' && reference.at('optional').boolean !== true)
      missing.push({ name, field: reference.at('name') });
    if (keys === undefined || !keys.isComplete) isComplete = false;
    const prefix = source.at('prefix').string ?? '';
    for (const key of keys?.fields ?? []) variables.push({ name: prefix + key.name, field: reference.at('name'), key });
  }
  return { variables, isComplete, missing };
}

export interface Keys {
  readonly fields: readonly { readonly name: string; readonly resource: Resource; readonly field: Field }[];
  readonly isComplete: boolean;
}

/** The keys of a Secret or ConfigMap, whoever makes it. @returns undefined when nothing here does */
export function keysOf(kind: 'Secret' | 'ConfigMap', name: string, namespace: string | null, objects: NamedObjects): Keys | undefined {
  const [plain] = objects.find('', kind, namespace, name);
  if (plain !== undefined) {
    const fields = [plain.at('data'), plain.at('stringData')].flatMap((map) => named(plain, map));
    // One that is listed without its keys is only known to exist.
    return { fields, isComplete: fields.length > 0 };
  }
  if (kind === 'ConfigMap') return undefined;
  const [sealed] = objects.find('bitnami.com', 'SealedSecret', namespace, name);
  if (sealed !== undefined) return { fields: named(sealed, sealed.at('spec', 'encryptedData')), isComplete: true };
  const [external] = objects.find('external-secrets.io', 'ExternalSecret', namespace, name);
  if (external === undefined) return undefined;
  const fields = external.at('spec', 'data').items.flatMap((item) => {
    const key = item.at('secretKey');
    return key.string === undefined ? [] : [{ name: key.string, resource: external, field: key }];
  });
  return { fields, isComplete: !external.at('spec', 'dataFrom').isSet && !external.at('spec', 'target', 'template').isSet };
}

function named(resource: Resource, map: Field): Keys['fields'] {
  return map.entries.map(([name, field]) => ({ name, resource, field }));
}
