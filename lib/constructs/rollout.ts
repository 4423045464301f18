/** The Rollout, Service, disruption budget, autoscaler and mesh objects that every served application has alike. */
import { createHash } from 'node:crypto';
import type { Construct } from 'constructs';
import type { Rollout } from '../../imports/argo-rollouts';
import type { PodSpec, Service } from '../../imports/kubernetes';
import { defineObject } from '../kube/define';
import { type Autoscaling, defineHpa, definePdb, type Spread, topologySpread } from './availability';
import { canarySteps, type CanaryStep, DEFAULT_CANARY_STEPS } from './canary';
import type { Input, PropNames } from './input';
import { istioTrafficRouting, IstioTraffic } from './istio-traffic';
import { clusterOf, namespaceOf } from './platform';

/** Props that every Rollout construct takes. */
export interface RolloutProps {
  /** Name of the Rollout, and value of its pods' `app` label. @default - the construct's id */
  readonly name?: string;
  /** Image with a tag or digest that never moves. */
  readonly image: string;
  /** Secrets with registry credentials, by name. @default - none: the image is public */
  readonly imagePullSecrets?: readonly string[];
  /** Pods, when nothing scales them. @default 2 */
  readonly replicas?: number;
  /** Scales between two numbers of pods. @default - the number of pods is fixed */
  readonly autoscaling?: Autoscaling;
  /** Steps of an update. @default - 10, 50, 90 and 100 percent with pauses between */
  readonly steps?: readonly CanaryStep[];
  /** How pods are spread over nodes. @default 'soft' */
  readonly spread?: Spread;
  /**
   * Who splits the traffic during an update: the mesh by weight, or the number of pods.
   * @default - 'istio' behind a gateway of the mesh and where the cluster injects sidecars into the namespace, else 'replicas'
   */
  readonly traffic?: 'istio' | 'replicas';
  /** Name of the Service. @default - the workload's name */
  readonly serviceName?: string;
  /** Name of the autoscaler. @default '<name>-hpa' */
  readonly hpaName?: string;
  /** Name of the disruption budget. @default '<name>-pdb' */
  readonly pdbName?: string;
  /** Name of the VirtualService, where the mesh splits the traffic. @default '<name>-vsvc' */
  readonly virtualServiceName?: string;
  /** Name of the DestinationRule, where the mesh splits the traffic. @default '<name>-dest-rule' */
  readonly destinationRuleName?: string;
}

/** What a construct adds to the common props. */
export interface RolloutDetails {
  readonly name: string;
  readonly serviceName: string;
  /** Port of the Service, and the name of the container's port behind it. */
  readonly servicePort: number;
  readonly portName: string;
  readonly podAnnotations: Readonly<Record<string, string>>;
  readonly podSpec: PodSpec;
  readonly progressDeadlineSeconds: number;
  readonly gateway?: { readonly gateways: readonly string[]; readonly hosts: readonly string[] };
  readonly timeoutSeconds?: number;
  readonly retries?: { readonly attempts: number; readonly perTryTimeoutSeconds: number };
}

export const ROLLOUT_PROPS: PropNames<RolloutProps> = {
  name: true,
  image: true,
  imagePullSecrets: true,
  replicas: true,
  autoscaling: true,
  steps: true,
  spread: true,
  traffic: true,
  serviceName: true,
  hpaName: true,
  pdbName: true,
  virtualServiceName: true,
  destinationRuleName: true,
};

/** Whether the mesh splits a Rollout's traffic. */
function splitsByMesh(scope: Construct, input: Input, traffic: RolloutProps['traffic'], behindGateway: boolean): boolean {
  const fitting = behindGateway || clusterOf(scope).injects(namespaceOf(scope)) ? 'istio' : 'replicas';
  const chosen = input.choice('traffic', traffic ?? fitting, ['istio', 'replicas']);
  if (behindGateway && chosen === 'replicas')
    input.reject('traffic', chosen, "the gateway finds the pods by the VirtualService that 'istio' brings: leave it out");
  return chosen === 'istio';
}

export function defineRollout(scope: Construct, input: Input, props: RolloutProps, details: RolloutDetails): void {
  const { name, serviceName } = details;
  const { replicas = 2, autoscaling, steps = DEFAULT_CANARY_STEPS, spread = 'soft' } = props;
  const virtualService = input.objectName('virtualServiceName', props.virtualServiceName ?? `${name}-vsvc`);
  const destinationRule = input.objectName('destinationRuleName', props.destinationRuleName ?? `${name}-dest-rule`);
  const meshed = splitsByMesh(scope, input, props.traffic, details.gateway !== undefined);
  const pods = input.wholeNumber('replicas', replicas, 1, 'or remove the construct');
  if (autoscaling !== undefined && props.replicas !== undefined)
    input.reject('replicas', replicas, 'the autoscaler owns the number of pods: remove it, or autoscaling');
  defineObject<Rollout>(scope, 'rollout', {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name, labels: { app: name } },
    spec: {
      // Whoever scales the pods owns their number.
      ...(autoscaling === undefined ? { replicas: pods } : {}),
      revisionHistoryLimit: 3,
      progressDeadlineSeconds: details.progressDeadlineSeconds,
      selector: { matchLabels: { app: name } },
      strategy: {
        canary: {
          maxSurge: 1,
          maxUnavailable: 0,
          steps: canarySteps(input, steps),
          ...(meshed ? { trafficRouting: istioTrafficRouting({ virtualService, destinationRule }) } : {}),
        },
      },
      template: {
        metadata: { labels: { app: name }, annotations: details.podAnnotations },
        spec: {
          ...details.podSpec,
          topologySpreadConstraints: topologySpread(scope, input, name, spread),
          imagePullSecrets: input.objectNames('imagePullSecrets', props.imagePullSecrets ?? []).map((secret) => ({ name: secret })),
        },
      },
    },
  });
  defineObject<Service>(scope, 'service', {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: serviceName, labels: { app: name } },
    spec: {
      selector: { app: name },
      ports: [{ name: details.portName, port: details.servicePort, targetPort: details.portName, protocol: 'TCP' }],
    },
  });
  definePdb(scope, input.objectName('pdbName', props.pdbName ?? `${name}-pdb`), name);
  if (autoscaling !== undefined) {
    defineHpa(scope, input, {
      autoscaling,
      name: input.objectName('hpaName', props.hpaName ?? `${name}-hpa`),
      target: { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name },
    });
  }
  if (meshed)
    new IstioTraffic(scope, 'traffic', { ...details, port: details.servicePort, service: serviceName, virtualService, destinationRule });
}

/** Changes when the configuration does, so that pods are replaced with it. */
export function configHash(configuration: string): string {
  return createHash('sha256').update(configuration).digest('hex').slice(0, 16);
}

/** The pod annotation that carries a configuration's hash. */
export const CONFIG_HASH_ANNOTATION = 'hindsight.dev/config-hash';
