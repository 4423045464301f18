/**
 * Who can talk to whom, proven from manifests: an exact offline evaluator of CiliumNetworkPolicy,
 * CiliumClusterwideNetworkPolicy and NetworkPolicy.
 *
 * A flow is possible when the policies of its source let it out and those of its destination let it in; replies belong to
 * the same connection. The insight that keeps it fast is Cilium's: policies are about identities, not pods, so what a
 * selector selects and what restricts a subject is computed once for each label set.
 */
import type { Cluster } from '../facts/cluster';
import type { Resources } from '../resources/resources';
import { isAtLeast, DEFAULT_CILIUM_VERSION } from './cilium-version';
import { type Endpoint, endpointText } from './endpoint';
import { type EnforcedPolicies, enforcedPolicies, type RejectedPolicy } from './enforced-policies';
import { Identities, type Identity } from './identity';
import { KnownSides } from './known-sides';
import type { Match } from './match';
import { clusterPorts } from './named-ports';
import { type NearMiss, nearMissesOf } from './near-miss';
import { Parties, type Party } from './party';
import type { Direction } from './policy-rule';
import { notEnforced, unknownBecause } from './reasons';
import { serviceTargets } from './service-targets';
import { type SubjectPolicy, SubjectPolicies } from './subject-policy';
import { sideVerdict } from './side-verdict';
import type { NamedPorts, Protocol, Traffic } from './traffic-port';
import { lacksRule, mergeSides, type SideVerdict, together, alternatives, type Verdict } from './verdict';

export interface FlowVerdict {
  readonly verdict: Verdict;
  readonly from: Endpoint;
  readonly to: Endpoint;
  /** The Service's for a Service, else the pod's; the type for ICMP. */
  readonly port: number;
  readonly protocol: Protocol;
  readonly egress: SideVerdict;
  readonly ingress: SideVerdict;
  /** Where a Service sends the flow. @default - the destination is no Service */
  readonly targets?: readonly FlowVerdict[];
}

export class Network {
  private readonly parties: Parties;
  private readonly policies: SubjectPolicies;
  private readonly enforced: EnforcedPolicies;
  private readonly known = new KnownSides();
  /** One map of names for all pods, up to 1.19. */
  private readonly namedInCluster?: { readonly ports: NamedPorts };

  constructor(
    readonly resources: Resources,
    readonly cluster: Cluster,
  ) {
    const version = cluster.facts.network?.version ?? DEFAULT_CILIUM_VERSION;
    this.enforced = enforcedPolicies(resources, cluster, version);
    this.parties = new Parties(resources, cluster, new Identities());
    this.policies = new SubjectPolicies(this.enforced.rules, cluster.facts.network?.policyEnforcement ?? 'default');
    const isShared = !isAtLeast(version, '1.20') && cluster.facts.network?.engine !== 'other';
    this.namedInCluster = isShared ? { ports: clusterPorts(resources.workloads) } : undefined;
  }

  /** Policies that take no effect, and why. */
  get rejected(): readonly RejectedPolicy[] {
    return this.enforced.rejected;
  }

  verdict(from: Endpoint, to: Endpoint, port: number, protocol: Protocol = 'TCP'): FlowVerdict {
    if (to.kind === 'service') return this.toService(from, to, port, protocol);
    if (isItself(from, to)) return { verdict: 'allow', from, to, port, protocol, egress: ITSELF, ingress: ITSELF };
    const sources = this.partiesOf(from);
    const destinations = this.partiesOf(to);
    const [source] = sources;
    const [destination] = destinations;
    if (source === undefined || destination === undefined) {
      const nobody = unknownSide(`${endpointText(source === undefined ? from : to)} is nobody`);
      return { verdict: 'unknown', from, to, port, protocol, egress: nobody, ingress: nobody };
    }
    const traffic: Traffic = { port, protocol };
    if (sources.length === 1 && destinations.length === 1) {
      const { egress, ingress } = this.met(source, destination, traffic);
      return { verdict: together(egress.verdict, ingress.verdict), from, to, port, protocol, egress, ingress };
    }
    const met = sources.flatMap((one) => destinations.map((other) => this.met(one, other, traffic)));
    const names = sources.flatMap((one) =>
      destinations.map((other) =>
        [...(sources.length > 1 ? [one] : []), ...(destinations.length > 1 ? [other] : [])].map(({ words }) => words).join(' to '),
      ),
    );
    const verdict = alternatives(met.map(({ egress, ingress }) => together(egress.verdict, ingress.verdict)));
    return {
      verdict,
      from,
      to,
      port,
      protocol,
      egress: mergeSides(
        met.map(({ egress }) => egress),
        names,
      ),
      ingress: mergeSides(
        met.map(({ ingress }) => ingress),
        names,
      ),
    };
  }

  /** Whether the policies drop what they do not allow in this direction. @returns `no` for what has no policy of its own */
  restricted(endpoint: Endpoint, direction: Direction): Match {
    const restricted = this.subjects(endpoint).map((policy) => policy[direction].restricted);
    const [first] = restricted;
    if (first === undefined) return 'no';
    return restricted.every((match) => match === first) ? first : 'maybe';
  }

