/** Whom a policy restricts, of all workloads: asked of the network once, by each workload's own policies. */
import { append } from '../manifest/append';
import type { JsonPointer } from '../manifest/json-pointer';
import type { Resource } from '../resources/resource';
import type { Workload } from '../resources/workload';
import type { Network } from './network';

type ByRule = ReadonlyMap<Resource, ReadonlyMap<JsonPointer, readonly Workload[]>>;

const known = new WeakMap<Network, ByRule>();

/** The workloads that the `spec` of a policy makes default-deny. */
export function restrictedWorkloads(network: Network, policy: Resource, spec: JsonPointer): readonly Workload[] {
  const byRule = known.get(network) ?? gathered(network);
  known.set(network, byRule);
  return byRule.get(policy)?.get(spec) ?? [];
}

function gathered(network: Network): ByRule {
  const byPolicy = new Map<Resource, Map<JsonPointer, Workload[]>>();
  for (const workload of network.resources.workloads) {
    const rules = network
      .subjects({ kind: 'workload', workload })
      .flatMap(({ ingress, egress }) => [...ingress.restrictedBy, ...egress.restrictedBy]);
    for (const rule of new Set(rules.map((applied) => applied.rule))) {
      const byPointer = byPolicy.get(rule.policy) ?? new Map<JsonPointer, Workload[]>();
      byPolicy.set(rule.policy, byPointer);
      append(byPointer, rule.pointer, workload);
    }
  }
  return byPolicy;
}
