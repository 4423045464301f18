/** Fields that Git sets and a controller then rewrites in the cluster: two hands on one field. */
import type { Field } from '../manifest/field';
import { Autoscaling } from './autoscaling';
import { NamedObjects } from './named-objects';
import type { Resource } from './resource';
import type { Resources } from './resources';
import { workloadOf } from './workload';

export interface OwnedField {
  readonly resource: Resource;
  /** As Git sets it. */
  readonly field: Field;
  /** The object whose controller writes it. */
  readonly owner: Resource;
  /** For people: `a HorizontalPodAutoscaler scales it`. */
  readonly reason: string;
  /** How Argo CD is told to leave it alone. */
  readonly ignore: IgnoredFields;
}

/** An entry's fields of `ignoreDifferences`. */
export type IgnoredFields = { readonly jsonPointers: readonly string[] } | { readonly jqPathExpressions: readonly string[] };

export function controllerOwnedFields(resources: Resources): readonly OwnedField[] {
  const objects = resources.view(NamedObjects);
  return [...replicasOfAutoscaled(resources), ...ownedByRollouts(resources, objects), ...injectedBundles(resources)];
}

const REPLICAS: IgnoredFields = { jsonPointers: ['/spec/replicas'] };

function replicasOfAutoscaled(resources: Resources): readonly OwnedField[] {
  const autoscaling = resources.view(Autoscaling);
  return resources.all.flatMap((resource) => {
    const workload = workloadOf(resource);
    const field = resource.at('spec', 'replicas');
    const autoscaler = workload === undefined || !field.isSet ? undefined : autoscaling.of(workload);
    if (autoscaler === undefined) return [];
    const owner = autoscaler.resource;
    return [{ resource, field, owner, reason: `${owner.toString()} sets it to what the load needs`, ignore: REPLICAS }];
  });
}

function ownedByRollouts(resources: Resources, objects: NamedObjects): readonly OwnedField[] {
  return resources.ofKind('argoproj.io', 'Rollout').flatMap((rollout) => {
    const istio = rollout.at('spec', 'strategy', 'canary', 'trafficRouting', 'istio');
    const services = [istio.at('virtualService'), ...istio.at('virtualServices').items];
    return [
      ...services.flatMap((reference) => weights(rollout, reference, objects)),
      ...subsetLabels(rollout, istio.at('destinationRule'), objects),
      ...replicasOfTemplate(rollout, objects),
    ];
  });
}

function weights(rollout: Resource, reference: Field, objects: NamedObjects): readonly OwnedField[] {
  return ['http', 'tls', 'tcp'].flatMap((protocol) =>
    named(reference, 'VirtualService', rollout, objects).flatMap((resource) => {
      const routes = resource.at('spec', protocol).items.flatMap((entry) => entry.at('route').items);
      const field = routes.length < 2 ? undefined : routes.map((route) => route.at('weight')).find(({ isSet }) => isSet);
      if (field === undefined) return [];
      const ignore = { jqPathExpressions: [`.spec.${protocol}[].route[].weight`] };
      return [{ resource, field, owner: rollout, reason: `${rollout.toString()} moves the weights at each step of a canary`, ignore }];
    }),
  );
}

function subsetLabels(rollout: Resource, reference: Field, objects: NamedObjects): readonly OwnedField[] {
  const subsets = [reference.at('canarySubsetName').string, reference.at('stableSubsetName').string];
  return named(reference, 'DestinationRule', rollout, objects).flatMap((resource) => {
    const subset = resource.at('spec', 'subsets').items.find((item) => subsets.includes(item.at('name').string));
    if (subset === undefined) return [];
    const ignore = { jqPathExpressions: ['.spec.subsets[].labels."rollouts-pod-template-hash"'] };
    const field = subset.at('labels').isSet ? subset.at('labels') : subset;
    return [{ resource, field, owner: rollout, reason: `${rollout.toString()} writes the pod template’s hash into the subsets`, ignore }];
  });
}

/** A Rollout that takes its template from a Deployment may scale that one down. */
function replicasOfTemplate(rollout: Resource, objects: NamedObjects): readonly OwnedField[] {
  const reference = rollout.at('spec', 'workloadRef');
  const scaleDown = reference.at('scaleDown').string ?? 'never';
  if (scaleDown === 'never' || (reference.at('kind').string ?? 'Deployment') !== 'Deployment') return [];
  return objects.find('apps', 'Deployment', rollout.namespace, reference.at('name').text ?? '').flatMap((resource) => {
    const field = resource.at('spec', 'replicas');
    if (!field.isSet) return [];
    return [{ resource, field, owner: rollout, reason: `${rollout.toString()} scales it down (workloadRef.scaleDown)`, ignore: REPLICAS }];
  });
}

/** cert-manager writes the bundle of whatever asks for it; a placeholder in Git fights with it. */
function injectedBundles(resources: Resources): readonly OwnedField[] {
  return ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'].flatMap((kind) =>
    resources.ofKind('admissionregistration.k8s.io', kind).flatMap((resource) => {
      const isInjected = Object.keys(resource.annotations).some((key) => key.startsWith('cert-manager.io/inject-'));
      const bundles = resource.at('webhooks').items.map((webhook) => webhook.at('clientConfig', 'caBundle'));
      const field = bundles.find(({ isSet }) => isSet);
      if (!isInjected || field === undefined) return [];
      const ignore = { jqPathExpressions: ['.webhooks[].clientConfig.caBundle'] };
      return [{ resource, field, owner: resource, reason: 'cert-manager injects it', ignore }];
    }),
  );
}

/** The Istio object that a Rollout names; a name may carry its namespace behind a dot. */
function named(reference: Field, kind: string, rollout: Resource, objects: NamedObjects): readonly Resource[] {
  const text = reference.at('name').text;
  if (text === undefined) return [];
  const [name = '', namespace] = text.split('.');
  return objects.find('networking.istio.io', kind, namespace ?? rollout.namespace, name).slice(0, 1);
}
