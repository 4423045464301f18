/** What Argo Rollouts needs to reach to measure a canary: the Prometheus and web hooks of its analysis templates. */
import type { Resource } from '../resources/resource';
import type { Resources } from '../resources/resources';
import type { Need } from './need';
import { addressesOf } from './needs-address';
import type { HostNames } from './needs-host';
import { knownPods } from './needs-known-pods';

/** The controller as its manifests and chart install it. */
const CONTROLLER = { namespace: 'argo-rollouts', labels: { 'app.kubernetes.io/name': 'argo-rollouts' } };

export function* analysisNeeds(resources: Resources, hosts: HostNames): Iterable<Need> {
  for (const kind of ['AnalysisTemplate', 'ClusterAnalysisTemplate'])
    for (const template of resources.ofKind('argoproj.io', kind)) yield* templateNeeds(template, resources, hosts);
}

function* templateNeeds(template: Resource, resources: Resources, hosts: HostNames): Iterable<Need> {
  for (const provider of template.at('spec', 'metrics').items.map((metric) => metric.at('provider'))) {
    for (const field of [
      provider.at('prometheus', 'address'),
      provider.at('web', 'url'),
      provider.at('graphite', 'address'),
      provider.at('influxdb', 'address'),
    ]) {
      for (const address of addressesOf(field.string ?? '')) {
        const to = hosts.resolve(address, CONTROLLER.namespace);
        if (to === undefined) continue;
        const source = {
          resource: template,
          path: field.path,
          words: `${template.toString()} has the Argo Rollouts controller ask ${address.host}`,
        };
        for (const from of knownPods(CONTROLLER, resources))
          yield { from, to: to.endpoint, port: to.port, protocol: to.protocol, purpose: 'analysis', source, name: to.name };
      }
    }
  }
}
