/** The incident that started this: a backup job, an exporter and a scrape cut off by isolation, found and mended offline. */
import { Cluster } from '../../lib/facts/cluster';
import { readYaml } from '../../lib/manifest/yaml';
import { endpointText } from '../../lib/network/endpoint';
import { KnownFlows } from '../../lib/network/known-flows';
import { missingRules } from '../../lib/network/missing-rule';
import { Resources } from '../../lib/resources/resources';

const BLOG = `apiVersion: v1
kind: Namespace
metadata: {name: blog}
---
apiVersion: v1
kind: Namespace
metadata: {name: kube-system}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: mysql, namespace: blog}
spec:
  selector: {matchLabels: {app: mysql}}
  template:
    metadata: {labels: {app: mysql}}
    spec:
      containers:
        - {name: mysql, image: "mysql:8.4", ports: [{name: sql, containerPort: 3306}]}
        - {name: exporter, image: mysqld-exporter, ports: [{name: metrics, containerPort: 9104}]}
---
apiVersion: v1
kind: Service
metadata: {name: mysql, namespace: blog, labels: {app: mysql}}
spec: {selector: {app: mysql}, ports: [{name: sql, port: 3306, targetPort: sql}, {name: metrics, port: 9104, targetPort: metrics}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: was, namespace: blog}
spec:
  selector: {matchLabels: {app: was}}
  template:
    metadata: {labels: {app: was}}
    spec: {containers: [{name: was, image: was, env: [{name: SPRING_DATASOURCE_URL, value: "jdbc:mysql://mysql:3306/blog"}]}]}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: mysql-backup, namespace: blog}
spec:
  schedule: "0 18 * * *"
  jobTemplate:
    spec:
      template:
        metadata: {labels: {app: mysql-backup}}
        spec:
          containers:
            - name: dump
              image: mysql:8.4
              env: [{name: MYSQL_HOST, value: mysql.blog.svc.cluster.local}]
              command: [sh, -c, 'mysqldump -h "$MYSQL_HOST" blog > /backup/blog.sql']
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: mysql, namespace: blog}
spec: {selector: {matchLabels: {app: mysql}}, endpoints: [{port: metrics}]}
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: mysql, namespace: blog}
spec:
  endpointSelector: {matchLabels: {app: mysql}}
  ingress:
    - fromEndpoints: [{matchLabels: {app: was}}]
      toPorts: [{ports: [{port: "3306", protocol: TCP}]}]
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: mysql-backup, namespace: blog}
spec:
  endpointSelector: {matchLabels: {app: mysql-backup}}
  egress:
    - toEndpoints: [{matchLabels: {"k8s:io.kubernetes.pod.namespace": kube-system, k8s-app: kube-dns}}]
      toPorts: [{ports: [{port: "53", protocol: ANY}]}]
`;

const cluster = new Cluster({ prometheus: { namespace: 'monitoring', labels: { 'app.kubernetes.io/name': 'prometheus' } } });

function flowsOf(yaml: string): KnownFlows {
  const { documents, problems } = readYaml(yaml, 'blog.yaml');
  expect(problems).toEqual([]);
  return new KnownFlows(new Resources(documents), cluster);
}

test('every need is judged, and what is cut off is named with its side', () => {
  const lines = flowsOf(BLOG).needs.map(
    ({ need, flow }) =>
      `${flow.verdict} ${endpointText(need.from)} -> ${endpointText(need.to)}:${need.port}/${need.protocol} (egress ${flow.egress.verdict}, ingress ${flow.ingress.verdict})`,
  );
  expect(lines).toEqual([
    'allow blog/was -> blog/Service/mysql:3306/TCP (egress allow, ingress allow)',
    'deny blog/mysql-backup -> blog/Service/mysql:3306/TCP (egress deny, ingress deny)',
    'deny pods app.kubernetes.io/name=prometheus of namespace monitoring -> blog/mysql:9104/TCP (egress allow, ingress deny)',
    'allow blog/was -> pods k8s-app=kube-dns of namespace kube-system:53/UDP (egress allow, ingress allow)',
    'allow blog/was -> pods k8s-app=kube-dns of namespace kube-system:53/TCP (egress allow, ingress allow)',
    'allow blog/mysql-backup -> pods k8s-app=kube-dns of namespace kube-system:53/UDP (egress allow, ingress allow)',
    'allow blog/mysql-backup -> pods k8s-app=kube-dns of namespace kube-system:53/TCP (egress allow, ingress allow)',
  ]);
});

