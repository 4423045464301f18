/** What the API server needs to reach: admission webhooks, conversion webhooks, and the servers of extended APIs. */
import type { Field } from '../manifest/field';
import type { Resource } from '../resources/resource';
import type { Resources } from '../resources/resources';
import type { Need } from './need';

export function* apiServerNeeds(resources: Resources): Iterable<Need> {
  for (const kind of ['ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration']) {
    for (const configuration of resources.ofKind('admissionregistration.k8s.io', kind))
      for (const webhook of configuration.at('webhooks').items)
        yield* serviceNeed(configuration, webhook.at('clientConfig', 'service'), resources);
  }
  for (const definition of resources.ofKind('apiextensions.k8s.io', 'CustomResourceDefinition'))
    yield* serviceNeed(definition, definition.at('spec', 'conversion', 'webhook', 'clientConfig', 'service'), resources);
  for (const api of resources.ofKind('apiregistration.k8s.io', 'APIService')) yield* serviceNeed(api, api.at('spec', 'service'), resources);
}

function* serviceNeed(resource: Resource, reference: Field, resources: Resources): Iterable<Need> {
  const service = resources.find('', 'Service', reference.at('namespace').string ?? null, reference.at('name').string ?? '');
  const found = service === undefined ? undefined : resources.services.find((candidate) => candidate.resource === service);
  if (found === undefined) return;
  yield {
    from: { kind: 'entity', entity: 'kube-apiserver' },
    to: { kind: 'service', service: found },
    port: reference.at('port').number ?? 443,
    protocol: 'TCP',
    purpose: 'api-server',
    source: { resource, path: reference.path, words: `${resource.toString()} has the API server call ${found.resource.toString()}` },
  };
}
