/**
 * The lists that a strategic merge patch merges instead of replacing, and by which keys.
 *
 * From the patch strategies of Kubernetes' OpenAPI document in the edition that kustomize carries (1.21). Kinds that are not in it, custom
 * resources above all, have none: there a patch's list takes the place of the whole list.
 */

/** What is known of a type's fields: the keys of a merged list (none: a set of plain values), and the type below. */
export interface Merged {
  readonly keys?: readonly string[];
  readonly below?: Shape;
}
export interface Shape {
  readonly [field: string]: Merged;
}

const OBJECT_META: Shape = { finalizers: { keys: [] }, ownerReferences: { keys: ['uid'] } };
const CONTAINER: Shape = {
  env: { keys: ['name'] },
  ports: { keys: ['containerPort', 'protocol'] },
  volumeDevices: { keys: ['devicePath'] },
  volumeMounts: { keys: ['mountPath'] },
};
const POD_SPEC: Shape = {
  containers: { keys: ['name'], below: CONTAINER },
  initContainers: { keys: ['name'], below: CONTAINER },
  ephemeralContainers: { keys: ['name'], below: { ...CONTAINER, ports: {} } },
  hostAliases: { keys: ['ip'] },
  imagePullSecrets: { keys: ['name'] },
  topologySpreadConstraints: { keys: ['topologyKey', 'whenUnsatisfiable'] },
  volumes: { keys: ['name'] },
};
const METADATA: Shape = { metadata: { below: OBJECT_META } };
const POD: Shape = { ...METADATA, spec: { below: POD_SPEC } };
const JOB: Shape = { ...METADATA, spec: { below: { template: { below: POD } } } };
const WEBHOOKS: Shape = { ...METADATA, webhooks: { keys: ['name'] } };

const SHAPES: Readonly<Record<string, Shape>> = {
  'v1/Pod': POD,
  'v1/PodTemplate': { ...METADATA, template: { below: POD } },
  'v1/ReplicationController': JOB,
  'apps/v1/Deployment': JOB,
  'apps/v1/DaemonSet': JOB,
  'apps/v1/ReplicaSet': JOB,
  'apps/v1/StatefulSet': JOB,
  'batch/v1/Job': JOB,
  'batch/v1/CronJob': { ...METADATA, spec: { below: { jobTemplate: { below: JOB } } } },
  'batch/v1beta1/CronJob': { ...METADATA, spec: { below: { jobTemplate: { below: JOB } } } },
  'v1/Service': { ...METADATA, spec: { below: { ports: { keys: ['port', 'protocol'] } } } },
  'v1/ServiceAccount': { ...METADATA, secrets: { keys: ['name'] } },
  'v1/Node': { ...METADATA, spec: { below: { podCIDRs: { keys: [] } } } },
  'admissionregistration.k8s.io/v1/MutatingWebhookConfiguration': WEBHOOKS,
  'admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration': WEBHOOKS,
};
const BUILT_IN =
  /^(?:v1|apps\/v1|batch\/v1|autoscaling\/v1|policy\/v1|(?:networking|rbac\.authorization|storage|scheduling)\.k8s\.io\/v1)$/;

/** @returns undefined for kinds whose lists are all replaced */
export function shapeOf(apiVersion: string, kind: string): Shape | undefined {
  return SHAPES[`${apiVersion}/${kind}`] ?? (BUILT_IN.test(apiVersion) ? METADATA : undefined);
}