test('the missing rules are named policy by policy, and mend the flows when they are pasted', () => {
  const { network, needs } = flowsOf(BLOG);
  const mends = needs.flatMap(({ flow }) => missingRules(flow, network));
  expect(mends.map(({ words, into }) => `${words}: ${into?.policy.name ?? ''} ${into?.path ?? ''} ${JSON.stringify(into?.value)}`)).toEqual(
    [
      'no egress rule of CiliumNetworkPolicy blog/mysql-backup allows blog/mysql-backup to blog/mysql on TCP 3306: mysql-backup /spec/egress/- {"toEndpoints":[{"matchLabels":{"app":"mysql"}}],"toPorts":[{"ports":[{"port":"3306","protocol":"TCP"}]}]}',
      'no ingress rule of CiliumNetworkPolicy blog/mysql allows blog/mysql from blog/mysql-backup on TCP 3306: mysql /spec/ingress/- {"fromEndpoints":[{"matchLabels":{"app":"mysql-backup"}}],"toPorts":[{"ports":[{"port":"3306","protocol":"TCP"}]}]}',
      'no ingress rule of CiliumNetworkPolicy blog/mysql allows blog/mysql from pods app.kubernetes.io/name=prometheus of namespace monitoring on TCP 9104: mysql /spec/ingress/- {"fromEndpoints":[{"matchLabels":{"app.kubernetes.io/name":"prometheus","k8s:io.kubernetes.pod.namespace":"monitoring"}}],"toPorts":[{"ports":[{"port":"9104","protocol":"TCP"}]}]}',
    ],
  );
  const pasted = mends.reduce((yaml, { into }) => {
    if (into === undefined) throw new Error('no policy to extend');
    const [before = '', after = ''] = yaml.split(`metadata: {name: ${into.policy.name}, namespace: blog}\nspec:\n  endpointSelector`);
    const section = into.path.includes('egress') ? '  egress:\n' : '  ingress:\n';
    const mended = after.replace(section, `${section}    - ${JSON.stringify(into.value)}\n`);
    return `${before}metadata: {name: ${into.policy.name}, namespace: blog}\nspec:\n  endpointSelector${mended}`;
  }, BLOG);
  expect(flowsOf(pasted).needs.filter(({ flow }) => flow.verdict !== 'allow')).toEqual([]);
});

test.each([
  [
    'the database from the server',
    '    - fromEndpoints: [{matchLabels: {app: was}}]\n      toPorts: [{ports: [{port: "3306", protocol: TCP}]}]\n',
    '  ingress:\n',
    '  ingress: [{}]\n',
    ['blog/was -> blog/Service/mysql:3306'],
  ],
  [
    'lookups from the backup',
    '    - toEndpoints: [{matchLabels: {"k8s:io.kubernetes.pod.namespace": kube-system, k8s-app: kube-dns}}]\n      toPorts: [{ports: [{port: "53", protocol: ANY}]}]\n',
    '  egress:\n',
    '  egress: [{}]\n',
    [
      'blog/mysql-backup -> pods k8s-app=kube-dns of namespace kube-system:53',
      'blog/mysql-backup -> pods k8s-app=kube-dns of namespace kube-system:53',
    ],
  ],
])('taking out the one rule for %s denies exactly that', (_, rule, section, empty, expected) => {
  const denied = (yaml: string) =>
    flowsOf(yaml)
      .needs.filter(({ flow }) => flow.verdict === 'deny')
      .map(({ need }) => `${endpointText(need.from)} -> ${endpointText(need.to)}:${need.port}`);
  const before = denied(BLOG);
  const after = denied(BLOG.replace(section + rule, empty));
  expect(after.filter((flow) => !before.includes(flow))).toEqual(expected);
});
