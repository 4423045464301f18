import { append } from '../manifest/append';
import { editedField } from '../manifest/json-pointer';
import { endpointText } from '../network/endpoint';
import { type KnownFlows, knownFlows } from '../network/known-flows';
import { missingRules } from '../network/missing-rule';
import { MESH_CONTROL_PORT, MESH_TELEMETRY_PORTS } from '../network/needs-mesh';
import type { FlowVerdict } from '../network/network';
import type { Direction } from '../network/policy-rule';
import type { Workload } from '../resources/workload';
import type { Context, Lesson, Severity, Violation } from './lesson';

export const isolationWithoutMeshPorts: Lesson = {
  id: 'isolation-without-mesh-ports',
  title: 'Isolated pods with a sidecar still reach the control plane of the mesh, and their telemetry is read',
  section: 'Network isolation',
  severity: 'warning',
  incident: {
    symptom:
      'after an egress policy new pods stay at 1/2 ready, `istio-proxy` logs `connection error … istiod.istio-system.svc:15012 … i/o timeout`; old pods go on until their certificate runs out',
    cause:
      'the sidecar shares the network of its pod, and so its policies: what the application needs was allowed, what its proxy needs was forgotten',
    source: 'istio.io, Ports used by Istio; CI/CD troubleshooting guide, 8.1',
  },
  remedy: 'allow egress to the control plane on TCP 15012, and ingress from Prometheus on TCP 15020 and 15090',
  confirm: ['istioctl proxy-status', 'kubectl logs -n <namespace> <pod> -c istio-proxy | grep 15012'],
  limits:
    "Told only of pods that certainly get a sidecar. The control plane is that of the facts, else istiod in istio-system. Telemetry is a hint, and only where the facts say where Prometheus runs: whether it scrapes sidecars is not known here. A denied target of a monitor is flow-denied's.",
  bad: [
    {
      yaml: `apiVersion: v1
kind: Namespace
metadata: {name: blog, labels: {istio-injection: enabled}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: was, namespace: blog}
spec:
  selector: {matchLabels: {app: was}}
  template: {metadata: {labels: {app: was}}, spec: {containers: [{name: was, image: "was:1.0"}]}}
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: was, namespace: blog}
spec:
  endpointSelector: {matchLabels: {app: was}}
  egress:
    - toEndpoints: [{matchLabels: {"k8s:io.kubernetes.pod.namespace": kube-system, k8s-app: kube-dns}}] # <- here
      toPorts: [{ports: [{port: "53", protocol: ANY}]}]
`,
    },
    {
      yaml: `apiVersion: apps/v1
kind: Deployment
metadata: {name: was, namespace: blog}
spec:
  selector: {matchLabels: {app: was}}
  template: {metadata: {labels: {app: was}}, spec: {containers: [{name: was, image: "was:1.0"}]}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: was, namespace: blog}
spec:
  podSelector: {matchLabels: {app: was}}
  policyTypes: [Ingress]
  ingress:
    - from: [{podSelector: {matchLabels: {app: web}}}] # <- here
`,
      cluster: {
        mesh: { kind: 'istio', injectedNamespaces: ['blog'] },
        prometheus: { namespace: 'monitoring', labels: { app: 'prometheus' } },
      },
    },
  ],
  good: [
    {
      yaml: `apiVersion: v1
kind: Namespace
metadata: {name: blog, labels: {istio-injection: enabled}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: was, namespace: blog}
spec:
  selector: {matchLabels: {app: was}}
  template: {metadata: {labels: {app: was}}, spec: {containers: [{name: was, image: "was:1.0"}]}}
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: was, namespace: blog}
spec:
  endpointSelector: {matchLabels: {app: was}}
  egress:
    - toEndpoints: [{matchLabels: {"k8s:io.kubernetes.pod.namespace": istio-system, app: istiod}}]
      toPorts: [{ports: [{port: "15012", protocol: TCP}]}]
---
apiVersion: batch/v1
kind: Job
metadata: {name: migrate, namespace: blog} # no sidecar
spec:
  template:
    metadata: {labels: {app: migrate, sidecar.istio.io/inject: "false"}}
    spec: {restartPolicy: Never, containers: [{name: was, image: "was:1.0"}]}
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: migrate, namespace: blog}
spec:
  endpointSelector: {matchLabels: {app: migrate}}
  egress: [{toEndpoints: [{matchLabels: {app: mysql}}]}]
`,
    },
    {
      // Nothing says that there is a mesh; one of the telemetry ports is read.
      yaml: `apiVersion: apps/v1
kind: Deployment
metadata: {name: was, namespace: shop}
spec:
  selector: {matchLabels: {app: was}}
  template: {metadata: {labels: {app: was}}, spec: {containers: [{name: was, image: "was:1.0"}]}}
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: was, namespace: shop}
spec:
  endpointSelector: {matchLabels: {app: was}}
  egress: [{}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: was, namespace: blog}
spec:
  selector: {matchLabels: {app: was}}
  template: {metadata: {labels: {app: was}}, spec: {containers: [{name: was, image: "was:1.0"}]}}
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: was, namespace: blog}
spec:
  endpointSelector: {matchLabels: {app: was}}
  ingress:
    - fromEndpoints: [{matchLabels: {"k8s:io.kubernetes.pod.namespace": monitoring, app: prometheus}}]
      toPorts: [{ports: [{port: "15090", protocol: TCP}]}]
`,
      cluster: {
        mesh: { kind: 'istio', injectedNamespaces: ['blog'] },
        prometheus: { namespace: 'monitoring', labels: { app: 'prometheus' } },
      },
    },
  ],
  *violations({ resources, cluster }: Context): Iterable<Violation> {
    const flows = knownFlows(resources, cluster);
    if (flows === undefined) return;
    const telemetry = new Map<Workload, FlowVerdict[]>();
    for (const { need, flow } of flows.needs) {
      const pod = need.purpose === 'mesh' ? need.from : need.purpose === 'telemetry' ? need.to : undefined;
      if (pod?.kind !== 'workload' || !flows.isJudged(pod.workload.resource)) continue;
      if (need.purpose === 'mesh' && isDropped(flow, 'egress')) yield report(flow, 'egress', pod.workload, flows);
      if (need.purpose === 'telemetry') append(telemetry, pod.workload, flow);
    }
    for (const [workload, reads] of telemetry) {
      const [first] = reads;
      // One of the ports is enough.
      if (first !== undefined && reads.every((flow) => isDropped(flow, 'ingress'))) yield report(first, 'ingress', workload, flows);
    }
  },
};

