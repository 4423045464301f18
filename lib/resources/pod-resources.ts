/** What the containers of a pod ask for and may use, after the defaults that Kubernetes and a LimitRange fill in. */
import type { Field } from '../manifest/field';
import { quantityAt } from './quantity';
import type { Resource } from './resource';
import type { Workload } from './workload';

/** Thousandths by resource name: `cpu`, `memory`. */
export type Amounts = ReadonlyMap<string, bigint>;

export interface ContainerResources {
  readonly name: string;
  /** Where its resources are written, or would be. */
  readonly field: Field;
  /** Runs beside the others for the pod's whole life, as sidecars do. */
  readonly stays: boolean;
  readonly requests: Amounts;
  readonly limits: Amounts;
}

export function amountsAt(field: Field): Amounts {
  return new Map(field.entries.flatMap(([name, value]) => (quantityAt(value) === undefined ? [] : [[name, quantityAt(value) ?? 0n]])));
}

/** The containers of a workload. A limit without a request is the request as well. */
export function containerResourcesOf(workload: Workload): readonly ContainerResources[] {
  return workload.allContainers.map((container) => {
    const field = container.at('resources');
    const limits = amountsAt(field.at('limits'));
    const requests = new Map([...limits, ...amountsAt(field.at('requests'))]);
    return { name: container.name, field, stays: !container.isInit || container.isSidecar, requests, limits };
  });
}

/** The `Container` limits of a LimitRange, with its own defaults: max is the default limit, that the default request. */
export interface ContainerLimits {
  readonly resource: Resource;
  readonly max: Amounts;
  readonly min: Amounts;
  readonly ratio: Amounts;
  readonly defaultLimit: Amounts;
  readonly defaultRequest: Amounts;
  /** Where one of its amounts was written. */
  at(part: 'max' | 'min' | 'maxLimitRequestRatio', name: string): Field;
}

export function containerLimitsOf(resource: Resource): readonly ContainerLimits[] {
  const items = resource.at('spec', 'limits').items.filter((item) => item.at('type').string === 'Container');
  return items.map((item) => {
    const [max, min] = [amountsAt(item.at('max')), amountsAt(item.at('min'))];
    const defaultLimit = new Map([...max, ...amountsAt(item.at('default'))]);
    const defaultRequest = new Map([...min, ...defaultLimit, ...amountsAt(item.at('defaultRequest'))]);
    const ratio = amountsAt(item.at('maxLimitRequestRatio'));
    return { resource, max, min, ratio, defaultLimit, defaultRequest, at: (part, name) => item.at(part, name) };
  });
}

/** A container with what the LimitRange fills in where it says nothing. */
export function withDefaults(container: ContainerResources, { defaultLimit, defaultRequest }: ContainerLimits): ContainerResources {
  return {
    ...container,
    limits: new Map([...defaultLimit, ...container.limits]),
    requests: new Map([...defaultRequest, ...container.requests]),
  };
}

/** What a pod counts for: its containers together, or an init container where that needs more. */
export function podAmount(containers: readonly ContainerResources[], of: 'requests' | 'limits', name: string): bigint {
  const staying = containers.filter(({ stays }) => stays).reduce((sum, container) => sum + (container[of].get(name) ?? 0n), 0n);
  const passing = containers.filter(({ stays }) => !stays).map((container) => container[of].get(name) ?? 0n);
  return passing.reduce((most, amount) => (amount > most ? amount : most), staying);
}
