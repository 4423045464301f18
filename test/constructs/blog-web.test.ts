import { Duration, JsonPatch, Size } from 'cdk8s';
import { BlogWeb, type BlogWebProps } from '../../lib/constructs/blog-web';
import { Was } from '../../lib/constructs/was';
import type { ClusterFacts } from '../../lib/facts/cluster-facts';
import { at, BLOG_CLUSTER, blogChart, errorsOf, findingsOf, kindsOf, objectOf } from './blog';
import { undone } from './undone';

const IMAGE = 'registry.example/web:1.0.0';
const OUTSIDE_OF_MESH: ClusterFacts = { ...BLOG_CLUSTER, mesh: undefined };

function web(props: Partial<BlogWebProps> = {}, forced: object = {}, facts = BLOG_CLUSTER) {
  const chart = blogChart(facts);
  const api = new Was(chart, 'api', { image: 'registry.example/api:1.0.0' });
  const construct = new BlogWeb(chart, 'web', { image: IMAGE, ...props, ...forced });
  return { chart, api, construct };
}

function alone(props: Partial<BlogWebProps> = {}, facts = BLOG_CLUSTER) {
  const chart = blogChart(facts);
  new BlogWeb(chart, 'web', { image: IMAGE, ...props });
  return chart;
}

const CONTAINER = '/spec/template/spec/containers/0';
const containerOf = (props: Partial<BlogWebProps>) => at(objectOf(alone(props), 'Rollout'), 'spec', 'template', 'spec', 'containers', 0);

/** Where the pods are that its policy lets visitors in from. */
const visitorsOf = (props: Partial<BlogWebProps>, facts: ClusterFacts) =>
  at(objectOf(alone({ host: 'a.example.org', ...props }, facts), 'CiliumNetworkPolicy'), 'spec', 'ingress', 0, 'fromEndpoints', 0, 'matchLabels', 'k8s:io.kubernetes.pod.namespace'); // prettier-ignore

test.each([
  ['nginx', 'ingress-nginx'],
  ['traefik', 'traefik'],
  ['inner', 'ingress-nginx'],
])('an Ingress of the class %s, whose controller no fact names, lets in what usually serves it', (ingressClass, namespace) => {
  expect(visitorsOf({ ingressClass }, { ...BLOG_CLUSTER, ingressControllers: undefined })).toBe(namespace);
});

describe('BlogWeb by default', () => {
  test('is a canary behind a Service, with what the mesh, a drain and an isolated namespace ask for', () => {
    expect(kindsOf(alone())).toEqual([
      'ConfigMap web-nginx-config',
      'Rollout web',
      'Service web',
      'PodDisruptionBudget web-pdb',
      'VirtualService web-vsvc',
      'DestinationRule web-dest-rule',
      'CiliumNetworkPolicy web-isolation',
    ]);
  });

  test('is silent under every lesson, but for the hint at etcd', () => {
    for (const preset of ['unprivileged', 'root-minimal'] as const)
      expect(findingsOf(alone({ preset, host: 'blog.example.org', autoscaling: { min: 2, max: 5 } }))).toEqual([
        expect.stringMatching(/^info etcd-without-backup /),
      ]);
  });

  test.each<[string, string, Partial<BlogWebProps>, string, JsonPatch]>([
    ['nginx-capabilities', 'just the four capabilities', { preset: 'root-minimal' }, 'Rollout', JsonPatch.remove(`${CONTAINER}/securityContext/capabilities/add/0`)],
    ['nginx-capabilities', 'a port that a plain user may bind', {}, 'ConfigMap', JsonPatch.replace('/data/nginx.conf', 'events {}\nhttp { server { listen 80; } }\n')],
    ['pdb-blocks-drain', 'a budget that lets a drain go on', {}, 'PodDisruptionBudget', JsonPatch.replace('/spec/maxUnavailable', 0)],
    ['selector-template-mismatch', 'one label for selector and pods', {}, 'Rollout', JsonPatch.replace('/spec/template/metadata/labels/app', 'other')],
    ['dangling-reference', 'routes to subsets that exist', {}, 'DestinationRule', JsonPatch.remove('/spec/subsets/1')],
    ['dns-egress-missing', 'the way to the DNS server', {}, 'CiliumNetworkPolicy', JsonPatch.replace('/spec/egress', [{}])],
    ['isolation-without-mesh-ports', 'the way to istiod', {}, 'CiliumNetworkPolicy', JsonPatch.remove('/spec/egress/0')],
    ['rollout-surge-unschedulable', 'soft spread', {}, 'Rollout', JsonPatch.replace('/spec/template/spec/topologySpreadConstraints/0/whenUnsatisfiable', 'DoNotSchedule')],
    ['mutable-image-tag', 'an image that never moves', {}, 'Rollout', JsonPatch.replace(`${CONTAINER}/image`, 'registry.example/web:latest')],
  ])('%s gave it %s', (lesson, _, props, kind, patch) => {
    expect(undone(alone(props), kind, patch)).toContain(lesson);
  }); // prettier-ignore

  test('has the visitors’ ingress controller among those who may come in, and nobody else', () => {
    expect(at(objectOf(alone({ host: 'blog.example.org' }), 'CiliumNetworkPolicy'), 'spec', 'ingress', 0)).toEqual({
      fromEndpoints: [{ matchLabels: { 'app.kubernetes.io/name': 'ingress-nginx', 'k8s:io.kubernetes.pod.namespace': 'ingress-nginx' } }],
      toPorts: [{ ports: [{ port: '8080', protocol: 'TCP' }] }],
    });
  });
});

