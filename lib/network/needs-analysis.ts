/**
 * What measuring a canary needs: the Prometheus and web hooks that the Argo Rollouts controller asks, and whatever the pods
 * of a job metric connect to by themselves.
 */
import type { Field } from '../manifest/field';
import type { Resource } from '../resources/resource';
import type { Resources } from '../resources/resources';
import { Workload } from '../resources/workload';
import type { Need } from './need';
import { addressesOf } from './needs-address';
import type { HostNames } from './needs-host';
import { knownPods } from './needs-known-pods';

/** The controller as its manifests and chart install it. */
export const ROLLOUTS_CONTROLLER = { namespace: 'argo-rollouts', labels: { 'app.kubernetes.io/name': 'argo-rollouts' } };

export function* analysisNeeds(resources: Resources, hosts: HostNames): Iterable<Need> {
  const given = resources.view(GivenArguments);
  for (const kind of ['AnalysisTemplate', 'ClusterAnalysisTemplate'])
    for (const template of resources.ofKind('argoproj.io', kind)) yield* templateNeeds(template, resources, hosts, given);
}

/** The pods of job metrics; those of a cluster-wide template run in the namespace of each Rollout, which is not known here. */
export function analysisJobs(resources: Resources): readonly Workload[] {
  return resources.ofKind('argoproj.io', 'AnalysisTemplate').flatMap((template) =>
    template
      .at('spec', 'metrics')
      .items.map((metric) => metric.at('provider', 'job', 'spec', 'template'))
      .flatMap((pod) => (pod.isSet ? [new Workload(template, pod)] : [])),
  );
}

function* templateNeeds(template: Resource, resources: Resources, hosts: HostNames, given: GivenArguments): Iterable<Need> {
  for (const provider of template.at('spec', 'metrics').items.map((metric) => metric.at('provider'))) {
    for (const field of [
      provider.at('prometheus', 'address'),
      provider.at('web', 'url'),
      provider.at('graphite', 'address'),
      provider.at('influxdb', 'address'),
      provider.at('skywalking', 'address'),
    ]) {
      for (const address of addressesOf(given.filled(field.string ?? '', template))) {
        const to = hosts.resolve(address, ROLLOUTS_CONTROLLER.namespace);
        if (to === undefined) continue;
        const source = {
          resource: template,
          path: field.path,
          words: `${template.toString()} has the Argo Rollouts controller ask ${address.host}`,
        };
        for (const from of knownPods(ROLLOUTS_CONTROLLER, resources))
          yield { from, to: to.endpoint, port: to.port, protocol: to.protocol, purpose: 'analysis', source, name: to.name };
      }
    }
  }
}

/** Values for `{{args.x}}`: a template's own, where no Rollout gives another. */
class GivenArguments {
  private readonly byRollouts = new Set<string>();

  constructor(resources: Resources) {
    for (const rollout of resources.ofKind('argoproj.io', 'Rollout'))
      for (const analysis of analysesOf(rollout))
        for (const argument of analysis.at('args').items) this.byRollouts.add(argument.at('name').string ?? '');
  }

  filled(text: string, template: Resource): string {
    if (!text.includes('{{')) return text;
    const own = new Map(template.at('spec', 'args').items.map((argument) => [argument.at('name').string, argument.at('value').string]));
    return text.replaceAll(/\{\{\s*args\.([\w-]+)\s*\}\}/g, (whole, name: string) =>
      this.byRollouts.has(name) ? whole : (own.get(name) ?? whole),
    );
  }
}

function analysesOf(rollout: Resource): Field[] {
  const [canary, blueGreen] = [rollout.at('spec', 'strategy', 'canary'), rollout.at('spec', 'strategy', 'blueGreen')];
  return [
    canary.at('analysis'),
    ...canary.at('steps').items.map((step) => step.at('analysis')),
    blueGreen.at('prePromotionAnalysis'),
    blueGreen.at('postPromotionAnalysis'),
  ];
}
