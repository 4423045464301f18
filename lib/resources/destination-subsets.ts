/** The subsets that DestinationRules declare for a Service. */
import { append } from '../manifest/append';
import type { Resource } from './resource';
import type { Resources } from './resources';
import { mayBeSame } from './named-objects';
import { serviceOfHost } from './service-host';

interface Rule {
  readonly resource: Resource;
  /** Of the Service. */
  readonly namespace: string | null;
}

export class DestinationSubsets {
  private readonly byService = new Map<string, Rule[]>();

  constructor(resources: Resources) {
    for (const resource of resources.ofKind('networking.istio.io', 'DestinationRule')) {
      const service = serviceOfHost(resource.at('spec', 'host').string ?? '', resource.namespace);
      if (service === undefined) continue;
      append(this.byService, service.name, { resource, namespace: service.namespace });
    }
  }

  /** The rules whose host is this Service. */
  rulesFor(namespace: string | null, name: string): readonly Resource[] {
    const rules = this.byService.get(name) ?? [];
    return rules.filter((rule) => mayBeSame(rule.namespace, namespace)).map(({ resource }) => resource);
  }
}
