/** What workloads need to reach, and what says so. */
import { Cluster } from '../../lib/facts/cluster';
import type { ClusterFacts, PodsFacts } from '../../lib/facts/cluster-facts';
import { readYaml } from '../../lib/manifest/yaml';
import { endpointText } from '../../lib/network/endpoint';
import type { Need } from '../../lib/network/need';
import { needs } from '../../lib/network/needs';
import { addressesOf, hostPorts } from '../../lib/network/needs-address';
import { nginxAddresses } from '../../lib/network/needs-config';
import { Resources } from '../../lib/resources/resources';

function needsOf(yaml: string, facts: ClusterFacts = {}): readonly Need[] {
  const reading = readYaml(yaml, 'needs.yaml');
  expect(reading.problems).toEqual([]);
  const cluster = new Cluster(facts);
  return needs(new Resources(reading.documents, cluster.existing), cluster);
}

/** `from -> to:port/PROTOCOL` of all needs but lookups. */
function flows(yaml: string, facts: ClusterFacts = {}): string[] {
  return needsOf(yaml, facts)
    .filter(({ purpose }) => purpose !== 'dns')
    .map(({ from, to, port, protocol }) => `${endpointText(from)} -> ${endpointText(to)}:${port}/${protocol}`);
}

const SERVICES = `---
apiVersion: v1
kind: Service
metadata: {name: mysql, namespace: blog, labels: {app: mysql}}
spec: {selector: {app: mysql}, ports: [{name: sql, port: 3306}]}
---
apiVersion: v1
kind: Service
metadata: {name: was, namespace: blog}
spec: {selector: {app: was}, ports: [{name: http, port: 80, targetPort: 8080}, {name: metrics, port: 9090}]}
---
apiVersion: v1
kind: Service
metadata: {name: redis, namespace: cache}
spec: {selector: {app: redis}, ports: [{port: 6379}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: was, namespace: blog}
spec: {selector: {matchLabels: {app: was}}, template: {metadata: {labels: {app: was}}, spec: {containers: [{name: was, image: x, ports: [{name: metrics, containerPort: 9090}]}]}}}
`;

function deployment(container: string, more = ''): string {
  return `---
apiVersion: apps/v1
kind: Deployment
metadata: {name: client, namespace: blog}
spec:
  template:
    metadata: {labels: {app: client}}
    spec: {containers: [{name: main, image: x, ${container}}]${more}}
`;
}

