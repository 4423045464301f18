/** kustomize's built-in transformer configuration, as data. */
import type { FieldSpec, NameReference, Transformers } from './field-specs';

const JOB = 'spec/template/spec';
const CRON_JOB = 'spec/jobTemplate/spec/template/spec';

/** Where each kind keeps its pod spec. */
const POD_SPECS: Readonly<Record<string, string>> = {
  Pod: 'spec',
  PodTemplate: 'template/spec',
  Deployment: JOB,
  ReplicaSet: JOB,
  DaemonSet: JOB,
  StatefulSet: JOB,
  Job: JOB,
  CronJob: CRON_JOB,
};
/** Claims, service accounts and priority classes are looked for in other kinds than config maps are. */
const OTHER_POD_SPECS: Readonly<Record<string, string>> = {
  Pod: 'spec',
  StatefulSet: JOB,
  Deployment: JOB,
  ReplicationController: JOB,
  CronJob: CRON_JOB,
  Job: JOB,
  DaemonSet: JOB,
};

function inPods(specs: Readonly<Record<string, string>>, ...paths: readonly string[]): FieldSpec[] {
  return Object.entries(specs).flatMap(([kind, prefix]) => paths.map((path) => ({ kind, path: `${prefix}/${path}` })));
}

function of(kind: string, ...paths: readonly string[]): FieldSpec[] {
  return paths.map((path) => ({ kind, path }));
}

const TEMPLATE_LABELS: readonly FieldSpec[] = [
  { path: 'metadata/labels', create: true },
  { path: 'spec/template/metadata/labels', create: true, version: 'v1', kind: 'ReplicationController' },
  ...['Deployment', 'ReplicaSet', 'DaemonSet'].map((kind) => ({ path: 'spec/template/metadata/labels', create: true, kind })),
  { path: 'spec/template/metadata/labels', create: true, group: 'apps', kind: 'StatefulSet' },
  { path: 'spec/volumeClaimTemplates[]/metadata/labels', create: true, group: 'apps', kind: 'StatefulSet' },
  { path: 'spec/template/metadata/labels', create: true, group: 'batch', kind: 'Job' },
  { path: 'spec/jobTemplate/metadata/labels', create: true, group: 'batch', kind: 'CronJob' },
  { path: 'spec/jobTemplate/spec/template/metadata/labels', create: true, group: 'batch', kind: 'CronJob' },
];

const AFFINITY_SELECTORS = ['podAffinity', 'podAntiAffinity'].flatMap((affinity) => [
  `spec/template/spec/affinity/${affinity}/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels`,
  `spec/template/spec/affinity/${affinity}/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels`,
]);

const COMMON_LABELS: readonly FieldSpec[] = [
  { path: 'spec/selector', create: true, version: 'v1', kind: 'Service' },
  { path: 'spec/selector', create: true, version: 'v1', kind: 'ReplicationController' },
  ...['Deployment', 'ReplicaSet', 'DaemonSet'].map((kind) => ({ path: 'spec/selector/matchLabels', create: true, kind })),
  { path: 'spec/selector/matchLabels', create: true, group: 'apps', kind: 'StatefulSet' },
  ...['Deployment', 'StatefulSet'].flatMap((kind) =>
    [...AFFINITY_SELECTORS, 'spec/template/spec/topologySpreadConstraints/labelSelector/matchLabels'].map((path) => ({
      path,
      group: 'apps',
      kind,
    })),
  ),
  { path: 'spec/selector/matchLabels', group: 'batch', kind: 'Job' },
  { path: 'spec/jobTemplate/spec/selector/matchLabels', group: 'batch', kind: 'CronJob' },
  { path: 'spec/selector/matchLabels', group: 'policy', kind: 'PodDisruptionBudget' },
  ...['spec/podSelector/matchLabels', 'spec/ingress/from/podSelector/matchLabels', 'spec/egress/to/podSelector/matchLabels'].map(
    (path) => ({
      path,
      group: 'networking.k8s.io',
      kind: 'NetworkPolicy',
    }),
  ),
  ...TEMPLATE_LABELS,
];

