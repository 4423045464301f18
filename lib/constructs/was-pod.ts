/** The pod of a Spring Boot server: time to start and to drain, and no right that it does not need. */
import type { EnvVar, PodSpec } from '../../imports/kubernetes';

export interface WasPodProps {
  readonly image: string;
  readonly containerName: string;
  readonly ports: readonly { readonly name: string; readonly number: number }[];
  readonly configMap: string;
  readonly env: readonly EnvVar[];
  readonly userId: number;
  readonly memory: string;
  readonly cpu: string;
  readonly liveness: string;
  readonly readiness: string;
  readonly startupSeconds: number;
  /** For requests in flight, when the pod stops. */
  readonly graceSeconds: number;
}

const STARTUP_PERIOD = 5;
const DRAIN_SECONDS = 5;
/** For the JVM to end, after its requests have. */
const EXIT_SECONDS = 10;

export function wasPod(props: WasPodProps): PodSpec {
  const { userId, memory, cpu } = props;
  return {
    automountServiceAccountToken: false,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: userId,
      runAsGroup: userId,
      fsGroup: userId,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    terminationGracePeriodSeconds: DRAIN_SECONDS + props.graceSeconds + EXIT_SECONDS,
    containers: [
      {
        name: props.containerName,
        image: props.image,
        ports: props.ports.map(({ name, number }) => ({ name, containerPort: number, protocol: 'TCP' })),
        envFrom: [{ configMapRef: { name: props.configMap } }],
        env: [...props.env],
        resources: { requests: { cpu, memory }, limits: { memory } },
        securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
        startupProbe: {
          ...probe(props.liveness),
          periodSeconds: STARTUP_PERIOD,
          failureThreshold: Math.ceil(props.startupSeconds / STARTUP_PERIOD),
        },
        readinessProbe: { ...probe(props.readiness), periodSeconds: 5, failureThreshold: 3 },
        livenessProbe: { ...probe(props.liveness), periodSeconds: 10, failureThreshold: 6 },
        // Endpoints are taken away while the pod stops: it goes on answering until they are.
        lifecycle: { preStop: { exec: { command: ['sleep', String(DRAIN_SECONDS)] } } },
        volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
      },
    ],
    volumes: [{ name: 'tmp', emptyDir: { sizeLimit: '512Mi' } }],
  };
}

function probe(path: string) {
  return { httpGet: { path, port: 'http' }, timeoutSeconds: 3 };
}
