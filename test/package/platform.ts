/** The same facts for the command line. */
export const FACTS = `nodes:
  - { name: cp, roles: [control-plane] }
  - { name: w1 }
  - { name: w2 }
existing:
  - { apiVersion: v1, kind: Secret, metadata: { name: db-secret, namespace: shop } }
  - { apiVersion: v1, kind: Secret, metadata: { name: s3-credentials, namespace: shop } }
  - { apiVersion: v1, kind: Service, metadata: { name: argocd-server, namespace: argocd } }
`;

/** What a stranger writes: a shop with its database and backups, and its test. Both compile in any kind of project. */
export const MAIN = `import { Chart, Size } from 'cdk8s';
import { Construct } from 'constructs';
import {
  ArgoCdIngress,
  BlogWeb,
  Cluster,
  GitOpsApplication,
  Mysql,
  MysqlBackup,
  MysqlRestoreDrill,
  Peer,
  PlatformApp,
  SecretRef,
  Was,
} from 'cdk8s-hindsight';

export const cluster = new Cluster({
  nodes: [{ name: 'cp', roles: ['control-plane'] }, { name: 'w1' }, { name: 'w2' }],
  existing: [
    ...['db-secret', 's3-credentials'].map((name) => ({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'shop' } })),
    { apiVersion: 'v1', kind: 'Service', metadata: { name: 'argocd-server', namespace: 'argocd' } },
  ],
});

export class Shop extends Chart {
  constructor(scope: Construct) {
    super(scope, 'shop', { namespace: 'shop' });
    const rootPassword = SecretRef.of('db-secret', 'root');
    const db = new Mysql(this, 'db', { image: 'mysql:8.4', storage: Size.gibibytes(10), database: 'shop', rootPassword });
    const api = new Was(this, 'api', { image: 'registry.example/api:1.4.2', database: db, autoscaling: { min: 2, max: 6 } });
    api.connections.allowTo(Peer.fqdn('api.example.com'), 443);
    new BlogWeb(this, 'front', { image: 'registry.example/front:2.0.0', host: 'shop.example.org', backends: { '/api': api } });
    const backup = new MysqlBackup(this, 'backup', { database: db, bucket: 'shop-backup', region: 'eu-west-1', credentials: 's3-credentials' });
    new MysqlRestoreDrill(this, 'drill', { backup });
  }
}

export class GitOps extends Chart {
  constructor(scope: Construct) {
    super(scope, 'gitops', { namespace: 'argocd' });
    new ArgoCdIngress(this, 'argocd', { host: 'argocd.example.org' });
    new GitOpsApplication(this, 'shop', { repository: 'https://git.example.org/manifests.git', path: 'dist', namespace: 'shop' });
  }
}

if (!process.env.TESTING) {
  const app = new PlatformApp({ cluster });
  new Shop(app);
  new GitOps(app);
  app.synth();
}
`;

export const TEST = `import { Testing } from 'cdk8s';
import { judge, lessons, Resources, readYaml } from 'cdk8s-hindsight/check';
import 'cdk8s-hindsight/jest';
import { PlatformApp } from 'cdk8s-hindsight';
process.env.TESTING = 'yes';
import { cluster, Shop } from './main';

test('the shop repeats no incident', () => {
  const shop = new Shop(new PlatformApp({ cluster }));
  expect(Testing.synth(shop)).toHaveNoFindings({ cluster });
  expect(shop).toAllow({ from: 'shop/api', to: 'shop/db', port: 3306 });
  expect(shop).not.toAllow({ from: 'shop/front', to: 'shop/db:3306/TCP' });
});

test('an incident is found in YAML', () => {
  const yaml = 'apiVersion: apps/v1\\nkind: Deployment\\nmetadata:\\n  name: x\\n  annotations: {sidecar.istio.io/inject: "false"}\\nspec:\\n  selector: {matchLabels: {app: x}}\\n  template: {metadata: {labels: {app: x}}, spec: {containers: [{name: x, image: "x:1"}]}}\\n';
  expect(yaml).toHaveFinding('sidecar-annotation-misplaced', { name: 'x' });
  const { findings } = judge(new Resources(readYaml(yaml, 'x.yaml').documents), cluster, lessons);
  expect(findings.map(({ lesson, location }) => [lesson, location])).toContainEqual([
    'sidecar-annotation-misplaced',
    expect.objectContaining({ file: 'x.yaml', line: 5 }),
  ]);
});
`;