const COMMON_ANNOTATIONS: readonly FieldSpec[] = [
  { path: 'metadata/annotations', create: true },
  ...['ReplicationController', 'Deployment', 'ReplicaSet', 'DaemonSet', 'StatefulSet'].map((kind) => ({
    path: 'spec/template/metadata/annotations',
    create: true,
    kind,
  })),
  { path: 'spec/template/metadata/annotations', create: true, group: 'batch', kind: 'Job' },
  { path: 'spec/jobTemplate/metadata/annotations', create: true, group: 'batch', kind: 'CronJob' },
  { path: 'spec/jobTemplate/spec/template/metadata/annotations', create: true, group: 'batch', kind: 'CronJob' },
];

const RBAC = 'rbac.authorization.k8s.io';

const NAME_REFERENCES: readonly NameReference[] = [
  ...['Deployment', 'ReplicationController', 'ReplicaSet', 'StatefulSet'].map((kind) => ({
    kind,
    fieldSpecs: of('HorizontalPodAutoscaler', 'spec/scaleTargetRef/name'),
  })),
  {
    kind: 'ConfigMap',
    version: 'v1',
    fieldSpecs: [
      ...inPods(
        POD_SPECS,
        'volumes/configMap/name',
        'containers/env/valueFrom/configMapKeyRef/name',
        'initContainers/env/valueFrom/configMapKeyRef/name',
        'containers/envFrom/configMapRef/name',
        'initContainers/envFrom/configMapRef/name',
        'volumes/projected/sources/configMap/name',
      ),
      ...of('Node', 'spec/configSource/configMap'),
      ...of('Role', 'rules/resourceNames'),
      ...of('ClusterRole', 'rules/resourceNames'),
      ...of('Ingress', 'metadata/annotations/nginx.ingress.kubernetes.io\\/fastcgi-params-configmap'),
    ],
  },
  {
    kind: 'Secret',
    version: 'v1',
    fieldSpecs: [
      ...inPods(
        POD_SPECS,
        'volumes/secret/secretName',
        'containers/env/valueFrom/secretKeyRef/name',
        'initContainers/env/valueFrom/secretKeyRef/name',
        'containers/envFrom/secretRef/name',
        'initContainers/envFrom/secretRef/name',
        'imagePullSecrets/name',
        'volumes/projected/sources/secret/name',
      ),
      ...of(
        'Ingress',
        'spec/tls/secretName',
        'metadata/annotations/ingress.kubernetes.io\\/auth-secret',
        'metadata/annotations/nginx.ingress.kubernetes.io\\/auth-secret',
        'metadata/annotations/nginx.ingress.kubernetes.io\\/auth-tls-secret',
      ),
      ...of('ServiceAccount', 'imagePullSecrets/name'),
      ...of('StorageClass', 'parameters/secretName', 'parameters/adminSecretName', 'parameters/userSecretName', 'parameters/secretRef'),
      ...of('Role', 'rules/resourceNames'),
      ...of('ClusterRole', 'rules/resourceNames'),
      {
        kind: 'Service',
        group: 'serving.knative.dev',
        version: 'v1',
        path: 'spec/template/spec/containers/env/valueFrom/secretKeyRef/name',
      },
      ...of('PersistentVolume', 'spec/azureFile/secretName'),
    ],
  },
  {
    kind: 'Service',
    version: 'v1',
    fieldSpecs: [
      { kind: 'StatefulSet', group: 'apps', path: 'spec/serviceName' },
      ...of(
        'Ingress',
        'spec/rules/http/paths/backend/serviceName',
        'spec/backend/serviceName',
        'spec/rules/http/paths/backend/service/name',
        'spec/defaultBackend/service/name',
      ),
      { kind: 'APIService', group: 'apiregistration.k8s.io', path: 'spec/service/name' },
      ...['ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration'].map((kind) => ({
        kind,
        group: 'admissionregistration.k8s.io',
        path: 'webhooks/clientConfig/service',
      })),
    ],
  },
  { kind: 'Role', group: RBAC, fieldSpecs: [{ kind: 'RoleBinding', group: RBAC, path: 'roleRef/name' }] },
  {
    kind: 'ClusterRole',
    group: RBAC,
    fieldSpecs: ['RoleBinding', 'ClusterRoleBinding'].map((kind) => ({ kind, group: RBAC, path: 'roleRef/name' })),
  },
  {
    kind: 'ServiceAccount',
    version: 'v1',
    fieldSpecs: [
      ...['RoleBinding', 'ClusterRoleBinding'].map((kind) => ({ kind, group: RBAC, path: 'subjects' })),
      ...inPods(OTHER_POD_SPECS, 'serviceAccountName'),
    ],
  },
  { kind: 'PersistentVolumeClaim', version: 'v1', fieldSpecs: inPods(OTHER_POD_SPECS, 'volumes/persistentVolumeClaim/claimName') },
  {
    kind: 'PersistentVolume',
    version: 'v1',
    fieldSpecs: [...of('PersistentVolumeClaim', 'spec/volumeName'), ...of('ClusterRole', 'rules/resourceNames')],
  },
  {
    kind: 'StorageClass',
    version: 'v1',
    group: 'storage.k8s.io',
    fieldSpecs: [
      ...of('PersistentVolume', 'spec/storageClassName'),
      ...of('PersistentVolumeClaim', 'spec/storageClassName'),
      ...of('StatefulSet', 'spec/volumeClaimTemplates/spec/storageClassName'),
    ],
  },
  { kind: 'PriorityClass', version: 'v1', group: 'scheduling.k8s.io', fieldSpecs: inPods(OTHER_POD_SPECS, 'priorityClassName') },
  {
    kind: 'ValidatingAdmissionPolicy',
    group: 'admissionregistration.k8s.io',
    fieldSpecs: [{ kind: 'ValidatingAdmissionPolicyBinding', group: 'admissionregistration.k8s.io', path: 'spec/policyName' }],
  },
];

