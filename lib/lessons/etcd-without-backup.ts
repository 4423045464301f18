import type { Cluster } from '../facts/cluster';
import { stepsOf } from '../resources/backup';
import { Resource } from '../resources/resource';
import type { Resources } from '../resources/resources';
import { scriptsOf } from '../resources/scripts';
import { workloadOf } from '../resources/workload';
import { type Context, type Lesson, type Skip, violation, type Violation } from './lesson';

/** The command that makes a consistent copy; a copy of the data directory of a running etcd is none. */
export const SNAPSHOT_COMMAND = ['etcdctl', 'snapshot', 'save'] as const;

export const etcdWithoutBackup: Lesson = {
  id: 'etcd-without-backup',
  title: 'the cluster state of a self-run control plane is backed up',
  section: 'Backup',
  severity: 'info',
  incident: {
    symptom: 'the disk of the only control-plane node dies, and with it every object of the cluster',
    cause: 'etcd holds all of the cluster’s state; on a cluster of one’s own nobody else copies it',
    source: 'Kustomize labels and Cilium entities, next steps: back up etcd every day; kubernetes.io, Operating etcd clusters',
  },
  remedy: 'run `etcdctl snapshot save` from a CronJob on the control plane and upload the result (EtcdBackup)',
  confirm: ['kubectl -n kube-system get pods -l component=etcd', 'kubectl get cronjob -A | grep -i etcd'],
  limits:
    'Asks only of clusters whose facts name a node with the role control-plane; a managed control plane shows none. A Velero Schedule counts as a backup of the objects. Snapshots that k3s, RKE2 or a timer of the host make are not seen.',
  needs: ['nodes'],
  bad: [
    {
      yaml: `# file: cluster.yaml
nodes:
  - name: k8s-cp # <- here
    roles: [control-plane]
  - name: k8s-worker1
# file: web.yaml
apiVersion: v1
kind: Service
metadata: {name: web, namespace: blog}
spec:
  selector: {app: web}
  ports: [{port: 80}]
`,
      cluster: { nodes: [{ name: 'k8s-cp', roles: ['control-plane'] }, { name: 'k8s-worker1' }] },
    },
  ],
  good: [
    {
      yaml: `apiVersion: batch/v1
kind: CronJob
metadata: {name: etcd-backup, namespace: kube-system}
spec:
  schedule: "0 2 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          hostNetwork: true
          containers:
            - name: snapshot
              image: registry.k8s.io/etcd:3.5.15-0
              command: [etcdctl, snapshot, save, /work/etcd.db]
`,
      cluster: { nodes: [{ name: 'k8s-cp', roles: ['control-plane'] }, { name: 'k8s-worker1' }] },
    },
    {
      yaml: `apiVersion: v1
kind: Service
metadata: {name: web, namespace: blog}
spec:
  selector: {app: web}
  ports: [{port: 80}]
`,
      cluster: { nodes: [{ name: 'managed-1' }, { name: 'managed-2' }] },
    },
    {
      yaml: `apiVersion: velero.io/v1
kind: Schedule
metadata: {name: everything, namespace: velero}
spec:
  schedule: "0 2 * * *"
  template: {includedNamespaces: ["*"]}
`,
      cluster: { nodes: [{ name: 'k8s-cp', roles: ['control-plane'] }] },
    },
  ],
  *violations({ resources, cluster }: Context): Iterable<Violation | Skip> {
    if (resources.all.length === 0) return;
    const facts = new Resource(cluster.document);
    if (!cluster.knows('nodes')) {
      yield { resource: facts, needs: ['nodes'] };
      return;
    }
    const index = (cluster.facts.nodes ?? []).findIndex(({ roles }) => roles?.includes('control-plane') === true);
    if (index < 0 || isBackedUp(resources)) return;
    yield violation(
      facts,
      facts.at('nodes', index),
      `${controlPlane(cluster)} runs a control plane of its own, and nothing in these manifests backs up its etcd: with its disk every object of the cluster is gone`,
      { fix: { description: 'add an EtcdBackup: a CronJob on the control plane that saves, verifies and uploads a snapshot' } },
    );
  },
};

function controlPlane(cluster: Cluster): string {
  return cluster.nodes
    .filter(({ facts }) => facts.roles?.includes('control-plane') === true)
    .map(({ name }) => name)
    .join(', ');
}

function isBackedUp(resources: Resources): boolean {
  if (resources.ofKind('velero.io', 'Schedule').length > 0) return true;
  return resources.ofKind('batch', 'CronJob').some((resource) => {
    if (/etcd.*(backup|snapshot)|(backup|snapshot).*etcd/.test(resource.name)) return true;
    const workload = workloadOf(resource);
    if (workload === undefined) return false;
    const saves = (words: readonly string[]): boolean => ['snapshot', 'save'].every((word) => words.includes(word));
    return stepsOf(scriptsOf(workload, resources), saves).length > 0;
  });
}
