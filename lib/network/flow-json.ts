/** A verdict as plain data: what `hindsight reach --format json` prints. */
import type { Location } from '../manifest/document';
import type { JsonPointer } from '../manifest/json-pointer';
import type { Resource } from '../resources/resource';
import type { Endpoint } from './endpoint';
import type { FlowVerdict } from './network';
import type { Because, Effect, SideVerdict, Verdict } from './verdict';

export interface ResourceJson {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string | null;
  readonly name: string;
}

export type EndpointJson =
  | ResourceJson
  | { readonly namespace: string; readonly labels: Readonly<Record<string, string>> }
  | { readonly entity: string }
  | { readonly cidr: string }
  | { readonly fqdn: string };

export interface BecauseJson {
  readonly policy: ResourceJson | null;
  readonly rule: JsonPointer | null;
  readonly effect: Effect;
  readonly words: string;
  readonly location: Location | null;
}

export interface SideJson {
  readonly verdict: Verdict;
  readonly because: readonly BecauseJson[];
  /** What an allowed connection may carry. @default - everything */
  readonly only?: readonly string[];
}

export interface FlowJson {
  readonly verdict: Verdict;
  readonly from: EndpointJson;
  readonly to: EndpointJson;
  readonly port: number;
  readonly protocol: string;
  readonly egress: SideJson;
  readonly ingress: SideJson;
  /** The pods that a Service sends to. */
  readonly targets?: readonly FlowJson[];
}

export function flowJson(flow: FlowVerdict): FlowJson {
  const { verdict, port, protocol, targets } = flow;
  return {
    verdict,
    from: endpointJson(flow.from),
    to: endpointJson(flow.to),
    port,
    protocol,
    egress: sideJson(flow.egress),
    ingress: sideJson(flow.ingress),
    ...(targets === undefined ? {} : { targets: targets.map(flowJson) }),
  };
}

function endpointJson(endpoint: Endpoint): EndpointJson {
  switch (endpoint.kind) {
    case 'workload':
      return resourceJson(endpoint.workload.resource);
    case 'service':
      return resourceJson(endpoint.service.resource);
    case 'pods':
      return { namespace: endpoint.namespace, labels: endpoint.labels };
    case 'entity':
      return { entity: endpoint.entity };
    case 'cidr':
      return { cidr: endpoint.cidr };
    case 'fqdn':
      return { fqdn: endpoint.name };
  }
}

function sideJson({ verdict, because, l7 }: SideVerdict): SideJson {
  return { verdict, because: because.map(becauseJson), ...(l7 === undefined ? {} : { only: l7.flatMap(({ allows }) => allows) }) };
}

function becauseJson({ policy, rule, effect, words }: Because): BecauseJson {
  const location = policy === null || rule === null ? null : policy.locate(rule);
  return { policy: policy === null ? null : resourceJson(policy), rule, effect, words, location };
}

function resourceJson({ apiVersion, kind, namespace, name }: Resource): ResourceJson {
  return { apiVersion, kind, namespace, name };
}
