/**
 * What the API server asks of some types beyond their shape: label syntax, port ranges, names of ports.
 *
 * A rule belongs to a type, not to a place, so that it holds wherever the type is used: a pod template in a Deployment is judged
 * as one in a CronJob. Only the types of Kubernetes itself have rules; other controllers may be more lenient.
 */
import { type JsonPointer, pointerTo } from './json-pointer';
import type { SchemaProblem } from './schema-problem';
import { dnsLabel, type Grammar, labelValue, portName, qualifiedName } from './schema-names';
import { isPlaceholder } from './schema-value';

type Fields = Readonly<Record<string, unknown>>;
type Rule = (value: Fields, path: JsonPointer) => Iterable<SchemaProblem>;

/** By `file#Type` of `imports/schemas`. */
export const RULES: Readonly<Record<string, Rule>> = {
  'meta#v1.ObjectMeta': function* (metadata, path) {
    yield* labelProblems(metadata, path, 'labels', labelValue);
    yield* labelProblems(metadata, path, 'annotations', () => undefined);
    yield* grammarProblems(metadata, path, 'namespace', dnsLabel);
  },
  'meta#v1.LabelSelector': function* (selector, path) {
    yield* labelProblems(selector, path, 'matchLabels', labelValue);
  },
  'meta#v1.LabelSelectorRequirement': function* (requirement, path) {
    yield* operatorProblems(requirement, path);
  },
  'core#v1.Container': function* (container, path) {
    yield* grammarProblems(container, path, 'name', dnsLabel);
  },
  'core#v1.Volume': function* (volume, path) {
    yield* grammarProblems(volume, path, 'name', dnsLabel);
  },
  'core#v1.ContainerPort': function* (port, path) {
    yield* numberProblems(port, path, 'containerPort', 1);
    yield* numberProblems(port, path, 'hostPort', 0);
    yield* grammarProblems(port, path, 'name', portName);
  },
  'core#v1.ServicePort': function* (port, path) {
    yield* numberProblems(port, path, 'port', 1);
    yield* portProblems(port, path, 'targetPort', 0);
    yield* numberProblems(port, path, 'nodePort', 0);
    yield* grammarProblems(port, path, 'name', dnsLabel);
  },
  'core#v1.HTTPGetAction': (action, path) => portProblems(action, path, 'port', 1),
  'core#v1.TCPSocketAction': (action, path) => portProblems(action, path, 'port', 1),
  'core#v1.GRPCAction': (action, path) => numberProblems(action, path, 'port', 1),
  'core#v1.ServiceSpec': (spec, path) => labelProblems(spec, path, 'selector', labelValue),
  'core#v1.PodSpec': (spec, path) => labelProblems(spec, path, 'nodeSelector', labelValue),
  'networking#v1.ServiceBackendPort': (port, path) => numberProblems(port, path, 'number', 0),
  'networking#v1.NetworkPolicyPort': (port, path) => portProblems(port, path, 'port', 1),
};

/** What a text may be, where it is one: another type is another problem. */
export function* grammarProblems(value: Fields, path: JsonPointer, field: string, grammar: Grammar): Generator<SchemaProblem> {
  const text = value[field];
  if (typeof text !== 'string' || isPlaceholder(text)) return;
  const wrong = grammar(text);
  if (wrong !== undefined) yield { kind: 'name', path: pointerTo(path, field), message: `${field} ${JSON.stringify(text)} ${wrong}` };
}

function* labelProblems(value: Fields, path: JsonPointer, field: string, grammar: Grammar): Generator<SchemaProblem> {
  const labels = value[field];
  if (typeof labels !== 'object' || labels === null || Array.isArray(labels)) return;
  for (const [key, text] of Object.entries(labels)) {
    const at = pointerTo(path, field, key);
    const wrongKey = isPlaceholder(key) ? undefined : qualifiedName(key);
    if (wrongKey !== undefined) yield { kind: 'name', path: at, message: `${field}: the key ${JSON.stringify(key)} ${wrongKey}` };
    if (typeof text !== 'string' || isPlaceholder(text)) continue;
    const wrong = grammar(text);
    if (wrong !== undefined) yield { kind: 'name', path: at, message: `${field}: the value ${JSON.stringify(text)} of ${key} ${wrong}` };
  }
}

const OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist'];

function* operatorProblems({ operator, values }: Fields, path: JsonPointer): Generator<SchemaProblem> {
  if (typeof operator !== 'string' || isPlaceholder(operator)) return;
  const at = pointerTo(path, 'operator');
  const given = Array.isArray(values) ? values.length : 0;
  if (!OPERATORS.includes(operator))
    yield { kind: 'value', path: at, message: `operator is ${JSON.stringify(operator)}, which is none of ${OPERATORS.join(', ')}` };
  else if (operator.endsWith('In') && given === 0)
    yield { kind: 'required', path: pointerTo(path, 'values'), message: `values are missing, which the operator ${operator} needs` };
  else if (operator.endsWith('s') && given > 0)
    yield { kind: 'value', path: pointerTo(path, 'values'), message: `values are given, which the operator ${operator} does not take` };
}

/** Zero is how Go spells "not given"; elsewhere a port has to be given. */
function* numberProblems(value: Fields, path: JsonPointer, field: string, least: 0 | 1): Generator<SchemaProblem> {
  const port = value[field];
  if (typeof port === 'number' && Number.isInteger(port) && (port > 65535 || port < least))
    yield { kind: 'value', path: pointerTo(path, field), message: `${field} is ${port}, and ports are 1 to 65535` };
}

/** A port's number, or the name of a container's port. */
function* portProblems(value: Fields, path: JsonPointer, field: string, least: 0 | 1): Generator<SchemaProblem> {
  yield* numberProblems(value, path, field, least);
  const port = value[field];
  if (typeof port !== 'string' || !/^\d+$/.test(port)) {
    yield* grammarProblems(value, path, field, portName);
    return;
  }
  const at = pointerTo(path, field);
  const mend = { description: `write ${port} without quotes`, edits: [{ path: at, value: Number(port) }] };
  yield { kind: 'name', path: at, message: `${field} is the text "${port}", which is no name of a port, nor a number`, mend };
}
