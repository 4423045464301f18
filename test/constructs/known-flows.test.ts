/** What the constructs need is what their policies allow: the lessons about isolation are silent on a whole platform. */
import { ApiObject, Chart, JsonPatch, Size } from 'cdk8s';
import type { IConstruct } from 'constructs';
import { BlogWeb } from '../../lib/constructs/blog-web';
import { Mysql } from '../../lib/constructs/mysql';
import { MysqlBackup } from '../../lib/constructs/mysql-backup';
import { PlatformApp } from '../../lib/constructs/platform-app';
import { SecretRef } from '../../lib/constructs/secret-ref';
import { Was } from '../../lib/constructs/was';
import { Cluster } from '../../lib/facts/cluster';
import { documentsOf } from '../../lib/kube/documents';
import { knownFlows } from '../../lib/network/known-flows';
import { Resources } from '../../lib/resources/resources';
import { BLOG_CLUSTER, findingsOf } from './blog';

const LESSONS = /flow-denied|dns-egress-missing|cross-namespace-peer|fqdn-needs-dns-rule|isolation-without-mesh-ports/;

function platform(): Chart {
  const chart = new Chart(new PlatformApp({ cluster: new Cluster(BLOG_CLUSTER) }), 'blog', { namespace: 'blog-system' });
  const db = new Mysql(chart, 'mysql', {
    image: 'mysql:8.4',
    storage: Size.gibibytes(10),
    database: 'blog',
    rootPassword: SecretRef.of('mysql-secret', 'mysql-root-password'),
  });
  const api = new Was(chart, 'was', { image: 'registry.example/was:1.4.2', database: db });
  new BlogWeb(chart, 'web', { image: 'registry.example/web:2.0.0', host: 'blog.example.org', backends: { '/api': api } });
  new MysqlBackup(chart, 'mysql-backup', { database: db, bucket: 'blog-backup', region: 'eu-west-1', credentials: 'aws-s3-credentials' });
  return chart;
}

function isolationFindings(root: IConstruct): string[] {
  return findingsOf(root).filter((finding) => LESSONS.test(finding));
}

test('every need of the platform is allowed, and no lesson about isolation finds anything', () => {
  const chart = platform();
  const cluster = new Cluster(BLOG_CLUSTER);
  const needs = knownFlows(new Resources(documentsOf(chart), cluster.existing), cluster)?.needs ?? [];
  expect(needs.map(({ need }) => need.purpose)).toEqual(expect.arrayContaining(['connection', 'dns']));
  expect(isolationFindings(chart)).toEqual([]);
});

test('taking the rules out of one policy names what they were for', () => {
  const chart = platform();
  const policy = chart.node.findAll().find((one) => ApiObject.isApiObject(one) && one.name === 'mysql-isolation');
  if (policy === undefined) throw new Error('there is no policy of the database');
  ApiObject.of(policy).addJsonPatch(JsonPatch.replace('/spec/ingress', [{}]));
  const found = isolationFindings(chart);
  expect(found.some((finding) => finding.includes('blog-system/was to blog-system/mysql on TCP 3306'))).toBe(true);
  expect(found.some((finding) => finding.includes('blog-system/mysql-backup to blog-system/mysql on TCP 3306'))).toBe(true);
});
