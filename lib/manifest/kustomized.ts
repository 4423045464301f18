/** One object on its way through a kustomization: its content, and the names it had before. */
import { type Traced } from './traced';

/** What kustomize tells objects apart by. */
export interface Id {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly name: string;
  /** Its effective namespace: `default` where none is named, and a word of its own for cluster-scoped kinds. */
  readonly namespace: string;
}

const CLUSTER_SCOPED = '(cluster)';

/** The kinds that kustomize takes for cluster-scoped. It does not know custom resources, and gives those a namespace too. */
const CLUSTER_SCOPED_KINDS: ReadonlySet<string> = new Set([
  'admissionregistration.k8s.io/MutatingWebhookConfiguration', 'admissionregistration.k8s.io/ValidatingWebhookConfiguration',
  'apiextensions.k8s.io/CustomResourceDefinition', 'apiregistration.k8s.io/APIService', 'certificates.k8s.io/CertificateSigningRequest',
  'networking.k8s.io/IngressClass', 'node.k8s.io/RuntimeClass', 'rbac.authorization.k8s.io/ClusterRole', 'rbac.authorization.k8s.io/ClusterRoleBinding',
  'scheduling.k8s.io/PriorityClass', 'storage.k8s.io/CSIDriver', 'storage.k8s.io/CSINode', 'storage.k8s.io/StorageClass', 'storage.k8s.io/VolumeAttachment',
  '/ComponentStatus', '/Namespace', '/Node', '/PersistentVolume', 'policy/PodSecurityPolicy',
]); // prettier-ignore

export class Kustomized {
  /** Earlier ids, the first one being the original. */
  readonly previous: Id[] = [];
  readonly prefixes: string[] = [];
  readonly suffixes: string[] = [];
  /** A generator's object whose name ends in a hash of its content. */
  needsHash = false;

  constructor(readonly root: Traced) {}

  get apiVersion(): string {
    return this.root.textAt('apiVersion') ?? '';
  }

  get kind(): string {
    return this.root.textAt('kind') ?? '';
  }

  get name(): string {
    return this.root.textAt('metadata', 'name') ?? '';
  }

  get namespace(): string {
    return this.root.textAt('metadata', 'namespace') ?? '';
  }

  get isClusterScoped(): boolean {
    return CLUSTER_SCOPED_KINDS.has(`${groupAndVersion(this.apiVersion)[0]}/${this.kind}`);
  }

  get id(): Id {
    const [group, version] = groupAndVersion(this.apiVersion);
    const namespace = this.isClusterScoped ? CLUSTER_SCOPED : this.namespace === '' ? 'default' : this.namespace;
    return { group, version, kind: this.kind, name: this.name, namespace };
  }

  get originalId(): Id {
    return this.previous[0] ?? this.id;
  }

  get ids(): readonly Id[] {
    return [...this.previous, this.id];
  }

  rememberId(): void {
    this.previous.push(this.id);
  }

  textsAt(...keys: readonly string[]): Record<string, string> {
    const map = this.root.at(...keys)?.map ?? new Map<string, Traced>();
    return Object.fromEntries([...map].map(([key, value]) => [key, value.text ?? '']));
  }
}

export function sameId(a: Id, b: Id): boolean {
  return a.group === b.group && a.version === b.version && a.kind === b.kind && a.name === b.name && a.namespace === b.namespace;
}

export function groupAndVersion(apiVersion: string): [string, string] {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? ['', apiVersion] : [apiVersion.slice(0, slash), apiVersion.slice(slash + 1)];
}
