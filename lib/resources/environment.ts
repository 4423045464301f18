/** Which environment variables a container gets, by name, and whether those are all: a Secret that is elsewhere may hold more. */
import type { Field } from '../manifest/field';
import type { Container } from './container';
import type { Providers } from './providers';
import { referenceAt } from './reference';
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

export function environmentOf(container: Container, from: Resource, providers: Providers): Environment {
  const variables: Variable[] = container.env.map(({ name, field }) => ({ name, field }));
  const missing: { name: string; field: Field }[] = [];
  let isComplete = true;
  for (const { valueFrom } of container.env) {
    const reference = valueFrom.at('secretKeyRef');
    const name = reference.at('name').string;
    if (name === undefined || reference.at('optional').boolean === true) continue;
    if (keysOf(reference, 'Secret', from, providers) === undefined) missing.push({ name, field: reference.at('name') });
  }
  for (const source of container.at('envFrom').items) {
    const kind = source.at('secretRef').isSet ? 'Secret' : 'ConfigMap';
    const reference = source.at(kind === 'Secret' ? 'secretRef' : 'configMapRef');
    const name = reference.at('name').string ?? '';
    const keys = keysOf(reference, kind, from, providers);
    if (keys === undefined && kind === 'Secret' && reference.at('optional').boolean !== true)
      missing.push({ name, field: reference.at('name') });
    if (keys === undefined || !keys.isComplete) isComplete = false;
    const prefix = source.at('prefix').string ?? '';
    for (const key of keys?.fields ?? []) variables.push({ name: prefix + key.name, field: reference.at('name'), key });
  }
  return { variables, isComplete, missing };
}

export interface Keys {
  readonly fields: readonly Key[];
  readonly isComplete: boolean;
}

interface Key {
  readonly name: string;
  readonly resource: Resource;
  /** Of what an operator makes, the whole object that it is made from. */
  readonly field: Field;
}

/** The keys of a Secret or ConfigMap, whoever makes it. @returns undefined when nothing here does */
export function keysOf(reference: Field, kind: 'Secret' | 'ConfigMap', from: Resource, providers: Providers): Keys | undefined {
  const [request] = referenceAt(from, reference.at('name'), ['', kind], 'the pod does not start');
  const provision = request === undefined ? undefined : providers.provisionOf(request);
  switch (provision?.kind) {
    case 'declared': {
      const fields = provision.resources.flatMap((resource) =>
        [resource.at('data'), resource.at('stringData')].flatMap((map) => map.entries.map(([name, field]) => ({ name, resource, field }))),
      );
      // One that is listed without its keys is only known to exist.
      return { fields, isComplete: fields.length > 0 };
    }
    case 'made': {
      const { by, keys } = provision;
      if (by === undefined || keys === undefined) return { fields: [], isComplete: false };
      return { fields: [...keys].map((name) => ({ name, resource: by, field: by.root })), isComplete: true };
    }
    case 'missing':
    case undefined:
      return undefined;
  }
}
