/** Everything that is wrong with a cluster's facts, wherever they were written. */
import { Field } from '../manifest/field';
import type { JsonPointer } from '../manifest/json-pointer';
import { nearestName } from '../manifest/nearest-name';
import { shapeProblems } from '../manifest/schema';
import { FACTS } from './facts-schema';
import { podsOfIngressClass } from './well-known-pods';

export interface FactProblem {
  /** The fact, or what should hold it. */
  readonly path: JsonPointer;
  readonly message: string;
}

/** What is wrong with the facts; nothing when they can be relied on. */
export function factProblems(content: unknown): FactProblem[] {
  if (typeof content !== 'object' || content === null || Array.isArray(content))
    return [{ path: '', message: 'the facts are no map of keys such as nodes and mesh' }];
  const facts = new Field(content);
  const shape = shapeProblems(content, FACTS, 'the cluster').map(({ path, message, mend }) => ({
    path,
    message: mend === undefined || message.includes('probably meant') ? message : `${message}; ${mend.description}`,
  }));
  return [
    ...shape,
    ...nullProblems(facts),
    ...['nodes', 'namespaces', 'storageClasses'].flatMap((list) => duplicates(facts.at(list), 'name')),
    ...duplicates(facts.at('ingressControllers'), 'class'),
    ...facts.at('nodes').items.flatMap((node) => [...resourceNames(node.at('allocatable')), ...resourceNames(node.at('requested'))]),
    ...facts.at('ingressControllers').items.flatMap(unknownIngressPods),
    ...facts.at('mesh', 'gateways').items.flatMap((gateway) => missing(gateway, 'labels')),
    ...facts.at('existing').items.flatMap(existingProblems),
  ];
}

/** A key without a value is neither a fact nor the absence of one. What exists is shaped like manifests and may hold nulls. */
function nullProblems(field: Field): FactProblem[] {
  if (field.path === '/existing' && field.isSet) return [];
  if (field.value === null) return [{ path: field.path, message: `${nameOf(field)} has no value; write one, or remove the key` }];
  return [...field.entries.map(([, inner]) => inner), ...field.items].flatMap(nullProblems);
}

function duplicates(list: Field, key: string): FactProblem[] {
  const seen = new Set<string>();
  return list.items.flatMap((item) => {
    const name = item.at(key);
    if (name.string === undefined || !seen.has(name.string)) {
      seen.add(name.string ?? '');
      return [];
    }
    return [{ path: name.path, message: `${nameOf(list)} has two of the ${key} ${JSON.stringify(name.string)}` }];
  });
}

const RESOURCE_NAMES = ['cpu', 'memory', 'pods', 'ephemeral-storage'];

/** Kubernetes' own resources have no domain; those of devices do. */
function resourceNames(quantities: Field): FactProblem[] {
  return quantities.entries.flatMap(([name, { path }]) => {
    if (RESOURCE_NAMES.includes(name) || name.includes('/') || /^(hugepages|attachable-volumes)-/.test(name)) return [];
    const meant = nearestName(name, RESOURCE_NAMES);
    const question =
      meant === undefined
        ? `; it is one of ${RESOURCE_NAMES.join(', ')}, or has a domain`
        : `; ${JSON.stringify(meant)} was probably meant`;
    return [{ path, message: `${JSON.stringify(name)} is no resource of a node${question}` }];
  });
}

/** Controllers that everybody installs alike need not be described. */
function unknownIngressPods(controller: Field): FactProblem[] {
  const className = controller.at('class').string;
  if (className === undefined || podsOfIngressClass(className) !== undefined) return [];
  return [...missing(controller, 'namespace'), ...missing(controller, 'labels')];
}

function missing(parent: Field, key: string): FactProblem[] {
  const field = parent.at(key);
  return !parent.isMap || field.isPresent ? [] : [{ path: field.path, message: `${nameOf(parent)} has no ${key}, which is required` }];
}

function existingProblems(object: Field): FactProblem[] {
  if (!object.isMap)
    return [{ path: object.path, message: `${nameOf(object)} is no object of Kubernetes: a map with apiVersion, kind and metadata.name` }];
  return [object.at('apiVersion'), object.at('kind'), object.at('metadata', 'name')].flatMap((field) =>
    typeof field.value === 'string' && field.value !== ''
      ? []
      : [{ path: field.path, message: `${nameOf(object)} needs ${field.path.slice(object.path.length + 1).replace('/', '.')}, as text` }],
  );
}

/** `nodes[0].labels` of `/nodes/0/labels`. */
function nameOf({ path }: Field): string {
  return path
    .slice(1)
    .replaceAll(/\/(\d+)(?=\/|$)/g, '[$1]')
    .replaceAll('/', '.')
    .replaceAll('~1', '/')
    .replaceAll('~0', '~');
}
