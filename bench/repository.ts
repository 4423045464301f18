/** A GitOps repository as large as wanted: files with the mixture of kinds that real ones hold, the same for every run. */
export interface GeneratedFile {
  readonly name: string;
  readonly text: string;
}

/** Every seventh file holds two documents: 4,800 files hold 5,485 resources. */
export function repository(files: number): GeneratedFile[] {
  return Array.from({ length: files }, (_, index) => {
    const service = Math.floor(index / KINDS.length);
    const write = KINDS[index % KINDS.length] ?? KINDS[0];
    const name = `svc-${service}`;
    const text = write(name, `team-${service % 40}`);
    return {
      name: `team-${service % 40}/${name}-${index % KINDS.length}.yaml`,
      text: index % 7 === 0 ? `${text}---\n${account(name, service)}` : text,
    };
  });
}

const KINDS = [deployment, service, configMap, budget, policy, autoscaler] as const;

function head(apiVersion: string, kind: string, name: string, namespace: string): string {
  return `# ${kind} of ${name}, kept by its team\napiVersion: ${apiVersion}\nkind: ${kind}\nmetadata:\n  name: ${name}\n  namespace: ${namespace}\n  labels:\n    app: ${name}\n    app.kubernetes.io/part-of: shop\n`;
}

function deployment(name: string, namespace: string): string {
  return `${head('apps/v1', 'Deployment', name, namespace)}spec:
  replicas: 2
  selector:
    matchLabels: {app: ${name}}
  template:
    metadata:
      labels: {app: ${name}}
    spec:
      containers:
        - name: app
          image: registry.example/${name}:1.4.2
          ports:
            - {name: http, containerPort: 8080}
          envFrom:
            - configMapRef: {name: ${name}}
          readinessProbe:
            httpGet: {path: /healthz, port: http}
          resources:
            requests: {cpu: 100m, memory: 128Mi}
            limits: {memory: 128Mi}
          securityContext:
            runAsNonRoot: true
            runAsUser: 10001
            allowPrivilegeEscalation: false
`;
}

function service(name: string, namespace: string): string {
  return `${head('v1', 'Service', name, namespace)}spec:
  selector: {app: ${name}}
  ports:
    - {name: http, port: 80, targetPort: http}
`;
}

function configMap(name: string, namespace: string): string {
  const settings = Array.from({ length: 12 }, (_, index) => `  SETTING_${index}: "value ${index} of ${name}"\n`).join('');
  return `${head('v1', 'ConfigMap', name, namespace)}data:\n${settings}`;
}

function budget(name: string, namespace: string): string {
  return `${head('policy/v1', 'PodDisruptionBudget', name, namespace)}spec:
  maxUnavailable: 1
  selector:
    matchLabels: {app: ${name}}
`;
}

function policy(name: string, namespace: string): string {
  return `${head('cilium.io/v2', 'CiliumNetworkPolicy', name, namespace)}spec:
  endpointSelector:
    matchLabels: {app: ${name}}
  ingress:
    - fromEndpoints:
        - matchLabels: {app: ${name}}
      toPorts:
        - ports:
            - {port: "8080", protocol: TCP}
`;
}

function autoscaler(name: string, namespace: string): string {
  return `${head('autoscaling/v2', 'HorizontalPodAutoscaler', name, namespace)}spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: ${name}}
  minReplicas: 2
  maxReplicas: 5
  metrics:
    - type: Resource
      resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}
`;
}

function account(name: string, index: number): string {
  return `apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: ${name}-${index}\n  namespace: team-${index % 40}\nautomountServiceAccountToken: false\n`;
}