test.each([
  ['a URL', '[{name: API, value: "http://was:80/api"}]', ['blog/client -> blog/Service/was:80/TCP']],
  ['a URL without a port', '[{name: API_URL, value: "http://was/api"}]', ['blog/client -> blog/Service/was:80/TCP']],
  [
    'JDBC',
    '[{name: SPRING_DATASOURCE_URL, value: "jdbc:mysql://mysql:3306/blog?useSSL=false"}]',
    ['blog/client -> blog/Service/mysql:3306/TCP'],
  ],
  ['a URL with credentials', '[{name: DSN, value: "mysql://root:a@b@mysql/blog"}]', ['blog/client -> blog/Service/mysql:3306/TCP']],
  [
    'the DSN of Go',
    '[{name: DATA_SOURCE_NAME, value: "exporter:secret@tcp(mysql:3306)/"}]',
    ['blog/client -> blog/Service/mysql:3306/TCP'],
  ],
  [
    'host and port in variables beside each other',
    '[{name: DB_HOST, value: mysql}, {name: DB_PORT, value: "3306"}]',
    ['blog/client -> blog/Service/mysql:3306/TCP'],
  ],
  ['nothing: its own name in traces', '[{name: OTEL_SERVICE_NAME, value: was}]', []],
  ['a host whose Service has one port', '[{name: DB_HOST, value: mysql}]', ['blog/client -> blog/Service/mysql:3306/TCP']],
  ['a host of another namespace', '[{name: REDIS_HOST, value: redis.cache}]', ['blog/client -> cache/Service/redis:6379/TCP']],
  [
    'a whole name of the cluster',
    '[{name: REDIS_URL, value: "redis://redis.cache.svc.cluster.local:6379/0"}]',
    ['blog/client -> cache/Service/redis:6379/TCP'],
  ],
  [
    'a list of host:port',
    '[{name: BROKERS, value: "mysql:3306,redis.cache:6379"}]',
    ['blog/client -> blog/Service/mysql:3306/TCP', 'blog/client -> cache/Service/redis:6379/TCP'],
  ],
  [
    'a value made of others',
    '[{name: HOST_NAME, value: mysql}, {name: URL, value: "mysql://$(HOST_NAME):3306/x"}]',
    ['blog/client -> blog/Service/mysql:3306/TCP'],
  ],
  ['an outside URL', '[{name: PAYMENT_API_URL, value: "https://pay.example.net/v1"}]', ['blog/client -> fqdn:pay.example.net:443/TCP']],
  ['an address', '[{name: NAS_HOST, value: 192.168.1.9}, {name: NAS_PORT, value: "445"}]', ['blog/client -> 192.168.1.9:445/TCP']],
  ['nothing: itself', '[{name: API_URL, value: "http://localhost:8080"}, {name: X_HOST, value: 127.0.0.1}]', []],
  ['nothing: where it listens', '[{name: LISTEN_ADDR, value: "mysql:3306"}, {name: BIND, value: "0.0.0.0:80"}]', []],
  [
    'nothing: its own public address',
    '[{name: PUBLIC_URL, value: "https://blog.example.net"}, {name: CORS_ORIGIN, value: "https://x.example.net"}]',
    [],
  ],
  [
    'nothing: what people open',
    '[{name: HELP_LINK, value: "https://help.example.net"}, {name: PRIVACY_POLICY_URL, value: "https://example.net/privacy"}, {name: LOGO_URL, value: "https://cdn.example.net/x.png"}, {name: ALERT_RUNBOOK_URL, value: "https://wiki.example.net/x"}, {name: DASHBOARD_URL, value: "https://g.example.net/d/1"}, {name: ERROR_PAGE_URL, value: "https://example.net/e"}]',
    [],
  ],
  [
    'nothing: what browsers ask',
    '[{name: VITE_API_URL, value: "https://api.example.net"}, {name: NEXT_PUBLIC_API_URL, value: "https://api.example.net"}, {name: STATIC_URL, value: "https://static.example.net/"}, {name: GF_AUTH_GENERIC_OAUTH_AUTH_URL, value: "https://sso.example.net/auth"}, {name: KC_HOSTNAME_ADMIN_URL, value: "https://a.example.net"}, {name: NEXTAUTH_URL, value: "https://example.net"}]',
    [],
  ],
  [
    'nothing: what is only compared',
    '[{name: XML_NAMESPACE, value: "http://www.w3.org/2001/XMLSchema"}, {name: SCHEMA_URL, value: "https://json-schema.org/x"}, {name: REFERER, value: "https://www.example.com"}, {name: JWT_AUD, value: "https://api.example.net"}]',
    [],
  ],
  ['a Service, whatever else such a name means', '[{name: STATIC_URL, value: "http://was"}]', ['blog/client -> blog/Service/was:80/TCP']],
  [
    'a server that reports errors, and the token of a login',
    '[{name: ERROR_REPORTING_URL, value: "https://e.example.net"}, {name: GF_AUTH_GENERIC_OAUTH_TOKEN_URL, value: "https://sso.example.net/t"}]',
    ['blog/client -> fqdn:e.example.net:443/TCP', 'blog/client -> fqdn:sso.example.net:443/TCP'],
  ],
  [
    'nothing: a feature that is off',
    '[{name: TRACING_ENABLED, value: "false"}, {name: TRACING_ENDPOINT, value: "http://was:4317"}, {name: OTEL_SDK_DISABLED, value: "true"}, {name: OTEL_EXPORTER_OTLP_ENDPOINT, value: "http://was:4318"}, {name: USE_REDIS, value: "no"}, {name: REDIS_URL, value: "redis://redis.cache"}]',
    [],
  ],
  [
    'a feature of which only a part is off',
    '[{name: DB_SSL_ENABLED, value: "false"}, {name: DB_HOST, value: mysql}, {name: CACHE_ENABLED, value: "true"}, {name: CACHE_URL, value: "redis://redis.cache"}]',
    ['blog/client -> blog/Service/mysql:3306/TCP', 'blog/client -> cache/Service/redis:6379/TCP'],
  ],
  ['nothing: an image', '[{name: SIDECAR_IMAGE, value: "mysql:8"}]', []],
  ['nothing: a name that no Service has', '[{name: DB_HOST, value: db}, {name: DB_PORT, value: "3306"}]', []],
  ['nothing: a Service of another namespace that is not declared', '[{name: S3_URL, value: "http://minio.storage:9000"}]', []],
  ['nothing: a placeholder', '[{name: API_URL, value: "http://${HOST}:80"}, {name: B_URL, value: "http://{{ .Host }}/"}]', []],
  ['nothing: words', '[{name: MODE, value: "a:b"}, {name: START, value: "12:30"}, {name: LEVEL, value: info}]', []],
])('an environment with %s', (_, env, expected) => {
  expect(flows(SERVICES + deployment(`env: ${env}`))).toEqual(expected);
});

