/** A backup of MySQL or MariaDB to S3 that counts only when the bucket has given it back. */
import type { Size } from 'cdk8s';
import { Construct } from 'constructs';
import type { ConfigMap } from '../../imports/kubernetes';
import { defineObject } from '../kube/define';
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
import { databaseUser, type DatabaseUser, type IMysql, schemaName } from './mysql';
import { namespaceOf } from './platform';
import { bucketPolicy, s3Bucket, type S3Props } from './s3-bucket';
import { schedule as judged } from './schedule';
import { mysqlBackupScripts } from './scripts/scripts';
import type { SecretRef } from './secret-ref';

export interface MysqlBackupProps extends BackupJobProps, S3Props {
  readonly database: IMysql;
  /** Whom the dump signs in as; `rights` is the SQL that makes a user with just what it needs. @default - the database's administrator */
  readonly user?: DatabaseUser;
  /** Schemas that are dumped. @default - every schema that is not the server's own */
  readonly schemas?: readonly string[];
  /** When it runs, in UTC, in the five fields of cron. @default '0 18 * * *' */
  readonly schedule?: string;
  /** So many good backups stay; `'all'` leaves removing to the bucket's lifecycle. @default 7 */
  readonly keep?: number | 'all';
  /** A smaller compressed dump is a failure, in bytes. @default 1024 */
  readonly minimumBytes?: number;
  /** A backup that lost more against the last good one is a failure. @default 50 */
  readonly maxShrinkPercent?: number;
  /** Whether a database without a single row is a backup as well. @default false */
  readonly allowEmpty?: boolean;
  /** Key that encrypts the backups, 32 characters or more on one line; without it there is no restore. @default - none: whoever reads the bucket reads the data */
  readonly encryptionKey?: SecretRef;
  /** Scratch space of one run. @default - as much as the database's claim */
  readonly scratch?: Size;
  /** Image with the dump tool. @default - the database's */
  readonly image?: string;
}

/** What a drill has to know of a backup. */
export interface IMysqlBackup extends IConnectable {
  readonly database: IMysql;
  readonly bucket: S3Props;
  readonly encryptionKey?: SecretRef;
}

/** The user of the official images: it exists, and it is not root. */
export const DATABASE_USER_ID = 999;

export class MysqlBackup extends Construct implements IMysqlBackup {
  readonly name: string;
  readonly connections: Connections;
  readonly database: IMysql;
  readonly bucket: S3Props;
  readonly encryptionKey?: SecretRef;
  /** SQL that makes a user with just the rights that a backup needs. */
  readonly rights: string;
  /** Policy of AWS's with just the rights that it needs in the bucket. */
  readonly iamPolicy: string;

  constructor(scope: Construct, id: string, props: MysqlBackupProps) {
    super(scope, id);
    const input = new Input(this);
    const {
      name = id,
      suspend = false,
      scratch,
      awsImage = AWS_CLIENT_IMAGE,
      imagePullSecrets = [],
      alerts = true,
      database,
      user,
      schemas = [],
      ...more
    } = props;
    const {
      schedule = '0 18 * * *',
      keep = 7,
      minimumBytes = 1024,
      maxShrinkPercent = 50,
      allowEmpty = false,
      encryptionKey,
      image,
      ...place
    } = more;
    const { bucket, prefix, region, endpoint, endpointPeer, endpointPodPort, pathStyle, credentials, webIdentity, ...unknown } = place;
    input.unknown(unknown);
    this.name = cronJobName(input, name);
    this.database = database;
    this.bucket = {
      bucket,
      prefix: prefix ?? this.name,
      region,
      endpoint,
      endpointPeer,
      endpointPodPort,
      pathStyle,
      credentials,
      webIdentity,
    };
    this.encryptionKey = encryptionKey;
    const account = databaseUser(input, 'user', user ?? database.administrator);
    const dumped = schemas.map((schema) => schemaName(input, schema, 'schemas'));
    const when = judged(input, schedule);
    const kept =
      keep === 'all' ? '' : String(input.wholeNumber('keep', keep, 1, "or 'all' where the bucket's lifecycle removes what is old"));
    const store = s3Bucket(input, this.name, this.bucket);
    const key = encryption(input, encryptionKey);
    const namespace = namespaceOf(this);
    this.connections = new Connections(this, { name: this.name, namespace, ports: [], inMesh: false, input });
    this.connections.allowTo(database, undefined, 'dump');
    store.connect(this.connections);
    this.rights = backupRights(account.name, dumped);
    this.iamPolicy = bucketPolicy(store, keep !== 'all');

    defineBackupJob(this, {
      name: this.name,
      schedule: when.text,
      suspend,
      scripts: mysqlBackupScripts,
      scratch: input.quantity('scratch', scratch ?? database.storage ?? DEFAULT_SCRATCH),
      volumes: [...key.volumes, ...store.volumes],
      userId: DATABASE_USER_ID,
      needsServiceAccount: store.needsServiceAccount,
      imagePullSecrets,
      steps: [
        {
          name: 'dump',
          image: input.image('image', image ?? database.image),
          run: 'mysql-dump.sh',
          env: [
            { name: 'DB_HOST', value: database.host },
            { name: 'DB_PORT', value: String(database.port) },
            { name: 'DB_USER', value: account.name },
            account.password.toEnv('DB_PASSWORD'),
            { name: 'DATABASES', value: dumped.join(',') },
            { name: 'MIN_BYTES', value: String(input.wholeNumber('minimumBytes', minimumBytes, 1)) },
            { name: 'ALLOW_EMPTY', value: String(allowEmpty) },
            ...key.env,
          ],
          volumeMounts: key.volumeMounts,
        },
        {
          name: 'upload',
          image: input.image('awsImage', awsImage),
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
      data: { 'user.sql': this.rights, 'iam-policy.json': this.iamPolicy },
    });
    if (alerts) {
      defineAlerts(
        this,
        `${this.name}-alerts`,
        cronJobAlerts({
          namespace,
          cronJob: this.name,
          prefix: 'MysqlBackup',
          what: `backup of MySQL ${database.connections.namespace}/${database.connections.name}`,
          staleSeconds: when.longestGapSeconds + LATENESS_SECONDS,
          consequence: 'what was written since the last one can be lost',
          severity: 'critical',
        }),
      );
    }
    new Isolation(this, 'isolation', { connections: this.connections });
  }
}

function backupRights(user: string, schemas: readonly string[]): string {
  const on = schemas.length === 0 ? ['*.*'] : schemas.map((schema) => `\`${schema.replaceAll('_', '\\_')}\`.*`);
  return `-- Run once as root; replace <password> by the one in the Secret.
CREATE USER '${user}'@'%' IDENTIFIED BY '<password>';
${on.map((level) => `GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON ${level} TO '${user}'@'%';\n`).join('')}-- Of the next two, the one that is yours.
GRANT SHOW_ROUTINE ON *.* TO '${user}'@'%';     -- MySQL 8.0.20 and later
-- GRANT SELECT ON mysql.proc TO '${user}'@'%';  -- MariaDB
`;
}
