/** Which fields Argo CD does not compare, for one Application or for all. */
import type { Field } from '../manifest/field';
import type { ArgoApplication } from './argo-application';
import type { OwnedField } from './controller-owned';
import type { Resources } from './resources';

/** Whether an entry of the Application's own covers the field. */
export function isIgnored(owned: OwnedField, { spec }: ArgoApplication): boolean {
  return spec.at('ignoreDifferences').items.some((entry) => {
    const fits = (key: string, actual: string | null): boolean => {
      const wanted = entry.at(key).text ?? '';
      return wanted === '*' || wanted === (actual ?? '') || (wanted === '' && key !== 'group' && key !== 'kind');
    };
    const { group, kind, name, namespace } = owned.resource;
    return fits('group', group) && fits('kind', kind) && fits('name', name) && fits('namespace', namespace) && coversField(entry, owned);
  });
}

function coversField(entry: Field, { ignore }: OwnedField): boolean {
  // Whose manager it is named after cannot be told from its name alone: take it as meant.
  if (entry.at('managedFieldsManagers').items.length > 0) return true;
  const wanted = 'jsonPointers' in ignore ? ignore.jsonPointers.map(pointerSteps) : ignore.jqPathExpressions.map(jqSteps);
  const given = [...entry.at('jsonPointers').strings.map(pointerSteps), ...entry.at('jqPathExpressions').strings.map(jqSteps)];
  return wanted.every((steps) => given.some((shorter) => shorter.every((step, index) => step === steps[index])));
}

/** An item of a list and all of them are not told apart. */
function pointerSteps(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => (/^\d+$|^-$/.test(step) ? '[]' : step));
}

const LONGEST_EXPRESSION = 500;

/** The steps of a jq path; `select(…)` picks items of a list, whichever. */
function jqSteps(expression: string): readonly string[] {
  return expression
    .slice(0, LONGEST_EXPRESSION)
    .replaceAll(/select\([^)]*\)+/g, '')
    .replaceAll(/\[\s*"([^"]*)"\s*\]/g, '."$1"')
    .replaceAll(/\[[^\]]*\]/g, '.[]')
    .split(/[|.\s]+(?=(?:[^"]*"[^"]*")*[^"]*$)/)
    .map((step) => step.replaceAll('"', ''))
    .filter((step) => step !== '');
}

/** argocd-cm may ignore fields of a kind for all Applications. */
export function systemIgnores(resources: Resources): (owned: OwnedField) => boolean {
  const prefix = 'resource.customizations.ignoreDifferences.';
  const keys = resources
    .ofKind('', 'ConfigMap')
    .filter(({ name }) => name === 'argocd-cm')
    .flatMap((configMap) => configMap.at('data').keys);
  return ({ resource }) => keys.includes(`${prefix}all`) || keys.includes(`${prefix}${resource.group}_${resource.kind}`);
}