test('variables from a ConfigMap are read where they stand', () => {
  const map =
    '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: blog}\ndata:\n  DB_HOST: mysql\n  DB_PORT: "3306"\n';
  const [need] = needsOf(SERVICES + map + deployment('envFrom: [{configMapRef: {name: settings}}]'));
  expect(need?.source).toMatchObject({ path: '/data/DB_HOST', words: 'DB_HOST of container main names mysql:3306' });
  expect(need?.source.resource.toString()).toBe('ConfigMap blog/settings');
  const [keyed] = needsOf(
    SERVICES + map + deployment('env: [{name: MYSQL_HOST, valueFrom: {configMapKeyRef: {name: settings, key: DB_HOST}}}]'),
  );
  expect(keyed?.source.words).toBe('MYSQL_HOST of container main names mysql:3306');
});

test.each([
  ['mysqldump -h mysql -u root blog > /tmp/x.sql', ['blog/client -> blog/Service/mysql:3306/TCP']],
  ['mysqldump --host=mysql --port 3307 blog', ['blog/client -> blog/Service/mysql:3307/TCP']],
  ['mysql -hmysql -P3306 -psecret', ['blog/client -> blog/Service/mysql:3306/TCP']],
  ['until mysqladmin ping -h "$DB_HOST"; do sleep 1; done', ['blog/client -> blog/Service/mysql:3306/TCP']],
  ['HOST=${DB:-mysql}; mysqldump -h $HOST blog | gzip > x', ['blog/client -> blog/Service/mysql:3306/TCP']],
  ['curl -fsS -H "Host: pay.example.net" http://was:80/health', ['blog/client -> blog/Service/was:80/TCP']],
  ['curl -sSfLo out.tar.gz https://dl.example.net/x', ['blog/client -> fqdn:dl.example.net:443/TCP']],
  ['wget -qO data.tar.gz http://was/x', ['blog/client -> blog/Service/was:80/TCP']],
  ['curl -fO http://was/x.tgz', ['blog/client -> blog/Service/was:80/TCP']],
  ['curl --upload-file dump.sql.gz --retry 3 -odump.out.gz http://was/x', ['blog/client -> blog/Service/was:80/TCP']],
  ['curl -T dump.sql.gz was:80', ['blog/client -> blog/Service/was:80/TCP']],
  ['curl -x http://was:80 https://pay.example.net', ['blog/client -> blog/Service/was:80/TCP']],
  ['curl --proxy was:80 https://pay.example.net', ['blog/client -> blog/Service/was:80/TCP']],
  ['curl -sSx was:80 --data-urlencode u=http://mysql:3306 https://pay.example.net', ['blog/client -> blog/Service/was:80/TCP']],
  ['wget -qO- http://was/health', ['blog/client -> blog/Service/was:80/TCP']],
  ['nc -z mysql 3306', ['blog/client -> blog/Service/mysql:3306/TCP']],
  ['nc -zu mysql 53', ['blog/client -> blog/Service/mysql:53/UDP']],
  ['redis-cli -h redis.cache ping', ['blog/client -> cache/Service/redis:6379/TCP']],
  ['(echo > /dev/tcp/mysql/3306) 2>/dev/null', ['blog/client -> blog/Service/mysql:3306/TCP']],
  ['aws s3 cp x s3://shop-backup/x --region eu-west-1', ['blog/client -> fqdn:shop-backup.s3.eu-west-1.amazonaws.com:443/TCP']],
  ['aws --endpoint-url https://minio.example.net:9000 s3 cp x s3://b/x', ['blog/client -> fqdn:minio.example.net:9000/TCP']],
  ['kubectl get pods', ['blog/client -> entity:kube-apiserver:6443/TCP']],
  ['mysql -h 127.0.0.1; curl http://localhost:80; nc -l mysql 3306', []],
  ['mysql -h $(cat /etc/host)', []],
  ['echo "curl http://was:80"', []],
])('a script: %s', (script, expected) => {
  const yaml = deployment(
    `env: [{name: DB_HOSTNAME_OF, value: x}, {name: DB_HOST, value: ""}], command: [sh, -c, ${JSON.stringify(script)}]`,
  );
  expect(
    flows(
      SERVICES +
        yaml.replace('{name: DB_HOST, value: ""}', script.includes('$DB_HOST') ? '{name: DB_HOST, value: mysql}' : '{name: Y, value: z}'),
    ),
  ).toEqual(expected);
});

