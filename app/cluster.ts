/** The cluster that the blog runs in: three machines at home, and what was installed on them by other hands. */
import { Cluster } from 'cdk8s-hindsight';

/** A Secret that is created by hand, once; only its keys are known here. */
const secret = (name: string, ...keys: string[]) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'blog-system' },
  data: Object.fromEntries(keys.map((key) => [key, ''])),
});

export const cluster = new Cluster({
  kubernetesVersion: '1.31',
  apiServer: 'https://192.168.1.187:6443',
  nodes: [{ name: 'k8s-cp', roles: ['control-plane'] }, { name: 'k8s-worker1' }, { name: 'k8s-worker2' }],
  namespaces: [{ name: 'blog-system', labels: { 'istio-injection': 'enabled' } }, { name: 'argocd' }, { name: 'monitoring' }],
  network: { engine: 'cilium', version: '1.18' },
  // Outside of the mesh: it speaks plain HTTP to pods that have a sidecar, so nothing it reaches may insist on mutual TLS.
  ingressControllers: [
    {
      class: 'nginx',
      namespace: 'ingress-nginx',
      labels: { 'app.kubernetes.io/name': 'ingress-nginx' },
      inMesh: false,
      sslPassthrough: true,
    },
  ],
  mesh: { kind: 'istio', injectedNamespaces: ['blog-system'] },
  storageClasses: [
    { name: 'longhorn', provisioner: 'driver.longhorn.io', default: true, parameters: { numberOfReplicas: '2' } },
    { name: 'local-path' },
  ],
  longhorn: { namespace: 'longhorn-system', defaultReplicaCount: 2 },
  prometheus: {
    namespace: 'monitoring',
    labels: { 'app.kubernetes.io/name': 'prometheus' },
    serviceMonitorSelector: { release: 'kube-prometheus-stack' },
    ruleSelector: { release: 'kube-prometheus-stack' },
  },
  existing: [
    secret('mysql-secret', 'mysql-root-password', 'mysql-password'),
    secret('mysql-exporter-secret', 'password'),
    secret('aws-s3-credentials', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_DEFAULT_REGION'),
    secret('ghcr-secret', '.dockerconfigjson'),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'argocd-server', namespace: 'argocd' },
      spec: {
        ports: [
          { name: 'http', port: 80 },
          { name: 'https', port: 443 },
        ],
        selector: { 'app.kubernetes.io/name': 'argocd-server' },
      },
    },
  ],
});
