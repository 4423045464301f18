/**
 * The peers that an element of toServices stands for.
 *
 * Since 1.17 a Service with a selector means the pods that it selects, one without the addresses of its endpoints; up to
 * 1.16 only the latter. Source: cilium 1.18 pkg/policy/k8s/service.go.
 */
import { type Field } from '../manifest/field';
import { selectorMatches } from '../resources/label-selector';
import type { Service } from '../resources/service';
import { isAtLeast } from './cilium-version';
import { POD_NAMESPACE } from './identity';
import { ipRange } from './ip-range';
import type { Peer } from './policy-rule';
import type { RuleReader } from './rule-reader';
import { type Requirement, UNKNOWN_NAMESPACE } from './selector';
import { endpointAddresses } from './service-endpoints';

/** @returns none when no Service is meant: with ports the rule is then about ports alone, a trap of Cilium's */
export function servicePeers(item: Field, reader: RuleReader): Peer[] {
  return reader.resources.services.filter((service) => isMeant(item, service)).flatMap((service) => peersOf(item, service, reader));
}

function isMeant(item: Field, service: Service): boolean {
  const selector = item.at('k8sServiceSelector');
  const wanted = selector.isSet ? selector.at('namespace') : item.at('k8sService', 'namespace');
  if (wanted.isSet && wanted.text !== '' && wanted.text !== service.namespace) return false;
  if (selector.isSet) return selectorMatches(selector.at('selector'), service.resource.labels);
  return item.at('k8sService').isSet && item.at('k8sService', 'serviceName').text === service.name;
}

function peersOf(item: Field, service: Service, reader: RuleReader): Peer[] {
  if (service.hasSelector) {
    if (!isAtLeast(reader.version, '1.17')) return [];
    const terms = Object.entries(service.selector).map(([key, value]): Requirement => ({
      source: 'any',
      key,
      operator: 'In',
      values: [value],
    }));
    const namespace: Requirement = { source: 'k8s', key: POD_NAMESPACE, operator: 'In', values: [service.namespace ?? UNKNOWN_NAMESPACE] };
    return [
      { kind: 'selector', selector: reader.selectors.of([...terms, namespace]), pointer: item.path, doubt: doubtOf(service, reader) },
    ];
  }
  const addresses = endpointAddresses(service, reader.resources);
  if (addresses === undefined)
    return [{ kind: 'unknown', reason: `the endpoints of ${service.resource.toString()} are not among the manifests`, pointer: item.path }];
  return addresses.flatMap((address): Peer[] => {
    const range = ipRange(address);
    return range === undefined ? [] : [{ kind: 'range', range, except: [], pointer: item.path }];
  });
}

/** Patches of 1.17 to 1.19 read `app.kubernetes.io/name` in such a selector as a key of the source `app`, and match nothing. */
function doubtOf(service: Service, { version }: RuleReader): string | undefined {
  const dotted = Object.keys(service.selector).find((key) => key.includes('.'));
  if (dotted === undefined || isAtLeast(version, '1.20')) return undefined;
  return `the selector of ${service.resource.toString()} has the key ${dotted}, and toServices does not match keys with a dot in patches up to the mend of cilium/cilium#41151`;
}