test('a script says where it stands and who runs what, and never a credential', () => {
  const [need] = needsOf(SERVICES + deployment('command: [sh, -c, "mysqldump -h mysql -psecret blog"]'));
  expect(need?.source).toMatchObject({
    path: '/spec/template/spec/containers/0/command/2',
    words: 'mysqldump in container main names mysql:3306',
  });
});

test.each([
  [
    'host and port joined',
    '["--mysqld.address=mysql.blog.svc:3306", "--mysqld.username=exporter"]',
    ['blog/client -> blog/Service/mysql:3306/TCP'],
  ],
  ['a value in the next word', '["--db-host", "mysql", "--db-port", "3306"]', ['blog/client -> blog/Service/mysql:3306/TCP']],
  ['one dash', '["-redis.addr=redis.cache:6379"]', ['blog/client -> cache/Service/redis:6379/TCP']],
  ['a property of Java', '["-Dspring.datasource.url=jdbc:mysql://mysql:3306/x"]', ['blog/client -> blog/Service/mysql:3306/TCP']],
  ['a variable', '["--db=mysql://$(TARGET)/x"]', ['blog/client -> blog/Service/mysql:3306/TCP']],
  ['an outside URL', '["--repo=https://git.example.net/x.git"]', ['blog/client -> fqdn:git.example.net:443/TCP']],
  ['nothing: where it listens', '["--web.listen-address=mysql:9104", "--bind", "mysql:80", "--metrics-bind-address=0.0.0.0:80"]', []],
  [
    'nothing: who it is',
    '["--hostname=blog.example.net", "--web.external-url=https://blog.example.net", "--advertise-address=was:80"]',
    [],
  ],
  ['nothing: an image, a time, a level', '["--image=mysql:8", "--at=12:30", "--log.level=info", "--verbose"]', []],
  ['nothing: a variable that is not known', '["--db-host=$(NOWHERE)"]', []],
])('options of a program: %s', (_, args, expected) => {
  expect(flows(SERVICES + deployment(`env: [{name: TARGET, value: mysql}], args: ${args}`))).toEqual(expected);
});

test('an option says where it stands', () => {
  const [need] = needsOf(SERVICES + deployment('args: [serve, --db-host, mysql]'));
  expect(need?.source).toMatchObject({ path: '/spec/template/spec/containers/0/args/2', words: '--db-host of container main names mysql' });
});

const BUCKET = '{name: S3_BUCKET, value: shop-backup}, {name: AWS_REGION, value: eu-west-1}';