const VARS_IN_CONTAINERS = ['args', 'command', 'env/value', 'volumeMounts/mountPath'].flatMap((path) => [
  `containers/${path}`,
  `initContainers/${path}`,
]);

export const BUILT_IN: Transformers = {
  namespace: [
    { path: 'metadata/name', kind: 'Namespace', create: true },
    { path: 'spec/service/namespace', group: 'apiregistration.k8s.io', kind: 'APIService', create: true },
    { path: 'spec/conversion/webhook/clientConfig/service/namespace', group: 'apiextensions.k8s.io', kind: 'CustomResourceDefinition' },
  ],
  commonLabels: COMMON_LABELS,
  labels: [],
  templateLabels: TEMPLATE_LABELS,
  commonAnnotations: COMMON_ANNOTATIONS,
  images: [
    'spec/containers[]/image',
    'spec/initContainers[]/image',
    'spec/template/spec/containers[]/image',
    'spec/template/spec/initContainers[]/image',
  ].map((path) => ({ path })),
  replicas: ['Deployment', 'ReplicationController', 'ReplicaSet', 'StatefulSet'].map((kind) => ({
    path: 'spec/replicas',
    create: true,
    kind,
  })),
  namePrefix: [{ path: 'metadata/name' }],
  nameSuffix: [{ path: 'metadata/name' }],
  nameReference: NAME_REFERENCES,
  varReference: [
    ...inPods({ ...POD_SPECS, PodTemplate: 'template/spec' }, ...VARS_IN_CONTAINERS, 'volumes/nfs/server'),
    ...of('Deployment', 'spec/template/metadata/annotations'),
    ...of('Ingress', 'spec/rules/host', 'spec/tls/hosts', 'spec/tls/secretName'),
    ...of('Service', 'spec/ports/port', 'spec/ports/targetPort'),
    ...of('PersistentVolume', 'spec/nfs/server'),
    { path: 'metadata/labels' },
    { path: 'metadata/annotations' },
  ],
};
