/** The ends of a flow, as people name them. */
import type { Labels } from '../resources/label-selector';
import type { Service } from '../resources/service';
import type { Workload } from '../resources/workload';
import type { CiliumEntity } from './cilium-entities';

export type Endpoint =
  | { readonly kind: 'workload'; readonly workload: Workload }
  | KnownPods
  | { readonly kind: 'service'; readonly service: Service }
  | { readonly kind: 'entity'; readonly entity: CiliumEntity }
  | { readonly kind: 'cidr'; readonly cidr: string }
  | { readonly kind: 'fqdn'; readonly name: string };

/** Pods of which only these labels are known, such as those that the cluster facts name; they may carry more. */
export interface KnownPods {
  readonly kind: 'pods';
  readonly namespace: string;
  readonly labels: Labels;
  readonly hostNetwork?: boolean;
}

/** `blog/was`, `blog/Service/was`, `entity:world`, `10.0.0.0/8`, `fqdn:api.example.org`, `pods app=x of namespace y`. */
export function endpointText(endpoint: Endpoint): string {
  switch (endpoint.kind) {
    case 'workload':
      return `${endpoint.workload.namespace ?? ''}/${endpoint.workload.name}`;
    case 'service':
      return `${endpoint.service.namespace ?? ''}/Service/${endpoint.service.name}`;
    case 'pods':
      return `pods ${Object.entries(endpoint.labels)
        .map(([key, value]) => `${key}=${value}`)
        .join(',')} of namespace ${endpoint.namespace}`;
    case 'entity':
      return `entity:${endpoint.entity}`;
    case 'cidr':
      return endpoint.cidr;
    case 'fqdn':
      return `fqdn:${endpoint.name}`;
  }
}
