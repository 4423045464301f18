/** Several of each construct in one app: nothing shares a name, a selector or a policy, and every output can be patched. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiObject, App, Chart, JsonPatch, Size, YamlOutputType } from 'cdk8s';
import { ArgoCdIngress } from '../../lib/constructs/argocd-ingress';
import { BlogWeb } from '../../lib/constructs/blog-web';
import { EtcdBackup } from '../../lib/constructs/etcd-backup';
import { GitOpsApplication } from '../../lib/constructs/gitops-application';
import { LonghornStorage } from '../../lib/constructs/longhorn-storage';
import { Mysql } from '../../lib/constructs/mysql';
import { MysqlBackup } from '../../lib/constructs/mysql-backup';
import { MysqlExporter } from '../../lib/constructs/mysql-exporter';
import { MysqlRestoreDrill } from '../../lib/constructs/mysql-restore-drill';
import { PlatformApp } from '../../lib/constructs/platform-app';
import { SecretRef } from '../../lib/constructs/secret-ref';
import { Was } from '../../lib/constructs/was';
import { Cluster } from '../../lib/facts/cluster';
import { readYaml } from '../../lib/manifest/yaml';
import { Resources } from '../../lib/resources/resources';
import { at } from './blog';

const NAMESPACES = ['first', 'second'];
const FACTS = {
  nodes: [{ name: 'cp', roles: ['control-plane'] }, { name: 'w1' }, { name: 'w2' }],
  existing: [
    ...NAMESPACES.flatMap((namespace) => ['db', 's3'].map((name) => ({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace } }))),
    ...NAMESPACES.map((namespace) => ({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'argocd-server', namespace } })),
  ],
};

function platformApp(props: { outdir?: string; yamlOutputType?: YamlOutputType } = {}): PlatformApp {
  return new PlatformApp({ cluster: new Cluster(FACTS), onWarning: () => undefined, ...props });
}

/** One of each, whose names all end alike. */
function shop(chart: Chart, suffix: string): void {
  const s3 = { bucket: 'shop-backup', region: 'eu-west-1', credentials: 's3' };
  const database = new Mysql(chart, `db${suffix}`, { image: 'mysql:8.4.3', storage: Size.gibibytes(5), database: 'shop', rootPassword: SecretRef.of('db', 'root') }); // prettier-ignore
  const api = new Was(chart, `api${suffix}`, { image: 'registry.example/api:1.0.0', database, autoscaling: { min: 2, max: 3 } });
  new BlogWeb(chart, `web${suffix}`, { image: 'registry.example/web:1.0.0', host: `shop${suffix}.example.org`, backends: { '/api': api } });
  new MysqlExporter(chart, `exporter${suffix}`, { database, password: SecretRef.of('db', 'exporter') });
  const backup = new MysqlBackup(chart, `backup${suffix}`, { database, ...s3 });
  new MysqlRestoreDrill(chart, `drill${suffix}`, { backup });
  new EtcdBackup(chart, `etcd${suffix}`, s3);
  new ArgoCdIngress(chart, `argocd${suffix}`, { host: `argocd${suffix}.example.org` });
}

const resourcesOf = (app: PlatformApp) => new Resources(readYaml(app.synthYaml(), 'app.yaml').documents, []);

/** Pairs of workloads where the selector of one matches the pods of the other. */
function overlaps(resources: Resources): string[] {
  return resources.workloads.flatMap((one) =>
    resources.workloads
      .filter((other) => other !== one && other.namespace === one.namespace)
      .filter((other) => {
        const wanted = one.resource.at('spec', 'selector', 'matchLabels').texts;
        const labels = other.template.at('metadata', 'labels').texts;
        return Object.keys(wanted).length > 0 && Object.entries(wanted).every(([key, value]) => labels[key] === value);
      })
      .map((other) => `${one.name} selects ${other.name}`),
  );
}

function objectsOf(resources: Resources): string[] {
  return resources.all.map(({ kind, namespace, name }) => `${kind} ${namespace ?? ''}/${name}`);
}

describe('several of each construct', () => {
  test('stand in one chart', () => {
    const app = platformApp();
    const chart = new Chart(app, 'shops', { namespace: 'first' });
    for (const suffix of ['-a', '-b']) shop(chart, suffix);
    const resources = resourcesOf(app);
    expect(overlaps(resources)).toEqual([]);
    expect(new Set(objectsOf(resources)).size).toBe(resources.all.length);
  });

  test('stand in two charts of one namespace', () => {
    const app = platformApp();
    for (const suffix of ['-a', '-b']) shop(new Chart(app, `shop${suffix}`, { namespace: 'first' }), suffix);
    expect(overlaps(resourcesOf(app))).toEqual([]);
  });

  test('have the same names in two namespaces, and each its own policy and peers', () => {
    const app = platformApp();
    for (const namespace of NAMESPACES) shop(new Chart(app, namespace, { namespace }), '');
    const resources = resourcesOf(app);
    const [first = [], second = []] = NAMESPACES.map((namespace) =>
      objectsOf(resources).filter((object) => object.includes(` ${namespace}/`)).map((object) => object.replace(`${namespace}/`, '')),
    ); // prettier-ignore
    expect(first).toEqual(second);
    expect(first.length * 2).toBe(resources.all.length);
    for (const namespace of NAMESPACES) {
      const policy = resources.find('cilium.io', 'CiliumNetworkPolicy', namespace, 'db-isolation');
      const text = JSON.stringify(policy?.document.content);
      expect(text).toContain(`"k8s:io.kubernetes.pod.namespace":"${namespace}"`);
      expect(text).not.toContain(`"${NAMESPACES.find((other) => other !== namespace) ?? ''}"`);
    }
  });

  test('fail when two take one name, also where the namespaces of their charts differ and the kind has none', () => {
    const app = platformApp();
    for (const namespace of NAMESPACES) new LonghornStorage(new Chart(app, namespace, { namespace }), 'longhorn', { alerts: false });
    expect(() => app.synthYaml()).toThrow(
      /second\/longhorn\/class: name is "longhorn": first\/longhorn\/class already declares that StorageClass; give one of them another name/,
    );
  });
});

