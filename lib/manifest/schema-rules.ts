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

/** A map of fields, where it stands, and the list that what is wrong with it is added to. */
interface Judged {
  readonly value: Fields;
  readonly path: JsonPointer;
  readonly problems: SchemaProblem[];
}

/** By `file#Type` of `imports/schemas`. */
export const RULES: Readonly<Record<string, (judged: Judged) => void>> = {
  'meta#v1.ObjectMeta': (metadata) => {
    judgeLabels(metadata, 'labels', labelValue);
    judgeLabels(metadata, 'annotations', () => undefined);
    judgeText(metadata, 'namespace', dnsLabel);
  },
  'meta#v1.LabelSelector': (selector) => judgeLabels(selector, 'matchLabels', labelValue),
  'meta#v1.LabelSelectorRequirement': (requirement) => judgeOperator(requirement),
  'core#v1.Container': (container) => judgeText(container, 'name', dnsLabel),
  'core#v1.Volume': (volume) => judgeText(volume, 'name', dnsLabel),
  'core#v1.ContainerPort': (port) => {
    judgeNumber(port, 'containerPort', 1);
    judgeNumber(port, 'hostPort', 0);
    judgeText(port, 'name', portName);
  },
  'core#v1.ServicePort': (port) => {
    judgeNumber(port, 'port', 1);
    judgePort(port, 'targetPort', 0);
    judgeNumber(port, 'nodePort', 0);
    judgeText(port, 'name', dnsLabel);
  },
  'core#v1.HTTPGetAction': (action) => judgePort(action, 'port', 1),
  'core#v1.TCPSocketAction': (action) => judgePort(action, 'port', 1),
  'core#v1.GRPCAction': (action) => judgeNumber(action, 'port', 1),
  'core#v1.ServiceSpec': (spec) => judgeLabels(spec, 'selector', labelValue),
  'core#v1.PodSpec': (spec) => judgeLabels(spec, 'nodeSelector', labelValue),
  'networking#v1.ServiceBackendPort': (port) => judgeNumber(port, 'number', 0),
  'networking#v1.NetworkPolicyPort': (port) => judgePort(port, 'port', 1),
};

/** What a text may be, where it is one: another type is another problem. */
export function judgeText({ value, path, problems }: Judged, field: string, grammar: Grammar): void {
  const text = value[field];
  const wrong = typeof text === 'string' ? grammar(text) : undefined;
  if (wrong === undefined || isPlaceholder(text)) return;
  problems.push({ kind: 'name', path: pointerTo(path, field), message: `${field} ${JSON.stringify(text)} ${wrong}` });
}

function judgeLabels({ value, path, problems }: Judged, field: string, grammar: Grammar): void {
  const labels = value[field];
  if (typeof labels !== 'object' || labels === null || Array.isArray(labels)) return;
  for (const [key, text] of Object.entries(labels)) {
    const wrongKey = qualifiedName(key);
    const wrong = typeof text === 'string' ? grammar(text) : undefined;
    if (wrongKey === undefined && wrong === undefined) continue;
    const at = pointerTo(path, field, key);
    if (wrongKey !== undefined && !isPlaceholder(key))
      problems.push({ kind: 'name', path: at, message: `${field}: the key ${JSON.stringify(key)} ${wrongKey}` });
    if (wrong !== undefined && !isPlaceholder(text))
      problems.push({ kind: 'name', path: at, message: `${field}: the value ${JSON.stringify(text)} of ${key} ${wrong}` });
  }
}

const OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist'];

function judgeOperator({ value: { operator, values }, path, problems }: Judged): void {
  if (typeof operator !== 'string' || isPlaceholder(operator)) return;
  const at = pointerTo(path, 'operator');
  const given = Array.isArray(values) ? values.length : 0;
  if (!OPERATORS.includes(operator)) {
    const message = `operator is ${JSON.stringify(operator)}, which is none of ${OPERATORS.join(', ')}`;
    problems.push({ kind: 'value', path: at, message });
  } else if (operator.endsWith('In') && given === 0) {
    const message = `values are missing, which the operator ${operator} needs`;
    problems.push({ kind: 'required', path: pointerTo(path, 'values'), message });
  } else if (operator.endsWith('s') && given > 0) {
    const message = `values are given, which the operator ${operator} does not take`;
    problems.push({ kind: 'value', path: pointerTo(path, 'values'), message });
  }
}

/** Zero is how Go spells "not given"; elsewhere a port has to be given. */
function judgeNumber({ value, path, problems }: Judged, field: string, least: 0 | 1): void {
  const port = value[field];
  if (typeof port === 'number' && Number.isInteger(port) && (port > 65535 || port < least))
    problems.push({ kind: 'value', path: pointerTo(path, field), message: `${field} is ${port}, and ports are 1 to 65535` });
}

/** A port's number, or the name of a container's port. */
function judgePort(judged: Judged, field: string, least: 0 | 1): void {
  const port = judged.value[field];
  if (typeof port !== 'string') return judgeNumber(judged, field, least);
  if (!/^\d+$/.test(port)) return judgeText(judged, field, portName);
  const at = pointerTo(judged.path, field);
  const mend = { description: `write ${port} without quotes`, edits: [{ path: at, value: Number(port) }] };
  const message = `${field} is the text "${port}", which is no name of a port, nor a number`;
  judged.problems.push({ kind: 'name', path: at, message, mend });
}
