/**
 * What Istio makes of a workload: whether its pods get a sidecar, and which connections that sidecar takes.
 *
 * Sources: istio.io, Installing the Sidecar (injection policy) and PeerAuthentication; istio pkg/kube/inject,
 * pilot/pkg/security/authn (ComposePeerAuthentication).
 */
import type { Field } from '../manifest/field';
import type { Resource } from '../resources/resource';
import type { Resources } from '../resources/resources';
import { SelectedPolicies } from '../resources/selected-policies';
import type { Workload } from '../resources/workload';
import type { Cluster } from './cluster';

/** Istio's switch, read from the pod template and nowhere else: a label, or, which is older and weaker, an annotation. */
export const INJECT = 'sidecar.istio.io/inject';
/** Never injected, whatever their labels. */
const IGNORED_NAMESPACES = new Set(['kube-system', 'kube-public', 'kube-node-lease', 'local-path-storage']);

export type MtlsMode = 'STRICT' | 'PERMISSIVE' | 'DISABLE';

export interface EffectiveMtls {
  readonly mode: MtlsMode;
  /** The policy that decides, and the field of it. @default - none does: PERMISSIVE */
  readonly policy?: Resource;
  readonly field?: Field;
  readonly level: 'port' | 'workload' | 'namespace' | 'mesh' | 'default';
}

export class Mesh {
  private readonly policies = new Map<string, SelectedPolicies>();
  private readonly namespaces: ReadonlyMap<string, Readonly<Record<string, string>>>;

  constructor(
    resources: Resources,
    private readonly cluster: Cluster,
  ) {
    for (const policy of resources.ofKind('security.istio.io', 'PeerAuthentication')) this.policiesIn(policy.namespace).add(policy);
    this.namespaces = new Map([
      ...(cluster.facts.namespaces ?? []).map(({ name, labels = {} }) => [name, labels] as const),
      ...resources.ofKind('', 'Namespace').map(({ name, labels }) => [name, labels] as const),
    ]);
  }

  /** Where mesh-wide policies live. */
  get rootNamespace(): string {
    return this.cluster.meshControlPlane.namespace;
  }

  /** Whether the pods get a sidecar. @returns undefined where neither the manifests nor the facts tell */
  hasSidecar(workload: Workload): boolean | undefined {
    if (workload.hostNetwork || IGNORED_NAMESPACES.has(workload.namespace ?? '')) return false;
    const label = workload.podLabels[INJECT];
    const annotation = workload.podAnnotations[INJECT];
    const wanted = label ?? annotation;
    if (wanted !== undefined && !isTrue(wanted)) return false;
    const namespace = this.injects(workload.namespace);
    // A label opts in where the namespace says nothing; an annotation alone is never seen there.
    const optsIn = (label !== undefined && isTrue(label)) || workload.podLabels['istio.io/rev'] !== undefined;
    if (optsIn && !this.isSwitchedOff(workload.namespace)) return true;
    return namespace;
  }

  /** Whether a namespace has its pods injected. @returns undefined where nothing tells */
  injects(namespace: string | null): boolean | undefined {
    if (namespace === null) return undefined;
    const labels = this.namespaces.get(namespace) ?? {};
    const injection = labels['istio-injection'];
    if (injection !== undefined) return injection === 'enabled';
    if (labels['istio.io/rev'] !== undefined) return true;
    if (this.cluster.injects(namespace)) return true;
    if (labels['istio.io/dataplane-mode'] === 'ambient') return false;
    const isListed = this.cluster.mesh?.injectedNamespaces !== undefined;
    return isListed || this.namespaces.has(namespace) ? false : undefined;
  }

  /** Whether a connection to this port of the pod goes through the sidecar. */
  intercepts(workload: Workload, port: number): boolean {
    const annotations = workload.podAnnotations;
    const excluded = annotations['traffic.sidecar.istio.io/excludeInboundPorts'];
    if (portsIn(excluded).includes(String(port))) return false;
    const included = annotations['traffic.sidecar.istio.io/includeInboundPorts'];
    if (included === undefined || included.trim() === '*') return true;
    return portsIn(included).includes(String(port));
  }

  /** How the sidecar takes connections to a port: the narrowest policy wins (of several alike Istio takes the oldest; here the first declared), and one without a mode leaves it to the next wider. */
  mtlsOf(workload: Workload, port: number): EffectiveMtls {
    const here = this.policiesIn(workload.namespace);
    const own = workload.namespace === this.rootNamespace ? undefined : here.selecting(workload)[0];
    const candidates: readonly (readonly [EffectiveMtls['level'], Resource | undefined, Field | undefined])[] = [
      ['port', own, own?.at('spec', 'portLevelMtls', String(port), 'mode')],
      ['workload', own, own?.at('spec', 'mtls', 'mode')],
      ...(workload.namespace === this.rootNamespace
        ? []
        : [['namespace', here.wide[0], here.wide[0]?.at('spec', 'mtls', 'mode')] as const]),
      ['mesh', this.meshWide, this.meshWide?.at('spec', 'mtls', 'mode')],
    ];
    for (const [level, policy, field] of candidates) {
      const mode = modeOf(field?.string);
      if (mode !== undefined) return { mode, policy, field, level };
    }
    return { mode: 'PERMISSIVE', level: 'default' };
  }

  private get meshWide(): Resource | undefined {
    return this.policiesIn(this.rootNamespace).wide[0];
  }

  private isSwitchedOff(namespace: string | null): boolean {
    return namespace !== null && this.namespaces.get(namespace)?.['istio-injection'] === 'disabled';
  }

  private policiesIn(namespace: string | null): SelectedPolicies {
    const key = namespace ?? '';
    const known = this.policies.get(key);
    if (known !== undefined) return known;
    const created = new SelectedPolicies();
    this.policies.set(key, created);
    return created;
  }
}

function modeOf(text: string | undefined): MtlsMode | undefined {
  return text === 'STRICT' || text === 'PERMISSIVE' || text === 'DISABLE' ? text : undefined;
}

/** What the injection webhook takes for yes; everything else is no. */
function isTrue(text: string): boolean {
  return ['y', 'yes', 'true', 'on'].includes(text.toLowerCase());
}

function portsIn(list: string | undefined): readonly string[] {
  return (list ?? '').split(',').map((port) => port.trim());
}
