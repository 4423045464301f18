import { Size } from 'cdk8s';
import { Mysql, type MysqlProps } from '../../lib/constructs/mysql';
import { Was } from '../../lib/constructs/was';
import { SecretRef } from '../../lib/constructs/secret-ref';
import { at, blogChart, errorsOf, findingsOf, kindsOf, objectOf } from './blog';

const root = SecretRef.of('mysql-secret', 'mysql-root-password');
const PROPS: MysqlProps = { image: 'mysql:8.4.3', storage: Size.gibibytes(10), database: 'board', rootPassword: root };

/** What other constructs bring. */
const WITHOUT_ETCD = expect.stringMatching(/^info etcd-without-backup /);

function mysql(props: Partial<MysqlProps> = {}, forced: object = {}) {
  const chart = blogChart();
  return { chart, db: new Mysql(chart, 'mysql', { ...PROPS, ...props, ...forced }) };
}

describe('Mysql by default', () => {
  const { chart, db } = mysql();
  const workload = objectOf(chart, 'StatefulSet');
  const container = at(workload, 'spec', 'template', 'spec', 'containers', 0);

  test('is a StatefulSet with its own claim, configuration, Service, budget and policy', () => {
    expect(kindsOf(chart)).toEqual([
      'ConfigMap mysql-config',
      'PersistentVolumeClaim mysql-data',
      'StatefulSet mysql',
      'Service mysql',
      'PodDisruptionBudget mysql-pdb',
      'CiliumNetworkPolicy mysql-isolation',
    ]);
    expect(at(workload, 'spec', 'selector')).toEqual({ matchLabels: { app: 'mysql' } });
  });

  test('tells Argo CD to prune neither the claim nor the workload', () => {
    for (const kind of ['PersistentVolumeClaim', 'StatefulSet']) {
      expect(at(objectOf(chart, kind), 'metadata', 'annotations', 'argocd.argoproj.io/sync-options')).toBe('Prune=false,Delete=false');
    }
    expect(at(objectOf(chart, 'PersistentVolumeClaim'), 'spec')).toEqual({
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '10Gi' } },
    });
  });

  test('asks the server itself in every probe, without a password on a command line', () => {
    for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
      const command = String(at(container, probe, 'exec', 'command', 2));
      expect(command).toMatch(/mysqladmin.* ping$/);
      expect(command).not.toMatch(/-p|--password/);
    }
  });

  test('gives a recovery ten minutes, and a shutdown time to flush', () => {
    const period = Number(at(container, 'startupProbe', 'periodSeconds'));
    expect(period * Number(at(container, 'startupProbe', 'failureThreshold'))).toBe(600);
    expect(at(workload, 'spec', 'template', 'spec', 'terminationGracePeriodSeconds')).toBeGreaterThanOrEqual(60);
  });

  test('connects to nobody, and so asks for no names, unless it is to look up its clients', () => {
    expect(at(objectOf(chart, 'CiliumNetworkPolicy'), 'spec', 'egress')).toEqual([{}]);
    const asking = mysql({ settings: { skip_name_resolve: 'OFF' } });
    expect(at(objectOf(asking.chart, 'CiliumNetworkPolicy'), 'spec', 'egress')).toMatchObject([
      {
        toEndpoints: [{ matchLabels: { 'k8s-app': 'kube-dns' } }],
        toPorts: [
          {
            ports: [
              { port: '53', protocol: 'UDP' },
              { port: '53', protocol: 'TCP' },
            ],
          },
        ],
      },
    ]);
  });

  test('stays out of the mesh, and names its port as one that is not HTTP', () => {
    expect(at(workload, 'spec', 'template', 'metadata', 'labels')).toEqual({ app: 'mysql', 'sidecar.istio.io/inject': 'false' });
    expect(at(objectOf(chart, 'Service'), 'spec', 'ports', 0, 'name')).toBe('tcp-mysql');
  });

  test('caches data in half of its memory', () => {
    expect(at(objectOf(chart, 'ConfigMap'), 'data', 'my.cnf')).toContain('innodb_buffer_pool_size = 512M\n');
  });

  test('lets applications sign in as root where no other user is named', () => {
    expect([db.user, db.password, db.jdbcUrl]).toEqual(['root', root, 'jdbc:mysql://mysql.blog-system.svc:3306/board']);
  });

  test('lacks only what other constructs bring: a backup of it, and one of the cluster', () => {
    expect(findingsOf(chart)).toEqual([expect.stringMatching(/^warning single-replica-database /), WITHOUT_ETCD]);
  });
});

