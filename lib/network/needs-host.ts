/**
 * What a host name means to a pod: a Service, a pod behind a headless Service, the API server, an address, an outside name.
 *
 * Source: kubernetes.io, DNS for Services and Pods. A name that could be a Service is one only if it is declared; otherwise
 * a name without a dot is nobody's, and one with dots is outside.
 */
import type { Cluster } from '../facts/cluster';
import type { Resources } from '../resources/resources';
import type { Service } from '../resources/service';
import type { Endpoint } from './endpoint';
import { ipRange } from './ip-range';
import type { Address } from './need';
import { defaultPort } from './needs-address';
import type { Protocol } from './traffic-port';

export interface ResolvedAddress {
  readonly endpoint: Endpoint;
  readonly port: number;
  readonly protocol: Protocol;
  readonly name?: string;
}

/** The port of kubeadm's API server, where policies see it. */
const API_SERVER_PORT = 6443;

export class HostNames {
  private readonly services = new Map<string, Service>();

  constructor(
    resources: Resources,
    private readonly cluster: Cluster,
  ) {
    for (const service of resources.services) this.services.set(`${service.namespace ?? ''}/${service.name}`, service);
  }

  /** The Service of a name as a pod of `namespace` writes it. @returns undefined when none of that name is declared */
  service(host: string, namespace: string | null): Service | undefined {
    const labels = this.labelsInside(host);
    const [name = '', second, third] = labels;
    if (labels.length === 1) return this.services.get(`${namespace ?? ''}/${name}`);
    const direct =
      labels.length === 2 || (third === 'svc' && labels.length === 3) ? this.services.get(`${second ?? ''}/${name}`) : undefined;
    if (direct !== undefined) return direct;
    // A pod of a StatefulSet: its own name, then the headless Service.
    if (labels.length === 2) return this.services.get(`${namespace ?? ''}/${second ?? ''}`);
    return labels.length === 3 || (labels[3] === 'svc' && labels.length === 4)
      ? this.services.get(`${third ?? ''}/${second ?? ''}`)
      : undefined;
  }

  /** @returns undefined for what cannot be told: a name without a dot that no Service has, or no port */
  resolve(address: Address, namespace: string | null): ResolvedAddress | undefined {
    const { host } = address;
    const protocol = address.protocol ?? 'TCP';
    const stated = address.port ?? defaultPort(address.scheme);
    if (this.isApiServer(host, namespace))
      return {
        endpoint: { kind: 'entity', entity: 'kube-apiserver' },
        port: this.apiServerPort,
        protocol,
        name: address.isGiven === true ? undefined : host,
      };
    const service = this.service(host, namespace);
    if (service !== undefined) {
      const [only, ...others] = service.ports;
      const port = stated ?? (others.length === 0 ? only?.number : undefined);
      return port === undefined ? undefined : { endpoint: { kind: 'service', service }, port, protocol, name: host };
    }
    if (stated === undefined) return undefined;
    if (ipRange(host) !== undefined) return { endpoint: { kind: 'cidr', cidr: host }, port: stated, protocol };
    const labels = this.labelsInside(host);
    if (labels.length === 1 || this.isInside(host) || labels.includes('svc')) return undefined;
    return isOutsideName(host)
      ? { endpoint: { kind: 'fqdn', name: host.replace(/\.$/, '') }, port: stated, protocol, name: host }
      : undefined;
  }

  get apiServerPort(): number {
    const port = /:(\d+)\/?$/.exec(this.cluster.facts.apiServer ?? '')?.[1];
    if (port !== undefined) return Number(port);
    return this.cluster.facts.apiServer === undefined ? API_SERVER_PORT : 443;
  }

  private isApiServer(host: string, namespace: string | null): boolean {
    const [name, second, third] = this.labelsInside(host);
    if (name !== 'kubernetes' || this.services.has(`${namespace ?? ''}/kubernetes`)) return false;
    return second === 'default' && (third === undefined || third === 'svc');
  }

  private isInside(host: string): boolean {
    return host.replace(/\.$/, '').endsWith(`.${this.cluster.clusterDomain}`);
  }

  /** The labels of a name without the cluster's domain. */
  private labelsInside(host: string): string[] {
    const name = host.replace(/\.$/, '').toLowerCase();
    const domain = `.${this.cluster.clusterDomain}`;
    return (name.endsWith(domain) ? name.slice(0, -domain.length) : name).split('.');
  }
}

/**
 * A name of the public DNS. A name of two labels may as well be a Service of another namespace that is not declared here,
 * so it counts only when it ends as domains do.
 */
function isOutsideName(host: string): boolean {
  const labels = host.replace(/\.$/, '').toLowerCase().split('.');
  const last = labels.at(-1) ?? '';
  if (!/^[a-z]{2,}$/.test(last) || NOT_PUBLIC.has(last)) return false;
  return labels.length > 2 || last.length === 2 || COMMON_DOMAINS.has(last);
}

const NOT_PUBLIC = new Set(['local', 'internal', 'invalid', 'test', 'localhost', 'lan', 'home', 'corp', 'intranet', 'cluster']);
const COMMON_DOMAINS = new Set(['com', 'org', 'net', 'dev', 'app', 'cloud', 'info', 'edu', 'gov', 'biz', 'xyz', 'tech', 'online', 'site']);
