import type { Container } from '../resources/container';
import { isOfficialImage, isUnprivilegedImage, listenPortsOf, nginxSignOf } from '../resources/nginx';
import { type Workload, workloadOf } from '../resources/workload';
import { type Context, type Edit, type Lesson, violation, type Violation } from './lesson';

/** What nginx needs as root, and nothing more: to bind port 80, to own its caches, and to give its workers another user. */
export const NGINX_CAPABILITIES = ['NET_BIND_SERVICE', 'CHOWN', 'SETUID', 'SETGID'] as const;

/** The lowest port that a process without privileges may bind. */
const LOWEST_UNPRIVILEGED_PORT = 1024;

/** Where nginx listens when it does not run as root: the port of the unprivileged images. */
export const UNPRIVILEGED_PORT = 8080;

/** The kernel's own name for that boundary. A safe sysctl since Kubernetes 1.22: a pod may lower it for itself. */
const UNPRIVILEGED_PORT_SYSCTL = 'net.ipv4.ip_unprivileged_port_start';

/** The capabilities that nginx lacks as root on these ports. */
export function missingCapabilities(drop: readonly string[], add: readonly string[], ports: readonly number[]): readonly string[] {
  const [dropped, added] = [new Set(drop.map(plain)), new Set(add.map(plain))];
  if (added.has('ALL')) return [];
  const binds = ports.some((port) => port < LOWEST_UNPRIVILEGED_PORT);
  return NGINX_CAPABILITIES.filter((capability) => {
    if (capability === 'NET_BIND_SERVICE' && !binds) return false;
    return (dropped.has('ALL') || dropped.has(capability)) && !added.has(capability);
  });
}

function plain(capability: string): string {
  return capability.toUpperCase().replace(/^CAP_/, '');
}

