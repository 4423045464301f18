/** The public surface, name by name. */
export { type AcceptedLesson, Lessons } from './constructs/accepted-lessons';
export type { Autoscaling, Spread } from './constructs/availability';
export { type Backend, BlogWeb, type BlogWebProps, type IServed } from './constructs/blog-web';
export type { CanaryStep } from './constructs/canary';
export { Connections, type ConnectionsProps, type IConnectable } from './constructs/connections';
export type { Party, PodPort, Protocol } from './constructs/flows';
export { type CidrPeer, type Entity, type EntityPeer, type FqdnPeer, Peer, type PodsPeer } from './constructs/peer';
export { PlatformApp, type PlatformAppProps } from './constructs/platform-app';
export type { RolloutProps } from './constructs/rollout';
export { type SecretEnv, SecretRef } from './constructs/secret-ref';
export { type IDatabase, type Otlp, Was, type WasProps } from './constructs/was';
export { Cluster, ClusterNode } from './facts/cluster';
export type * from './facts/cluster-facts';