test.each([
  ['by the host that its bucket has', BUCKET, ['blog/client -> fqdn:shop-backup.s3.eu-west-1.amazonaws.com:443/TCP']],
  [
    'by path where that is asked for',
    `${BUCKET}, {name: S3_PATH_STYLE, value: "true"}`,
    ['blog/client -> fqdn:s3.eu-west-1.amazonaws.com:443/TCP'],
  ],
  [
    'by path where no certificate covers the bucket',
    '{name: BUCKET_NAME, value: shop.backup}, {name: AWS_DEFAULT_REGION, value: eu-west-1}',
    ['blog/client -> fqdn:s3.eu-west-1.amazonaws.com:443/TCP'],
  ],
  [
    'and the token service for a role',
    `${BUCKET}, {name: AWS_ROLE_ARN, value: "arn:aws:iam::1:role/x"}, {name: AWS_WEB_IDENTITY_TOKEN_FILE, value: /token}`,
    ['blog/client -> fqdn:shop-backup.s3.eu-west-1.amazonaws.com:443/TCP', 'blog/client -> fqdn:sts.eu-west-1.amazonaws.com:443/TCP'],
  ],
  [
    'not with an endpoint of its own',
    `${BUCKET}, {name: S3_ENDPOINT, value: "http://redis.cache:6379"}`,
    ['blog/client -> cache/Service/redis:6379/TCP'],
  ],
  ['not where the endpoint comes from a Secret', `${BUCKET}, {name: AWS_ENDPOINT_URL, valueFrom: {secretKeyRef: {name: s, key: k}}}`, []],
  ['not without a region', '{name: S3_BUCKET, value: shop-backup}', []],
  ['not for a region of others', '{name: S3_BUCKET, value: shop-backup}, {name: AWS_REGION, value: nuremberg}', []],
])('the AWS client in functions of a script reaches its bucket %s', (_, env, expected) => {
  const script = 'up() { aws "$@" "${OPTIONS[@]}"; }; up s3 cp x "s3://$S3_BUCKET/x"';
  expect(flows(SERVICES + deployment(`env: [${env}], command: [bash, -c, ${JSON.stringify(script)}]`))).toEqual(expected);
  expect(flows(SERVICES + deployment(`env: [${env}]`))).toEqual(expected.filter((flow) => flow.includes('Service')));
});

test.each([
  ['aws $AWS_OPTIONS s3 cp x s3://shop-backup/x --region eu-west-1', []],
  [
    'O="--endpoint-url http://redis.cache:6379"; aws $O s3 cp x s3://b/x --region eu-west-1',
    ['blog/client -> cache/Service/redis:6379/TCP'],
  ],
  ['aws s3 cp "$FILE" s3://shop-backup/x --region eu-west-1', ['blog/client -> fqdn:shop-backup.s3.eu-west-1.amazonaws.com:443/TCP']],
  ['bash <<EOF\nH=mysql\nmysql -h mysql\nEOF', ['blog/client -> blog/Service/mysql:3306/TCP']],
  [
    'cat > app.conf <<EOF\ndb:\n  host: $DB\n  port: 3306\ndocs: https://docs.example.net\nEOF',
    ['blog/client -> blog/Service/mysql:3306/TCP'],
  ],
  ["cat > app.conf <<'EOF'\nurl: http://$DB/\nEOF", []],
  ['ssh nas <<EOF\nmysql -h mysql\nEOF', []],
  ['cat <<EOF\nurl: http://was:80\nEOF\nmysql -h mysql', ['blog/client -> blog/Service/mysql:3306/TCP']],
  ['curl -d @- http://was:80 <<EOF\n{"callback": "http://redis.cache:6379"}\nEOF', ['blog/client -> blog/Service/was:80/TCP']],
  ['cat > never.conf <<EOF\nurl: http://was:80', ['blog/client -> blog/Service/was:80/TCP']],
])('a script with what is written elsewhere: %s', (script, expected) => {
  expect(flows(SERVICES + deployment(`env: [{name: DB, value: mysql}], command: [bash, -c, ${JSON.stringify(script)}]`))).toEqual(expected);
});

test('behind a proxy the web is the business of the proxy', () => {
  const proxied =
    'env: [{name: HTTPS_PROXY, value: "http://was:80"}, {name: API_URL, value: "https://api.example.net"}, {name: DB_HOST, value: mysql}]';
  expect(flows(SERVICES + deployment(proxied))).toEqual([
    'blog/client -> blog/Service/was:80/TCP',
    'blog/client -> blog/Service/mysql:3306/TCP',
  ]);
});

test('init containers need things too', () => {
  const yaml = deployment('', ', initContainers: [{name: wait, image: x, command: [sh, -c, "nc -z mysql 3306"]}]').replace(
    'image: x, }',
    'image: x}',
  );
  expect(flows(SERVICES + yaml)).toEqual(['blog/client -> blog/Service/mysql:3306/TCP']);
});