  /** What the policies say to the endpoint itself: its rules, and which of them restrict it. */
  subjects(endpoint: Endpoint): readonly SubjectPolicy[] {
    const parties = endpoint.kind === 'service' ? [] : this.partiesOf(endpoint);
    return parties.filter(({ identity }) => hasPolicy(identity)).map(({ identity }) => this.policies.of(identity));
  }

  /** Rules that nearly allow what a side denies for want of a rule: the same peer on another port, the same labels in another namespace. */
  nearMisses(flow: FlowVerdict): readonly NearMiss[] {
    if (flow.targets !== undefined) return flow.targets.flatMap((target) => this.nearMisses(target));
    const traffic: Traffic = { port: flow.port, protocol: flow.protocol };
    const sides: readonly (readonly [Direction, Endpoint, Endpoint])[] = [
      ['egress', flow.from, flow.to],
      ['ingress', flow.to, flow.from],
    ];
    return sides.flatMap(([direction, subject, peer]) => {
      if (!lacksRule(flow[direction])) return [];
      const [one] = this.partiesOf(subject);
      const [other] = this.partiesOf(peer);
      if (one === undefined || other === undefined) return [];
      const named = direction === 'ingress' ? one.ports : (this.namedInCluster ?? other).ports;
      return nearMissesOf(
        { direction, subject: one.identity, peer: other.identity, traffic, named },
        this.policies.of(one.identity)[direction],
      );
    });
  }

  private toService(from: Endpoint, to: Extract<Endpoint, { kind: 'service' }>, port: number, protocol: Protocol): FlowVerdict {
    const { targets, problem } = serviceTargets(to.service, port, protocol, this.resources);
    if (problem !== undefined) {
      const side: SideVerdict = { verdict: problem.effect === 'no-such-port' ? 'deny' : 'unknown', because: [problem] };
      return { verdict: side.verdict, from, to, port, protocol, egress: side, ingress: side, targets: [] };
    }
    const verdicts = targets.map((target) => this.verdict(from, target.endpoint, target.port, protocol));
    const names = targets.map(({ endpoint }) => endpointText(endpoint));
    return {
      verdict: alternatives(verdicts.map(({ verdict }) => verdict)),
      from,
      to,
      port,
      protocol,
      egress: mergeSides(
        verdicts.map(({ egress }) => egress),
        names,
      ),
      ingress: mergeSides(
        verdicts.map(({ ingress }) => ingress),
        names,
      ),
      targets: verdicts,
    };
  }

  private met(source: Party, destination: Party, traffic: Traffic): { egress: SideVerdict; ingress: SideVerdict } {
    const toward = this.namedInCluster === undefined ? destination.ports : this.namedInCluster.ports;
    return {
      egress: this.side('egress', source.identity, destination.identity, traffic, toward),
      ingress: this.side('ingress', destination.identity, source.identity, traffic, destination.ports),
    };
  }

  private side(direction: Direction, subject: Identity, peer: Identity, traffic: Traffic, named: NamedPorts): SideVerdict {
    if (!hasPolicy(subject)) return NOT_ENFORCED;
    const policy = this.policies.of(subject);
    const judge = (): SideVerdict => sideVerdict({ direction, subject, peer, traffic, named }, policy);
    const isRepeated = (subject.isShared || peer.isShared) && !policy[direction].namesPorts;
    return isRepeated ? this.known.of(direction, subject, peer, traffic, judge) : judge();
  }

  /** Who an endpoint may be when it is met. */
  partiesOf(endpoint: Endpoint): readonly Party[] {
    switch (endpoint.kind) {
      case 'workload':
        return this.parties.ofWorkload(endpoint.workload);
      case 'pods':
        return this.parties.ofPods(endpoint);
      case 'entity':
        return this.parties.ofEntity(endpoint.entity);
      case 'cidr':
        return this.parties.ofRange(endpoint.cidr);
      case 'fqdn':
        return this.parties.ofName(endpoint.name);
      case 'service':
        return this.resources.backendsOf(endpoint.service).flatMap((workload) => this.parties.ofWorkload(workload));
    }
  }
}

const NOT_ENFORCED: SideVerdict = {
  verdict: 'allow',
  because: [notEnforced('this end is no pod that Cilium manages: policies do not restrict it')],
};
const ITSELF: SideVerdict = {
  verdict: 'allow',
  because: [{ policy: null, rule: null, effect: 'itself', words: 'a pod always reaches itself' }],
};

/** Endpoints that Cilium manages. Of nodes only those with the host firewall, which policies for nodes speak of. */
function hasPolicy(identity: Identity): boolean {
  return identity.isPod || ['host', 'ingress', 'health', 'init'].some((name) => identity.isReserved(name));
}

/** The single pod of a workload; of two replicas each is another pod to the other. */
function isItself(from: Endpoint, to: Endpoint): boolean {
  return (
    from.kind === 'workload' && to.kind === 'workload' && from.workload.resource === to.workload.resource && from.workload.replicas === 1
  );
}

function unknownSide(reason: string): SideVerdict {
  return { verdict: 'unknown', because: [unknownBecause(reason)] };
}
