/** What is needed and what the policies say to it, worked out once for everybody who asks about the same manifests. */
import type { Cluster } from '../facts/cluster';
import type { Resource } from '../resources/resource';
import type { Resources } from '../resources/resources';
import type { Need } from './need';
import { needs } from './needs';
import { type FlowVerdict, Network } from './network';

export interface JudgedNeed {
  readonly need: Need;
  readonly flow: FlowVerdict;
}

export const POLICY_KINDS = [
  ['cilium.io', 'CiliumNetworkPolicy'],
  ['cilium.io', 'CiliumClusterwideNetworkPolicy'],
  ['networking.k8s.io', 'NetworkPolicy'],
] as const;

export class KnownFlows {
  readonly network: Network;
  private judgedNeeds?: readonly JudgedNeed[];
  private judgedResources?: ReadonlySet<Resource>;

  constructor(
    readonly resources: Resources,
    readonly cluster: Cluster,
  ) {
    this.network = new Network(resources, cluster);
  }

  get needs(): readonly JudgedNeed[] {
    this.judgedNeeds ??= needs(this.resources, this.cluster).map((need) => ({
      need,
      flow: this.network.verdict(need.from, need.to, need.port, need.protocol),
    }));
    return this.judgedNeeds;
  }

  /** Whether the resource is judged; not what other hands provide. */
  isJudged(resource: Resource): boolean {
    this.judgedResources ??= new Set(this.resources.all);
    return this.judgedResources.has(resource);
  }
}

/** Lessons ask one after the other about the same manifests. */
const known = new WeakMap<Resources, KnownFlows>();

/** @returns undefined where there are no policies, so that nothing is denied */
export function knownFlows(resources: Resources, cluster: Cluster): KnownFlows | undefined {
  if (POLICY_KINDS.every(([group, kind]) => resources.ofKind(group, kind).length === 0)) return undefined;
  const last = known.get(resources);
  if (last?.cluster === cluster) return last;
  const flows = new KnownFlows(resources, cluster);
  known.set(resources, flows);
  return flows;
}

/** The flow to each pod that it may end at: itself, or those behind the Service. */
export function flowsToPods(flow: FlowVerdict): readonly FlowVerdict[] {
  return flow.targets === undefined ? [flow] : flow.targets.flatMap(flowsToPods);
}
