/** What one pod takes from a node: its requests, its place among the pods, and the ports of the node that it binds. */
import type { Cluster } from '../facts/cluster';
import { Mesh } from '../facts/mesh';
import { sidecarResourcesOf } from '../facts/sidecar-resources';
import { append } from '../manifest/append';
import type { Field } from '../manifest/field';
import {
  amountsAt,
  type Amounts,
  containerLimitsOf,
  type ContainerLimits,
  containerResourcesOf,
  podAmount,
  withDefaults,
} from '../resources/pod-resources';
import type { Resources } from '../resources/resources';
import type { Workload } from '../resources/workload';
import type { NodeView } from './node-filter';

export interface PodDemand {
  /** Thousandths by resource name. */
  readonly requests: Amounts;
  /** A port of the node that the pod binds: two such pods never share a node. @default - none */
  readonly hostPort?: Field;
}

/** A pod itself, among the resources of a node. */
const PODS = 'pods';

export class PodDemands {
  private readonly mesh: Mesh;
  private readonly limits = new Map<string | null, ContainerLimits[]>();

  constructor(
    resources: Resources,
    private readonly cluster: Cluster,
  ) {
    this.mesh = new Mesh(resources, cluster);
    for (const range of resources.ofKind('', 'LimitRange'))
      for (const limits of containerLimitsOf(range)) append(this.limits, range.namespace, limits);
  }

  of(workload: Workload): PodDemand {
    const own = containerResourcesOf(workload);
    const injected = this.mesh.hasSidecar(workload) === true ? [...own, sidecarResourcesOf(workload, this.cluster)] : own;
    const containers = injected.map((container) => (this.limits.get(workload.namespace) ?? []).reduce(withDefaults, container));
    const overhead = amountsAt(workload.podSpec.at('overhead'));
    const names = new Set([...containers.flatMap(({ requests }) => [...requests.keys()]), ...overhead.keys()]);
    const sums = [...names].map((name) => [name, podAmount(containers, 'requests', name) + (overhead.get(name) ?? 0n)] as const);
    // What a pod says for itself stands in place of the sum of its containers.
    const whole = amountsAt(workload.podSpec.at('resources', 'requests'));
    return { requests: new Map([...sums, ...whole, [PODS, 1000n]]), hostPort: hostPortOf(workload) };
  }
}

/** On the node's own network every declared port is the node's. */
function hostPortOf({ containers, hostNetwork }: Workload): Field | undefined {
  const ports = containers.flatMap((container) => container.ports);
  const bound = ports.find(({ field }) => (field.at('hostPort').number ?? 0) > 0);
  return bound?.field.at('hostPort') ?? (hostNetwork ? ports[0]?.field.at('containerPort') : undefined);
}

/** How many such pods a node takes, and what there is too little of for one more. */
export interface Capacity {
  readonly pods: number;
  readonly refusals: readonly string[];
}

/** @param alreadyRequested whether what runs there already is to be subtracted */
export function capacityOf(node: NodeView, { requests, hostPort }: PodDemand, alreadyRequested: boolean): Capacity {
  let [pods, refusals]: [number, string[]] =
    hostPort === undefined ? [Infinity, []] : [1, ["node(s) didn't have free ports for the requested pod ports"]];
  for (const [name, request] of requests) {
    const allocatable = node.allocatable.get(name);
    if (request === 0n || allocatable === undefined) continue;
    const requested = alreadyRequested ? (node.requested.get(name) ?? 0n) : 0n;
    const fits = allocatable <= requested ? 0 : Number((allocatable - requested) / request);
    const refusal = name === PODS ? 'Too many pods' : `Insufficient ${name}`;
    if (fits === pods && hostPort === undefined) refusals = [...refusals, refusal];
    if (fits < pods) [pods, refusals] = [fits, [refusal]];
  }
  return { pods, refusals };
}
