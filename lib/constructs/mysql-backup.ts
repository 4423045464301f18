/** A backup of MySQL or MariaDB to S3 that counts only when the bucket has given it back. */
import type { Size } from 'cdk8s';
import { Construct } from 'constructs';
import type { EnvVar } from '../../imports/kubernetes';
import { BACKUP_JOB_PROPS, type BackupJobProps, cronJobName, DEFAULT_SCRATCH, defineBackupJob, encryption, type Step } from './backup-job';
import { Connections, type IConnectable, requireConnectable } from './connections';
import { Input, type PropNames } from './input';
import { Isolation } from './isolation';
import { databaseUser, type DatabaseUser, type IMysql, schemaName } from './mysql';
import { defineRights } from './rights';
import { s3Bucket, S3_PROPS, type S3Props, s3PropsOf } from './s3-bucket';
import { schedule as judged } from './schedule';
import { mysqlBackupScripts } from './scripts/scripts';
import type { SecretRef } from './secret-ref';
import { RETENTION_PROPS, type RetentionProps, uploadPolicy, uploadStep } from './upload-step';

export interface MysqlBackupProps extends BackupJobProps, S3Props, RetentionProps {
  readonly database: IMysql;
  /** Whom the dump signs in as; `rights` is the SQL that makes a user with just what it needs. @default - the database's administrator */
  readonly user?: DatabaseUser;
  /** Schemas that are dumped. @default - every schema that is not the server's own */
  readonly schemas?: readonly string[];
  /** When it runs, in UTC, in the five fields of cron. @default '0 18 * * *' */
  readonly schedule?: string;
  /** A smaller compressed dump is a failure, in bytes. @default 1024 */
  readonly minimumBytes?: number;
  /** Whether a database without a single row is a backup as well. @default false */
  readonly allowEmpty?: boolean;
  /** Key that encrypts the backups, 32 characters or more on one line; without it there is no restore. @default - none: whoever reads the bucket reads the data */
  readonly encryptionKey?: SecretRef;
  /** Scratch space of one run. @default - as much as the database's claim */
  readonly scratch?: Size;
  /** Image with the dump tool. @default - the database's */
  readonly image?: string;
}

const MYSQL_BACKUP_PROPS: PropNames<MysqlBackupProps> = {
  ...BACKUP_JOB_PROPS,
  ...S3_PROPS,
  ...RETENTION_PROPS,
  database: true,
  user: true,
  schemas: true,
  schedule: true,
  minimumBytes: true,
  allowEmpty: true,
  encryptionKey: true,
  image: true,
};

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
    input.known(props, MYSQL_BACKUP_PROPS);
    const { name = id, database, user, schemas = [], schedule = '0 18 * * *', keep, maxShrinkPercent, encryptionKey } = props;
    const { minimumBytes = 1024, allowEmpty = false, image } = props;
    const place = s3PropsOf(props);
    requireConnectable(this, 'database', database, 'a Mysql');
    this.name = cronJobName(input, name);
    this.database = database;
    this.bucket = { ...place, prefix: place.prefix ?? this.name };
    this.encryptionKey = encryptionKey;
    const account = databaseUser(input, 'user', user ?? database.administrator);
    const dumped = input.list('schemas', schemas).map((schema) => schemaName(input, schema, 'schemas'));
    const store = s3Bucket(input, this.name, this.bucket);
    const key = encryption(input, encryptionKey);
    this.connections = new Connections(this, { name: this.name, inMesh: false, input });
    this.connections.allowTo(database, undefined, 'dump');
    store.connect(this.connections);
    this.rights = backupRights(account.name, dumped);
    this.iamPolicy = uploadPolicy(store, { keep });

    const dump: Step = {
      name: 'dump',
      image: image === undefined ? database.image : input.image('image', image),
      run: 'mysql-dump.sh',
      env: [
        ...signIn(database, account),
        { name: 'DATABASES', value: dumped.join(',') },
        { name: 'MIN_BYTES', value: String(input.wholeNumber('minimumBytes', minimumBytes, 1)) },
        { name: 'ALLOW_EMPTY', value: String(allowEmpty) },
        ...key.env,
      ],
      volumeMounts: key.volumeMounts,
    };
    defineBackupJob(this, input, props, {
      name: this.name,
      schedule: judged(input, schedule),
      scripts: mysqlBackupScripts,
      scratch: input.quantity('scratch', props.scratch ?? database.storage ?? DEFAULT_SCRATCH),
      volumes: key.volumes,
      store,
      userId: DATABASE_USER_ID,
      steps: [dump, uploadStep(input, props, store, { keep, maxShrinkPercent })],
      alerts: {
        prefix: 'MysqlBackup',
        what: `backup of MySQL ${database.connections.namespace}/${database.connections.name}`,
        consequence: 'what was written since the last one can be lost',
        severity: 'critical',
      },
    });
    defineRights(this, this.name, { 'user.sql': this.rights, 'iam-policy.json': this.iamPolicy });
    new Isolation(this, 'isolation', { connections: this.connections });
  }
}

function signIn({ host, port }: IMysql, { name, password }: DatabaseUser): EnvVar[] {
  return [
    { name: 'DB_HOST', value: host },
    { name: 'DB_PORT', value: String(port) },
    { name: 'DB_USER', value: name },
    password.toEnv('DB_PASSWORD'),
  ];
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
