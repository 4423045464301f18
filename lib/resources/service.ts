/** A Service: which pods it selects and on which of their ports it sends. */
import type { Field } from '../manifest/field';
import { containsLabels, type Labels } from './label-selector';
import type { Resource } from './resource';
import type { Workload } from './workload';

export interface ServicePort {
  readonly name?: string;
  readonly number: number;
  readonly protocol: string;
  /** A pod's port number, or the name of one. */
  readonly targetPort: number | string;
  readonly field: Field;
}

export class Service {
  constructor(readonly resource: Resource) {}

  get name(): string {
    return this.resource.name;
  }

  get namespace(): string | null {
    return this.resource.namespace;
  }

  get type(): string {
    return this.resource.at('spec', 'type').string ?? 'ClusterIP';
  }

  get selector(): Labels {
    return this.resource.at('spec', 'selector').texts;
  }

  /** Without a selector the endpoints are somebody else's. */
  get hasSelector(): boolean {
    return Object.keys(this.selector).length > 0;
  }

  get ports(): readonly ServicePort[] {
    return this.resource.at('spec', 'ports').items.flatMap((field) => {
      const number = field.at('port').number;
      if (number === undefined) return [];
      const target = field.at('targetPort');
      return [
        {
          name: field.at('name').string,
          number,
          protocol: field.at('protocol').string ?? 'TCP',
          targetPort: target.number ?? target.string ?? number,
          field,
        },
      ];
    });
  }

  selects(workload: Workload): boolean {
    return this.hasSelector && workload.namespace === this.namespace && containsLabels(workload.podLabels, this.selector);
  }

  /** The number that a pod of `workload` listens on behind `port`. @returns undefined when it names no port of the pod */
  podPort(port: ServicePort, workload: Workload): number | undefined {
    if (typeof port.targetPort === 'number') return port.targetPort;
    for (const container of workload.allContainers) {
      const match = container.ports.find(({ name, protocol }) => name === port.targetPort && protocol === port.protocol);
      if (match !== undefined) return match.number;
    }
    return undefined;
  }
}