function isDropped(flow: FlowVerdict, direction: Direction): boolean {
  const { verdict, because } = flow[direction];
  return verdict === 'deny' && because.every(({ effect }) => effect === 'default-deny');
}

function report(flow: FlowVerdict, direction: Direction, workload: Workload, flows: KnownFlows): Violation {
  const ports = direction === 'ingress' ? MESH_TELEMETRY_PORTS.filter((port) => port !== flow.port) : [];
  const mend = missingRules(flow, flows.network, { forAll: true, ports }).find((missing) => missing.direction === direction);
  const into = mend?.into !== undefined && flows.isJudged(mend.into.policy) ? mend.into : undefined;
  const isControl = direction === 'egress';
  const severity: Severity = isControl ? 'warning' : 'info';
  const message = isControl
    ? `the sidecar of ${workload.toString()} cannot reach its control plane, ${endpointText(flow.to)}, on TCP ${MESH_CONTROL_PORT}: it gets neither configuration nor certificates, and new pods never become ready`
    : `${endpointText(flow.from)} cannot read the telemetry of the sidecar of ${workload.toString()} on TCP ${MESH_TELEMETRY_PORTS.join(' or ')}`;
  if (into === undefined) {
    const description = mend?.policy === undefined ? 'allow it in a policy of its own' : `add the policy ${JSON.stringify(mend.policy)}`;
    return { resource: workload.resource, path: workload.template.at('metadata').path, message, severity, fix: { description } };
  }
  const { policy: resource, path, value } = into;
  return {
    resource,
    path: editedField(path),
    message,
    severity,
    related: [{ resource: workload.resource, path: workload.template.at('metadata').path, message: 'the pods with the sidecar' }],
    fix: { description: `add to ${path}: ${JSON.stringify(value)}`, edits: [{ path, value }] },
  };
}
