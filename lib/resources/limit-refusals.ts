/** What a LimitRange refuses of the containers of its namespace. */
import type { ContainerLimits, ContainerResources } from './pod-resources';
import { quantityText } from './quantity';

/** Why a LimitRange refuses a container. */
export interface Refusal {
  readonly of: 'requests' | 'limits';
  readonly name: string;
  readonly limit: 'max' | 'min' | 'maxLimitRequestRatio';
  readonly message: string;
}

/** What a LimitRange refuses of a container, whose resources have its defaults already. */
export function refusalsOf({ requests, limits }: ContainerResources, { max, min, ratio }: ContainerLimits): readonly Refusal[] {
  const above = [...max].flatMap(([name, most]) => {
    const limit = limits.get(name) ?? 0n;
    return limit > most
      ? [refusal('limits', name, 'max', `its ${name} limit ${quantityText(limit)} is above the maximum ${quantityText(most)}`)]
      : [];
  });
  const crossed = [...requests].flatMap(([name, request]) => {
    const limit = limits.get(name);
    if (limit === undefined || request <= limit) return [];
    return [
      refusal(
        'requests',
        name,
        'max',
        `its ${name} request ${quantityText(request)} is above the limit ${quantityText(limit)} that it gets by default`,
      ),
    ];
  });
  const below = [...min].flatMap(([name, least]) => {
    const request = requests.get(name);
    if (request === undefined || request >= least) return [];
    return [refusal('requests', name, 'min', `its ${name} request ${quantityText(request)} is below the minimum ${quantityText(least)}`)];
  });
  const stretched = [...ratio].flatMap(([name, most]) => {
    const [request, limit] = [requests.get(name) ?? 0n, limits.get(name) ?? 0n];
    if (request === 0n || limit * 1000n <= request * most) return [];
    return [
      refusal(
        'limits',
        name,
        'maxLimitRequestRatio',
        `its ${name} limit ${quantityText(limit)} is more than ${quantityText(most)} times its request ${quantityText(request)}`,
      ),
    ];
  });
  return [...above, ...crossed, ...below, ...stretched];
}

function refusal(of: Refusal['of'], name: string, limit: Refusal['limit'], message: string): Refusal {
  return { of, name, limit, message };
}