describe('Mysql with other props', () => {
  test('keeps a running Deployment: its selector, claim, volume layout, and one pod after the other', () => {
    const { chart } = mysql({
      adopt: 'deployment',
      claimName: 'mysql-pvc',
      storageClass: 'longhorn',
      storage: Size.gibibytes(5),
      serviceName: 'mysql-service',
    });
    const workload = objectOf(chart, 'Deployment');
    expect(at(workload, 'spec', 'strategy')).toEqual({ type: 'Recreate' });
    expect(at(workload, 'spec', 'selector')).toEqual({ matchLabels: { app: 'mysql' } });
    expect(at(workload, 'spec', 'template', 'spec', 'volumes', 0)).toEqual({
      name: 'data',
      persistentVolumeClaim: { claimName: 'mysql-pvc' },
    });
    expect(at(workload, 'spec', 'template', 'spec', 'containers', 0, 'volumeMounts', 0)).toEqual({
      name: 'data',
      mountPath: '/var/lib/mysql',
    });
    expect(at(workload, 'metadata', 'annotations', 'argocd.argoproj.io/sync-options')).toBe('Prune=false,Delete=false');
    expect(at(objectOf(chart, 'PersistentVolumeClaim', 'mysql-pvc'), 'spec', 'storageClassName')).toBe('longhorn');
    expect(findingsOf(chart)).toEqual([
      expect.stringMatching(/^warning longhorn-degraded-alert /),
      expect.stringMatching(/^warning single-replica-database /),
      WITHOUT_ETCD,
    ]);
  });

  test('makes a user for applications, by reference', () => {
    const { chart, db } = mysql({ user: { name: 'board', password: SecretRef.of('mysql-secret', 'mysql-password') } });
    expect(db.user).toBe('board');
    expect(at(objectOf(chart, 'StatefulSet'), 'spec', 'template', 'spec', 'containers', 0, 'env')).toContainEqual({
      name: 'MYSQL_PASSWORD',
      valueFrom: { secretKeyRef: { name: 'mysql-secret', key: 'mysql-password' } },
    });
  });

  test('replaces its pod when the configuration changes', () => {
    const hashes = [mysql(), mysql({ settings: { 'max-connections': 300 } })].map(({ chart }) =>
      at(objectOf(chart, 'StatefulSet'), 'spec', 'template', 'metadata', 'annotations', 'hindsight.dev/config-hash'),
    );
    expect(new Set(hashes).size).toBe(2);
    const config = at(objectOf(mysql({ settings: { 'max-connections': 300 } }).chart, 'ConfigMap'), 'data', 'my.cnf');
    expect(config).toContain('max_connections = 300\n');
    expect(config).not.toContain('= 151');
  });

  test('is reached by an application that is given it, and by nobody else', () => {
    const { chart, db } = mysql();
    new Was(chart, 'was', { image: 'registry.example/board-was:1.0.0', database: db });
    expect(at(objectOf(chart, 'CiliumNetworkPolicy', 'mysql-isolation'), 'spec', 'ingress')).toEqual([
      {
        fromEndpoints: [{ matchLabels: { app: 'was', 'k8s:io.kubernetes.pod.namespace': 'blog-system' } }],
        toPorts: [{ ports: [{ port: '3306', protocol: 'TCP' }] }],
      },
    ]);
  });
});

describe('Mysql with bad input', () => {
  test.each<[string, Partial<MysqlProps> | object, RegExp]>([
    ['a tag that moves', { image: 'mysql:latest' }, /^image is "mysql:latest": .*give a version tag or a digest/],
    ['a size of zero', { storage: Size.gibibytes(0) }, /^storage is .*give a size above zero/],
    ['a size that is none', { storage: '10Gi' }, /^storage is "10Gi": give a positive Size/],
    ['a fraction of a mebibyte', { storage: Size.kibibytes(100) }, /^storage is .*whole number of mebibytes/],
    ['a name that is no label', { name: 'My_Sql' }, /^name is "My_Sql": use at most 63 lower case/],
    ['a string for a secret', { rootPassword: 'hunter2' }, /^rootPassword is not a SecretRef: keep the value in a Secret/],
    ['a schema with a quote', { database: "a'b" }, /^database is "a'b": use at most 64 letters/],
    ['a setting with a newline', { settings: { log_bin: 'a\n[client]' } }, /^settings\.log_bin is "a\\n\[client\]": give one line/],
    ['root as the applications’ user', { user: { name: 'root', password: root } }, /^user\.name is "root"/],
    ['another kind to adopt', { adopt: 'daemonset' }, /^adopt is "daemonset": leave it out/],
    ['a folder outside of the volume', { dataFolder: '../data' }, /^dataFolder is "..\/data": name one folder/],
    ['a name whose pods no label could tell apart', { name: 'm'.repeat(53) }, /^name is "m+": use at most 52 characters/],
    ['memory that holds no server', { memory: Size.mebibytes(128) }, /^memory is "128 MiB": give at least 256 MiB/],
    ['a class with a space', { storageClass: 'fast disk' }, /^storageClass is "fast disk": use at most 253/],
    ['a Secret with a newline', { imagePullSecrets: ['ghcr\nx'] }, /^imagePullSecrets\[0\] is "ghcr\\nx": use at most 253/],
    [
      'a Secret that is no name',
      { rootPassword: SecretRef.of('My Secret', 'root') },
      /^rootPassword\.secret is "My Secret": use at most 253/,
    ],
    ['a typo', { rootPasword: root }, /^rootPasword is no prop of this construct: write rootPassword, or remove it/],
    ['a prop that does not exist', { replicas: 2 }, /^replicas is no prop of this construct/],
  ])('fails on %s, naming prop, value and mend', (_, props, message) => {
    const { chart } = mysql({}, props);
    expect(errorsOf(chart)).toEqual([expect.stringMatching(message)]);
  });

  test('keeps a name of 63 characters that a Deployment has', () => {
    expect(errorsOf(mysql({ name: 'm'.repeat(63), adopt: 'deployment' }).chart)).toEqual([]);
  });

  test('fails on a forced password without printing it', () => {
    const { chart } = mysql({}, { rootPassword: 'hunter2' });
    expect(JSON.stringify([errorsOf(chart), objectOf(chart, 'StatefulSet')])).not.toContain('hunter2');
  });
});
