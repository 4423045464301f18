import type { Cluster } from '../facts/cluster';
import { allowsSharedNodes, type ReplicaRequest, replicaRequests } from '../resources/longhorn';
import { type Context, type Fix, type Lesson, type Skip, violation, type Violation } from './lesson';

/** What Longhorn's chart and its storage classes ask for when nobody says otherwise. */
const LONGHORN_DEFAULT_REPLICAS = 3;

/** As many replicas as Longhorn's default, but no more than the nodes that can hold one each. */
export function replicaCount(cluster: Cluster): number {
  return Math.max(1, Math.min(LONGHORN_DEFAULT_REPLICAS, cluster.storageNodes.length));
}

const TWO_WORKERS = { nodes: [{ name: 'cp', roles: ['control-plane'] }, { name: 'w1' }, { name: 'w2' }] };

export const longhornReplicasFitNodes: Lesson = {
  id: 'longhorn-replicas-fit-nodes',
  title: 'Longhorn keeps no more replicas than there are nodes to hold them',
  section: 'Database and storage',
  severity: 'error',
  incident: {
    symptom:
      'every volume stays degraded, the CSI plugin restarts, and the manager logs "Precheck failed for creating new replica: no disk candidates found"',
    cause:
      'two replicas of one volume never share a node, and a control plane with a NoSchedule taint holds none. Three replicas, the default of the chart and of its class, have no third place on two workers. Lowering defaultReplicaCount alone leaves the StorageClass at 3',
    source: 'CI/CD troubleshooting guide, 7.1 and 7.2; longhorn.io, Storage Class Parameters, Settings Reference',
  },
  remedy: 'ask for as many replicas as there are storage nodes, at most 3, in the StorageClass and in the chart values',
  confirm: [
    'kubectl -n longhorn-system get volumes.longhorn.io -o custom-columns=NAME:.metadata.name,REPLICAS:.spec.numberOfReplicas,STATE:.status.robustness',
    'kubectl get storageclass -o custom-columns=NAME:.metadata.name,REPLICAS:.parameters.numberOfReplicas',
  ],
  limits:
    'Node and disk tags and free space are not looked at. Where Longhorn lets replicas share a node (replica-soft-anti-affinity, of the setting, the class or the values) any number fits. ' +
    'In a values file a missing number is a warning, since another file may be laid over it. Values are recognized in files by their keys, and in Applications, HelmReleases and HelmCharts by the chart named longhorn.',
  needs: ['nodes'],
  bad: [
    {
      cluster: TWO_WORKERS,
      yaml: `apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: longhorn}
provisioner: driver.longhorn.io
parameters:
  numberOfReplicas: "3" # <- here
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: longhorn-default}
provisioner: driver.longhorn.io
parameters:
  staleReplicaTimeout: "30" # <- here
---
apiVersion: longhorn.io/v1beta2
kind: Volume
metadata: {name: pvc-1, namespace: longhorn-system}
spec:
  numberOfReplicas: 3 # <- here
---
apiVersion: longhorn.io/v1beta2
kind: Setting
metadata: {name: default-replica-count, namespace: longhorn-system}
value: "3" # <- here
`,
    },
    {
      // The chart, wherever its values stand. One count lowered leaves the other at the chart's 3.
      cluster: TWO_WORKERS,
      yaml: `# file: values.yaml
defaultSettings:
  defaultReplicaCount: 3 # <- here
persistence:
  defaultClassReplicaCount: 3 # <- here
# file: only-one.yaml
defaultSettings: # <- here
  defaultReplicaCount: 2
# file: application.yaml
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: longhorn, namespace: argocd}
spec:
  source:
    repoURL: https://charts.longhorn.io
    chart: longhorn
    targetRevision: 1.6.2
    helm:
      valuesObject:
        defaultSettings: {defaultReplicaCount: 2}
        persistence:
          defaultClassReplicaCount: 3 # <- here
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: longhorn-text, namespace: argocd}
spec:
  source:
    repoURL: https://charts.longhorn.io
    chart: longhorn
    helm:
      values: | # <- here
        defaultSettings:
          defaultReplicaCount: 3
        persistence:
          defaultClassReplicaCount: 2
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: longhorn-parameters, namespace: argocd}
spec:
  source:
    repoURL: https://charts.longhorn.io
    chart: longhorn
    helm:
      parameters:
        - {name: defaultSettings.defaultReplicaCount, value: "2"}
        - name: persistence.defaultClassReplicaCount
          value: "3" # <- here
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: longhorn, namespace: longhorn-system}
spec:
  chart: {spec: {chart: longhorn, sourceRef: {kind: HelmRepository, name: longhorn}}}
  values:
    persistence:
      defaultClassReplicaCount: 2
    defaultSettings:
      defaultReplicaCount: 3 # <- here
`,
    },
  ],
  good: [
    {
      cluster: TWO_WORKERS,
      yaml: `apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: longhorn}
provisioner: driver.longhorn.io
parameters:
  numberOfReplicas: "2"
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: other}
provisioner: rbd.csi.ceph.com
parameters: {numberOfReplicas: "3"}
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: shop, namespace: argocd}
spec:
  source:
    repoURL: https://charts.example.org
    chart: shop
    helm: {valuesObject: {persistence: {defaultClassReplicaCount: 3}}}
---
# file: values.yaml
defaultSettings: {defaultReplicaCount: 2}
persistence: {defaultClassReplicaCount: 2}
`,
    },
    {
      // Three ordinary nodes; a control plane that says it stores.
      cluster: { nodes: [{ name: 'cp', roles: ['control-plane'], storage: true }, { name: 'w1' }, { name: 'w2' }] },
      yaml: `apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: longhorn}
provisioner: driver.longhorn.io
parameters: {numberOfReplicas: "3"}
`,
    },
    {
      // Replicas that may share a node; a default that is known to be 2.
      cluster: { ...TWO_WORKERS, longhorn: { defaultReplicaCount: 2 } },
      yaml: `apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: shared}
provisioner: driver.longhorn.io
parameters: {numberOfReplicas: "3", replicaSoftAntiAffinity: enabled}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: longhorn}
provisioner: driver.longhorn.io
---
# file: values.yaml
defaultSettings: {defaultReplicaCount: 3, replicaSoftAntiAffinity: true}
`,
    },
    {
      // Without facts of the nodes it is skipped, not judged.
      yaml: `apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: longhorn}
provisioner: driver.longhorn.io
parameters: {numberOfReplicas: "3"}
`,
    },
  ],
  *violations({ resources, cluster }: Context): Iterable<Violation | Skip> {
    if (allowsSharedNodes(resources)) return;
    for (const request of replicaRequests(resources)) {
      const count = request.count ?? defaultOf(request, cluster);
      if (count <= 1) continue;
      if (!cluster.knows('nodes')) {
        yield { resource: request.resource, needs: ['nodes'] };
        continue;
      }
      if (count > Math.max(1, cluster.storageNodes.length)) yield excess(request, count, cluster);
    }
  },
};

