import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PlatformApp } from 'cdk8s-hindsight';
import { ApiObject, App, Chart, Yaml } from 'cdk8s';
import { type Bench, ratio, rounded, type Row, seconds } from './measure';

const SIZES = [100, 500, 1000, 2000];

/**
 * The same objects, five a chart, in three ways: the stock app, this library's, and the least that anybody has to do for
 * them (render each, print it, write a file a chart).
 */
export const synthBench: Bench = {
  name: 'synth',
  description: 'PlatformApp.synth(), which judges everything too, against App.synth() and against bare toJson, YAML and writing',
  *rows(): Iterable<Row> {
    synthesized((outdir) => new PlatformApp({ outdir, onWarning: ignore }), 20);
    let before: { readonly size: number; readonly platform: number; readonly stock: number } | undefined;
    for (const size of SIZES) {
      const bare = written(size);
      const platform = synthesized((outdir) => new PlatformApp({ outdir, onWarning: ignore }), size);
      const stock = synthesized((outdir) => new App({ outdir }), size);
      yield {
        charts: size,
        'PlatformApp s': rounded(platform.time),
        'bare s': rounded(bare),
        'App s': rounded(stock.time),
        'App / PlatformApp': ratio(stock.time, platform.time),
        'PlatformApp / bare': ratio(platform.time, bare),
        'growth, as per doubling': growth(before, size, platform.time, 'platform'),
        'growth of App': growth(before, size, stock.time, 'stock'),
        bytes: same(platform.files, stock.files) ? 'equal' : 'DIFFERENT',
      };
      before = { size, platform: platform.time, stock: stock.time };
    }
  },
};

function growth<Way extends 'platform' | 'stock'>(
  before: (Readonly<Record<Way, number>> & { readonly size: number }) | undefined,
  size: number,
  time: number,
  way: Way,
): string {
  if (before === undefined) return '';
  return `${((time / before[way]) ** (1 / Math.log2(size / before.size))).toFixed(2)} ×`;
}

function synthesized(make: (outdir: string) => App, size: number): { readonly time: number; readonly files: ReadonlyMap<string, string> } {
  return inFolder((folder) => {
    const app = make(join(folder, 'dist'));
    addCharts(app, size);
    const time = seconds(() => {
      app.synth();
    });
    const files = readdirSync(join(folder, 'dist')).filter((file) => file.endsWith('.yaml'));
    return { time, files: new Map(files.map((file) => [file, readFileSync(join(folder, 'dist', file), 'utf8')])) };
  });
}

function written(size: number): number {
  return inFolder((folder) => {
    const app = new App({ outdir: folder });
    const charts = addCharts(app, size);
    return seconds(() => {
      for (const chart of charts) {
        const objects = chart.node.findAll().filter((construct) => ApiObject.isApiObject(construct));
        writeFileSync(join(folder, `${chart.node.id}.k8s.yaml`), Yaml.stringify(...objects.map((object): unknown => object.toJson())));
      }
    });
  });
}

function inFolder<Result>(work: (folder: string) => Result): Result {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function addCharts(app: App, count: number): readonly Chart[] {
  return Array.from({ length: count }, (_, index) => {
    const chart = new Chart(app, `chart-${index}`, { namespace: `team-${index % 20}` });
    for (const manifest of manifestsOf(`app-${index}`)) new ApiObject(chart, manifest.kind, manifest);
    return chart;
  });
}

/** Objects that no lesson objects to. */
function manifestsOf(name: string): { readonly apiVersion: string; readonly kind: string; readonly [key: string]: unknown }[] {
  const labels = { app: name };
  const probe = { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 10 };
  const container = {
    name: 'app',
    image: 'registry.example/app:1.4.2',
    ports: [{ name: 'http', containerPort: 8080 }],
    envFrom: [{ configMapRef: { name } }],
    readinessProbe: probe,
    livenessProbe: probe,
    resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '128Mi' } },
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, runAsNonRoot: true, runAsUser: 10001 },
  };
  const template = { metadata: { labels }, spec: { automountServiceAccountToken: false, containers: [container] } };
  return [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { LOG_LEVEL: 'info', GREETING: `hello from ${name}` } },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, labels },
      spec: { replicas: 2, selector: { matchLabels: labels }, template },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name },
      spec: { selector: labels, ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
    },
    {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name },
      spec: { maxUnavailable: 1, selector: { matchLabels: labels } },
    },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name }, automountServiceAccountToken: false },
  ];
}

function same(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([file, text]) => b.get(file) === text);
}

function ignore(): void {
  // Warnings are not what is measured.
}
