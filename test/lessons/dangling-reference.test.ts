import { danglingReference } from '../../lib/lessons/dangling-reference';
import { reportOf, told } from './told';

function pod(spec: string, name = 'client'): string {
  return `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}, namespace: blog}\nspec: {${spec}}\n`;
}

const TWICE = pod(
  'containers: [{name: a, env: [{name: U, valueFrom: {secretKeyRef: {name: db, key: user}}}, {name: P, valueFrom: {secretKeyRef: {name: db, key: password}}}]}]',
);

test('tells of a missing Secret once for each object, as a warning that says so, and relates the other places', () => {
  const { findings } = reportOf(danglingReference, TWICE);
  expect(findings.map(({ severity, path, message }) => [severity, path, message])).toEqual([
    [
      'warning',
      '/spec/containers/0/env/0/valueFrom/secretKeyRef/name',
      'Pod blog/client: it names Secret blog/db, which nothing in the manifests or the facts provides: the container is not created (CreateContainerConfigError). It may come from outside of the manifests: then name it under existing in the facts',
    ],
  ]);
  expect(findings[0]?.related.map(({ message }) => message)).toEqual(['named here too']);
});

test('fails on a key that a Secret of the facts does not hold, and never on one that it tells no keys of', () => {
  const metadata = { name: 'db', namespace: 'blog' };
  const facts = { existing: [{ apiVersion: 'v1', kind: 'Secret', metadata, data: { user: '' } }] };
  expect(told(danglingReference, TWICE, facts)).toEqual([
    'error /spec/containers/0/env/1/valueFrom/secretKeyRef/key: Pod blog/client: it asks for key password of Secret blog/db, which has user: the container is not created (CreateContainerConfigError)',
  ]);
  expect(told(danglingReference, TWICE, { existing: [{ apiVersion: 'v1', kind: 'Secret', metadata }] })).toEqual([]);
});

test('hints at one of the same name in another namespace, which a pod cannot read', () => {
  const elsewhere = 'apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: shop}\ndata: {user: ""}\n';
  const [message] = told(danglingReference, `${TWICE}---\n${elsewhere}`);
  expect(message).toContain('(Secret shop/db has this name)');
});

test.each([
  [
    'ExternalSecret',
    'apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: other, namespace: blog}\nspec: {target: {name: db}, dataFrom: [{extract: {key: db}}]}\n',
  ],
  [
    'ExternalSecret without a target',
    'apiVersion: external-secrets.io/v1beta1\nkind: ExternalSecret\nmetadata: {name: db, namespace: blog}\nspec: {dataFrom: [{extract: {key: db}}]}\n',
  ],
  ['Certificate', 'apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: other, namespace: blog}\nspec: {secretName: db}\n'],
  [
    'SealedSecret',
    'apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: db, namespace: blog}\nspec: {encryptedData: {user: A, password: B}}\n',
  ],
  [
    'Crossplane claim',
    'apiVersion: db.example.org/v1\nkind: Instance\nmetadata: {name: x, namespace: blog}\nspec: {writeConnectionSecretToRef: {name: db}}\n',
  ],
])('takes the Secret of a %s as provided', (_, provider) => {
  expect(told(danglingReference, `${TWICE}---\n${provider}`)).toEqual([]);
});

test('fails a HorizontalPodAutoscaler whose Deployment has become a Rollout, and names the Rollout', () => {
  const yaml = `apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: blog}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, maxReplicas: 4}
---
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web, namespace: blog}
spec: {selector: {}, template: {spec: {}}}
`;
  expect(told(danglingReference, yaml)).toEqual([
    'error /spec/scaleTargetRef/name: HorizontalPodAutoscaler blog/web: it names Deployment blog/web, which nothing in the manifests or the facts provides (Rollout blog/web has this name): it scales nothing',
  ]);
});

test('warns of a subset for which no DestinationRule is declared, and fails one that the declared rule lacks', () => {
  const route = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: blog}
spec: {http: [{route: [{destination: {host: web, subset: canary}}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: blog}
spec: {ports: [{port: 80}]}
`;
  const rule =
    'apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: web, namespace: edge}\nspec: {host: web.blog.svc.cluster.local, subsets: [{name: stable}]}\n';
  const severities = (yaml: string): unknown => reportOf(danglingReference, yaml).findings.map(({ severity, path }) => [severity, path]);
  expect(severities(route)).toEqual([['warning', '/spec/http/0/route/0/destination/subset']]);
  expect(severities(`${route}---\n${rule}`)).toEqual([['error', '/spec/http/0/route/0/destination/subset']]);
  expect(severities(`${route}---\n${rule.replace('stable', 'canary')}`)).toEqual([]);
});

test('skips classes without the facts, and says which are needed', () => {
  const yaml = `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: blog, namespace: blog}
spec: {ingressClassName: nginx}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: blog}
spec: {storageClassName: fast}
`;
  expect(reportOf(danglingReference, yaml)).toMatchObject({
    findings: [],
    skipped: [{ lesson: 'dangling-reference', needs: ['ingressControllers', 'storageClasses'], resources: 2 }],
  });
});

test('fails a mounted file that is no key of its ConfigMap, but not one that items put there', () => {
  const config = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf, namespace: blog}\ndata: {nginx.conf: ""}\n';
  const mount = (subPath: string, items = ''): string =>
    pod(
      `containers: [{name: a, volumeMounts: [{name: c, mountPath: /x, subPath: ${subPath}}]}], volumes: [{name: c, configMap: {name: conf${items}}}]`,
    );
  expect(told(danglingReference, `${mount('default.conf')}---\n${config}`)).toEqual([
    'error /spec/containers/0/volumeMounts/0/subPath: Pod blog/client: it asks for key default.conf of ConfigMap blog/conf, which has nginx.conf: an empty directory is mounted in place of the file',
  ]);
  expect(told(danglingReference, `${mount('default.conf', ', items: [{key: nginx.conf, path: default.conf}]')}---\n${config}`)).toEqual([]);
});

test('never prints what a Secret holds', () => {
  const secret = 'apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: blog}\nstringData: {user: s3cr3t-value}\n';
  expect(JSON.stringify(told(danglingReference, `${TWICE}---\n${secret}`))).not.toContain('s3cr3t-value');
});
