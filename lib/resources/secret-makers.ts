/** Objects that come out of other declared objects: the Secret of a SealedSecret, the claims of a StatefulSet. */
import type { Field } from '../manifest/field';
import type { Resource } from './resource';
import type { Resources } from './resources';
import type { Workload } from './workload';

export interface MadeObject {
  readonly kind: 'Secret' | 'ConfigMap' | 'PersistentVolumeClaim';
  readonly name: string;
  /** Null where it may be any. */
  readonly namespace: string | null;
  readonly by: Resource;
  /** @default - not known */
  readonly keys?: ReadonlySet<string>;
}

type Maker = (resource: Resource) => readonly MadeObject[];

/** Makers by group and kind. Sources: each project's documentation of the kind. */
const MAKERS: readonly (readonly [group: string, kind: string, maker: Maker])[] = [
  ['bitnami.com', 'SealedSecret', sealed],
  ['external-secrets.io', 'ExternalSecret', external],
  ['external-secrets.io', 'ClusterExternalSecret', clusterExternal],
  ['cert-manager.io', 'Certificate', (resource) => secrets(resource, resource.at('spec', 'secretName'))],
  ['cert-manager.io', 'Issuer', (resource) => secrets(resource, resource.at('spec', 'acme', 'privateKeySecretRef', 'name'))],
  ['cert-manager.io', 'ClusterIssuer', (resource) => secrets(resource, resource.at('spec', 'acme', 'privateKeySecretRef', 'name'))],
  ['networking.k8s.io', 'Ingress', annotatedIngress],
  [
    'secrets-store.csi.x-k8s.io',
    'SecretProviderClass',
    (resource) => secrets(resource, ...named(resource.at('spec', 'secretObjects'), 'secretName')),
  ],
  ['secrets.hashicorp.com', 'VaultStaticSecret', (resource) => secrets(resource, resource.at('spec', 'destination', 'name'))],
  ['secrets.hashicorp.com', 'VaultDynamicSecret', (resource) => secrets(resource, resource.at('spec', 'destination', 'name'))],
  ['secrets.hashicorp.com', 'VaultPKISecret', (resource) => secrets(resource, resource.at('spec', 'destination', 'name'))],
  ['onepassword.com', 'OnePasswordItem', (resource) => secrets(resource, resource.at('metadata', 'name'))],
  [
    'secrets.infisical.com',
    'InfisicalSecret',
    (resource) => secrets(resource, resource.at('spec', 'managedSecretReference', 'secretName')),
  ],
  ['isindir.github.com', 'SopsSecret', (resource) => secrets(resource, ...named(resource.at('spec', 'secretTemplates'), 'name'))],
  ['kafka.strimzi.io', 'KafkaUser', (resource) => secrets(resource, resource.at('metadata', 'name'))],
  ['objectbucket.io', 'ObjectBucketClaim', bucket],
  ['trust.cert-manager.io', 'Bundle', (resource) => [{ kind: 'ConfigMap', name: resource.name, namespace: null, by: resource }]],
  [
    'cdi.kubevirt.io',
    'DataVolume',
    (resource) => [{ kind: 'PersistentVolumeClaim', name: resource.name, namespace: resource.namespace, by: resource }],
  ],
];

export function madeObjectsOf(resources: Resources): readonly MadeObject[] {
  return [
    ...MAKERS.flatMap(([group, kind, maker]) => resources.ofKind(group, kind).flatMap(maker)),
    ...resources.ofKind('apps', 'StatefulSet').flatMap(claims),
    ...resources.workloads.flatMap(madeByProgram),
    ...resources.all.flatMap((resource) => {
      const target = resource.at('spec', 'writeConnectionSecretToRef');
      return secrets(resource, target.at('name')).map((made) => ({ ...made, namespace: target.at('namespace').text ?? made.namespace }));
    }),
  ];
}

/** What kube-webhook-certgen, of ingress-nginx and many charts, and Argo CD's own init container leave behind. */
function madeByProgram({ resource, namespace, allContainers }: Workload): readonly MadeObject[] {
  return allContainers.flatMap(({ commandLine: words }): MadeObject[] => {
    if (words.includes('redis-initial-password')) return [{ kind: 'Secret', name: 'argocd-redis', namespace, by: resource }];
    const name = words.includes('create') ? words.flatMap((word) => /^--secret-name=([a-z0-9.-]+)$/.exec(word)?.[1] ?? [])[0] : undefined;
    return name === undefined ? [] : [{ kind: 'Secret', name, namespace, by: resource }];
  });
}

