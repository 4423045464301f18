import { readYaml } from '../../lib/manifest/yaml';
import { databaseServerOf } from '../../lib/resources/database';
import { Resource } from '../../lib/resources/resource';
import { workloadOf } from '../../lib/resources/workload';

function engineOf(container: string, kind = 'Deployment'): string | undefined {
  const pod = `{containers: [{name: c, ${container}}]}`;
  const text = `apiVersion: ${kind === 'Job' ? 'batch/v1' : 'apps/v1'}\nkind: ${kind}\nmetadata: {name: x, namespace: a}\nspec: {template: {spec: ${pod}}}\n`;
  const [document] = readYaml(text, 'x.yaml').documents;
  const workload = document === undefined ? undefined : workloadOf(new Resource(document));
  return workload === undefined ? undefined : databaseServerOf(workload)?.engine;
}

test.each([
  ['image: mysql:8.4', 'MySQL'],
  ['image: "mysql:8.4@sha256:abc"', 'MySQL'],
  ['image: docker.io/bitnami/mariadb:11', 'MySQL'],
  ['image: percona/percona-server:8.0', 'MySQL'],
  ['image: mysql:8.4, args: [--character-set-server=utf8mb4]', 'MySQL'],
  ['image: mysql:8.4, command: [mysqld], args: [--skip-name-resolve]', 'MySQL'],
  ['image: mysql:8.4, command: [sh, -c, "exec docker-entrypoint.sh mysqld"]', 'MySQL'],
  ['image: postgis/postgis:16-3.4', 'PostgreSQL'],
  ['image: postgres:16, args: [postgres, -c, max_connections=200]', 'PostgreSQL'],
  ['image: mcr.microsoft.com/mssql/server:2022-latest', 'Microsoft SQL Server'],
  ['image: mongo:7, command: [mongod, --replSet, rs0]', 'MongoDB'],
])('%s serves %s', (container, engine) => expect(engineOf(container)).toBe(engine));

test.each([
  'image: prom/mysqld-exporter:v0.15.1',
  'image: prometheuscommunity/postgres-exporter:v0.15.0',
  'image: phpmyadmin:5',
  'image: mongo-express:1',
  'image: mysql/mysql-router:8.0',
  'image: bitnami/pgbouncer:1',
  'image: registry.example/server:1.0',
  'image: mysql:8.4, command: [sleep, infinity]',
  'image: mysql:8.4, command: [sh, -c, "while true; do mysqladmin -h db ping; sleep 60; done"]',
  'image: postgres:16, command: [psql, -h, db]',
  'image: mysql:8.4, args: [mysqldump, -h, db, shop]',
])('%s serves none', (container) => expect(engineOf(container)).toBeUndefined());

test('a job that runs the image of a server serves nobody', () => expect(engineOf('image: mysql:8.4', 'Job')).toBeUndefined());