test('mounted configuration: nginx, data sources, targets, properties', () => {
  const map = `---
apiVersion: v1
kind: ConfigMap
metadata: {name: config, namespace: blog}
data:
  default.conf: |
    # proxy_pass http://commented:80;
    upstream backend { server was:80; }
    server {
      location /api { proxy_pass http://backend; }
      location /pay { proxy_pass https://pay.example.net/; }
    }
  datasources.yaml: |
    url: http://redis.cache:6379
    docs: https://grafana.example.net/docs
  application.properties: |
    spring.datasource.host=mysql
    spring.datasource.port=3306
`;
  const mounted = deployment('volumeMounts: [{name: c, mountPath: /etc/nginx}]', ', volumes: [{name: c, configMap: {name: config}}]');
  expect(flows(SERVICES + map + mounted)).toEqual([
    'blog/client -> blog/Service/was:80/TCP',
    'blog/client -> fqdn:pay.example.net:443/TCP',
    'blog/client -> cache/Service/redis:6379/TCP',
    'blog/client -> blog/Service/mysql:3306/TCP',
  ]);
  expect(flows(SERVICES + map + deployment('workingDir: /'))).toEqual([]);
});

test.each([
  ['the port beside a host', 'redis:\n  host: redis.cache\n  port: 6379', ['blog/client -> cache/Service/redis:6379/TCP']],
  ['the port before its host', 'spring.data.port=9090\nspring.data.host=was', ['blog/client -> blog/Service/was:9090/TCP']],
  ['an element of a list', 'hosts:\n  - host: was\n    port: 9090', ['blog/client -> blog/Service/was:9090/TCP']],
  ['JSON', '{"db": {\n  "host": "was",\n  "port": 9090\n}}', ['blog/client -> blog/Service/was:9090/TCP']],
  ['nothing: the port of something else', 'was.host=was\nlistener.port=9090\n', []],
  ['nothing: the port of a level further in', 'host: was\nmetrics:\n  port: 9090\n', []],
  ['nothing: its own name', 'eureka.instance.hostname=mysql', []],
  [
    'nothing of what was there once',
    'location / { proxy_pass http://was; } # proxy_pass http://old.example.net;',
    ['blog/client -> blog/Service/was:80/TCP'],
  ],
  ['a fragment is no comment', 'url: http://was/#/home', ['blog/client -> blog/Service/was:80/TCP']],
])('mounted configuration with %s', (_, text, expected) => {
  const map = `---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: config, namespace: blog}\ndata: ${JSON.stringify({ 'app.conf': text })}\n`;
  const mounted = deployment('volumeMounts: [{name: c, mountPath: /etc/app}]', ', volumes: [{name: c, configMap: {name: config}}]');
  expect(flows(SERVICES + map + mounted)).toEqual(expected);
});

test.each([
  [
    'upstream a { server x:81 weight=2; server y; } proxy_pass http://a/;',
    [
      { host: 'x', port: 81 },
      { host: 'y', port: 80 },
    ],
  ],
  ['fastcgi_pass php:9000;', [{ host: 'php', port: 9000 }]],
  ['set $b "http://x:80"; proxy_pass $b;', [{ host: 'x', port: 80, scheme: 'http' }]],
  ['proxy_pass http://$host;', []],
])('nginx: %s', (text, expected) => {
  expect(nginxAddresses(text)).toEqual(expected);
});

test('Prometheus needs the pods that monitors select, by the port of the pod', () => {
  const monitor = `---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: was, namespace: monitoring}
spec: {selector: {}, namespaceSelector: {matchNames: [blog]}, endpoints: [{port: metrics}]}
`;
  const facts: ClusterFacts = { prometheus: { namespace: 'monitoring', labels: { app: 'prometheus' } } };
  expect(flows(SERVICES + monitor, facts)).toEqual(['pods app=prometheus of namespace monitoring -> blog/was:9090/TCP']);
  expect(flows(SERVICES + monitor)).toEqual([]);
});

test('a monitor that Prometheus does not pick up has nothing scraped', () => {
  const monitor = (labels: string): string => `---
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata: {name: was, namespace: blog, labels: {${labels}}}
spec: {selector: {matchLabels: {app: was}}, podMetricsEndpoints: [{port: metrics}]}
`;
  const prometheus = { namespace: 'monitoring', labels: { app: 'prometheus' }, podMonitorSelector: { release: 'stack' } };
  expect(flows(SERVICES + monitor('release: stack'), { prometheus })).toEqual([
    'pods app=prometheus of namespace monitoring -> blog/was:9090/TCP',
  ]);
  expect(flows(SERVICES + monitor('release: other'), { prometheus })).toEqual([]);
});

