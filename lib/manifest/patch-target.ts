/** Which objects a patch with a `target` changes. */
import type { Field } from './field';
import type { Kustomized } from './kustomized';

export function selectTargets(objects: readonly Kustomized[], target: Field): Kustomized[] {
  const matcher = (key: string): ((text: string) => boolean) => {
    const pattern = target.at(key).text ?? '';
    if (pattern === '') return () => true;
    const expression = compile(pattern);
    return (text) => expression?.test(text) ?? text === pattern;
  };
  const [group, version, kind, name, namespace] = ['group', 'version', 'kind', 'name', 'namespace'].map(matcher);
  return objects.filter((object) => {
    const { id, originalId } = object;
    return (
      (namespace?.(originalId.namespace) === true || namespace?.(id.namespace) === true) &&
      (name?.(originalId.name) === true || name?.(id.name) === true) &&
      group?.(id.group) === true &&
      version?.(id.version) === true &&
      kind?.(id.kind) === true &&
      matchesLabels(object.textsAt('metadata', 'labels'), target.at('labelSelector').string) &&
      matchesLabels(object.textsAt('metadata', 'annotations'), target.at('annotationSelector').string)
    );
  });
}

/** A selector as kubectl writes it: `app=web,tier!=db,env in (a, b),!canary`. */
export function matchesLabels(labels: Readonly<Record<string, string>>, selector: string | undefined): boolean {
  if (selector === undefined || selector.trim() === '') return true;
  return (selector.match(/[^,(]+(?:\([^)]*\))?/g) ?? []).every((requirement) => meets(labels, requirement.trim()));
}

function meets(labels: Readonly<Record<string, string>>, requirement: string): boolean {
  const set = /^(\S+)\s+(in|notin)\s*\(([^)]*)\)$/.exec(requirement);
  if (set !== null) {
    const [, key = '', operator, values = ''] = set;
    const isIn = values.split(',').some((value) => value.trim() === labels[key]);
    return operator === 'in' ? isIn : !isIn;
  }
  const equality = /^([^!=\s]+)\s*(==?|!=)\s*(.*)$/.exec(requirement);
  if (equality !== null) {
    const [, key = '', operator, value = ''] = equality;
    return operator === '!=' ? labels[key] !== value : labels[key] === value;
  }
  return requirement.startsWith('!') ? labels[requirement.slice(1).trim()] === undefined : labels[requirement] !== undefined;
}

/** Names in targets are regular expressions of the whole name. Long ones with nested repetition could take for ever: they are taken literally. */
function compile(pattern: string): RegExp | undefined {
  if (pattern.length > 256 || /[+*}]\)?[+*{]/.test(pattern)) return undefined;
  try {
    return new RegExp(`^(?:${pattern})$`);
  } catch {
    return undefined;
  }
}
