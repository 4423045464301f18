/**
 * The fields of an object whose values nobody should see, whatever is said of the object.
 *
 * The insight: what is secret is decided by where a value stands, not by whether it is well-formed. A password that was written as
 * a number, or as a list, or under a misspelt key, is a password.
 */
import type { Field } from '../manifest/field';
import { type JsonPointer } from '../manifest/json-pointer';
import { nearestName } from '../manifest/nearest-name';
import { credentialSpans, isCredentialName, isNoCredential } from './credentials';
import type { Resource } from './resource';

/** Every value under a Secret's data, what kubectl keeps of them, what generators and patches of kustomizations make of them, and what a name says to be a credential. */
export function secretFields(resource: Resource): Field[] {
  const generated = resource.at('secretGenerator').items.flatMap((generator) => leavesOf(generator.at('literals')));
  const patched = Array.isArray(resource.document.content)
    ? resource.root.items.filter(isSecretPatch).map((patch) => patch.at('value'))
    : [];
  if (resource.kind !== 'Secret') return [...generated, ...patched, ...namedFields(resource.root)];
  const kept = resource.at('metadata', 'annotations', 'kubectl.kubernetes.io/last-applied-configuration');
  const misplaced = resource.root.entries.filter(([key]) => !SECRET_KEYS.includes(key)).flatMap(([, field]) => leavesOf(field));
  return [
    ...leavesOf(resource.at('data')),
    ...leavesOf(resource.at('stringData')),
    ...misplaced.filter(isUsable),
    ...namedFields(resource.at('metadata')),
    ...(kept.isPresent ? [kept] : []),
  ];
}

/** Whether what is said of a field, or of a value in it, must not quote it. Costs nothing until it is asked. */
export function secrecyOf(resource: Resource): (path: JsonPointer, value: unknown) => boolean {
  let known: ReadonlySet<JsonPointer> | undefined;
  return (path, value) => {
    known ??= new Set(secretFields(resource).map((field) => field.path));
    for (let at = path; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) if (known.has(at)) return true;
    return typeof value === 'string' && credentialSpans(value).length > 0;
  };
}

const SECRET_KEYS = ['apiVersion', 'kind', 'metadata', 'type', 'data', 'stringData'];

function leavesOf(field: Field): Field[] {
  if (!field.isPresent) return [];
  const below = [...field.entries.map(([, value]) => value), ...field.items];
  return below.length === 0 ? [field] : below.flatMap(leavesOf);
}

/** Texts whose key, whose `name` beside them, or whose option before them says that they are credentials: of chart values, of kinds that nobody knows. */
function namedFields(field: Field): Field[] {
  if (field.isMap) {
    const isNamed = [isCredentialName, isHeaderOfCredentials].some((tells) => tells(field.at('name').string ?? ''));
    return field.entries.flatMap(([key, value]) => {
      if (isNamed && (nearestName(key, ['value']) !== undefined || (key === 'valueFrom' && !value.isMap)))
        return leavesOf(value).filter(isUsable);
      if (!isCredentialName(key)) return namedFields(value);
      return [value, ...value.items].some(({ text }) => text !== undefined) ? leavesOf(value).filter(isUsable) : namedFields(value);
    });
  }
  const { items } = field;
  return items.flatMap((item, index) => {
    const option = /^--?([A-Za-z][\w.-]*)$/.exec(items[index - 1]?.string ?? '')?.[1] ?? '';
    return isCredentialName(option) && isUsable(item) ? [item] : namedFields(item);
  });
}

function isHeaderOfCredentials(name: string): boolean {
  return /^(?:proxy-)?authorization$/i.test(name);
}

function isUsable({ text }: Field): boolean {
  return text !== undefined && !isNoCredential(text);
}

function isSecretPatch(patch: Field): boolean {
  return /^\/(?:data|stringData)(?:\/|$)/.test(patch.at('path').string ?? '');
}
