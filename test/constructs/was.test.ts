import { Duration, JsonPatch, Size } from 'cdk8s';
import { Mysql } from '../../lib/constructs/mysql';
import { Peer } from '../../lib/constructs/peer';
import { SecretRef } from '../../lib/constructs/secret-ref';
import { Was, type WasProps } from '../../lib/constructs/was';
import type { ClusterFacts } from '../../lib/facts/cluster-facts';
import { at, BLOG_CLUSTER, blogChart, errorsOf, findingsOf, kindsOf, objectOf } from './blog';
import { undone } from './undone';

const IMAGE = 'registry.example/was:1.0.0';
const OUTSIDE_OF_MESH: ClusterFacts = { ...BLOG_CLUSTER, mesh: undefined };
const secret = SecretRef.of('mysql-secret', 'mysql-password');

function was(props: Partial<WasProps> = {}, forced: object = {}, facts = BLOG_CLUSTER) {
  const chart = blogChart(facts);
  return { chart, construct: new Was(chart, 'was', { image: IMAGE, ...props, ...forced }) };
}

function podOf(props: Partial<WasProps> = {}, facts = BLOG_CLUSTER) {
  const template = at(objectOf(was(props, {}, facts).chart, 'Rollout'), 'spec', 'template');
  return { template, container: at(template, 'spec', 'containers', 0) };
}

const settingsOf = (props: Partial<WasProps>) => at(objectOf(was(props).chart, 'ConfigMap'), 'data');

const CONTAINER = '/spec/template/spec/containers/0';

