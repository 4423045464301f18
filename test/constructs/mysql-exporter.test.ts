import { Size } from 'cdk8s';
import { Mysql } from '../../lib/constructs/mysql';
import { MysqlExporter, type MysqlExporterProps } from '../../lib/constructs/mysql-exporter';
import { SecretRef } from '../../lib/constructs/secret-ref';
import { at, blogChart, errorsOf, findingsOf, kindsOf, objectOf } from './blog';

const password = SecretRef.of('mysql-exporter-secret', 'password');

function exporter(props: Partial<MysqlExporterProps> = {}, forced: object = {}) {
  const chart = blogChart();
  const database = new Mysql(chart, 'mysql', {
    image: 'mysql:8.4.3',
    storage: Size.gibibytes(5),
    database: 'board',
    rootPassword: SecretRef.of('mysql-secret', 'mysql-root-password'),
  });
  const construct = new MysqlExporter(chart, 'mysql-exporter', { database, password, ...props, ...forced });
  return { chart, construct };
}

function rules(props: Partial<MysqlExporterProps> = {}): Map<unknown, unknown> {
  const list = at(objectOf(exporter(props).chart, 'PrometheusRule'), 'spec', 'groups', 0, 'rules');
  return new Map(Array.isArray(list) ? list.map((rule: unknown) => [at(rule, 'alert'), rule]) : []);
}

describe('MysqlExporter', () => {
  const { chart, construct } = exporter();

  test('is a Deployment with a Service, a monitor, the rights of its user, alerts and a policy', () => {
    expect(kindsOf(construct)).toEqual([
      'Deployment mysql-exporter',
      'Service mysql-exporter',
      'ServiceMonitor mysql-exporter',
      'ConfigMap mysql-exporter-rights',
      'PrometheusRule mysql-exporter-alerts',
      'CiliumNetworkPolicy mysql-exporter-isolation',
    ]);
  });

  test('names server and user on its command line, and the password only in its environment, by reference', () => {
    const container = at(objectOf(chart, 'Deployment'), 'spec', 'template', 'spec', 'containers', 0);
    expect(at(container, 'args')).toEqual(['--mysqld.address=mysql.blog-system.svc:3306', '--mysqld.username=exporter']);
    expect(at(container, 'env')).toEqual([
      { name: 'MYSQLD_EXPORTER_PASSWORD', valueFrom: { secretKeyRef: { name: 'mysql-exporter-secret', key: 'password' } } },
    ]);
  });

  test('carries the labels that Prometheus asks for', () => {
    for (const kind of ['ServiceMonitor', 'PrometheusRule']) {
      expect(at(objectOf(chart, kind), 'metadata', 'labels')).toEqual({ release: 'kube-prometheus-stack' });
    }
    expect(at(objectOf(chart, 'ServiceMonitor'), 'spec', 'selector', 'matchLabels')).toEqual(
      at(objectOf(chart, 'Service', 'mysql-exporter'), 'metadata', 'labels'),
    );
  });

  test('is reached by Prometheus alone, and reaches the server, which lets it in', () => {
    const policy = objectOf(chart, 'CiliumNetworkPolicy', 'mysql-exporter-isolation');
    expect(at(policy, 'spec', 'ingress')).toEqual([
      {
        fromEndpoints: [{ matchLabels: { 'app.kubernetes.io/name': 'prometheus', 'k8s:io.kubernetes.pod.namespace': 'monitoring' } }],
        toPorts: [{ ports: [{ port: '9104', protocol: 'TCP' }] }],
      },
    ]);
    const peers = at(
      objectOf(chart, 'CiliumNetworkPolicy', 'mysql-isolation'),
      'spec',
      'ingress',
      0,
      'fromEndpoints',
      0,
      'matchLabels',
      'app',
    );
    expect(peers).toBe('mysql-exporter');
  });

  test('tells a server that is down from an exporter that is silent', () => {
    expect(at(rules().get('MysqlDown'), 'expr')).toBe('mysql_up{job="mysql-exporter", namespace="blog-system"} == 0');
    expect(at(rules().get('MysqlExporterSilent'), 'expr')).toBe('absent(mysql_up{job="mysql-exporter", namespace="blog-system"})');
    expect(at(rules().get('MysqlExporterSilent'), 'annotations', 'runbook')).toContain('does not say that MySQL is down');
  });

  test('says of each alert how grave it is, what it means and what to do', () => {
    expect([...rules().keys()]).toEqual([
      'MysqlDown',
      'MysqlExporterSilent',
      'MysqlExporterLacksData',
      'MysqlConnectionsNearLimit',
      'MysqlRefusesConnections',
      'MysqlRestarted',
      'MysqlWaitsForLocks',
      'MysqlVolumeFull',
      'MysqlVolumeFillsUp',
    ]);
    for (const rule of rules().values()) {
      expect(at(rule, 'labels', 'severity')).toMatch(/^(critical|warning)$/);
      expect(String(at(rule, 'annotations', 'summary')).length).toBeGreaterThan(20);
      expect(String(at(rule, 'annotations', 'runbook')).length).toBeGreaterThan(40);
    }
  });

  test('documents a user that reads no data', () => {
    expect(construct.rights).toContain("GRANT PROCESS, REPLICATION CLIENT ON *.* TO 'exporter'@'%';");
    expect(construct.rights).not.toMatch(/SELECT ON \*\.\*/);
    expect(at(objectOf(chart, 'ConfigMap', 'mysql-exporter-rights'), 'data', 'user.sql')).toBe(construct.rights);
  });

  test('adds nothing that a lesson knows', () => {
    expect(findingsOf(chart).filter((finding) => !/single-replica-database|etcd-without-backup/.test(finding))).toEqual([]);
  });

  test('takes another job, interval and image, and no alerts', () => {
    const { chart: other, construct: quiet } = exporter({
      serviceName: 'metrics',
      intervalSeconds: 60,
      image: 'registry.example/exporter:1.0.0',
      alerts: false,
    });
    expect(kindsOf(quiet)).not.toContain('PrometheusRule mysql-exporter-alerts');
    expect(at(objectOf(other, 'ServiceMonitor'), 'spec', 'endpoints')).toEqual([{ port: 'metrics', interval: '60s' }]);
    expect(at(rules({ serviceName: 'metrics' }).get('MysqlDown'), 'expr')).toContain('job="metrics"');
  });
});

describe('MysqlExporter with bad input', () => {
  test.each<[string, Partial<MysqlExporterProps> | object, RegExp]>([
    ['a string for a secret', { password: 'hunter2' }, /^user\.password is not a SecretRef/],
    ['a user with a quote', { user: "e'x" }, /^user\.name is "e'x": use at most 32/],
    ['an image that moves', { image: 'prom/mysqld-exporter' }, /^image is /],
    ['an interval below five seconds', { intervalSeconds: 0 }, /^intervalSeconds is 0: give a whole number of at least 5/],
    ['a prop that does not exist', { dataSourceName: 'x' }, /^dataSourceName is no prop/],
  ])('fails on %s, naming prop, value and mend', (_, props, message) => {
    expect(errorsOf(exporter({}, props).chart)).toEqual([expect.stringMatching(message)]);
  });
});