describe('BlogWeb with other props', () => {
  test('names everything as it is told', () => {
    const chart = alone({
      name: 'front',
      serviceName: 'front-service',
      configName: 'front-conf',
      hpaName: 'scaler',
      pdbName: 'budget',
      virtualServiceName: 'routes',
      destinationRuleName: 'subsets',
      ingressName: 'door',
      host: 'blog.example.org',
      autoscaling: { min: 2, max: 4, cpuPercent: 60 },
    });
    expect(kindsOf(chart)).toEqual([
      'ConfigMap front-conf',
      'Rollout front',
      'Service front-service',
      'PodDisruptionBudget budget',
      'HorizontalPodAutoscaler scaler',
      'VirtualService routes',
      'DestinationRule subsets',
      'Ingress door',
      'CiliumNetworkPolicy front-isolation',
    ]);
    expect(at(objectOf(chart, 'HorizontalPodAutoscaler'), 'spec')).toMatchObject({
      minReplicas: 2,
      maxReplicas: 4,
      metrics: [{ resource: { target: { averageUtilization: 60 } } }],
      scaleTargetRef: { kind: 'Rollout', name: 'front' },
    });
    expect(at(objectOf(chart, 'Rollout'), 'spec', 'replicas')).toBeUndefined();
    expect(findingsOf(chart)).toEqual([expect.stringMatching(/^info etcd-without-backup /)]);
  });

  test('serves the host through an Ingress, with TLS and class as told', () => {
    const props = { host: 'a.example.org', aliases: ['b.example.org'], ingressClass: 'outer', tlsSecret: 'cert', servicePort: 8081 };
    expect(at(objectOf(alone(props), 'Ingress'), 'spec')).toMatchObject({
      ingressClassName: 'outer',
      tls: [{ hosts: ['a.example.org', 'b.example.org'], secretName: 'cert' }],
      rules: [
        { host: 'a.example.org', http: { paths: [{ backend: { service: { name: 'web', port: { number: 8081 } } } }] } },
        { host: 'b.example.org' },
      ],
    });
  });

  test.each([BLOG_CLUSTER, OUTSIDE_OF_MESH])(
    'serves the host through gateways of the mesh, whether it has a sidecar itself or not',
    (facts) => {
      const chart = alone({ host: 'a.example.org', exposure: 'gateway', gateways: ['edge/public'] }, facts);
      expect(kindsOf(chart).filter((kind) => kind.startsWith('Ingress'))).toEqual([]);
      expect(at(objectOf(chart, 'VirtualService'), 'spec')).toMatchObject({
        hosts: ['a.example.org', 'web'],
        gateways: ['edge/public', 'mesh'],
      });
      expect(at(objectOf(chart, 'CiliumNetworkPolicy'), 'spec', 'ingress', 0, 'fromEndpoints', 0, 'matchLabels', 'istio')).toBe(
        'ingressgateway',
      );
    },
  );

  test('leaves the mesh’s objects out where there is none, or where the number of pods splits the traffic', () => {
    expect(kindsOf(alone({}, OUTSIDE_OF_MESH)).join()).not.toMatch(/VirtualService|DestinationRule/);
    expect(kindsOf(alone({ traffic: 'replicas' })).join()).not.toMatch(/VirtualService|DestinationRule/);
  });

  test('runs as root on port 80, or as the user that is told on 8080', () => {
    expect(at(containerOf({ preset: 'root-minimal' }), 'ports', 0, 'containerPort')).toBe(80);
    expect(at(containerOf({}), 'ports', 0, 'containerPort')).toBe(8080);
    expect(at(objectOf(alone({ user: 1234 }), 'Rollout'), 'spec', 'template', 'spec', 'securityContext')).toMatchObject({
      runAsUser: 1234,
      fsGroup: 1234,
      runAsNonRoot: true,
    });
  });

  test('passes backends on by their Service, its port, and the times that are told', () => {
    const { api } = web();
    const chart = blogChart();
    const backend = new Was(chart, 'api', { image: 'registry.example/api:1.0.0', port: 9000, serviceName: 'api-service' });
    const { nginxConfig } = new BlogWeb(chart, 'web', {
      image: IMAGE,
      maxBody: Size.mebibytes(64),
      backends: { '/api': { target: backend, connectTimeout: Duration.seconds(2), readTimeout: Duration.minutes(2) } },
    });
    expect(api.servicePort).toBe(8080);
    for (const line of [
      'client_max_body_size 64m;',
      'location = /api {',
      'location /api/ {',
      'proxy_pass http://api-service:9000;',
      'proxy_http_version 1.1;',
      'proxy_set_header Host api-service;',
      'proxy_connect_timeout 2s;',
      'proxy_read_timeout 120s;',
    ])
      expect(nginxConfig).toContain(`${line}\n`);
    expect(at(objectOf(chart, 'CiliumNetworkPolicy', 'api-isolation'), 'spec', 'ingress', 0)).toEqual({
      fromEndpoints: [{ matchLabels: { app: 'web', 'k8s:io.kubernetes.pod.namespace': 'blog-system' } }],
      toPorts: [{ ports: [{ port: '9000', protocol: 'TCP' }] }],
    });
  });

  test('updates by the steps that are told', () => {
    const steps = [{ weight: 25 }, { pause: 'until-promoted' }, { weight: 75 }, { pause: Duration.minutes(5) }] as const;
    expect(at(objectOf(alone({ steps }), 'Rollout'), 'spec', 'strategy', 'canary', 'steps')).toEqual([
      { setWeight: 25 },
      { pause: {} },
      { setWeight: 75 },
      { pause: { duration: '300s' } },
    ]);
  });

  test('spreads softly, hard with an eye on taints, or not at all', () => {
    const spreadOf = (spread: BlogWebProps['spread']) =>
      at(objectOf(alone({ spread }), 'Rollout'), 'spec', 'template', 'spec', 'topologySpreadConstraints');
    expect(spreadOf('soft')).toMatchObject([{ whenUnsatisfiable: 'ScheduleAnyway' }]);
    expect(spreadOf('hard')).toMatchObject([{ whenUnsatisfiable: 'DoNotSchedule', nodeTaintsPolicy: 'Honor' }]);
    expect(spreadOf('none')).toEqual([]);
  });
});

