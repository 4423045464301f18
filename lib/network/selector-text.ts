/** A selector the way people say it. */
import { NAMESPACE_LABEL_PREFIX, POD_NAMESPACE } from './identity';
import { type Requirement, type Selector, UNKNOWN_NAMESPACE } from './selector';

export function selectorText({ requirements }: Selector): string {
  if (requirements.length === 0) return 'every peer';
  const isNamespace = ({ key }: Requirement): boolean => key === POD_NAMESPACE || key.startsWith(NAMESPACE_LABEL_PREFIX);
  const own = requirements.filter((requirement) => !isNamespace(requirement)).map(termText);
  const namespaces = requirements.filter(isNamespace).map(namespaceText);
  const isPod = requirements.every(({ source }) => source === 'any' || source === 'k8s');
  return `${isPod ? 'pods' : 'endpoints'}${own.length === 0 ? '' : ` ${own.join(', ')}`}${namespaces.length === 0 ? '' : ` of ${namespaces.join(' and ')}`}`;
}

function termText({ source, key, operator, values }: Requirement): string {
  const name = source === 'any' || source === 'k8s' ? key : `${source}:${key}`;
  switch (operator) {
    case 'In':
      return values.length === 1 ? `${name}=${values[0] ?? ''}` : `${name} in (${values.join(', ')})`;
    case 'NotIn':
      return `${name} not in (${values.join(', ')})`;
    case 'Exists':
      return `with ${name}`;
    case 'DoesNotExist':
      return `without ${name}`;
  }
}

function namespaceText({ source, key, operator, values }: Requirement): string {
  if (key === POD_NAMESPACE || key === `${NAMESPACE_LABEL_PREFIX}kubernetes.io/metadata.name`) {
    const names = values.map((name) => (name === UNKNOWN_NAMESPACE ? 'the same' : name)).join(', ');
    if (operator === 'In') return values[0] === UNKNOWN_NAMESPACE ? 'the same namespace' : `namespace ${names}`;
    return operator === 'NotIn' ? `any namespace but ${names}` : operator === 'Exists' ? 'any namespace' : 'no namespace';
  }
  return `namespaces ${termText({ source, key: key.slice(NAMESPACE_LABEL_PREFIX.length), operator, values })}`;
}