describe('Was by default', () => {
  test('is a canary with its settings, behind a Service', () => {
    expect(kindsOf(was().chart)).toEqual([
      'ConfigMap was-config',
      'Rollout was',
      'Service was',
      'PodDisruptionBudget was-pdb',
      'VirtualService was-vsvc',
      'DestinationRule was-dest-rule',
      'CiliumNetworkPolicy was-isolation',
    ]);
  });

  test('is silent under every lesson, but for the hint at etcd', () => {
    expect(findingsOf(was({ autoscaling: { min: 2, max: 10 } }).chart)).toEqual([expect.stringMatching(/^info etcd-without-backup /)]);
  });

  test.each<[string, string, string, JsonPatch[]]>([
    ['startup-budget', 'a startup probe', 'Rollout', [JsonPatch.remove(`${CONTAINER}/startupProbe`)]],
    ['startup-budget', 'a deadline that waits for the start', 'Rollout', [JsonPatch.replace('/spec/progressDeadlineSeconds', 60)]],
    ['secret-in-manifest', 'passwords by reference', 'Rollout', [JsonPatch.add(`${CONTAINER}/env/-`, { name: 'DB_PASSWORD', value: 'correct-horse-9' })]],
    ['dangling-reference', 'a ConfigMap that exists', 'Rollout', [JsonPatch.replace(`${CONTAINER}/envFrom/0/configMapRef/name`, 'other')]],
    ['pdb-blocks-drain', 'a budget that lets a drain go on', 'PodDisruptionBudget', [JsonPatch.replace('/spec/maxUnavailable', 0)]],
    ['service-without-backends', 'one label for Service and pods', 'Service', [JsonPatch.replace('/spec/selector/app', 'other')]],
  ])('%s gave it %s', (lesson, _, kind, patches) => {
    expect(undone(was().chart, kind, ...patches)).toContain(lesson);
  }); // prettier-ignore

  test('is never root and writes to nothing but /tmp', () => {
    const { template, container } = podOf();
    expect(at(template, 'spec', 'securityContext')).toMatchObject({ runAsNonRoot: true, runAsUser: 10001 });
    expect(at(container, 'securityContext')).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  test('waits for its sidecar, where it has one', () => {
    const annotation = (facts: ClusterFacts) => at(podOf({}, facts).template, 'metadata', 'annotations', 'proxy.istio.io/config');
    expect(annotation(BLOG_CLUSTER)).toBe('{"holdApplicationUntilProxyStarts": true}');
    expect(annotation(OUTSIDE_OF_MESH)).toBeUndefined();
  });

  test('has time to finish its requests: the drain, its own grace, and a rest', () => {
    expect(at(podOf().template, 'spec', 'terminationGracePeriodSeconds')).toBe(5 + 25 + 10);
    expect(settingsOf({})).toMatchObject({ SERVER_SHUTDOWN: 'graceful', SPRING_LIFECYCLE_TIMEOUT_PER_SHUTDOWN_PHASE: '25s' });
  });
});

describe('Was with other props', () => {
  test('signs in to its database with what the database says, and may reach it', () => {
    const chart = blogChart();
    const database = new Mysql(chart, 'mysql', { image: 'mysql:8.4.3', storage: Size.gibibytes(1), database: 'board', rootPassword: SecretRef.of('mysql-secret', 'mysql-root-password'), user: { name: 'board', password: secret } }); // prettier-ignore
    new Was(chart, 'was', { image: IMAGE, database });
    expect(at(objectOf(chart, 'ConfigMap', 'was-config'), 'data')).toMatchObject({
      SPRING_DATASOURCE_URL: 'jdbc:mysql://mysql.blog-system.svc:3306/board',
      SPRING_DATASOURCE_USERNAME: 'board',
    });
    expect(at(objectOf(chart, 'Rollout'), 'spec', 'template', 'spec', 'containers', 0, 'env')).toEqual([
      { name: 'SPRING_DATASOURCE_PASSWORD', valueFrom: { secretKeyRef: { name: 'mysql-secret', key: 'mysql-password' } } },
    ]);
    expect(at(objectOf(chart, 'CiliumNetworkPolicy', 'was-isolation'), 'spec', 'egress', 0)).toEqual({
      toEndpoints: [{ matchLabels: { app: 'mysql', 'k8s:io.kubernetes.pod.namespace': 'blog-system' } }],
      toPorts: [{ ports: [{ port: '3306', protocol: 'TCP' }] }],
    });
  });

  test('sends traces to a collector that it may reach, and no lesson takes its own name for a place', () => {
    const collector = Peer.pods({ namespace: 'monitoring', labels: { app: 'otel-collector' } });
    const { chart } = was({ otlp: { endpoint: 'http://otel-collector.monitoring.svc:4318', collector } });
    expect(at(objectOf(chart, 'ConfigMap'), 'data')).toMatchObject({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://otel-collector.monitoring.svc:4318',
      OTEL_SERVICE_NAME: 'was',
    });
    expect(at(objectOf(chart, 'CiliumNetworkPolicy'), 'spec', 'egress', 0)).toEqual({
      toEndpoints: [{ matchLabels: { app: 'otel-collector', 'k8s:io.kubernetes.pod.namespace': 'monitoring' } }],
      toPorts: [{ ports: [{ port: '4318', protocol: 'TCP' }] }],
    });
    expect(findingsOf(chart)).toEqual([expect.stringMatching(/^info etcd-without-backup /)]);
  });

  test('goes to the collector’s own port, where that is another than the URL’s', () => {
    const collector = Peer.fqdn('otlp.example.org');
    const portOf = (otlp: WasProps['otlp']) =>
      at(objectOf(was({ otlp }).chart, 'CiliumNetworkPolicy'), 'spec', 'egress', 0, 'toPorts', 0, 'ports', 0, 'port');
    expect(portOf({ endpoint: 'https://otlp.example.org', collector })).toBe('443');
    expect(portOf({ endpoint: 'http://otlp.example.org', collector })).toBe('80');
    expect(portOf({ endpoint: 'http://otlp.example.org', collector, podPort: 4317 })).toBe('4317');
  });

  test('gets settings and secrets by environment, and rolls when a setting changes', () => {
    const { container } = podOf({ config: { FEATURE: 'on' }, secrets: { TOKEN: secret } });
    expect(at(container, 'env')).toEqual([{ name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'mysql-secret', key: 'mysql-password' } } }]);
    expect(settingsOf({ config: { FEATURE: 'on', SERVER_SHUTDOWN: 'immediate' } })).toMatchObject({
      FEATURE: 'on',
      SERVER_SHUTDOWN: 'immediate',
    });
    const hash = (props: Partial<WasProps>) => at(podOf(props).template, 'metadata', 'annotations', 'hindsight.dev/config-hash');
    expect(hash({ config: { FEATURE: 'on' } })).not.toBe(hash({}));
    expect(hash({ replicas: 3 })).toBe(hash({}));
  });

  test('starts, pulls, answers and stops within the times that are told', () => {
    const props = { startupBudget: Duration.minutes(10), pullBudget: Duration.minutes(5), shutdownGrace: Duration.seconds(50), timeout: Duration.seconds(7) };
    const { chart } = was(props);
    const rollout = objectOf(chart, 'Rollout');
    const probe = at(rollout, 'spec', 'template', 'spec', 'containers', 0, 'startupProbe');
    expect(Number(at(probe, 'periodSeconds')) * Number(at(probe, 'failureThreshold'))).toBe(600);
    expect(at(rollout, 'spec', 'progressDeadlineSeconds')).toBe(600 + 300 + 60);
    expect(at(rollout, 'spec', 'template', 'spec', 'terminationGracePeriodSeconds')).toBe(65);
    expect(at(objectOf(chart, 'VirtualService'), 'spec', 'http', 0)).toMatchObject({ timeout: '7s', retries: { perTryTimeout: '7s' } });
  }); // prettier-ignore

  test('listens, is called, is probed and is sized as told', () => {
    const { template, container } = podOf({
      port: 9000,
      containerName: 'app',
      user: 2000,
      memory: Size.mebibytes(1536),
      cpuMillis: 500,
      health: { liveness: '/live', readiness: '/ready' },
      morePorts: { management: 9001 },
      imagePullSecrets: ['ghcr-secret'],
    });
    expect(container).toMatchObject({
      name: 'app',
      ports: [
        { name: 'http', containerPort: 9000 },
        { name: 'management', containerPort: 9001 },
      ],
      resources: { requests: { cpu: '500m', memory: '1536Mi' }, limits: { memory: '1536Mi' } },
      startupProbe: { httpGet: { path: '/live' } },
      readinessProbe: { httpGet: { path: '/ready' } },
    });
    expect(at(template, 'spec', 'securityContext', 'runAsUser')).toBe(2000);
    expect(at(template, 'spec', 'imagePullSecrets')).toEqual([{ name: 'ghcr-secret' }]);
  });
});

