/** What a pod template names: Secrets and ConfigMaps with their keys, claims, its account and its priority. */
import type { Field } from '../manifest/field';
import type { Container } from './container';
import { partAt, type Reference, referenceAt } from './reference';
import type { Workload } from './workload';

const SECRET = ['', 'Secret'] as const;
const CONFIG_MAP = ['', 'ConfigMap'] as const;

const NO_CONTAINER = 'the container is not created (CreateContainerConfigError)';
const NO_MOUNT = 'the pod stays in ContainerCreating (FailedMount)';

export function podReferencesOf(workload: Workload): readonly Reference[] {
  const { resource: from, podSpec } = workload;
  return [
    ...workload.allContainers.flatMap((container) => containerReferences(container, workload)),
    ...workload.volumes.flatMap((volume) => volumeReferences(volume, workload)),
    ...podSpec
      .at('imagePullSecrets')
      .items.flatMap((item) =>
        referenceAt(from, item.at('name'), SECRET, 'an image of a private registry is not pulled (ImagePullBackOff)'),
      ),
    ...referenceAt(from, accountField(podSpec), ['', 'ServiceAccount'], 'no pod is created (serviceaccount not found)'),
    ...referenceAt(
      from,
      podSpec.at('priorityClassName'),
      ['scheduling.k8s.io', 'PriorityClass'],
      'no pod is created (no PriorityClass with that name)',
      {
        namespace: null,
      },
    ),
    ...(workload.kind === 'StatefulSet' ? statefulReferences(workload) : []),
  ];
}

function accountField(podSpec: Field): Field {
  const current = podSpec.at('serviceAccountName');
  return current.isSet ? current : podSpec.at('serviceAccount');
}

function statefulReferences({ resource: from }: Workload): readonly Reference[] {
  return [
    ...referenceAt(from, from.at('spec', 'serviceName'), ['', 'Service'], 'its pods have no DNS names of their own'),
    ...from.at('spec', 'volumeClaimTemplates').items.flatMap((claim) => storageClassReference(from, claim.at('spec', 'storageClassName'))),
  ];
}

/** The StorageClass that a claim names; an empty name asks for none. */
export function storageClassReference(from: Reference['from'], field: Field): readonly Reference[] {
  return referenceAt(from, field, ['storage.k8s.io', 'StorageClass'], 'the claim stays Pending', { namespace: null });
}

function containerReferences(container: Container, workload: Workload): readonly Reference[] {
  const from = workload.resource;
  const variables = container.env.flatMap(({ valueFrom }) => [
    ...keyed(from, valueFrom.at('secretKeyRef'), SECRET),
    ...keyed(from, valueFrom.at('configMapKeyRef'), CONFIG_MAP),
  ]);
  const whole = container
    .at('envFrom')
    .items.flatMap((source) => [
      ...required(source.at('secretRef')).flatMap((ref) => referenceAt(from, ref.at('name'), SECRET, NO_CONTAINER)),
      ...required(source.at('configMapRef')).flatMap((ref) => referenceAt(from, ref.at('name'), CONFIG_MAP, NO_CONTAINER)),
    ]);
  return [...variables, ...whole, ...container.at('volumeMounts').items.flatMap((mount) => subPathReferences(mount, workload))];
}

function keyed(from: Reference['from'], selector: Field, target: readonly [string, string]): readonly Reference[] {
  return required(selector).flatMap((ref) =>
    referenceAt(from, ref.at('name'), target, NO_CONTAINER, { part: partAt('key', ref.at('key')) }),
  );
}

/** A file of a mounted Secret or ConfigMap: where the key does not exist, an empty directory appears in its place. */
function subPathReferences(mount: Field, { resource: from, volumes }: Workload): readonly Reference[] {
  const subPath = mount.at('subPath');
  const volume = volumes.find((candidate) => candidate.at('name').string === mount.at('name').string);
  if (volume === undefined || subPath.text === undefined || subPath.text.includes('/')) return [];
  const part = { kind: 'key', name: subPath.text, field: subPath } as const;
  const consequence = 'an empty directory is mounted in place of the file';
  return [
    ...required(volume.at('secret'))
      .filter(allKeys)
      .flatMap((source) => referenceAt(from, source.at('secretName'), SECRET, consequence, { part })),
    ...required(volume.at('configMap'))
      .filter(allKeys)
      .flatMap((source) => referenceAt(from, source.at('name'), CONFIG_MAP, consequence, { part })),
  ];
}

/** Whether a volume holds the keys under their own names. */
function allKeys(source: Field): boolean {
  return !source.at('items').isSet;
}

function volumeReferences(volume: Field, { resource: from }: Workload): readonly Reference[] {
  const projected = volume.at('projected', 'sources').items;
  return [
    ...files(from, volume.at('secret'), 'secretName', SECRET),
    ...files(from, volume.at('configMap'), 'name', CONFIG_MAP),
    ...projected.flatMap((source) => files(from, source.at('secret'), 'name', SECRET)),
    ...projected.flatMap((source) => files(from, source.at('configMap'), 'name', CONFIG_MAP)),
    ...referenceAt(from, volume.at('persistentVolumeClaim', 'claimName'), ['', 'PersistentVolumeClaim'], 'the pod stays Pending'),
    ...storageClassReference(from, volume.at('ephemeral', 'volumeClaimTemplate', 'spec', 'storageClassName')),
    ...referenceAt(from, volume.at('csi', 'nodePublishSecretRef', 'name'), SECRET, NO_MOUNT),
  ];
}

function files(from: Reference['from'], source: Field, nameKey: string, target: readonly [string, string]): readonly Reference[] {
  return required(source).flatMap((ref) => {
    const items = ref.at('items').items.map((item) => partAt('key', item.at('key')));
    const parts = items.length > 0 ? items : [undefined];
    return parts.flatMap((part) => referenceAt(from, ref.at(nameKey), target, NO_MOUNT, { part }));
  });
}

/** The field, unless it is absent or says that the object may be. */
function required(field: Field): readonly Field[] {
  return field.isMap && field.at('optional').boolean !== true ? [field] : [];
}
