/**
 * A snapshot of a kubeadm control plane's etcd in S3: all objects of the cluster, its Secrets included.
 *
 * It runs on a control-plane node and reaches etcd at the node's own address, so that its pod needs no host network and a policy holds
 * for it. Of the node it sees three files: etcd's authority, and the certificate and key that kubeadm makes for health checks.
 */
import type { Size } from 'cdk8s';
import { Construct } from 'constructs';
import type { ConfigMap, EnvVar, Volume, VolumeMount } from '../../imports/kubernetes';
import { defineObject } from '../kube/define';
import { SNAPSHOT_COMMAND } from '../lessons/etcd-without-backup';
import { defineAlerts } from './alerts';
import { cronJobAlerts } from './backup-alerts';
import {
  AWS_CLIENT_IMAGE,
  type BackupJobProps,
  cronJobName,
  DEFAULT_SCRATCH,
  defineBackupJob,
  encryption,
  LATENESS_SECONDS,
  percent,
} from './backup-job';
import { Connections, type IConnectable } from './connections';
import { Input } from './input';
import { Isolation } from './isolation';
import { Peer } from './peer';
import { clusterOf, namespaceOf } from './platform';
import { bucketPolicy, s3Bucket, type S3Props } from './s3-bucket';
import { schedule as judged } from './schedule';
import { etcdBackupScripts } from './scripts/scripts';
import type { SecretRef } from './secret-ref';

export interface EtcdBackupProps extends BackupJobProps, S3Props {
  /** Image with etcdctl of the cluster's etcd. @default 'registry.k8s.io/etcd:3.5.15-0' */
  readonly image?: string;
  /** When it runs, in UTC, in the five fields of cron. @default '0 2 * * *' */
  readonly schedule?: string;
  /** So many good backups stay; `'all'` leaves removing to the bucket's lifecycle. @default 7 */
  readonly keep?: number | 'all';
  /** A smaller snapshot is a failure, in bytes. @default 20480 */
  readonly minimumBytes?: number;
  /** A snapshot that lost more against the last good one is a failure. @default 50 */
  readonly maxShrinkPercent?: number;
  /** Key that encrypts the snapshots, 32 characters or more on one line. @default - none: whoever reads the bucket reads every Secret of the cluster */
  readonly encryptionKey?: SecretRef;
  /** Image that verifies and encrypts. With `encryptionKey` it needs bash and openssl. @default - the AWS client's */
  readonly verifyImage?: string;
  /** Scratch space of one run. @default 10 GiB, more than etcd's largest quota */
  readonly scratch?: Size;
}

const ETCD_PORT = 2379;
const PKI = '/etc/kubernetes/pki/etcd';
const CONTROL_PLANE = 'node-role.kubernetes.io/control-plane';
const FILES = ['ca.crt', 'healthcheck-client.crt', 'healthcheck-client.key'] as const;

export class EtcdBackup extends Construct implements IConnectable {
  readonly name: string;
  readonly connections: Connections;
  /** Policy of AWS's with just the rights that it needs in the bucket. */
  readonly iamPolicy: string;