export const nginxCapabilities: Lesson = {
  id: 'nginx-capabilities',
  title: 'nginx runs as root with the four capabilities that it needs, or unprivileged on a port from 1024',
  section: 'Rollouts and workloads',
  severity: 'error',
  incident: {
    symptom:
      '`nginx: [emerg] chown("/var/cache/nginx/client_temp", 101) failed (1: Operation not permitted)`, and the pod is in CrashLoopBackOff',
    cause:
      'the container ran as root with all capabilities dropped and only NET_BIND_SERVICE added. As root nginx also hands its caches to the user of its workers (CHOWN) and starts the workers as that user (SETUID, SETGID). ' +
      'As another user it needs none of the four, but then NET_BIND_SERVICE does not help it to port 80 either: Kubernetes sets no ambient capabilities',
    source:
      'CI/CD troubleshooting guide, 9.3; kubernetes.io, Configure a Security Context for a Pod or Container, and Using sysctls in a Kubernetes Cluster',
  },
  remedy:
    'either add NET_BIND_SERVICE, CHOWN, SETUID and SETGID after dropping ALL, without privilege escalation; or run an unprivileged image on port 8080 with runAsNonRoot, a read-only root file system and an emptyDir where it writes',
  confirm: ['kubectl logs <pod> -c nginx --previous', "kubectl exec <pod> -c nginx -- sh -c 'id; grep Cap /proc/1/status'"],
  limits:
    'That a container runs nginx is inferred from its image, command, name or a mount under /etc/nginx, and root from the image or a port below 1024 where no user is named. ' +
    'Ports come from the mounted configuration when it is declared, else from the container. Recent container runtimes let any user bind low ports, so that case is a warning. ' +
    'A configuration that names `user root` needs less.',
  bad: [
    {
      yaml: `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web, namespace: blog}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: nginx
          image: ghcr.io/example/blog-web:v47
          ports: [{containerPort: 80}]
          securityContext:
            allowPrivilegeEscalation: false
            capabilities:
              drop: [ALL]
              add: [NET_BIND_SERVICE] # <- here
`,
    },
    {
      yaml: `# Root on 8080 needs three of the four; the official image with nothing declared listens on 80; a plain user cannot bind 80.
apiVersion: apps/v1
kind: Deployment
metadata: {name: proxies, namespace: blog}
spec:
  selector: {matchLabels: {app: proxies}}
  template:
    metadata: {labels: {app: proxies}}
    spec:
      containers:
        - name: high
          image: nginx:1.27
          ports: [{containerPort: 8080}]
          securityContext:
            capabilities: {drop: [all], add: [CAP_CHOWN, SETUID]} # <- here
        - name: low
          image: nginx:1.27
          securityContext: {runAsUser: 0, capabilities: {drop: [ALL]}} # <- here
        - name: plain-user
          image: registry.example/site:3
          command: [nginx, -g, "daemon off;"]
          ports:
            - name: http
              containerPort: 80 # <- here
          securityContext: {runAsUser: 101, capabilities: {drop: [ALL], add: [NET_BIND_SERVICE]}}
`,
    },
    {
      yaml: `apiVersion: v1
kind: ConfigMap
metadata: {name: site, namespace: blog}
data:
  default.conf: |
    server {
      listen 443 ssl;
      listen [::]:443 ssl;
    }
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: site, namespace: blog}
spec:
  selector: {matchLabels: {app: site}}
  template:
    metadata: {labels: {app: site}}
    spec:
      securityContext:
        runAsNonRoot: true # <- here
      containers:
        - name: site
          image: nginxinc/nginx-unprivileged:1.27
          volumeMounts: [{name: conf, mountPath: /etc/nginx/conf.d}]
      volumes: [{name: conf, configMap: {name: site}}]
`,
    },
  ],
  good: [
    {
      yaml: `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web, namespace: blog}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: nginx
          image: ghcr.io/example/blog-web:v47
          ports: [{containerPort: 80}]
          securityContext:
            allowPrivilegeEscalation: false
            capabilities: {drop: [ALL], add: [NET_BIND_SERVICE, CHOWN, SETUID, SETGID]}
        - name: with-defaults
          image: nginx:1.27
        - name: exporter
          image: nginx/nginx-prometheus-exporter:1.4.0
          securityContext: {capabilities: {drop: [ALL]}}
`,
    },
    {
      yaml: `# The unprivileged preset, in three spellings; the last listens where its configuration says.
apiVersion: v1
kind: ConfigMap
metadata: {name: site, namespace: blog}
data: {site.conf: "server { listen 8080; # listen 80;\\n }"}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: blog}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: nginx
          image: nginxinc/nginx-unprivileged:1.27
          ports: [{containerPort: 8080}]
          securityContext: {runAsNonRoot: true, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
        - name: custom
          image: registry.example/nginx-site:3
          ports: [{containerPort: 8081}]
          securityContext: {capabilities: {drop: [ALL]}}
        - name: configured
          image: nginx:1.27
          securityContext: {runAsUser: 101, capabilities: {drop: [ALL]}}
          volumeMounts: [{name: conf, mountPath: /etc/nginx/conf.d/default.conf, subPath: site.conf}]
      volumes: [{name: conf, configMap: {name: site}}]
`,
    },
    {
      yaml: `# A pod that opened low ports to itself, and containers that only look like nginx.
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: blog}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      securityContext:
        runAsUser: 101
        sysctls: [{name: net.ipv4.ip_unprivileged_port_start, value: "80"}]
      initContainers:
        - name: render
          image: busybox:1.36
          command: [sh, -c, "cp /templates/*.conf /etc/nginx/conf.d/"]
          volumeMounts: [{name: conf, mountPath: /etc/nginx/conf.d}]
          securityContext: {runAsUser: 0, capabilities: {drop: [ALL]}}
      containers:
        - name: nginx
          image: nginx:1.27
          ports: [{containerPort: 80}]
          securityContext: {capabilities: {drop: [ALL]}}
        - name: shell
          image: nginx:1.27
          command: [sleep, infinity]
          securityContext: {runAsUser: 0, capabilities: {drop: [ALL]}}
      volumes: [{name: conf, emptyDir: {}}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: ingress-nginx-controller, namespace: ingress-nginx}
spec:
  selector: {matchLabels: {app: ingress}}
  template:
    metadata: {labels: {app: ingress}}
    spec:
      containers:
        - name: controller
          image: registry.k8s.io/ingress-nginx/controller:v1.11.2
          ports: [{containerPort: 80}]
          securityContext: {runAsUser: 101, capabilities: {drop: [ALL], add: [NET_BIND_SERVICE]}}
---
apiVersion: v1
kind: Pod
metadata: {name: debug, namespace: blog}
spec:
  containers: [{name: nginx, image: "nginx:1.27", securityContext: {privileged: true, capabilities: {drop: [ALL]}}}]
`,
    },
  ],
  *violations({ resources }: Context): Iterable<Violation> {
    for (const resource of resources.all) {
      const workload = workloadOf(resource);
      if (workload === undefined) continue;
      for (const container of workload.allContainers) {
        const sign = nginxSignOf(container);
        if (sign === undefined || container.at('securityContext', 'privileged').boolean === true) continue;
        const ports = listenPortsOf(container, workload, resources);
        const user = userOf(container, workload, ports);
        if (user === 'root') yield* judgeRoot(container, workload, sign, ports ?? [80]);
        if (user === 'plain') yield* judgePlainUser(container, workload, sign, ports ?? []);
      }
    }
  },
};

