import { parseClusterFacts } from '../../lib/facts/parse';

const COMPLETE = `kubernetesVersion: "1.31"
clusterDomain: cluster.local
apiServer: https://192.168.1.187:6443
nodes:
  - name: k8s-cp
    roles: [control-plane]
    labels: {disk: ssd}
    taints: [{key: dedicated, value: db, effect: NoSchedule}]
    unschedulable: false
    allocatable: {cpu: "4", memory: 7600Mi, pods: 110, nvidia.com/gpu: 1, hugepages-2Mi: 0}
    requested: {cpu: 500m, memory: 1Gi}
    storage: true
namespaces: [{name: blog-system, labels: {team: blog}}]
dns: {namespace: kube-system, labels: {k8s-app: kube-dns}}
network: {engine: cilium, version: "1.18", policyEnforcement: default, defaultLocalCluster: false, clusterName: default, podCIDRs: [10.0.0.0/8], serviceCIDRs: ["fd00::/108"]}
ingressControllers: [{class: nginx, namespace: ingress-nginx, labels: {app.kubernetes.io/name: ingress-nginx}, inMesh: false, hostNetwork: false, sslPassthrough: true}]
mesh:
  kind: istio
  version: "1.24"
  injectedNamespaces: [blog-system]
  nativeSidecars: false
  controlPlane: {namespace: istio-system, labels: {app: istiod}}
  gateways: [{namespace: istio-system, labels: {istio: ingressgateway}}]
  sidecar: {requests: {cpu: 100m, memory: 128Mi}, limits: {cpu: "2", memory: 1Gi}}
storageClasses: [{name: longhorn, provisioner: driver.longhorn.io, default: true, parameters: {numberOfReplicas: "2"}}, {name: local-path}]
longhorn: {namespace: longhorn-system, defaultReplicaCount: 2}
prometheus: {namespace: monitoring, labels: {app.kubernetes.io/name: prometheus}, serviceMonitorSelector: {release: kube-prometheus-stack}, podMonitorSelector: {}, ruleSelector: {release: kube-prometheus-stack}, probeSelector: {}}
existing:
  - {apiVersion: v1, kind: Secret, metadata: {name: mysql-secret, namespace: blog-system}, data: {mysql-root-password: ""}}
  - apiVersion: v1
    kind: Service
    metadata: {name: argocd-server, namespace: argocd}
    spec: {ports: [{name: https, port: 443}], selector: null}
`;

function problemsOf(yaml: string): string[] {
  return parseClusterFacts(yaml, 'cluster.yaml').problems.map(({ file, line, message }) => `${file}:${line}: ${message}`);
}

describe('facts from YAML', () => {
  test('may have every key', () => {
    expect(problemsOf(COMPLETE)).toEqual([]);
  });

  test('are as they are written', () => {
    expect(parseClusterFacts('nodes: [{name: w1}]\n', 'cluster.yaml').facts).toEqual({ nodes: [{ name: 'w1' }] });
  });

  test.each(['', '# nothing is known\n', '{}\n'])('may be none at all: %j', (yaml) => {
    expect(parseClusterFacts(yaml, 'cluster.yaml')).toMatchObject({ facts: {}, problems: [] });
  });

  test('know where each of them was written', () => {
    const { cluster } = parseClusterFacts(COMPLETE, 'cluster.yaml');
    expect(cluster?.document.locate('/nodes/0/name')).toMatchObject({ file: 'cluster.yaml', line: 5, column: 11 });
    expect(cluster?.existing.map((document) => document.locate(''))).toMatchObject([{ line: 29 }, { line: 30 }]);
    expect(cluster?.existing[1]?.locate('/spec/ports/0/port')).toMatchObject({ file: 'cluster.yaml', line: 33, column: 40 });
    expect(cluster?.existing[1]?.source).toBe('cluster.yaml');
  });

  test('may leave out what is the same everywhere', () => {
    const { cluster } = parseClusterFacts(
      `ingressControllers: [{class: nginx, inMesh: true}]
mesh: {version: "1.24", controlPlane: {labels: {app: other}}, gateways: [{labels: {istio: gateway}}]}
prometheus: {ruleSelector: {release: x}}
`,
      'cluster.yaml',
    );
    expect(cluster?.facts).toEqual({
      ingressControllers: [
        { class: 'nginx', inMesh: true, namespace: 'ingress-nginx', labels: { 'app.kubernetes.io/name': 'ingress-nginx' } },
      ],
      mesh: {
        kind: 'istio',
        version: '1.24',
        controlPlane: { namespace: 'istio-system', labels: { app: 'other' } },
        gateways: [{ namespace: 'istio-system', labels: { istio: 'gateway' } }],
      },
      prometheus: { namespace: 'monitoring', labels: { 'app.kubernetes.io/name': 'prometheus' }, ruleSelector: { release: 'x' } },
    });
  });
});

