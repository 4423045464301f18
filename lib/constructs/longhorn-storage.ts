/** Longhorn's StorageClass and chart values, with as many replicas as the cluster has nodes to hold them. */
import { Chart, JsonPatch } from 'cdk8s';
import { Construct } from 'constructs';
import type { StorageClass } from '../../imports/kubernetes';
import { defineObject } from '../kube/define';
import { DEGRADED_VOLUMES, UNSCHEDULABLE_DISKS } from '../lessons/longhorn-degraded-alert';
import { replicaCount } from '../lessons/longhorn-replicas-fit-nodes';
import { labelsForPrometheus } from '../lessons/monitor-selects-nothing';
import { type Alert, defineAlerts } from './alerts';
import { Input, type PropNames } from './input';
import { clusterOf } from './platform';

export interface LonghornStorageProps {
  /** Name of the StorageClass. Longhorn itself makes and keeps one called `longhorn`. @default - the construct's id */
  readonly name?: string;
  /** Whether claims that name no class get this one. @default true */
  readonly isDefault?: boolean;
  /** What becomes of a volume whose claim is deleted. It cannot be changed later. @default 'Retain': deleting a claim by mistake loses nothing */
  readonly reclaimPolicy?: 'Retain' | 'Delete';
  /** Whether alerts are defined. @default true */
  readonly alerts?: boolean;
}

/** Values of Longhorn's chart, as far as they follow from the cluster. */
export interface LonghornChartValues {
  readonly defaultSettings: { readonly defaultReplicaCount: number };
  readonly persistence: { readonly defaultClass: boolean; readonly defaultClassReplicaCount: number };
  readonly metrics: { readonly serviceMonitor: { readonly enabled: boolean; readonly additionalLabels: Readonly<Record<string, string>> } };
}

export class LonghornStorage extends Construct {
  /** Name of the StorageClass. */
  readonly name: string;
  readonly replicas: number;
  /** What to install the chart with: both of its replica counts agree with the class. */
  readonly chartValues: LonghornChartValues;

  constructor(scope: Construct, id: string, props: LonghornStorageProps = {}) {
    super(scope, id);
    const input = new Input(this);
    input.known(props, LONGHORN_STORAGE_PROPS);
    const { name = id, isDefault = true, alerts = true } = props;
    const reclaimPolicy = input.choice('reclaimPolicy', props.reclaimPolicy ?? 'Retain', ['Retain', 'Delete']);
    this.name = input.dnsLabel('name', name);
    const cluster = clusterOf(this);
    if (cluster.storageNodes.length === 0) {
      const why = cluster.knows('nodes') ? 'none takes ordinary pods or is marked storage: true' : 'none is declared';
      input.reject('cluster storage nodes', 0, `${why}, and a replica needs a node: declare the nodes in the cluster facts`);
    }
    this.replicas = replicaCount(cluster);
    const { prometheus, longhorn } = cluster.facts;
    this.chartValues = {
      defaultSettings: { defaultReplicaCount: this.replicas },
      persistence: { defaultClass: isDefault && this.name === 'longhorn', defaultClassReplicaCount: this.replicas },
      metrics: {
        serviceMonitor: { enabled: prometheus !== undefined, additionalLabels: labelsForPrometheus(prometheus, 'ServiceMonitor') },
      },
    };
    const storageClass = defineObject<StorageClass>(this, 'class', {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: this.name, annotations: { 'storageclass.kubernetes.io/is-default-class': String(isDefault) } },
      provisioner: 'driver.longhorn.io',
      reclaimPolicy,
      volumeBindingMode: 'Immediate',
      allowVolumeExpansion: true,
      parameters: { numberOfReplicas: String(this.replicas), staleReplicaTimeout: '30', fsType: 'ext4', dataLocality: 'disabled' },
    });
    // A class stands outside of namespaces; the chart would put its own on it.
    if (Chart.of(this).namespace !== undefined) storageClass.addJsonPatch(JsonPatch.remove('/metadata/namespace'));
    if (alerts) defineAlerts(this, `${this.name}-alerts`, alertsOf(longhorn?.namespace));
  }
}

const LONGHORN_STORAGE_PROPS: PropNames<LonghornStorageProps> = { name: true, isDefault: true, reclaimPolicy: true, alerts: true };

/** @param namespace Longhorn's own */
function alertsOf(namespace = 'longhorn-system'): readonly Alert[] {
  const look = `kubectl -n ${namespace} get volumes.longhorn.io,replicas.longhorn.io,nodes.longhorn.io`;
  return [
    {
      name: 'LonghornVolumeDegraded',
      expression: DEGRADED_VOLUMES,
      for: '10m',
      severity: 'critical',
      summary: 'volume {{ $labels.volume }} lacks a replica: one more disk, and its data are gone',
      runbook: `${look}. A replica that cannot be scheduled wants more storage nodes or fewer replicas; one that is rebuilt needs time and space.`,
    },
    {
      name: 'LonghornDiskUnschedulable',
      expression: UNSCHEDULABLE_DISKS,
      for: '10m',
      severity: 'warning',
      summary: 'disk {{ $labels.disk }} of node {{ $labels.node }} takes no replica',
      runbook: `${look} -o yaml: the disk's conditions tell why, most often too little space is left. Until then a lost replica is not made again.`,
    },
    {
      name: 'LonghornDiskFillsUp',
      expression: 'longhorn_disk_usage_bytes / longhorn_disk_capacity_bytes > 0.8',
      for: '15m',
      severity: 'warning',
      summary: 'disk {{ $labels.disk }} of node {{ $labels.node }} is more than 80% full',
      runbook: 'Delete volumes and snapshots that nobody needs, or add a disk.',
    },
    {
      name: 'LonghornMetricsMissing',
      expression: 'absent(longhorn_node_status)',
      for: '15m',
      severity: 'warning',
      summary: 'nothing is known of Longhorn: its metrics are not scraped',
      runbook:
        'Install the chart with metrics.serviceMonitor.enabled, as the values of LonghornStorage say, and look at the targets of Prometheus.',
    },
  ];
}
