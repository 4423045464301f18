import { databaseInMesh } from '../../lib/lessons/database-in-mesh';
import { entityInEndpoints } from '../../lib/lessons/entity-in-endpoints';
import { jobWithSidecar } from '../../lib/lessons/job-with-sidecar';
import { longhornReplicasFitNodes } from '../../lib/lessons/longhorn-replicas-fit-nodes';
import { rwoRollingUpdate } from '../../lib/lessons/rwo-rolling-update';
import { sidecarAnnotationMisplaced } from '../../lib/lessons/sidecar-annotation-misplaced';
import { documentsOf, judged, mended } from './judged';

const examples = [entityInEndpoints, jobWithSidecar, longhornReplicasFitNodes, rwoRollingUpdate, sidecarAnnotationMisplaced].flatMap(
  (lesson) => lesson.bad.map((example, index) => ({ id: lesson.id, index, lesson, example })),
);

test.each(examples)('$id: the edits for bad example $index leave only what no program can mend', ({ lesson, example }) => {
  const documents = documentsOf(example.yaml.replace(/^# file:.*$/gm, '---'));
  const before = judged(lesson, documents, example.cluster);
  const after = judged(lesson, mended(documents, before), example.cluster);
  const byHand = before.findings
    .filter(({ fix }) => fix?.edits === undefined)
    .map(({ path, resource }) => `${resource.toString()} ${path}`);
  expect(before.findings.some(({ fix }) => fix?.edits !== undefined)).toBe(true);
  expect(byHand).toEqual(expect.arrayContaining(after.findings.map(({ path, resource }) => `${resource.toString()} ${path}`)));
});

test('a Deployment is mended to Recreate, without the settings of a rolling update', () => {
  const documents = documentsOf(`apiVersion: apps/v1
kind: Deployment
metadata: {name: mysql, namespace: blog}
spec:
  strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 1}}
  template:
    metadata: {labels: {app: mysql}}
    spec: {containers: [{name: mysql, image: mysql:8.4}], volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: blog}
spec: {accessModes: [ReadWriteOnce]}
`);
  const [deployment] = mended(documents, judged(rwoRollingUpdate, documents));
  expect(deployment?.content).toMatchObject({ spec: { strategy: { type: 'Recreate' } } });
  expect(deployment?.content).not.toHaveProperty('spec.strategy.rollingUpdate');
});

test('a label of replicas stays text, a number stays a number, and a text of values changes within', () => {
  const documents = documentsOf(`apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: longhorn}
provisioner: driver.longhorn.io
parameters: {numberOfReplicas: "3"}
---
apiVersion: longhorn.io/v1beta2
kind: Volume
metadata: {name: data, namespace: longhorn-system}
spec: {numberOfReplicas: 3}
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: longhorn, namespace: argocd}
spec:
  source:
    chart: longhorn
    helm:
      values: |
        defaultSettings:
          defaultReplicaCount: 3 # per volume
        persistence: {defaultClassReplicaCount: 2}
`);
  const facts = { nodes: [{ name: 'a' }, { name: 'b' }] };
  const [storageClass, volume, application] = mended(documents, judged(longhornReplicasFitNodes, documents, facts));
  expect(storageClass?.content).toMatchObject({ parameters: { numberOfReplicas: '2' } });
  expect(volume?.content).toMatchObject({ spec: { numberOfReplicas: 2 } });
  expect(application?.content).toMatchObject({
    spec: {
      source: { helm: { values: 'defaultSettings:\n  defaultReplicaCount: 2 # per volume\npersistence: {defaultClassReplicaCount: 2}\n' } },
    },
  });
});

test('an entity beside selectors gets a rule of its own, with the same ports', () => {
  const documents = documentsOf(`apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: p, namespace: blog}
spec:
  endpointSelector: {}
  egress:
    - toEndpoints: [{matchLabels: {app: mysql}}, world, app=was]
      toPorts: [{ports: [{port: "443"}]}]
`);
  const [policy] = mended(documents, judged(entityInEndpoints, documents));
  const toPorts = [{ ports: [{ port: '443' }] }];
  expect(policy?.content).toMatchObject({
    spec: {
      egress: [
        { toEndpoints: [{ matchLabels: { app: 'mysql' } }, { matchLabels: { app: 'was' } }], toPorts },
        { toEntities: ['world'], toPorts },
      ],
    },
  });
});

test('what stays out of the mesh is a decision: a database is not mended by a program', () => {
  const [finding] = judged(databaseInMesh, databaseInMesh.bad[0]?.yaml ?? '', databaseInMesh.bad[0]?.cluster).findings;
  expect(finding?.fix).toEqual({ description: expect.stringContaining('sidecar.istio.io/inject') });
});
