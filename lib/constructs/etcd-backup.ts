/**
 * A snapshot of a kubeadm control plane's etcd in S3: all objects of the cluster, its Secrets included.
 *
 * It runs on a control-plane node and reaches etcd at the node's own address, so that its pod needs no host network and a policy holds
 * for it. Of the node it sees three files: etcd's authority, and the certificate and key that kubeadm makes for health checks.
 */
import type { Size } from 'cdk8s';
import { Construct } from 'constructs';
import type { EnvVar, Volume, VolumeMount } from '../../imports/kubernetes';
import { SNAPSHOT_COMMAND } from '../lessons/etcd-without-backup';
import { BACKUP_JOB_PROPS, type BackupJobProps, cronJobName, DEFAULT_SCRATCH, defineBackupJob, encryption, type Step } from './backup-job';
import { Connections, type IConnectable } from './connections';
import { Input, type PropNames } from './input';
import { Isolation } from './isolation';
import { Peer } from './peer';
import { clusterOf } from './platform';
import { defineRights } from './rights';
import { s3Bucket, S3_PROPS, type S3Props, s3PropsOf } from './s3-bucket';
import { schedule as judged } from './schedule';
import { etcdBackupScripts } from './scripts/scripts';
import type { SecretRef } from './secret-ref';
import { RETENTION_PROPS, type RetentionProps, uploadPolicy, uploadStep } from './upload-step';

export interface EtcdBackupProps extends BackupJobProps, S3Props, RetentionProps {
  /** Image with etcdctl of the cluster's etcd. @default 'registry.k8s.io/etcd:3.5.15-0' */
  readonly image?: string;
  /** When it runs, in UTC, in the five fields of cron. @default '0 2 * * *' */
  readonly schedule?: string;
  /** A smaller snapshot is a failure, in bytes. @default 20480 */
  readonly minimumBytes?: number;
  /** Key that encrypts the snapshots, 32 characters or more on one line. @default - none: whoever reads the bucket reads every Secret of the cluster */
  readonly encryptionKey?: SecretRef;
  /** Image that verifies and encrypts. With `encryptionKey` it needs bash and openssl. @default - the AWS client's */
  readonly verifyImage?: string;
  /** Scratch space of one run. @default 10 GiB, more than etcd's largest quota */
  readonly scratch?: Size;
}

const ETCD_BACKUP_PROPS: PropNames<EtcdBackupProps> = {
  ...BACKUP_JOB_PROPS,
  ...S3_PROPS,
  ...RETENTION_PROPS,
  image: true,
  schedule: true,
  minimumBytes: true,
  encryptionKey: true,
  verifyImage: true,
};
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
    input.known(props, ETCD_BACKUP_PROPS);
    const { name = id, image = 'registry.k8s.io/etcd:3.5.15-0', schedule = '0 2 * * *', minimumBytes = 20480, verifyImage } = props;
    const { keep, maxShrinkPercent, encryptionKey } = props;
    this.name = cronJobName(input, name);
    this.requireControlPlane(input);
    if (encryptionKey !== undefined && verifyImage === undefined) {
      input.reject(
        'verifyImage',
        'missing',
        "the image of the AWS client has no openssl: give one with bash and openssl, such as the database's",
      );
    }
    const store = s3Bucket(input, this.name, s3PropsOf(props));
    const key = encryption(input, encryptionKey);
    this.connections = new Connections(this, { name: this.name, inMesh: false, input });
    this.connections.allowTo(Peer.entity('host'), ETCD_PORT, 'etcd of the same node');
    store.connect(this.connections);
    this.iamPolicy = uploadPolicy(store, { keep });
    const upload = uploadStep(input, props, store, { keep, maxShrinkPercent });
    const snapshot: Step = {
      name: 'snapshot',
      image: input.image('image', image),
      run: [...SNAPSHOT_COMMAND, '/work/snapshot.db', '--command-timeout=5m'],
      env: ETCDCTL,
      volumeMounts: FILES.map(mount),
    };
    const least = String(input.wholeNumber('minimumBytes', minimumBytes, 1));
    const verify: Step = {
      name: 'verify',
      image: verifyImage === undefined ? upload.image : input.image('verifyImage', verifyImage),
      run: 'etcd-describe.sh',
      env: [{ name: 'SNAPSHOT_FILE', value: '/work/snapshot.db' }, { name: 'MIN_BYTES', value: least }, ...key.env],
      volumeMounts: key.volumeMounts,
    };

    defineBackupJob(this, input, props, {
      name: this.name,
      schedule: judged(input, schedule),
      scripts: etcdBackupScripts,
      scratch: input.quantity('scratch', props.scratch ?? DEFAULT_SCRATCH),
      volumes: [...FILES.map(hostFile), ...key.volumes],
      store,
      // The files belong to root, who reads them without any capability.
      userId: 0,
      placement: { nodeSelector: { [CONTROL_PLANE]: '' }, tolerations: [{ key: CONTROL_PLANE, operator: 'Exists', effect: 'NoSchedule' }] },
      steps: [snapshot, verify, upload],
      alerts: {
        prefix: 'EtcdBackup',
        what: 'backup of etcd',
        consequence: 'with the control plane’s disk the cluster would be lost',
        severity: 'critical',
      },
    });
    defineRights(this, this.name, { 'iam-policy.json': this.iamPolicy });
    new Isolation(this, 'isolation', { connections: this.connections });
  }

  private requireControlPlane(input: Input): void {
    const cluster = clusterOf(this);
    if (!cluster.knows('nodes') || cluster.nodes.some(({ labels }) => CONTROL_PLANE in labels)) return;
    const names = cluster.nodes.map(({ name }) => name);
    input.reject('cluster.nodes', names, 'none has the role control-plane: declare it, or leave etcd to whoever runs the control plane');
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
