/** The addresses behind a Service without a selector, which somebody else keeps. */
import type { Resources } from '../resources/resources';
import type { Service } from '../resources/service';

/** @returns undefined when neither Endpoints nor an EndpointSlice of the Service is declared */
export function endpointAddresses(service: Service, resources: Resources): readonly string[] | undefined {
  const endpoints = resources.find('', 'Endpoints', service.namespace, service.name);
  const slices = resources
    .ofKind('discovery.k8s.io', 'EndpointSlice')
    .filter((slice) => slice.namespace === service.namespace && slice.labels['kubernetes.io/service-name'] === service.name);
  if (endpoints === undefined && slices.length === 0) return undefined;
  const listed =
    endpoints?.at('subsets').items.flatMap((subset) => subset.at('addresses').items.flatMap((address) => address.at('ip').string ?? [])) ??
    [];
  const sliced = slices.flatMap((slice) => slice.at('endpoints').items.flatMap((endpoint) => endpoint.at('addresses').strings));
  return [...new Set([...listed, ...sliced])];
}
