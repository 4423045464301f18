/** Kinds of Cilium, and the rules that its policies are made of. */
export type { ICiliumCIDRGroup as CiliumCIDRGroup } from '@kubernetes-models/cilium/cilium.io/v2/CiliumCIDRGroup';
export type { ICiliumClusterwideNetworkPolicy as CiliumClusterwideNetworkPolicy } from '@kubernetes-models/cilium/cilium.io/v2/CiliumClusterwideNetworkPolicy';
export type { ICiliumNetworkPolicy as CiliumNetworkPolicy } from '@kubernetes-models/cilium/cilium.io/v2/CiliumNetworkPolicy';
export type { IEgressRule as EgressRule } from '@kubernetes-models/cilium/policy/api/EgressRule';
export type { IEndpointSelector as EndpointSelector } from '@kubernetes-models/cilium/policy/api/EndpointSelector';
export type { IIngressRule as IngressRule } from '@kubernetes-models/cilium/policy/api/IngressRule';
export type { IPortRule as PortRule } from '@kubernetes-models/cilium/policy/api/PortRule';
export type { IRule as Rule } from '@kubernetes-models/cilium/policy/api/Rule';
