/**
 * The CronJob around the scripts: every backup and drill runs the same way.
 *
 * Steps are the containers of one pod, all but the last of them init containers; they share scratch space and run as one user, because
 * what a step writes only that user reads. A failed pod is kept for its log and replaced once; an eviction does not count.
 */
import { Size } from 'cdk8s';
import type { Construct } from 'constructs';
import type { ConfigMap, Container, CronJob, EnvVar, PodSpec, ServiceAccount, Volume, VolumeMount } from '../../imports/kubernetes';
import { defineObject } from '../kube/define';
import { ACTIVE_DEADLINE_SECONDS, SAFE_CRON_JOB } from '../lessons/cronjob-hygiene';
import { SIDECAR_OPT_OUT } from '../lessons/job-with-sidecar';
import { scratchVolume } from '../lessons/rwo-shared-volume';
import { defineAlerts } from './alerts';
import { cronJobAlerts, type CronJobAlertsProps } from './backup-alerts';
import type { Input, PropNames } from './input';
import { namespaceOf } from './platform';
import { CONFIG_HASH_ANNOTATION, configHash } from './rollout';
import type { S3Bucket } from './s3-bucket';
import type { Schedule } from './schedule';
import type { ScriptSet } from './scripts/scripts';
import type { SecretRef } from './secret-ref';

/** Client of the S3 API, with a shell. */
export const AWS_CLIENT_IMAGE = 'amazon/aws-cli:2.27.0';

/** What every backup and drill may be told. */
export interface BackupJobProps {
  /** Name of the CronJob, and value of its pods' `app` label. @default - the construct's id */
  readonly name?: string;
  /** Stops the runs without removing anything. @default false */
  readonly suspend?: boolean;
  /** Scratch space of one run; a run that needs more fails. @default - each construct says its own */
  readonly scratch?: Size;
  /** Image with the AWS client. @default 'amazon/aws-cli:2.27.0' */
  readonly awsImage?: string;
  /** Secrets with registry credentials, by name. @default - none: the images are public */
  readonly imagePullSecrets?: readonly string[];
  /** Whether alerts are defined. @default true */
  readonly alerts?: boolean;
}

export interface Step {
  readonly name: string;
  readonly image: string;
  /** A script of the set, or a command. */
  readonly run: string | readonly string[];
  readonly env: readonly EnvVar[];
  readonly volumeMounts?: readonly VolumeMount[];
}

/** What a construct adds to the common props. */
export interface BackupJobDetails {
  readonly name: string;
  readonly schedule: Schedule;
  readonly scripts: ScriptSet;
  readonly steps: readonly Step[];
  /** Scratch space, as a quantity. */
  readonly scratch: string;
  readonly volumes: readonly Volume[];
  readonly store: S3Bucket;
  /** User of all steps. */
  readonly userId: number;
  /** Where the pods may run. */
  readonly placement?: Pick<PodSpec, 'nodeSelector' | 'tolerations'>;
  readonly alerts: Pick<CronJobAlertsProps, 'prefix' | 'what' | 'consequence' | 'severity'>;
}

export const BACKUP_JOB_PROPS: PropNames<BackupJobProps> = {
  name: true,
  suspend: true,
  scratch: true,
  awsImage: true,
  imagePullSecrets: true,
  alerts: true,
};

/** A late start and a slow run: so much later than planned a success may come. */
const LATENESS_SECONDS = SAFE_CRON_JOB.startingDeadlineSeconds + ACTIVE_DEADLINE_SECONDS;

/** A CronJob's name, from which the controller makes the names of Jobs. Source: kubernetes.io, CronJob. */
export function cronJobName(input: Input, name: string): string {
  return input.controllerName('name', name, 'Jobs are named after it');
}

