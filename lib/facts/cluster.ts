/** The cluster's facts, with what follows from them. */
import type { Document } from '../manifest/document';
import { type JsonPointer, pointerTo } from '../manifest/json-pointer';
import type { ClusterFacts, FactName, IngressControllerFacts, MeshFacts, NodeFacts, PodsFacts, TaintFacts } from './cluster-facts';
import { factProblems } from './facts-problems';
import { completeFacts, type GivenFacts } from './given-facts';
import { DNS_PODS, ISTIOD_PODS } from './well-known-pods';

/** The taint of a kubeadm control plane. Source: kubernetes.io, Well-Known Labels, Annotations and Taints. */
const CONTROL_PLANE_TAINT: TaintFacts = { key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' };

export class Cluster {
  readonly facts: ClusterFacts;

  /** @throws Error with everything that is wrong with the facts */
  constructor(
    facts: GivenFacts = {},
    /** Where the facts were written, for findings about the cluster itself. */
    readonly source: string = 'cluster facts',
    /** Where in that file each fact was written. @default - all at its beginning */
    private readonly locate: Document['locate'] = () => ({ file: source, line: 1, column: 1, endLine: 1, endColumn: 1 }),
  ) {
    const problems = factProblems(facts).map(({ path, message }) => `  ${path}: ${message}`);
    if (problems.length > 0) throw new Error(`the facts of the cluster are wrong:\n${problems.join('\n')}`);
    this.facts = completeFacts(facts);
  }

  /** The facts themselves, for findings about the cluster as a whole. */
  get document(): Document {
    return { content: this.facts, source: this.source, locate: this.locate };
  }

  /** Whether the fact was given. */
  knows(fact: FactName): boolean {
    return this.facts[fact] !== undefined;
  }

  get nodes(): readonly ClusterNode[] {
    return (this.facts.nodes ?? []).map((node) => new ClusterNode(node));
  }

  /** The nodes that take pods without tolerations. */
  get workers(): readonly ClusterNode[] {
    return this.nodes.filter((node) => node.takesOrdinaryPods);
  }

  /** The nodes that may hold Longhorn replicas. */
  get storageNodes(): readonly ClusterNode[] {
    return this.nodes.filter((node) => node.facts.storage ?? node.takesOrdinaryPods);
  }

  get clusterDomain(): string {
    return this.facts.clusterDomain ?? 'cluster.local';
  }

  get dns(): PodsFacts {
    return this.facts.dns ?? DNS_PODS;
  }

  get mesh(): MeshFacts | undefined {
    return this.facts.mesh;
  }

  get meshControlPlane(): PodsFacts {
    return this.mesh?.controlPlane ?? ISTIOD_PODS;
  }

  /** Whether the mesh injects sidecars into pods of this namespace. */
  injects(namespace: string | null): boolean {
    return namespace !== null && (this.mesh?.injectedNamespaces ?? []).includes(namespace);
  }

  ingressController(ingressClass: string): IngressControllerFacts | undefined {
    return this.facts.ingressControllers?.find((controller) => controller.class === ingressClass);
  }

  /** What other hands provide, as documents. */
  get existing(): readonly Document[] {
    return (this.facts.existing ?? []).map((content, index) => ({
      content,
      source: this.source,
      locate: (pointer: JsonPointer) => this.locate(pointerTo('/existing', index) + pointer),
    }));
  }
}

export class ClusterNode {
  constructor(readonly facts: NodeFacts) {}

  get name(): string {
    return this.facts.name;
  }

  get labels(): Readonly<Record<string, string>> {
    const roles = (this.facts.roles ?? []).map((role): [string, string] => [`node-role.kubernetes.io/${role}`, '']);
    return { 'kubernetes.io/hostname': this.name, 'kubernetes.io/os': 'linux', ...Object.fromEntries(roles), ...this.facts.labels };
  }

  get taints(): readonly TaintFacts[] {
    const given = this.facts.taints ?? (this.facts.roles?.includes('control-plane') === true ? [CONTROL_PLANE_TAINT] : []);
    if (this.facts.unschedulable !== true) return given;
    return [...given, { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }];
  }

  get takesOrdinaryPods(): boolean {
    return this.taints.every(({ effect }) => effect === 'PreferNoSchedule');
  }
}
