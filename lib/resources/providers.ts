/**
 * Who provides the object that a reference names.
 *
 * The insight: most Secrets and some ConfigMaps and claims are never in Git. Somebody in the manifests makes them, or
 * every cluster has them. What is left is either missing or made by hand, and only the reader can tell which.
 */
import { append } from '../manifest/append';
import { InstalledElsewhere } from './installed-elsewhere';
import { mayBeSame, NamedObjects } from './named-objects';
import type { Reference } from './reference';
import type { Resource } from './resource';
import type { Resources } from './resources';
import { madeObjectsOf } from './secret-makers';

export type Provision =
  /** Declared; more than once where overlays render it again or its namespace is unknown. */
  | { readonly kind: 'declared'; readonly resources: readonly Resource[] }
  /** Somebody makes it. Its keys, where they are known. */
  | { readonly kind: 'made'; readonly by?: Resource; readonly keys?: ReadonlySet<string> }
  | { readonly kind: 'missing' };

/** Every cluster, or the mesh in it, puts these into every namespace. */
const EVERYWHERE: Readonly<Record<string, readonly string[]>> = {
  ConfigMap: ['kube-root-ca.crt', 'openshift-service-ca.crt', 'istio-ca-root-cert'],
  ServiceAccount: ['default'],
  PriorityClass: ['system-cluster-critical', 'system-node-critical'],
};

/** What lives in the namespaces of a cluster itself. */
const SYSTEM_NAMESPACES = new Set(['kube-system', 'kube-public', 'kube-node-lease']);

interface Made {
  readonly by: Resource;
  readonly namespace: string | null;
  readonly keys?: ReadonlySet<string>;
}

export class Providers {
  private readonly named: NamedObjects;
  private readonly elsewhere: InstalledElsewhere;
  private readonly made = new Map<string, Made[]>();
  private readonly hosts: ReadonlySet<string>;

  constructor(resources: Resources) {
    this.named = resources.view(NamedObjects);
    this.elsewhere = resources.view(InstalledElsewhere);
    for (const object of madeObjectsOf(resources)) append(this.made, `${object.kind}/${object.name}`, object);
    const entries = resources.ofKind('networking.istio.io', 'ServiceEntry');
    this.hosts = new Set(entries.flatMap((entry) => entry.at('spec', 'hosts').strings));
  }

  provisionOf(reference: Reference): Provision {
    const resources = this.find(reference.group, reference.kind, reference.namespace, reference.name);
    if (resources.length > 0) return { kind: 'declared', resources };
    const made = this.made.get(`${reference.kind}/${reference.name}`)?.find(({ namespace }) => mayBeSame(namespace, reference.namespace));
    if (made !== undefined) return { kind: 'made', by: made.by, keys: made.keys };
    return this.isThereAnyway(reference) ? { kind: 'made' } : { kind: 'missing' };
  }

  /** The objects of that kind and name which may be in this namespace. */
  find(group: string, kind: string, namespace: string | null, name: string): readonly Resource[] {
    return this.named.find(group, kind, namespace, name);
  }

  /** The objects of that kind and name in whatever namespace. */
  anywhere(group: string, kind: string, name: string): readonly Resource[] {
    return this.named.named(group, kind, name);
  }

  private isThereAnyway(reference: Reference): boolean {
    const { kind, name, namespace } = reference;
    if (EVERYWHERE[kind]?.includes(name) === true) return true;
    if (namespace !== null && SYSTEM_NAMESPACES.has(namespace)) return true;
    if (kind === 'Service') return this.hosts.has(reference.field.text ?? '') || this.elsewhere.operates(name, namespace);
    if (kind === 'Secret' && this.isAccountToken(name, namespace)) return true;
    return ['Secret', 'ConfigMap', 'PersistentVolumeClaim', 'ServiceAccount'].includes(kind) && this.elsewhere.operates(name, namespace);
  }

  /** The token that clusters before 1.24 made for each account: its name, and five characters. */
  private isAccountToken(name: string, namespace: string | null): boolean {
    const account = /^(.+)-token-[a-z0-9]{5}$/.exec(name)?.[1];
    return account !== undefined && (account === 'default' || this.find('', 'ServiceAccount', namespace, account).length > 0);
  }
}