test('a VirtualService is served by the gateway that it names, and by no other', () => {
  const route = `---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: blog}
spec: {hosts: [x], gateways: [istio-system/inner, mesh], http: [{route: [{destination: {host: was, port: {number: 80}}}]}]}
`;
  const gateway = `---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: inner, namespace: istio-system}
spec: {selector: {istio: inner}, servers: []}
`;
  const gateways: readonly PodsFacts[] = [
    { namespace: 'istio-system', labels: { istio: 'outer' } },
    { namespace: 'istio-system', labels: { istio: 'inner', app: 'gateway' } },
  ];
  const facts: ClusterFacts = { mesh: { kind: 'istio', gateways } };
  expect(flows(SERVICES + route + gateway, facts)).toEqual([
    'pods istio=inner,app=gateway of namespace istio-system -> blog/Service/was:80/TCP',
  ]);
  // Which of the two is meant, nobody says.
  expect(flows(SERVICES + route, facts)).toEqual([]);
});

test('ingress controllers and gateways need their backends', () => {
  const ingress = `---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: blog}
spec: {ingressClassName: nginx, rules: [{http: {paths: [{path: /, backend: {service: {name: was, port: {name: http}}}}]}}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: blog}
spec: {hosts: [x], gateways: [istio-system/public], http: [{route: [{destination: {host: was.blog.svc.cluster.local, port: {number: 80}}}]}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: public, namespace: blog}
spec: {gatewayClassName: cilium}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: blog}
spec: {parentRefs: [{name: public}], rules: [{backendRefs: [{name: was, port: 80}]}]}
`;
  const facts: ClusterFacts = {
    ingressControllers: [{ class: 'nginx', namespace: 'ingress-nginx', labels: { app: 'nginx' } }],
    mesh: { kind: 'istio', gateways: [{ namespace: 'istio-system', labels: { istio: 'ingressgateway' } }] },
  };
  expect(flows(SERVICES + ingress, facts)).toEqual([
    'pods app=nginx of namespace ingress-nginx -> blog/Service/was:80/TCP',
    'pods istio=ingressgateway of namespace istio-system -> blog/Service/was:80/TCP',
    'entity:ingress -> blog/Service/was:80/TCP',
  ]);
});

test('the API server needs webhooks, and Argo Rollouts the metrics of its analysis', () => {
  const yaml = `---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: hook}
webhooks: [{name: x, clientConfig: {service: {name: was, namespace: blog, port: 80}}}]
---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: success, namespace: blog}
spec: {metrics: [{name: rate, provider: {prometheus: {address: "http://redis.cache:6379", query: x}}}]}
`;
  expect(flows(SERVICES + yaml)).toEqual([
    'entity:kube-apiserver -> blog/Service/was:80/TCP',
    'pods app.kubernetes.io/name=argo-rollouts of namespace argo-rollouts -> cache/Service/redis:6379/TCP',
  ]);
});

test('an analysis: arguments with values of their own, and the pods of a job', () => {
  const template = `---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: success, namespace: blog}
spec:
  args: [{name: prometheus, value: "http://redis.cache:6379"}, {name: given, value: "http://mysql:3306"}, {name: unset}]
  metrics:
    - {name: rate, provider: {prometheus: {address: "{{args.prometheus}}", query: x}}}
    - {name: hook, provider: {web: {url: "{{ args.given }}/x"}}}
    - {name: none, provider: {web: {url: "{{args.unset}}/x"}}}
    - name: smoke
      provider:
        job:
          spec: {template: {metadata: {labels: {app: smoke}}, spec: {containers: [{name: smoke, image: x, command: [curl, "http://was:80"]}]}}}
`;
  const rollout = `---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web, namespace: blog}
spec: {strategy: {canary: {steps: [{analysis: {args: [{name: given, value: x}]}}]}}}
`;
  expect(flows(SERVICES + template + rollout)).toEqual([
    'blog/success -> blog/Service/was:80/TCP',
    'pods app.kubernetes.io/name=argo-rollouts of namespace argo-rollouts -> cache/Service/redis:6379/TCP',
  ]);
});