/** Who nginx runs as. A container that names no user and binds a low port is taken for root. */
function userOf(container: Container, workload: Workload, ports: readonly number[] | undefined): 'root' | 'plain' | 'unknown' {
  const [own, pod] = [container.at('securityContext'), workload.podSpec.at('securityContext')];
  const user = own.at('runAsUser').number ?? pod.at('runAsUser').number;
  if (user !== undefined) return user === 0 ? 'root' : 'plain';
  if (own.at('runAsNonRoot').boolean ?? pod.at('runAsNonRoot').boolean ?? false) return 'plain';
  if (isUnprivilegedImage(container)) return 'plain';
  if (isOfficialImage(container)) return 'root';
  return ports?.some((port) => port < LOWEST_UNPRIVILEGED_PORT) === true ? 'root' : 'unknown';
}

function* judgeRoot(container: Container, workload: Workload, sign: string, ports: readonly number[]): Iterable<Violation> {
  const capabilities = container.at('securityContext', 'capabilities');
  const [drop, add] = [capabilities.at('drop'), capabilities.at('add')];
  const needed = ports.filter((port) => port < lowestPortOf(workload));
  const missing = missingCapabilities(drop.strings, add.strings, needed);
  if (missing.length === 0) return;
  const edits: Edit[] = add.isList
    ? missing.map((capability) => ({ path: add.at('-').path, value: capability }))
    : [{ path: add.path, value: missing }];
  yield violation(
    workload.resource,
    add,
    `container ${container.name} runs nginx (${sign} says so) as root without ${missing.join(', ')}: it dies at its start with "Operation not permitted"`,
    {
      related: [{ message: 'what is dropped', resource: workload.resource, path: drop.path }],
      fix: { description: `add ${missing.join(', ')}; or run an unprivileged image on port ${UNPRIVILEGED_PORT}`, edits },
    },
  );
}

function* judgePlainUser(container: Container, workload: Workload, sign: string, ports: readonly number[]): Iterable<Violation> {
  const low = ports.find((port) => port < lowestPortOf(workload));
  if (low === undefined) return;
  const declared = container.ports.find(({ number }) => number === low)?.field.at('containerPort');
  const [own, pod] = [container.at('securityContext'), workload.podSpec.at('securityContext')];
  const user = [own.at('runAsUser'), own.at('runAsNonRoot'), pod.at('runAsUser'), pod.at('runAsNonRoot')].find(({ isSet }) => isSet);
  const sysctl = { name: UNPRIVILEGED_PORT_SYSCTL, value: '0' };
  const sysctls = pod.at('sysctls');
  const edit = sysctls.isList ? { path: sysctls.at('-').path, value: sysctl } : { path: sysctls.path, value: [sysctl] };
  yield violation(
    workload.resource,
    declared ?? user ?? container.at('image'),
    `container ${container.name} runs nginx (${sign} says so) as a plain user and binds port ${low}: where the runtime does not open low ports it dies with "Permission denied", and an added NET_BIND_SERVICE does not reach it`,
    {
      severity: 'warning',
      fix: {
        description: `listen on ${UNPRIVILEGED_PORT}; or open low ports to the pod with the sysctl ${UNPRIVILEGED_PORT_SYSCTL}`,
        edits: workload.hostNetwork ? undefined : [edit],
      },
    },
  );
}

/** The lowest port that every user may bind in this pod. */
function lowestPortOf(workload: Workload): number {
  const sysctls = workload.podSpec.at('securityContext', 'sysctls').items;
  const value = sysctls.find((sysctl) => sysctl.at('name').string === UNPRIVILEGED_PORT_SYSCTL)?.at('value').text;
  return value === undefined || !/^\d+$/.test(value) ? LOWEST_UNPRIVILEGED_PORT : Number(value);
}
