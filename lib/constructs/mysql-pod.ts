/** The pod of a MySQL or MariaDB server: probes that ask it, time to recover and to flush, and no right that it does not need. */
import type { EnvVar, PodSpec } from '../../imports/kubernetes';
import { recoveryFailureThreshold } from '../lessons/database-probes';
import type { DatabaseUser } from './mysql';

export const MYSQL_PORT = 3306;
/** A clean shutdown flushes the buffer pool; killed before that, the server has to recover at the next start. */
const FLUSH_SECONDS = 120;

export interface MysqlPodProps {
  readonly image: string;
  readonly containerName: string;
  readonly administrator: DatabaseUser;
  readonly database: string;
  /** Whom applications sign in as. */
  readonly user: DatabaseUser | undefined;
  readonly memory: string;
  readonly cpu: string;
  readonly userId: number;
  readonly imagePullSecrets: readonly string[];
  readonly claim: string;
  readonly configMap: string;
  readonly folder: string;
}

/** Asks the server over TCP, where it does not listen while it initializes; the password is in no process list. */
const PING =
  'export MYSQL_PWD="$MYSQL_ROOT_PASSWORD"; exec "$(command -v mysqladmin || command -v mariadb-admin)" --host=127.0.0.1 --user=root --connect-timeout=3 ping';
const STARTUP_PERIOD = 5;

export function mysqlPod(props: MysqlPodProps): PodSpec {
  const { image, containerName, memory, cpu, userId, imagePullSecrets, claim, configMap, folder } = props;
  const probe = { exec: { command: ['sh', '-c', PING] }, timeoutSeconds: 5 };
  return {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: userId,
      runAsGroup: userId,
      fsGroup: userId,
      // The owner of each file of a large database is looked at only when that of the top is wrong.
      fsGroupChangePolicy: 'OnRootMismatch',
      seccompProfile: { type: 'RuntimeDefault' },
    },
    terminationGracePeriodSeconds: FLUSH_SECONDS,
    imagePullSecrets: imagePullSecrets.map((name) => ({ name })),
    containers: [
      {
        name: containerName,
        image,
        ports: [{ name: 'mysql', containerPort: MYSQL_PORT, protocol: 'TCP' }],
        env: account(props),
        resources: { requests: { cpu, memory }, limits: { memory } },
        securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
        startupProbe: { ...probe, periodSeconds: STARTUP_PERIOD, failureThreshold: recoveryFailureThreshold(STARTUP_PERIOD) },
        readinessProbe: { ...probe, periodSeconds: 5, failureThreshold: 3 },
        // A busy server answers late, and killing it makes that worse.
        livenessProbe: { ...probe, periodSeconds: 10, failureThreshold: 12 },
        volumeMounts: [
          { name: 'data', mountPath: '/var/lib/mysql', ...(folder === '' ? {} : { subPath: folder }) },
          { name: 'config', mountPath: '/etc/mysql/conf.d/my.cnf', subPath: 'my.cnf', readOnly: true },
          { name: 'run', mountPath: '/var/run/mysqld' },
          { name: 'tmp', mountPath: '/tmp' },
        ],
      },
    ],
    volumes: [
      { name: 'data', persistentVolumeClaim: { claimName: claim } },
      { name: 'config', configMap: { name: configMap } },
      { name: 'run', emptyDir: { sizeLimit: '16Mi' } },
      { name: 'tmp', emptyDir: { sizeLimit: '2Gi' } },
    ],
  };
}

/** What the image's first start makes. */
function account({ administrator, database, user }: MysqlPodProps): EnvVar[] {
  const own = user === undefined ? [] : [{ name: 'MYSQL_USER', value: user.name }, user.password.toEnv('MYSQL_PASSWORD')];
  return [administrator.password.toEnv('MYSQL_ROOT_PASSWORD'), { name: 'MYSQL_DATABASE', value: database }, ...own];
}