  constructor(scope: Construct, id: string, props: EtcdBackupProps) {
    super(scope, id);
    const input = new Input(this);
    const {
      name = id,
      suspend = false,
      scratch = DEFAULT_SCRATCH,
      awsImage = AWS_CLIENT_IMAGE,
      imagePullSecrets = [],
      alerts = true,
      ...more
    } = props;
    const {
      image = 'registry.k8s.io/etcd:3.5.15-0',
      schedule = '0 2 * * *',
      keep = 7,
      minimumBytes = 20480,
      maxShrinkPercent = 50,
      encryptionKey,
      verifyImage,
      ...place
    } = more;
    const { bucket, prefix, region, endpoint, endpointPeer, endpointPodPort, pathStyle, credentials, webIdentity, ...unknown } = place;
    input.unknown(unknown);
    this.name = cronJobName(input, name);
    const cluster = clusterOf(this);
    if (cluster.knows('nodes') && !cluster.nodes.some(({ labels }) => CONTROL_PLANE in labels)) {
      input.reject(
        'cluster.nodes',
        cluster.nodes.map((node) => node.name),
        'none has the role control-plane: declare it, or leave etcd to whoever runs the control plane',
      );
    }
    if (encryptionKey !== undefined && verifyImage === undefined) {
      input.reject(
        'verifyImage',
        'missing',
        "the image of the AWS client has no openssl: give one with bash and openssl, such as the database's",
      );
    }
    const when = judged(input, schedule);
    const kept =
      keep === 'all' ? '' : String(input.wholeNumber('keep', keep, 1, "or 'all' where the bucket's lifecycle removes what is old"));
    const store = s3Bucket(input, this.name, {
      bucket,
      prefix,
      region,
      endpoint,
      endpointPeer,
      endpointPodPort,
      pathStyle,
      credentials,
      webIdentity,
    });
    const key = encryption(input, encryptionKey);
    const namespace = namespaceOf(this);
    this.connections = new Connections(this, { name: this.name, namespace, ports: [], inMesh: false, input });
    this.connections.allowTo(Peer.entity('host'), ETCD_PORT, 'etcd of the same node');
    store.connect(this.connections);
    this.iamPolicy = bucketPolicy(store, keep !== 'all');
    const aws = input.image('awsImage', awsImage);

    defineBackupJob(this, {
      name: this.name,
      schedule: when.text,
      suspend,
      scripts: etcdBackupScripts,
      scratch: input.quantity('scratch', scratch),
      volumes: [...FILES.map(hostFile), ...key.volumes, ...store.volumes],
      // The files belong to root, who reads them without any capability.
      userId: 0,
      needsServiceAccount: store.needsServiceAccount,
      imagePullSecrets,
      placement: { nodeSelector: { [CONTROL_PLANE]: '' }, tolerations: [{ key: CONTROL_PLANE, operator: 'Exists', effect: 'NoSchedule' }] },
      steps: [
        {
          name: 'snapshot',
          image: input.image('image', image),
          run: [...SNAPSHOT_COMMAND, '/work/snapshot.db'],
          env: ETCDCTL,
          volumeMounts: FILES.map(mount),
        },
        {
          name: 'verify',
          image: verifyImage === undefined ? aws : input.image('verifyImage', verifyImage),
          run: 'etcd-describe.sh',
          env: [
            { name: 'SNAPSHOT_FILE', value: '/work/snapshot.db' },
            { name: 'MIN_BYTES', value: String(input.wholeNumber('minimumBytes', minimumBytes, 1)) },
            ...key.env,
          ],
          volumeMounts: key.volumeMounts,
        },
        {
          name: 'upload',
          image: aws,
          run: 'upload.sh',
          env: [
            ...store.env,
            { name: 'KEEP', value: kept },
            { name: 'MAX_SHRINK_PERCENT', value: String(percent(input, 'maxShrinkPercent', maxShrinkPercent)) },
          ],
          volumeMounts: store.volumeMounts,
        },
      ],
    });
    defineObject<ConfigMap>(this, 'rights', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: `${this.name}-rights` },
      data: { 'iam-policy.json': this.iamPolicy },
    });
    if (alerts) {
      defineAlerts(
        this,
        `${this.name}-alerts`,
        cronJobAlerts({
          namespace,
          cronJob: this.name,
          prefix: 'EtcdBackup',
          what: 'backup of etcd',
          staleSeconds: when.longestGapSeconds + LATENESS_SECONDS,
          consequence: 'with the control plane’s disk the cluster would be lost',
          severity: 'critical',
        }),
      );
    }
    new Isolation(this, 'isolation', { connections: this.connections });
  }
}

const ETCDCTL: readonly EnvVar[] = [
  { name: 'HOST_IP', valueFrom: { fieldRef: { fieldPath: 'status.hostIP' } } },
  { name: 'ETCDCTL_API', value: '3' },
  { name: 'ETCDCTL_ENDPOINTS', value: `https://$(HOST_IP):${ETCD_PORT}` },
  { name: 'ETCDCTL_CACERT', value: '/pki/ca.crt' },
  { name: 'ETCDCTL_CERT', value: '/pki/healthcheck-client.crt' },
  { name: 'ETCDCTL_KEY', value: '/pki/healthcheck-client.key' },
];

function hostFile(file: string): Volume {
  return { name: volumeName(file), hostPath: { path: `${PKI}/${file}`, type: 'File' } };
}

function mount(file: string): VolumeMount {
  return { name: volumeName(file), mountPath: `/pki/${file}`, readOnly: true };
}

function volumeName(file: string): string {
  return `pki-${file.replaceAll('.', '-')}`;
}