test('sidecars need their control plane, by its name, and offer telemetry', () => {
  const facts: ClusterFacts = {
    mesh: { kind: 'istio', injectedNamespaces: ['blog'] },
    prometheus: { namespace: 'monitoring', labels: { app: 'prometheus' } },
  };
  const all = needsOf(SERVICES, facts).map(
    ({ from, to, port, protocol, purpose }) => `${purpose}: ${endpointText(from)} -> ${endpointText(to)}:${port}/${protocol}`,
  );
  expect(all).toEqual([
    'mesh: blog/was -> pods app=istiod of namespace istio-system:15012/TCP',
    'telemetry: pods app=prometheus of namespace monitoring -> blog/was:15020/TCP',
    'telemetry: pods app=prometheus of namespace monitoring -> blog/was:15090/TCP',
    'dns: blog/was -> pods k8s-app=kube-dns of namespace kube-system:53/UDP',
    'dns: blog/was -> pods k8s-app=kube-dns of namespace kube-system:53/TCP',
  ]);
});

test('the kubelet needs the ports that it probes, with a sidecar that of the sidecar', () => {
  const probed = deployment(
    'ports: [{name: http, containerPort: 8080}], readinessProbe: {httpGet: {port: http}}, livenessProbe: {tcpSocket: {port: 8081}}, startupProbe: {exec: {command: [x]}}',
  );
  expect(flows(probed)).toEqual(['entity:host -> blog/client:8080/TCP', 'entity:host -> blog/client:8081/TCP']);
  const meshed = { mesh: { kind: 'istio' as const, injectedNamespaces: ['blog'] } };
  expect(flows(probed, meshed).slice(-1)).toEqual(['entity:host -> blog/client:15020/TCP']);
});

test('whoever uses a name looks it up, over UDP and TCP', () => {
  const lookups = (yaml: string) => needsOf(yaml).filter(({ purpose }) => purpose === 'dns');
  expect(
    lookups(SERVICES + deployment('env: [{name: A_URL, value: "http://was:80"}, {name: B_HOST, value: mysql}]')).map(
      ({ to, port, protocol }) => `${endpointText(to)}:${port}/${protocol}`,
    ),
  ).toEqual(['pods k8s-app=kube-dns of namespace kube-system:53/UDP', 'pods k8s-app=kube-dns of namespace kube-system:53/TCP']);
  expect(lookups(SERVICES + deployment('env: [{name: A_URL, value: "http://192.0.2.1:80"}]'))).toEqual([]);
  expect(lookups(SERVICES + deployment('env: [{name: A_URL, value: "http://was:80"}]', ', dnsPolicy: None'))).toEqual([]);
});

test.each([
  [
    'jdbc:mysql:replication://a:3306,b:3307/x',
    [
      { host: 'a', port: 3306, scheme: 'mysql' },
      { host: 'b', port: 3307, scheme: 'mysql' },
    ],
  ],
  ['jdbc:sqlserver://db;databaseName=x', [{ host: 'db', port: 1433, scheme: 'sqlserver' }]],
  ['jdbc:oracle:thin:@db:1522:SID', [{ host: 'db', port: 1522, scheme: 'oracle' }]],
  ['amqp://u:p@[2001:db8::1]:5672/v', [{ host: '2001:db8::1', port: 5672, scheme: 'amqp' }]],
  ['mongodb+srv://x.example.net/', []],
  ['file:///etc/x', []],
  ['https://*.example.net', []],
])('the connection string %s', (text, expected) => {
  expect(addressesOf(text)).toEqual(expected);
});

test.each(['nginx:1.27@sha256', 'a:b', '12:30', 'x:70000', 'registry.example/api:80', 'x:80,y'])(
  'fails to read %s as host:port',
  (text) => {
    expect(hostPorts(text)).toEqual([]);
  },
);

test('Argo CD needs the repositories of its Applications, of those in its own namespace', () => {
  const application = (namespace: string): string => `---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: blog, namespace: ${namespace}}
spec: {source: {repoURL: "https://git.example.net/blog.git"}, sources: [{repoURL: "git@git.example.com:x/y.git"}, {repoURL: "ssh://git@git.example.com:2222/x"}]}
`;
  const repoServer = 'pods app.kubernetes.io/name=argocd-repo-server of namespace argocd';
  expect(flows(application('argocd'))).toEqual([
    `${repoServer} -> fqdn:git.example.net:443/TCP`,
    `${repoServer} -> fqdn:git.example.com:2222/TCP`,
  ]);
  expect(flows(application('team'))).toEqual([]);
});