describe('Was with bad input', () => {
  test.each<[string, Partial<WasProps> | object, RegExp]>([
    ['no memory', { memory: Size.mebibytes(0) }, /^memory is "0 MiB": give a size above zero/],
    ['memory as text', { memory: '1Gi' }, /^memory is "1Gi": give a positive Size/],
    ['a port out of range', { port: 70000 }, /^port is 70000: give a whole number from 1 to 65535/],
    ['a fraction of a thousandth', { cpuMillis: 0.5 }, /^cpuMillis is 0.5: give a whole number of at least 1/],
    ['root', { user: 0 }, /^user is 0: give a whole number of at least 1/],
    ['a start within no time', { startupBudget: Duration.seconds(0) }, /^startupBudget is "0 seconds": give at least one second/],
    ['plain seconds', { startupBudget: 240 }, /^startupBudget is 240: give a Duration of whole seconds/],
    ['a fraction of a second', { shutdownGrace: Duration.millis(1500) }, /^shutdownGrace is .*give a Duration of whole seconds/],
    ['no time to answer', { timeout: Duration.seconds(0) }, /^timeout is "0 seconds": give at least one second/],
    ['a container that is no label', { containerName: 'App Server' }, /^containerName is "App Server": use at most 63/],
    ['a probe with a space', { health: { liveness: '/live', readiness: '/re ady' } }, /^health\.readiness is "\/re ady": begin with \//],
    ['one probe of two', { health: { liveness: '/live' } }, /^health\.readiness is undefined: begin with \//],
    ['a variable with a space', { config: { 'A B': 'x' } }, /^config is "A B": name the variable/],
    ['a variable with a newline', { config: { 'A\nB': 'x' } }, /^config is "A\\nB": name the variable/],
    ['a number for text', { config: { LIMIT: 5 } }, /^config\.LIMIT is 5: an environment holds text: give a string/],
    ['a port beside port', { config: { SERVER_PORT: '9000' } }, /^config\.SERVER_PORT is "9000": probes, Service and policies go to port 8080/],
    ['one variable in two places', { config: { A: 'x' }, secrets: { A: secret } }, /^secrets\.A is "given": config has the variable as well/],
    ['a secret under no name', { secrets: { 'A=B': secret } }, /^secrets is "A=B": name the variable/],
    ['a secret that is named wrongly', { secrets: { A: SecretRef.of('My Secret', 'key') } }, /^secrets\.A\.secret is "My Secret": use at most 253/],
    ['a key with a space', { secrets: { A: SecretRef.of('mysql-secret', 'a key') } }, /^secrets\.A\.key is "a key": use letters/],
    ['a database by URL', { database: 'jdbc:mysql://db/shop' }, /^database is "jdbc:mysql:\/\/db\/shop": give a construct that is one/],
    ['a collector of no URL', { otlp: { endpoint: 'otel:4318', collector: Peer.entity('cluster') } }, /^otlp\.endpoint is "otel:4318": give a URL/],
    ['nobody behind the collector', { otlp: { endpoint: 'http://otel:4318' } }, /^connections is undefined: give a workload of this app, or one of Peer/],
    ['a port of the collector out of range', { otlp: { endpoint: 'http://otel.a.svc', collector: Peer.entity('cluster'), podPort: 0 } }, /^connections port is 0: /],
    ['a port with a wrong name', { morePorts: { Management: 8081 } }, /^morePorts is "Management": name it by at most 15/],
    ['one port twice', { morePorts: { management: 8080 } }, /^morePorts\.management is 8080: port has that number as well/],
    ['a typo', { databse: {} }, /^databse is no prop of this construct: write database, or remove it/],
  ])('fails on %s, naming prop, value and mend', (_, forced, message) => {
    expect(errorsOf(was({}, forced).chart)).toEqual([expect.stringMatching(message)]);
  }); // prettier-ignore

  test('fails on a plain password without printing it', () => {
    const { chart } = was(
      {},
      { secrets: { TOKEN: 'hunter2' }, otlp: { endpoint: 'http://me:hunter2@otel', collector: Peer.entity('cluster') } },
    );
    expect(errorsOf(chart)).toEqual([
      'otlp.endpoint is "http://…@otel": give a URL of scheme and host, such as http://otel-collector.monitoring.svc:4318',
      'secrets.TOKEN is not a SecretRef: keep the value in a Secret outside of the manifests and give SecretRef.of(name, key)',
    ]);
    expect(JSON.stringify(objectOf(chart, 'Rollout'))).not.toContain('hunter2');
  });
});