/** Defines the CronJob with its scripts, its ServiceAccount where it needs one, and its alerts. */
export function defineBackupJob(scope: Construct, input: Input, common: BackupJobProps, details: BackupJobDetails): void {
  const { name, schedule, store } = details;
  const scripts = `${name}-scripts`;
  defineObject<ConfigMap>(scope, 'scripts', {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: scripts },
    data: { ...details.scripts },
  });
  if (store.needsServiceAccount) {
    defineObject<ServiceAccount>(scope, 'account', {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name },
      automountServiceAccountToken: false,
    });
  }
  defineObject<CronJob>(scope, 'cronjob', {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name, labels: { app: name } },
    spec: {
      ...SAFE_CRON_JOB,
      schedule: schedule.text,
      ...(common.suspend === true ? { suspend: true } : {}),
      jobTemplate: {
        metadata: { labels: { app: name } },
        spec: {
          activeDeadlineSeconds: ACTIVE_DEADLINE_SECONDS,
          backoffLimit: 1,
          podFailurePolicy: { rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }] },
          template: {
            metadata: {
              labels: { app: name, ...SIDECAR_OPT_OUT },
              annotations: { [CONFIG_HASH_ANNOTATION]: configHash(JSON.stringify(details.scripts)) },
            },
            spec: podSpec(input.objectNames('imagePullSecrets', common.imagePullSecrets ?? []), details, scripts),
          },
        },
      },
    },
  });
  if (common.alerts === false) return;
  const staleSeconds = schedule.longestGapSeconds + LATENESS_SECONDS;
  defineAlerts(scope, `${name}-alerts`, cronJobAlerts({ namespace: namespaceOf(scope), cronJob: name, staleSeconds, ...details.alerts }));
}

const FOLDERS: readonly VolumeMount[] = [
  { name: 'scripts', mountPath: '/scripts', readOnly: true },
  { name: 'work', mountPath: '/work' },
  { name: 'secret', mountPath: '/secret' },
  { name: 'tmp', mountPath: '/tmp' },
];

function podSpec(
  imagePullSecrets: readonly string[],
  { name, userId, steps, store, placement, scratch, volumes }: BackupJobDetails,
  scripts: string,
): PodSpec {
  const containers = steps.map(container);
  return {
    restartPolicy: 'Never',
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    ...(store.needsServiceAccount ? { serviceAccountName: name } : {}),
    ...placement,
    imagePullSecrets: imagePullSecrets.map((secret) => ({ name: secret })),
    securityContext: {
      runAsUser: userId,
      runAsGroup: userId,
      fsGroup: userId,
      ...(userId === 0 ? {} : { runAsNonRoot: true }),
      seccompProfile: { type: 'RuntimeDefault' },
    },
    // A step that is told to stop says so, removes passwords and ends at once; a throwaway server takes longer.
    terminationGracePeriodSeconds: 60,
    initContainers: containers.slice(0, -1),
    containers: containers.slice(-1),
    volumes: [
      { name: 'scripts', configMap: { name: scripts } },
      { name: 'work', ...scratchVolume(scratch) },
      { name: 'secret', emptyDir: { medium: 'Memory', sizeLimit: '16Mi' } },
      { name: 'tmp', ...scratchVolume('64Mi') },
      ...volumes,
      ...store.volumes,
    ],
  };
}

function container({ name, image, run, env, volumeMounts = [] }: Step): Container {
  return {
    name,
    image,
    command: typeof run === 'string' ? ['bash', `/scripts/${run}`] : [...run],
    env: [{ name: 'WORK_DIR', value: '/work' }, { name: 'SECRET_DIR', value: '/secret' }, RUN_ID, ...env],
    volumeMounts: [...FOLDERS, ...volumeMounts],
    // The reason of a failure is in the pod's status, also when its log is gone.
    terminationMessagePolicy: 'FallbackToLogsOnError',
    resources: { requests: { cpu: '100m', memory: '256Mi' }, limits: { memory: '1Gi' } },
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
  };
}

const RUN_ID: EnvVar = { name: 'RUN_ID', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } };

/** The key that encrypts a backup, as a file that only the pod's user reads. */
export interface Encryption {
  readonly env: readonly EnvVar[];
  readonly volumes: readonly Volume[];
  readonly volumeMounts: readonly VolumeMount[];
}

export function encryption(input: Input, key: SecretRef | undefined): Encryption {
  if (key === undefined) return { env: [], volumes: [], volumeMounts: [] };
  const { secret, key: item } = input.secret('encryptionKey', key);
  return {
    env: [{ name: 'ENCRYPTION_KEY_FILE', value: '/keys/key' }],
    volumes: [{ name: 'keys', secret: { secretName: secret, items: [{ key: item, path: 'key' }], defaultMode: 0o440 } }],
    volumeMounts: [{ name: 'keys', mountPath: '/keys', readOnly: true }],
  };
}

/** Where nobody said how large the data may grow. */
export const DEFAULT_SCRATCH = Size.gibibytes(10);