/** A class and a volume fall back to Longhorn's setting; the values of the chart fall back to the chart's own. */
function defaultOf({ kind }: ReplicaRequest, { facts }: Cluster): number {
  return kind === 'values' ? LONGHORN_DEFAULT_REPLICAS : (facts.longhorn?.defaultReplicaCount ?? LONGHORN_DEFAULT_REPLICAS);
}

function excess(request: ReplicaRequest, count: number, cluster: Cluster): Violation {
  const { resource, field, key } = request;
  const names = cluster.storageNodes.map(({ name }) => name);
  const nodes =
    names.length === 0
      ? 'no node can hold one'
      : `only ${names.length === 1 ? '1 node' : `${names.length} nodes`} can hold one (${names.slice(0, 10).join(', ')})`;
  const asks =
    request.count === undefined
      ? `says nothing of ${key ?? 'numberOfReplicas'}, which means ${count} replicas${request.isPartial === true ? ' unless other values say otherwise' : ''}`
      : `asks for ${count} replicas${key === undefined ? '' : ` by ${key}`}`;
  return violation(resource, field, `${asks}, but ${nodes}: each volume stays degraded`, {
    severity: request.count === undefined && request.isPartial === true ? 'warning' : 'error',
    fix: lower(request, replicaCount(cluster)),
  });
}

function lower({ kind, field, rewrite }: ReplicaRequest, count: number): Fix {
  const after: Readonly<Record<ReplicaRequest['kind'], string>> = {
    class: '; the parameters of a class cannot be changed in place, so delete it first, and lower the volumes it made',
    volume: '',
    setting: '; existing volumes keep their number until it is lowered for each',
    values: '; existing volumes keep their number until it is lowered for each',
  };
  const description = `ask for ${count}${after[kind]}`;
  return rewrite === undefined ? { description } : { description, edits: [{ path: field.path, value: rewrite(count) }] };
}
