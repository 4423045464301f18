import { type EffectiveMtls, Mesh } from '../facts/mesh';
import { type DatabaseServer, databaseServerOf } from '../resources/database';
import { workloadOf } from '../resources/workload';
import { type Context, type Lesson, type Skip, violation, type Violation } from './lesson';

/** Pod labels that keep a database out of the mesh. */
export const OUTSIDE_OF_MESH = { 'sidecar.istio.io/inject': 'false' } as const;

export const databaseInMesh: Lesson = {
  id: 'database-in-mesh',
  title: 'A MySQL server stays out of the mesh, or has mutual TLS disabled on its port',
  section: 'Mesh',
  severity: 'warning',
  incident: {
    symptom:
      'the application cannot reach MySQL any more: "Communications link failure", or a connection that hangs until it times out; the backup and the exporter fail the same way',
    cause:
      "MySQL's server speaks first. A sidecar that has to find out whether a connection is TLS (PERMISSIVE) waits for the client's first bytes, and the client waits for the server's. With STRICT every client without a sidecar, a backup job or an exporter, is reset",
    source: 'CI/CD troubleshooting guide, 6.5; istio.io, Application Requirements, Server First Protocols',
  },
  remedy:
    'give the pods the label sidecar.istio.io/inject: "false"; or keep the sidecar and set portLevelMtls DISABLE for the port; or exclude the port from the sidecar',
  confirm: [
    "kubectl get pod <pod> -o jsonpath='{.spec.containers[*].name}'",
    'istioctl x describe pod <pod>',
    'mysql -h <service> --connect-timeout=5',
  ],
  limits:
    'Only MySQL and its kin are judged: of other databases the client speaks first. The server is recognized by its image. Where every client is in the mesh and its sidecar is known to speak TLS, STRICT works: accept the finding with that reason.',
  needs: ['mesh'],
  bad: [
    {
      cluster: { mesh: { kind: 'istio', injectedNamespaces: ['blog'] } },
      yaml: `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: mysql, namespace: blog}
spec:
  selector: {matchLabels: {app: mysql}}
  template:
    metadata:
      labels:
        app: mysql # <- here
    spec: {containers: [{name: mysql, image: "mysql:8.4", ports: [{containerPort: 3306}]}]}
`,
    },
    {
      // Nobody says what the namespace injects, but a STRICT policy of it says that it is in the mesh.
      yaml: `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: mysql, namespace: blog}
spec:
  selector: {matchLabels: {app: mysql}}
  template:
    metadata:
      labels:
        app: mysql # <- here
    spec: {containers: [{name: mysql, image: "mariadb:11"}]}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: blog}
spec: {mtls: {mode: STRICT}}
`,
    },
  ],
  good: [
    {
      cluster: { mesh: { kind: 'istio', injectedNamespaces: ['blog'] } },
      yaml: `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: mysql, namespace: blog}
spec:
  selector: {matchLabels: {app: mysql}}
  template:
    metadata: {labels: {app: mysql, sidecar.istio.io/inject: "false"}}
    spec: {containers: [{name: mysql, image: "mysql:8.4"}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: annotated, namespace: blog}
spec:
  selector: {matchLabels: {app: annotated}}
  template:
    metadata: {labels: {app: annotated}, annotations: {sidecar.istio.io/inject: "false"}}
    spec: {containers: [{name: mysql, image: "mysql:8.4"}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: excluded, namespace: blog}
spec:
  selector: {matchLabels: {app: excluded}}
  template:
    metadata: {labels: {app: excluded}, annotations: {traffic.sidecar.istio.io/excludeInboundPorts: "3306, 33060"}}
    spec: {containers: [{name: mysql, image: "mysql:8.4"}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: disabled, namespace: blog}
spec:
  selector: {matchLabels: {app: disabled}}
  template:
    metadata: {labels: {app: disabled}}
    spec: {containers: [{name: mysql, image: "mysql:8.4"}]}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: disabled, namespace: blog}
spec:
  selector: {matchLabels: {app: disabled}}
  portLevelMtls: {3306: {mode: DISABLE}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: postgres, namespace: blog}
spec:
  selector: {matchLabels: {app: postgres}}
  template:
    metadata: {labels: {app: postgres}}
    spec: {containers: [{name: postgres, image: "postgres:16"}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: mysql-exporter, namespace: blog}
spec:
  selector: {matchLabels: {app: mysql-exporter}}
  template:
    metadata: {labels: {app: mysql-exporter}}
    spec: {containers: [{name: exporter, image: "prom/mysqld-exporter:v0.15.1"}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: mysql, namespace: databases}
spec:
  selector: {matchLabels: {app: mysql}}
  template:
    metadata: {labels: {app: mysql}}
    spec: {containers: [{name: mysql, image: "mysql:8.4"}]}
`,
    },
    {
      // The namespace says itself that it injects nothing; elsewhere it is skipped.
      yaml: `apiVersion: v1
kind: Namespace
metadata: {name: blog, labels: {istio-injection: disabled}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: mysql, namespace: blog}
spec:
  selector: {matchLabels: {app: mysql}}
  template:
    metadata: {labels: {app: mysql}}
    spec: {containers: [{name: mysql, image: "mysql:8.4"}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: mysql, namespace: shop}
spec:
  selector: {matchLabels: {app: mysql}}
  template:
    metadata: {labels: {app: mysql}}
    spec: {containers: [{name: mysql, image: "mysql:8.4"}]}
`,
    },
  ],
  *violations({ resources, cluster }: Context): Iterable<Violation | Skip> {
    const mesh = new Mesh(resources, cluster);
    for (const resource of resources.all) {
      const workload = workloadOf(resource);
      const server = workload === undefined ? undefined : databaseServerOf(workload);
      // Only MySQL's server speaks first.
      if (workload === undefined || server?.engine !== 'MySQL') continue;
      const mtls = mesh.mtlsOf(workload, server.port);
      const known = mesh.hasSidecar(workload);
      if (known === false || mtls.mode === 'DISABLE' || !mesh.intercepts(workload, server.port)) continue;
      const isStrictHere = mtls.mode === 'STRICT' && mtls.level !== 'mesh';
      if (known === true || isStrictHere) yield trouble(server, mtls, known === true);
      else yield { resource, needs: ['mesh'] };
    }
  },
};

function trouble(
  { workload, engine, evidence, port }: DatabaseServer,
  { mode, policy, field }: EffectiveMtls,
  isKnown: boolean,
): Violation {
  const sidecar = isKnown ? 'gets a sidecar' : 'gets a sidecar (inferred: a STRICT policy is meant for it)';
  const consequence =
    mode === 'STRICT'
      ? `mutual TLS is STRICT on port ${port}: every client without a sidecar, such as a backup job or an exporter, is reset`
      : `mutual TLS is PERMISSIVE on port ${port}: the sidecar waits for the first bytes of a plaintext client, which waits for the server to speak first`;
  return violation(
    workload.resource,
    workload.template.at('metadata', 'labels'),
    `serves ${engine} (inferred from ${evidence}) and ${sidecar}, and ${consequence}`,
    {
      related:
        policy === undefined || field === undefined ? [] : [{ message: `${mode} comes from here`, resource: policy, path: field.path }],
      fix: { description: `label the pods sidecar.istio.io/inject: "false", or set portLevelMtls DISABLE for port ${port}` },
    },
  );
}
