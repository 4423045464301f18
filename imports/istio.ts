/** Kinds of Istio. */
export type { IDestinationRule as DestinationRule } from '@kubernetes-models/istio/networking.istio.io/v1/DestinationRule';
export type { IGateway as Gateway } from '@kubernetes-models/istio/networking.istio.io/v1/Gateway';
export type { IServiceEntry as ServiceEntry } from '@kubernetes-models/istio/networking.istio.io/v1/ServiceEntry';
export type { ISidecar as Sidecar } from '@kubernetes-models/istio/networking.istio.io/v1/Sidecar';
export type { IVirtualService as VirtualService } from '@kubernetes-models/istio/networking.istio.io/v1/VirtualService';
export type { IAuthorizationPolicy as AuthorizationPolicy } from '@kubernetes-models/istio/security.istio.io/v1/AuthorizationPolicy';
export type { IPeerAuthentication as PeerAuthentication } from '@kubernetes-models/istio/security.istio.io/v1/PeerAuthentication';
