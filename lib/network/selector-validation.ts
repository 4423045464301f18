/**
 * Label selectors that the API machinery refuses.
 *
 * Source: k8s.io/apimachinery, validation of LabelSelector and qualified names. The schema of Cilium's policies checks
 * less (operators and values); what is left Cilium checks itself, with its label source put before each key.
 */
import type { Field } from '../manifest/field';
import { oneOf, refusedByApiServer, type Gate, type Rejection } from './rejection';

const OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist'] as const;
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const NAME = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** Who checks what the schema leaves open: keys, values in expressions, and whether an operator fits its values. */
type Checker = Gate | 'nobody';

/** What is wrong with a LabelSelector. `keyOf` gives the key as it is stored. */
export function* selectorRejections(selector: Field, checker: Checker, keyOf: (key: string) => string = (key) => key): Iterable<Rejection> {
  if (!selector.isSet) return;
  if (!selector.isMap) {
    yield refusedByApiServer(selector, 'a selector is a map of matchLabels and matchExpressions');
    return;
  }
  for (const [key, value] of selector.at('matchLabels').entries) {
    yield* keyRejections(value, key, checker, keyOf);
    yield* labelValueRejections(value, 'api-server');
  }
  for (const expression of selector.at('matchExpressions').items) yield* expressionRejections(expression, checker, keyOf);
}

function* keyRejections(field: Field, key: string, checker: Checker, keyOf: (key: string) => string): Iterable<Rejection> {
  if (checker !== 'nobody' && !isLabelName(keyOf(key)))
    yield { path: field.path, message: `${JSON.stringify(key)} is no valid label key`, by: checker };
}

function* expressionRejections(expression: Field, checker: Checker, keyOf: (key: string) => string): Iterable<Rejection> {
  const key = expression.at('key');
  const operator = expression.at('operator');
  const values = expression.at('values');
  if (key.string === undefined) yield refusedByApiServer(key, 'an expression needs a key');
  else yield* keyRejections(key, key.string, checker, keyOf);
  if (!OPERATORS.some((known) => known === operator.string)) yield refusedByApiServer(operator, `the operator must be ${oneOf(OPERATORS)}`);
  if (checker === 'nobody') return;
  for (const value of values.items) yield* labelValueRejections(value, checker);
  const wantsValues = operator.string === 'In' || operator.string === 'NotIn';
  const takesNone = operator.string === 'Exists' || operator.string === 'DoesNotExist';
  if (wantsValues && values.items.length === 0)
    yield { path: values.path, message: `the operator ${operator.string} needs values`, by: checker };
  if (takesNone && values.items.length > 0)
    yield { path: values.path, message: `the operator ${operator.string} takes no values`, by: checker };
}

function* labelValueRejections(value: Field, gate: Gate): Iterable<Rejection> {
  if (!value.isSet) return;
  if (value.string === undefined) yield refusedByApiServer(value, 'a label value is a string; quote it');
  else if (value.string.length > 63 || !LABEL_VALUE.test(value.string))
    yield { path: value.path, message: `${JSON.stringify(value.string)} is no valid label value`, by: gate };
}

function isLabelName(key: string): boolean {
  const parts = key.split('/');
  const [prefix, name] = parts.length === 1 ? [undefined, parts[0] ?? ''] : [parts[0] ?? '', parts[1] ?? ''];
  if (parts.length > 2 || name.length > 63 || !NAME.test(name)) return false;
  return prefix === undefined || (prefix.length <= 253 && DNS_SUBDOMAIN.test(prefix));
}
