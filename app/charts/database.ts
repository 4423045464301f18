/** MySQL as it runs today, with the exporter that watches it and the backups that outlive it. */
import { Chart, Size } from 'cdk8s';
import { Mysql, MysqlBackup, MysqlExporter, MysqlRestoreDrill, SecretRef } from 'cdk8s-hindsight';
import type { Construct } from 'constructs';
import images from '../images.json';

export class Database extends Chart {
  readonly mysql: Mysql;

  constructor(scope: Construct) {
    super(scope, 'database', { namespace: 'blog-system' });
    this.mysql = new Mysql(this, 'mysql', {
      image: images.mysql,
      // The Deployment that holds the data today stays what it is; a selector could not change without losing it.
      adopt: 'deployment',
      storage: Size.gibibytes(5),
      storageClass: 'longhorn',
      claimName: 'mysql-pvc',
      serviceName: 'mysql-service',
      database: 'board',
      rootPassword: SecretRef.of('mysql-secret', 'mysql-root-password'),
      user: { name: 'board', password: SecretRef.of('mysql-secret', 'mysql-password') },
    });
    new MysqlExporter(this, 'mysql-exporter', { database: this.mysql, password: SecretRef.of('mysql-exporter-secret', 'password') });
    const backup = new MysqlBackup(this, 'mysql-backup', {
      database: this.mysql,
      bucket: 'jimin-mysql-backup',
      region: 'ap-northeast-2',
      credentials: 'aws-s3-credentials',
      schedule: '0 18 * * *',
      keep: 7,
    });
    new MysqlRestoreDrill(this, 'mysql-restore-drill', { backup });
  }
}