describe('BlogWeb with bad input', () => {
  test.each<[string, Partial<BlogWebProps> | object, RegExp]>([
    ['a body of no size', { maxBody: Size.mebibytes(0) }, /^maxBody is "0 MiB": give a size above zero/],
    ['nginx text for a size', { maxBody: '10m; }' }, /^maxBody is "10m; }": give a positive Size/],
    ['a host with a quote', { host: 'a"; return 200' }, /^host is "a\\"; return 200": give a DNS name/],
    ['a host with a newline', { host: 'a.example\nb' }, /^host is "a.example\\nb": give a DNS name/],
    ['a host beyond ASCII', { host: 'a.example.org', aliases: ['bücher.example'] }, /^aliases is "bücher.example": give a DNS name/],
    ['one alias without a list', { host: 'a.example.org', aliases: 'b.example.org' }, /^aliases is "b.example.org": give a list/],
    ['a host twice', { host: 'a.example.org', aliases: ['a.example.org'] }, /^aliases is "a.example.org": the host is named twice/],
    ['an exposure that does not exist', { host: 'a.example.org', exposure: 'public' }, /^exposure is "public": give 'ingress' or 'gateway' or 'none'/],
    ['an exposure of no host', { exposure: 'ingress' }, /^exposure is "ingress": there is no host to expose/],
    ['a host that nobody serves', { host: 'a.example.org', exposure: 'none' }, /^exposure is "none": a host is given/],
    ['gateways that are not named', { host: 'a.example.org', exposure: 'gateway' }, /^gateways is \[\]: name the Istio Gateway/],
    ['gateways of an Ingress', { host: 'a.example.org', gateways: ['a/b'] }, /^gateways is \["a\/b"\]: only exposure 'gateway' has gateways/],
    ['a gateway that is no name', { host: 'a.example.org', exposure: 'gateway', gateways: ['a b'] }, /^gateways is "a b": give namespace\/name/],
    ['pods that split traffic behind a gateway', { host: 'a.example.org', exposure: 'gateway', gateways: ['a/b'], traffic: 'replicas' }, /^traffic is "replicas": the gateway finds/],
    ['a certificate of the Ingress at a gateway', { host: 'a.example.org', exposure: 'gateway', gateways: ['a/b'], tlsSecret: 'cert' }, /^tlsSecret is "cert": only an Ingress has it/],
    ['a preset that does not exist', { preset: 'root' }, /^preset is "root": give 'unprivileged' or 'root-minimal'/],
    ['a user besides root', { preset: 'root-minimal', user: 101 }, /^user is 101: root-minimal runs as root/],
    ['root as the plain user', { user: 0 }, /^user is 0: give a whole number of at least 1/],
    ['a port that is text', { servicePort: '80' }, /^servicePort is "80": give a whole number from 1 to 65535/],
    ['a port out of range', { servicePort: 65536 }, /^servicePort is 65536: /],
    ['a negative number of pods', { replicas: -1 }, /^replicas is -1: give a whole number of at least 1/],
    ['no number of pods', { replicas: Number.NaN }, /^replicas is NaN: /],
    ['pods that two want to count', { replicas: 3, autoscaling: { min: 1, max: 2 } }, /^replicas is 3: the autoscaler owns/],
    ['a maximum below the minimum', { autoscaling: { min: 3, max: 2 } }, /^autoscaling\.max is 2: it is below autoscaling\.min, which is 3/],
    ['a misspelt bound', { autoscaling: { min: 1, max: 2, cpuPercentage: 50 } }, /^autoscaling\.cpuPercentage is no prop/],
    ['a weight above 100', { steps: [{ weight: 101 }] }, /^steps\[0\]\.weight is 101: give a whole percentage/],
    ['weights that fall', { steps: [{ weight: 50 }, { weight: 10 }] }, /^steps\[1\]\.weight is 10: weights only grow .*follows 50/],
    ['a weight twice', { steps: [{ weight: 50 }, { weight: 50 }] }, /^steps\[1\]\.weight is 50: weights only grow/],
    ['a step of Argo’s own', { steps: [{ setWeight: 10 }] }, /^steps\[0\] is {"setWeight":10}: give { weight: 10 }/],
    ['a step of nothing', { steps: [null] }, /^steps\[0\] is null: give { weight: 10 }/],
    ['a step that does both', { steps: [{ weight: 10, pause: Duration.minutes(1) }] }, /^steps\[0\] is {.*: give { weight: 10 }/],
    ['a pause in plain seconds', { steps: [{ pause: 60 }] }, /^steps\[0\]\.pause is 60: give a Duration/],
    ['a pause of no time', { steps: [{ pause: Duration.seconds(0) }] }, /^steps\[0\]\.pause is "0 seconds": give at least one second/],
    ['a pause of a moment', { steps: [{ pause: Duration.millis(100) }] }, /^steps\[0\]\.pause is .*give a Duration of whole seconds/],
    ['a spread that does not exist', { spread: 'even' }, /^spread is "even": give 'soft' or 'hard' or 'none'/],
    ['a splitter that does not exist', { traffic: 'mesh' }, /^traffic is "mesh": give 'istio' or 'replicas'/],
    ['a name that no label can hold', { name: 'a'.repeat(64) }, /^name is "a+": use at most 63/],
    ['a Service that begins with a digit', { serviceName: '1web' }, /^serviceName is "1web": .*beginning with a letter/],
    ['a name with a slash', { configName: '../x' }, /^configName is "\.\.\/x": use at most 253/],
    ['a Secret with a space', { imagePullSecrets: ['ghcr', 'my secret'] }, /^imagePullSecrets\[1\] is "my secret": use at most 253/],
    ['a Secret without a list', { imagePullSecrets: 'ghcr' }, /^imagePullSecrets is "ghcr": give a list/],
    ['no image', { image: undefined }, /^image is undefined: give an image reference/],
    ['a backend that is a URL', { backends: { '/api': 'http://api' } }, /^backends\."\/api" is "http:\/\/api": give a construct with a Service/],
    ['no backend at all', { backends: { '/api': null } }, /^backends\."\/api" is null: give a construct/],
    ['a backend of nothing', { backends: { '/api': {} } }, /^backends\."\/api" is {}: give a construct/],
    ['a typo', { hots: 'a.example.org' }, /^hots is no prop of this construct: write host, or remove it/],
  ])('fails on %s, naming prop, value and mend', (_, forced, message) => {
    expect(errorsOf(web({}, forced).construct)).toEqual([expect.stringMatching(message)]);
  }); // prettier-ignore

  test.each<[string, string, RegExp]>([
    ['a space', '/a b', /begin with \/ and use letters/],
    ['a quote', '/a"', /begin with \/ and use letters/],
    ['a semicolon and a newline', '/a;\nreturn 200', /begin with \/ and use letters/],
    ['a variable', '/$host', /begin with \/ and use letters/],
    ['letters beyond ASCII', '/über', /begin with \/ and use letters/],
    ['no slash', 'api', /begin with \/ and use letters/],
    ['two slashes', '/a//b', /no request comes with \/\//],
    ['a folder above', '/a/../b', /no request comes with .*folder of dots/],
    ['the path of the health check', '/healthz/', /it is the path of the health check already/],
  ])('fails on a backend path with %s', (_, path, message) => {
    const { chart, api } = web();
    const construct = new BlogWeb(chart, 'other', { image: IMAGE, backends: { [path]: api } });
    expect(errorsOf(construct)).toEqual([expect.stringMatching(message)]);
    expect(construct.nginxConfig).not.toContain(path);
  });

  test('fails on one path twice, on times that are none, and on a misspelt time, all at once', () => {
    const { chart, api } = web();
    const forced: object = { readTimout: Duration.seconds(1) };
    const construct = new BlogWeb(chart, 'other', {
      image: IMAGE,
      backends: {
        '/a': { target: api, readTimeout: Duration.seconds(0), ...forced },
        '/a/': api,
        '/b': { target: api, connectTimeout: Duration.millis(10) },
      },
    });
    expect(errorsOf(construct)).toEqual([
      'backends."/a".readTimout is no prop of this construct: write readTimeout, or remove it',
      'backends."/a".readTimeout is "0 seconds": give at least one second',
      'backends path is "/a/": it is the path of the backend of /a already: give another',
      expect.stringMatching(/^backends\."\/b"\.connectTimeout is .*give a Duration of whole seconds/),
    ]);
  });
});