describe('objects of one kind and name in two namespaces', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'side-by-side-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const types = [YamlOutputType.FILE_PER_RESOURCE, YamlOutputType.FOLDER_PER_CHART_FILE_PER_RESOURCE];

  /** The objects that a run of synth leaves in its folder. */
  function written(app: App): string[] {
    app.synth();
    const files = readdirSync(app.outdir, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.yaml'));
    const documents = files.flatMap((file) => readYaml(readFileSync(join(app.outdir, file), 'utf8'), file).documents);
    return objectsOf(new Resources(documents, [])).sort();
  }

  function define(app: App): App {
    const chart = new Chart(app, 'settings');
    for (const namespace of NAMESPACES)
      new ApiObject(chart, namespace, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings', namespace }, data: { a: 'b' } });
    return app;
  }

  test.each(types)('are both written by %s, where stock synth keeps the last', (yamlOutputType) => {
    const stock = written(define(new App({ outdir: join(folder, 'stock'), yamlOutputType })));
    const ours = written(define(platformApp({ outdir: join(folder, 'ours'), yamlOutputType })));
    expect(stock).toEqual(['ConfigMap second/settings']);
    expect(ours).toEqual(['ConfigMap first/settings', 'ConfigMap second/settings']);
  });
});

describe('a patch', () => {
  /** Everything that this library renders. */
  function everything(): PlatformApp {
    const app = platformApp();
    const chart = new Chart(app, 'shop', { namespace: 'first' });
    shop(chart, '');
    new LonghornStorage(chart, 'longhorn');
    new GitOpsApplication(chart, 'apps', { repository: 'https://git.example.org/x.git', path: 'dist', namespace: 'first' });
    return app;
  }

  test('reaches every object of every construct, and only that one', () => {
    const app = everything();
    const objects = app.node.findAll().filter((construct) => ApiObject.isApiObject(construct));
    expect(objects.length).toBeGreaterThan(40);
    for (const object of objects) {
      const given: unknown = at(object.toJson(), 'metadata', 'annotations');
      object.addJsonPatch(JsonPatch.add('/metadata/annotations', { ...Object(given), patched: object.node.path }));
    }
    const patched = readYaml(app.synthYaml(), 'app.yaml').documents.map(({ content }) => at(content, 'metadata', 'annotations', 'patched'));
    expect(patched.sort()).toEqual(objects.map(({ node }) => node.path).sort());
  });

  test.each<[string, string, JsonPatch, RegExp]>([
    ['a field that does not exist', 'shop/api/rollout', JsonPatch.add('/spec/replica', 2), /shop\/api\/rollout: .*replica.*\[schema \/spec\/replica\]/],
    ['a value of another type', 'shop/db/service', JsonPatch.replace('/spec/ports/0/port', 'mysql'), /shop\/db\/service: .*\[schema /],
    ['a password in plain text', 'shop/api/config', JsonPatch.add('/data/SPRING_DATASOURCE_PASSWORD', 'correct-horse-9'), /shop\/api\/config: .*\[secret-in-manifest/],
    ['a selector of another workload', 'shop/exporter/deployment', JsonPatch.replace('/spec/selector/matchLabels/app', 'api'), /shop\/exporter\/deployment: .*\[selector-template-mismatch/],
    ['a connection that is cut', 'shop/db/isolation/policy', JsonPatch.replace('/spec/ingress', [{}]), /first\/api: the connection to first\/db on 3306\/TCP \(database\) is declared and denied/],
    ['a name that another object has', 'shop/api/pdb', JsonPatch.replace('/metadata/name', 'web-pdb'), /shop\/web\/pdb: name is "web-pdb": shop\/api\/pdb already declares that PodDisruptionBudget/],
  ])('is judged: %s', (_, path, patch, message) => {
    const app = everything();
    const object = app.node.findAll().find(({ node }) => node.path === path);
    if (object === undefined) throw new Error(`there is no ${path}`);
    ApiObject.of(object).addJsonPatch(patch);
    expect(() => app.synthYaml()).toThrow(message);
  }); // prettier-ignore
});