describe('fails', () => {
  test('on every mistake at once, each with its line', () => {
    const yaml = `kubernetesVersion: 1.30
node:
  - name: w1
nodes:
  - name: w1
    role: [control-plane]
    labels: {ssd: true}
  - name: w1
    taints: [{key: dedicated, effect: NoShedule}]
    allocatable: {cpu: 4 cores, mem: 8Gi}
  - roles: [worker]
mesh: {kind: linkerd, nativeSidecars: "yes"}
network: {podCIDRs: [10.0.0.0], version: latest}
storageClasses: [{name: longhorn, parameters: {numberOfReplicas: 2}}]
longhorn:
apiServer: 192.168.1.187:6443
`;
    expect(problemsOf(yaml)).toEqual([
      'cluster.yaml:1: kubernetesVersion is the number 1.3, where text belongs; put it in quotes',
      'cluster.yaml:3: the cluster has no field "node"; "nodes" was probably meant',
      'cluster.yaml:6: nodes[0] has no field "role"; "roles" was probably meant',
      'cluster.yaml:7: labels ssd is the boolean true, where text belongs; put it in quotes',
      'cluster.yaml:8: nodes has two of the name "w1"',
      'cluster.yaml:9: effect is "NoShedule", which is none of "NoSchedule", "PreferNoSchedule", "NoExecute"; "NoSchedule" was probably meant',
      'cluster.yaml:10: allocatable cpu is "4 cores", which is no quantity such as 500m or 1Gi',
      'cluster.yaml:10: "mem" is no resource of a node; it is one of cpu, memory, pods, ephemeral-storage, or has a domain',
      'cluster.yaml:11: nodes[2] has no name, which is required',
      'cluster.yaml:12: kind is "linkerd", which is none of "istio"',
      'cluster.yaml:12: nativeSidecars is the text "yes", where true or false belongs; write true',
      'cluster.yaml:13: podCIDRs[0] is "10.0.0.0", which is no range of addresses such as "10.0.0.0/8"',
      'cluster.yaml:13: version is "latest", which is no version such as "1.31"',
      'cluster.yaml:14: parameters numberOfReplicas is the number 2, where text belongs; put it in quotes',
      'cluster.yaml:15: longhorn has no value; write one, or remove the key',
      'cluster.yaml:16: apiServer is "192.168.1.187:6443", which is no URL such as "https://192.168.1.187:6443"',
    ]);
  });

  test('without giving facts that are half right', () => {
    expect(parseClusterFacts('nodes: 3\n', 'cluster.yaml').facts).toBeUndefined();
  });

  test('on a controller of which nobody can know where it runs', () => {
    expect(problemsOf('ingressControllers:\n  - class: haproxy\n    labels: {app: haproxy}\n')).toEqual([
      'cluster.yaml:2: ingressControllers[0] has no namespace, which is required',
    ]);
  });

  test('on something that exists and is no object', () => {
    expect(problemsOf('existing:\n  - mysql-secret\n  - kind: Secret\n    metadata: {}\n')).toEqual([
      'cluster.yaml:2: existing[0] is no object of Kubernetes: a map with apiVersion, kind and metadata.name',
      'cluster.yaml:3: existing[1] needs apiVersion, as text',
      'cluster.yaml:4: existing[1] needs metadata.name, as text',
    ]);
  });

  test.each([
    ['a list', '- nodes\n', ['cluster.yaml:1: the facts are no map of keys such as nodes and mesh']],
    ['a second document', 'nodes: []\n---\nmesh: {}\n', ['cluster.yaml:3: holds a second document: facts are one']],
  ])('on %s', (_, yaml, expected) => {
    expect(problemsOf(yaml)).toEqual(expected);
  });

  test('on text that is no YAML, with its line', () => {
    const [problem] = parseClusterFacts('nodes:\n  - name: [w1\n', 'cluster.yaml').problems;
    expect(problem).toMatchObject({ file: 'cluster.yaml', line: expect.any(Number), message: expect.stringContaining('YAML') });
  });
});