/** The keys that a Secret, a ConfigMap holds. @returns undefined for other kinds, and for one that is left for somebody to fill */
export function declaredKeys(resource: Resource): ReadonlySet<string> | undefined {
  if (resource.group !== '' || (resource.kind !== 'Secret' && resource.kind !== 'ConfigMap')) return undefined;
  const keys = ['data', 'stringData', 'binaryData'].flatMap((part) => resource.at(part).keys);
  const isFilledByOthers = [...Object.keys(resource.annotations), ...Object.keys(resource.labels)].some((key) =>
    /autogenerate|reflector\.|replicator\.|inject-|avp\.kubernetes\.io|service-account\.name/.test(key),
  );
  return keys.length === 0 || isFilledByOthers ? undefined : new Set(keys);
}

function secrets(by: Resource, ...names: readonly Field[]): readonly MadeObject[] {
  return names.flatMap((field) =>
    field.text === undefined ? [] : [{ kind: 'Secret', name: field.text, namespace: by.namespace, by } as const],
  );
}

function named(list: Field, key: string): readonly Field[] {
  return list.items.map((item) => item.at(key));
}

function sealed(resource: Resource): readonly MadeObject[] {
  const template = resource.at('spec', 'template');
  const keys = new Set([...resource.at('spec', 'encryptedData').keys, ...template.at('data').keys]);
  const name = template.at('metadata', 'name').text ?? resource.name;
  return [{ kind: 'Secret', name, namespace: resource.namespace, by: resource, keys: keys.size > 0 ? keys : undefined }];
}

function external(resource: Resource): readonly MadeObject[] {
  const target = resource.at('spec', 'target');
  const name = target.at('name').text ?? resource.name;
  return [{ kind: 'Secret', name, namespace: resource.namespace, by: resource, keys: externalKeys(resource.at('spec')) }];
}

/** The keys of an ExternalSecret that lists them one by one, and adds to nothing else. */
function externalKeys(spec: Field): ReadonlySet<string> | undefined {
  const template = spec.at('target', 'template');
  if (spec.at('dataFrom').items.length > 0 || template.at('templateFrom').isSet || spec.at('target', 'creationPolicy').string === 'Merge')
    return undefined;
  const fetched = spec.at('data').items.flatMap((item) => item.at('secretKey').text ?? []);
  const templated = template.at('data').keys;
  if (templated.length === 0) return fetched.length === 0 ? undefined : new Set(fetched);
  return new Set([...templated, ...(template.at('mergePolicy').string === 'Merge' ? fetched : [])]);
}

function clusterExternal(resource: Resource): readonly MadeObject[] {
  const spec = resource.at('spec');
  const name = spec.at('externalSecretSpec', 'target', 'name').text ?? spec.at('externalSecretName').text ?? resource.name;
  return [{ kind: 'Secret', name, namespace: null, by: resource, keys: externalKeys(spec.at('externalSecretSpec')) }];
}

/** With its annotation cert-manager makes the certificate of each TLS section. */
function annotatedIngress(resource: Resource): readonly MadeObject[] {
  const annotated = Object.keys(resource.annotations).some((key) =>
    /^(cert-manager\.io\/(cluster-)?issuer|kubernetes\.io\/tls-acme)$/.test(key),
  );
  return annotated ? secrets(resource, ...named(resource.at('spec', 'tls'), 'secretName')) : [];
}

function bucket(resource: Resource): readonly MadeObject[] {
  const { name, namespace } = resource;
  return [
    { kind: 'Secret', name, namespace, by: resource },
    { kind: 'ConfigMap', name, namespace, by: resource },
  ];
}

/** Replicas beyond this number are not looked for: no claim of theirs is named by hand. */
const MOST_CLAIMS = 10;

/** `<template>-<name>-<ordinal>`; a few more than it has replicas, since claims outlive a scale-down. */
function claims(resource: Resource): readonly MadeObject[] {
  const start = resource.at('spec', 'ordinals', 'start').number ?? 0;
  return resource.at('spec', 'volumeClaimTemplates').items.flatMap((template) =>
    Array.from({ length: MOST_CLAIMS }, (_, index) => ({
      kind: 'PersistentVolumeClaim' as const,
      name: `${template.at('metadata', 'name').text ?? ''}-${resource.name}-${start + index}`,
      namespace: resource.namespace,
      by: resource,
    })),
  );
}
