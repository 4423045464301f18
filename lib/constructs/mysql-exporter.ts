/** Metrics of a MySQL server for Prometheus, and the alerts that read them. */
import { Construct } from 'constructs';
import type { Deployment, Service } from '../../imports/kubernetes';
import type { ServiceMonitor } from '../../imports/prometheus-operator';
import { PROMETHEUS_PODS } from '../facts/well-known-pods';
import { defineObject } from '../kube/define';
import { SIDECAR_OPT_OUT } from '../lessons/job-with-sidecar';
import { labelsForPrometheus } from '../lessons/monitor-selects-nothing';
import { defineAlerts } from './alerts';
import { Connections, type IConnectable, requireConnectable } from './connections';
import { Input, type PropNames } from './input';
import { Isolation } from './isolation';
import { databaseUser, type DatabaseUser, type IMysql } from './mysql';
import { exporterAlerts } from './mysql-exporter-alerts';
import { Peer } from './peer';
import { clusterOf, namespaceOf } from './platform';
import { defineRights } from './rights';
import type { SecretRef } from './secret-ref';

export interface MysqlExporterProps {
  /** Name of the Deployment, and value of its pods' `app` label. @default - the construct's id */
  readonly name?: string;
  /** The server that is watched. */
  readonly database: IMysql;
  /** Password of the exporter's own user. */
  readonly password: SecretRef;
  /** The exporter's own user; `rights` is the SQL that makes it. @default 'exporter' */
  readonly user?: string;
  /** @default 'prom/mysqld-exporter:v0.17.2' */
  readonly image?: string;
  /** Time between two scrapes in seconds. @default 30 */
  readonly intervalSeconds?: number;
  /** Name of the Service, and of the job in Prometheus. @default - the workload's name */
  readonly serviceName?: string;
  /** Whether alerts are defined. @default true */
  readonly alerts?: boolean;
}

const MYSQL_EXPORTER_PROPS: PropNames<MysqlExporterProps> = {
  name: true,
  database: true,
  password: true,
  user: true,
  image: true,
  intervalSeconds: true,
  serviceName: true,
  alerts: true,
};
const PORT = 9104;

export class MysqlExporter extends Construct implements IConnectable {
  readonly name: string;
  readonly connections: Connections;
  readonly serviceName: string;
  /** SQL that makes the exporter's user with just the rights that it needs. */
  readonly rights: string;

  constructor(scope: Construct, id: string, props: MysqlExporterProps) {
    super(scope, id);
    const input = new Input(this);
    const {
      name = id,
      database,
      password,
      user = 'exporter',
      image = 'prom/mysqld-exporter:v0.17.2',
      intervalSeconds = 30,
      serviceName,
      alerts = true,
    } = props;
    input.known(props, MYSQL_EXPORTER_PROPS);
    requireConnectable(this, 'database', database, 'a Mysql');
    this.name = input.dnsLabel('name', name);
    this.serviceName = input.serviceName('serviceName', serviceName ?? this.name);
    const account = databaseUser(input, 'user', { name: user, password });
    this.rights = exporterRights(account.name);
    const namespace = namespaceOf(this);
    this.connections = new Connections(this, { name: this.name, namespace, ports: [{ number: PORT }], inMesh: false, input });
    this.connections.allowTo(database, undefined, 'metrics of the server');
    const { prometheus } = clusterOf(this).facts;
    this.connections.allowFrom(Peer.pods(prometheus ?? PROMETHEUS_PODS), undefined, 'scrapes metrics');

    defineObject<Deployment>(this, 'deployment', deployment({ name: this.name, image: input.image('image', image), database, account }));
    defineObject<Service>(this, 'service', {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: this.serviceName, labels: { app: this.name } },
      spec: { selector: { app: this.name }, ports: [{ name: 'metrics', port: PORT, targetPort: 'metrics', protocol: 'TCP' }] },
    });
    defineObject<ServiceMonitor>(this, 'monitor', {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'ServiceMonitor',
      metadata: { name: this.name, labels: { ...labelsForPrometheus(prometheus, 'ServiceMonitor') } },
      spec: {
        selector: { matchLabels: { app: this.name } },
        endpoints: [{ port: 'metrics', interval: `${input.wholeNumber('intervalSeconds', intervalSeconds, 5)}s` }],
      },
    });
    defineRights(this, this.name, { 'user.sql': this.rights });
    if (alerts) defineAlerts(this, `${this.name}-alerts`, exporterAlerts({ job: this.serviceName, namespace, database }));
    new Isolation(this, 'isolation', { connections: this.connections });
  }
}

/** It reads states and counters, and may hold three connections: never a row of anybody's data. */
function exporterRights(user: string): string {
  return `-- Run once as root; replace <password> by the one in the Secret.
CREATE USER '${user}'@'%' IDENTIFIED BY '<password>' WITH MAX_USER_CONNECTIONS 3;
GRANT PROCESS, REPLICATION CLIENT ON *.* TO '${user}'@'%';
GRANT SELECT ON performance_schema.* TO '${user}'@'%';
`;
}

interface DeploymentProps {
  readonly name: string;
  readonly image: string;
  readonly database: IMysql;
  readonly account: DatabaseUser;
}

function deployment({ name, image, database, account }: DeploymentProps): Deployment {
  // It answers on / without asking the server: an exporter that restarts whenever MySQL is down would tell nobody.
  const probe = { httpGet: { path: '/', port: 'metrics' }, timeoutSeconds: 3 };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, labels: { app: name } },
    spec: {
      replicas: 1,
      revisionHistoryLimit: 3,
      selector: { matchLabels: { app: name } },
      template: {
        // Prometheus, which has no sidecar, reads it; so would a mesh that insists on mTLS keep the metrics for itself.
        metadata: { labels: { app: name, ...SIDECAR_OPT_OUT } },
        spec: {
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          securityContext: { runAsNonRoot: true, runAsUser: 65534, runAsGroup: 65534, seccompProfile: { type: 'RuntimeDefault' } },
          containers: [
            {
              name: 'mysql-exporter',
              image,
              args: [`--mysqld.address=${database.host}:${database.port}`, `--mysqld.username=${account.name}`],
              env: [account.password.toEnv('MYSQLD_EXPORTER_PASSWORD')],
              ports: [{ name: 'metrics', containerPort: PORT, protocol: 'TCP' }],
              resources: { requests: { cpu: '20m', memory: '32Mi' }, limits: { memory: '64Mi' } },
              securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
              readinessProbe: { ...probe, periodSeconds: 10 },
              livenessProbe: { ...probe, periodSeconds: 30, failureThreshold: 3 },
            },
          ],
        },
      },
    },
  };
}
