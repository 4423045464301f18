/** Restores the newest backup into a throwaway server every month, and compares what came back. It has no way to the production database. */
import { Size } from 'cdk8s';
import { Construct } from 'constructs';
import { DRILL_SCHEDULE } from '../lessons/backup-never-restored';
import { scratchVolume } from '../lessons/rwo-shared-volume';
import {
  AWS_CLIENT_IMAGE,
  BACKUP_JOB_PROPS,
  type BackupJobProps,
  cronJobName,
  DEFAULT_SCRATCH,
  defineBackupJob,
  encryption,
  type Step,
} from './backup-job';
import { Connections, type IConnectable, requireConnectable } from './connections';
import { Input, type PropNames } from './input';
import { Isolation } from './isolation';
import { DATABASE_USER_ID, type IMysqlBackup } from './mysql-backup';
import { s3Bucket } from './s3-bucket';
import { schedule as judged } from './schedule';
import { mysqlRestoreDrillScripts } from './scripts/scripts';

export interface MysqlRestoreDrillProps extends BackupJobProps {
  /** The backup that is tried. */
  readonly backup: IMysqlBackup;
  /** When it runs, in UTC, in the five fields of cron. @default '0 4 1 * *', once a month */
  readonly schedule?: string;
  /** Secret with a key pair of the drill's own. @default - the backup's */
  readonly credentials?: string;
  /** Image with the throwaway server. @default - the database's */
  readonly image?: string;
  /** Space for the fetched backup. @default - as much as the database's claim */
  readonly scratch?: Size;
  /** Space for the throwaway server's data. @default - twice the database's claim */
  readonly dataScratch?: Size;
}

const MYSQL_RESTORE_DRILL_PROPS: PropNames<MysqlRestoreDrillProps> = {
  ...BACKUP_JOB_PROPS,
  backup: true,
  schedule: true,
  credentials: true,
  image: true,
  dataScratch: true,
};

export class MysqlRestoreDrill extends Construct implements IConnectable {
  readonly name: string;
  readonly connections: Connections;

  constructor(scope: Construct, id: string, props: MysqlRestoreDrillProps) {
    super(scope, id);
    const input = new Input(this);
    input.known(props, MYSQL_RESTORE_DRILL_PROPS);
    const { name = id, backup, schedule = DRILL_SCHEDULE, credentials, image, dataScratch } = props;
    requireConnectable(this, 'backup', backup, 'a MysqlBackup');
    this.name = cronJobName(input, name);
    const { database } = backup;
    const store = s3Bucket(input, this.name, {
      ...backup.bucket,
      ...(credentials === undefined ? {} : { credentials, webIdentity: undefined }),
    });
    const key = encryption(input, backup.encryptionKey);
    this.connections = new Connections(this, { name: this.name, inMesh: false, input });
    store.connect(this.connections);
    const space = database.storage ?? DEFAULT_SCRATCH;
    const data = input.quantity('dataScratch', dataScratch ?? Size.mebibytes(input.mebibytes('database.storage', space) * 2));
    const aws = { image: input.image('awsImage', props.awsImage ?? AWS_CLIENT_IMAGE), env: store.env, volumeMounts: store.volumeMounts };
    const restore: Step = {
      name: 'restore',
      image: image === undefined ? database.image : input.image('image', image),
      run: 'mysql-drill.sh',
      env: [{ name: 'DATA_DIR', value: '/data' }, ...key.env],
      volumeMounts: [{ name: 'data', mountPath: '/data' }, ...key.volumeMounts],
    };

    defineBackupJob(this, input, props, {
      name: this.name,
      schedule: judged(input, schedule),
      scripts: mysqlRestoreDrillScripts,
      scratch: input.quantity('scratch', props.scratch ?? space),
      volumes: [{ name: 'data', ...scratchVolume(data) }, ...key.volumes],
      store,
      userId: DATABASE_USER_ID,
      steps: [{ name: 'fetch', run: 'fetch.sh', ...aws }, restore, { name: 'report', run: 'report.sh', ...aws }],
      alerts: {
        prefix: 'MysqlRestoreDrill',
        what: `restore drill of MySQL ${database.connections.namespace}/${database.connections.name}`,
        consequence: 'nobody knows whether the backups restore',
        severity: 'warning',
      },
    });
    new Isolation(this, 'isolation', { connections: this.connections });
  }
}
