/** What a Rollout and an autoscaler name: Services, mesh rules, analysis templates, the workload itself. */
import type { Field } from '../manifest/field';
import { partAt, type Reference, referenceAt } from './reference';
import { groupOf, type Resource } from './resource';

const SERVICE = ['', 'Service'] as const;
const ISTIO = 'networking.istio.io';
const ARGO = 'argoproj.io';
const INVALID = 'the Rollout is InvalidSpec and updates nothing';
const TOGETHER = { origin: 'together' } as const;

export function rolloutReferencesOf(resource: Resource): readonly Reference[] {
  if (resource.group === ARGO && resource.kind === 'Rollout')
    return [...strategyReferences(resource), ...analysisReferences(resource), ...workloadReference(resource)];
  if (resource.kind === 'HorizontalPodAutoscaler' || resource.kind === 'ScaledObject')
    return targetReference(resource, resource.at('spec', 'scaleTargetRef'), 'it scales nothing', {});
  return [];
}

function workloadReference(rollout: Resource): readonly Reference[] {
  return targetReference(rollout, rollout.at('spec', 'workloadRef'), INVALID, TOGETHER);
}

function targetReference(from: Resource, target: Field, consequence: string, more: { readonly origin?: 'together' }): readonly Reference[] {
  const kind = target.at('kind').string ?? 'Deployment';
  return referenceAt(from, target.at('name'), [groupOf(target.at('apiVersion').string ?? 'apps/v1'), kind], consequence, more);
}

function strategyReferences(rollout: Resource): readonly Reference[] {
  const [canary, blueGreen] = [rollout.at('spec', 'strategy', 'canary'), rollout.at('spec', 'strategy', 'blueGreen')];
  const services = [
    canary.at('canaryService'),
    canary.at('stableService'),
    canary.at('pingPong', 'pingService'),
    canary.at('pingPong', 'pongService'),
    blueGreen.at('activeService'),
    blueGreen.at('previewService'),
  ];
  const routing = canary.at('trafficRouting');
  const ingresses = [routing.at('nginx', 'stableIngress'), ...routing.at('nginx', 'stableIngresses').items, routing.at('alb', 'ingress')];
  return [
    ...services.flatMap((service) => referenceAt(rollout, service, SERVICE, INVALID, TOGETHER)),
    ...ingresses.flatMap((ingress) => referenceAt(rollout, ingress, ['networking.k8s.io', 'Ingress'], INVALID, TOGETHER)),
    ...[routing.at('istio', 'virtualService'), ...routing.at('istio', 'virtualServices').items].flatMap((rule) =>
      virtualServiceReferences(rollout, rule),
    ),
    ...destinationRuleReferences(rollout, routing.at('istio', 'destinationRule')),
  ];
}

function virtualServiceReferences(rollout: Resource, rule: Field): readonly Reference[] {
  const routes = rule.at('routes').items.map((route) => partAt('route', route));
  return (routes.length > 0 ? routes : [undefined]).flatMap((part) => meshReference(rollout, rule.at('name'), 'VirtualService', part));
}

function destinationRuleReferences(rollout: Resource, rule: Field): readonly Reference[] {
  return ['canarySubsetName', 'stableSubsetName'].flatMap((key) =>
    meshReference(rollout, rule.at('name'), 'DestinationRule', partAt('subset', rule.at(key))),
  );
}

/** A mesh rule as the Rollouts controller reads its name: `name`, or `name.namespace`. */
function meshReference(rollout: Resource, field: Field, kind: string, part: Reference['part']): readonly Reference[] {
  const [name, namespace] = (field.string ?? '').split('.');
  return referenceAt(rollout, field, [ISTIO, kind], INVALID, { ...TOGETHER, name, namespace: namespace ?? rollout.namespace, part });
}

function analysisReferences(rollout: Resource): readonly Reference[] {
  const [canary, blueGreen] = [rollout.at('spec', 'strategy', 'canary'), rollout.at('spec', 'strategy', 'blueGreen')];
  const steps = canary.at('steps').items;
  const runs = [
    canary.at('analysis'),
    ...steps.map((step) => step.at('analysis')),
    blueGreen.at('prePromotionAnalysis'),
    blueGreen.at('postPromotionAnalysis'),
  ];
  const templates = [
    ...runs.flatMap((run) => run.at('templates').items),
    ...steps.flatMap((step) => step.at('experiment', 'analyses').items),
  ];
  return templates.flatMap((template) =>
    template.at('clusterScope').boolean === true
      ? referenceAt(rollout, template.at('templateName'), [ARGO, 'ClusterAnalysisTemplate'], INVALID, { namespace: null })
      : referenceAt(rollout, template.at('templateName'), [ARGO, 'AnalysisTemplate'], INVALID, TOGETHER),
  );
}
