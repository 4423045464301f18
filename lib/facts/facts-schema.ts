/** The shape of the cluster's facts, as data: `ClusterFacts` for those who write YAML. */
import type { ObjectSchema, Schema } from '../manifest/schema-types';

const VERSION: Schema = { is: 'string', pattern: '^v?\\d+\\.\\d+(\\.\\d+)?([-+].*)?$', meaning: 'version such as "1.31"' };
const CIDR: Schema = { is: 'string', pattern: '^[0-9a-fA-F.:]+/\\d{1,3}$', meaning: 'range of addresses such as "10.0.0.0/8"' };
const NAME: Schema = { is: 'string', minLength: 1 };

const PODS = { namespace: NAME, labels: '{}string' };

const RESOURCES: ObjectSchema = { fields: { requests: '{}quantity', limits: '{}quantity' } };

const NODE: ObjectSchema = {
  fields: {
    name: NAME,
    roles: '[]string',
    labels: '{}string',
    taints: {
      list: {
        fields: { key: NAME, value: 'string', effect: { enum: ['NoSchedule', 'PreferNoSchedule', 'NoExecute'] } },
        required: ['key', 'effect'],
      },
    },
    unschedulable: 'boolean',
    allocatable: '{}quantity',
    requested: '{}quantity',
    storage: 'boolean',
  },
  required: ['name'],
};

const NETWORK: ObjectSchema = {
  fields: {
    engine: { enum: ['cilium', 'other'] },
    version: VERSION,
    policyEnforcement: { enum: ['default', 'always', 'never'] },
    defaultLocalCluster: 'boolean',
    clusterName: NAME,
    podCIDRs: { list: CIDR },
    serviceCIDRs: { list: CIDR },
  },
};

const MESH: ObjectSchema = {
  fields: {
    kind: { enum: ['istio'] },
    version: VERSION,
    injectedNamespaces: '[]string',
    nativeSidecars: 'boolean',
    controlPlane: { fields: PODS },
    gateways: { list: { fields: PODS } },
    sidecar: RESOURCES,
  },
};

export const FACTS: ObjectSchema = {
  fields: {
    kubernetesVersion: VERSION,
    clusterDomain: NAME,
    apiServer: { is: 'string', pattern: '^https?://[^\\s/]+', meaning: 'URL such as "https://192.168.1.187:6443"' },
    nodes: { list: NODE },
    namespaces: { list: { fields: { name: NAME, labels: '{}string' }, required: ['name'] } },
    dns: { fields: PODS },
    network: NETWORK,
    ingressControllers: {
      list: { fields: { ...PODS, class: NAME, inMesh: 'boolean', hostNetwork: 'boolean', sslPassthrough: 'boolean' }, required: ['class'] },
    },
    mesh: MESH,
    storageClasses: {
      list: { fields: { name: NAME, provisioner: 'string', default: 'boolean', parameters: '{}string' }, required: ['name'] },
    },
    longhorn: { fields: { namespace: NAME, defaultReplicaCount: { is: 'integer', min: 1, max: 20 } } },
    prometheus: {
      fields: {
        ...PODS,
        serviceMonitorSelector: '{}string',
        podMonitorSelector: '{}string',
        ruleSelector: '{}string',
        probeSelector: '{}string',
      },
    },
    existing: '[]any',
  },
};
