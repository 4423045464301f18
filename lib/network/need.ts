/** What something needs to reach, and what says so. */
import type { JsonPointer } from '../manifest/json-pointer';
import type { Resource } from '../resources/resource';
import type { Endpoint } from './endpoint';
import type { Protocol } from './traffic-port';

export interface Need {
  readonly from: Endpoint;
  readonly to: Endpoint;
  /** The Service's for a Service, else the pod's. */
  readonly port: number;
  readonly protocol: Protocol;
  readonly purpose: Purpose;
  /** What it was inferred from. */
  readonly source: NeedSource;
  /** The name that is looked up for it. @default - none: an address, or somebody else's lookup */
  readonly name?: string;
}

export type Purpose =
  /** A client and its server. */
  | 'connection'
  /** Looking names up. */
  | 'dns'
  /** Prometheus and its targets. */
  | 'scrape'
  /** An ingress or gateway and its backends. */
  | 'route'
  /** The API server and its webhooks and extensions. */
  | 'api-server'
  /** A canary's measurements. */
  | 'analysis'
  /** A sidecar and its control plane. */
  | 'mesh'
  /** Prometheus and a sidecar: offered, and read or not. */
  | 'telemetry'
  /** The kubelet and the containers that it probes. */
  | 'probe';

export interface NeedSource {
  readonly resource: Resource;
  readonly path: JsonPointer;
  /** Such as `MYSQL_HOST=mysql of container was`; credentials never stand here. */
  readonly words: string;
}

/** A host that somebody names, with whatever is said of its port. */
export interface Address {
  readonly host: string;
  readonly port?: number;
  /** As in a URL. */
  readonly scheme?: string;
  readonly protocol?: Protocol;
  /** Found without DNS: from variables that every pod gets. @default false */
  readonly isGiven?: boolean;
}

/** An address, and where it was read. */
export interface FoundAddress extends Address {
  readonly source: NeedSource;
}
