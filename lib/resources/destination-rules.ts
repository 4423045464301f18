/** What DestinationRules say of the TLS that clients in the mesh speak to a Service. */
import { append } from '../manifest/append';
import type { Field } from '../manifest/field';
import type { Resource } from './resource';
import type { Resources } from './resources';
import type { Service, ServicePort } from './service';

export interface ClientTls {
  readonly rule: Resource;
  readonly field: Field;
  /** `DISABLE`, `SIMPLE`, `MUTUAL` or `ISTIO_MUTUAL`. */
  readonly mode: string;
}

export class DestinationRules {
  private readonly byHost = new Map<string, Resource[]>();

  constructor(
    resources: Resources,
    private readonly clusterDomain: string,
  ) {
    for (const rule of resources.ofKind('networking.istio.io', 'DestinationRule')) {
      const host = this.fullName(rule.at('spec', 'host').string ?? '', rule.namespace);
      append(this.byHost, host, rule);
    }
  }

  /** The TLS that clients are told to speak. @returns undefined when nobody tells: Istio decides by itself */
  tlsTo(service: Service, port: ServicePort): ClientTls | undefined {
    const name = `${service.name}.${service.namespace ?? ''}`;
    const hosts = [`${name}.svc.${this.clusterDomain}`, `*.${service.namespace ?? ''}.svc.${this.clusterDomain}`];
    for (const rule of hosts.flatMap((host) => this.byHost.get(host) ?? [])) {
      const policy = rule.at('spec', 'trafficPolicy');
      const own = policy.at('portLevelSettings').items.find((setting) => setting.at('port', 'number').number === port.number);
      const field = own?.at('tls', 'mode').isSet === true ? own.at('tls', 'mode') : policy.at('tls', 'mode');
      if (field.string !== undefined) return { rule, field, mode: field.string };
    }
    return undefined;
  }

  /** `mysql` and `mysql.blog` as the mesh reads them. */
  private fullName(host: string, namespace: string | null): string {
    const parts = host.split('.');
    if (parts.length === 1) return `${host}.${namespace ?? ''}.svc.${this.clusterDomain}`;
    if (parts.length === 2 && parts[0] !== '*') return `${host}.svc.${this.clusterDomain}`;
    return parts.at(-1) === 'svc' ? `${host}.${this.clusterDomain}` : host;
  }
}
