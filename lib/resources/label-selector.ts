/**
 * Label selectors as the API machinery matches them.
 *
 * Source: kubernetes.io, Labels and Selectors. NotIn and DoesNotExist match objects that lack the key.
 */
import type { Field } from '../manifest/field';

export type Labels = Readonly<Record<string, string>>;

/** Whether a plain map of labels, as in a Service, is contained in `labels`. An empty map contains nothing to ask for and matches all. */
export function containsLabels(labels: Labels, wanted: Labels): boolean {
  return Object.entries(wanted).every(([key, value]) => labels[key] === value);
}

/** Whether a `LabelSelector` field (matchLabels and matchExpressions, ANDed) matches. An empty selector matches all; an absent one nothing. */
export function selectorMatches(selector: Field, labels: Labels): boolean {
  if (!selector.isMap) return false;
  return (
    containsLabels(labels, selector.at('matchLabels').texts) &&
    selector.at('matchExpressions').items.every((item) => expressionMatches(item, labels))
  );
}

function expressionMatches(expression: Field, labels: Labels): boolean {
  const key = expression.at('key').string ?? '';
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  const values = expression.at('values').items.map((item) => item.text);
  switch (expression.at('operator').string) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return false;
  }
}
