/** Splits traffic between the stable and the canary version by weight, inside the mesh. */
import { Construct } from 'constructs';
import type { DestinationRule, VirtualService } from '../../imports/istio';
import { defineObject } from '../kube/define';

export interface IstioTrafficProps {
  /** The workload: pods carry `app: <name>`. */
  readonly name: string;
  readonly service: string;
  /** Port of the Service. */
  readonly port: number;
  readonly virtualService: string;
  readonly destinationRule: string;
  /** Hosts and Istio gateways that lead here from outside, as `namespace/name`. @default - the mesh only */
  readonly gateway?: { readonly gateways: readonly string[]; readonly hosts: readonly string[] };
  /** How long one request may take in all, in seconds. @default - no limit */
  readonly timeoutSeconds?: number;
  /** Tries again where the request surely did not arrive. @default - Istio's own: two retries */
  readonly retries?: { readonly attempts: number; readonly perTryTimeoutSeconds: number };
}

/** The route that a Rollout sets weights on. */
const PRIMARY_ROUTE = 'primary';

export class IstioTraffic extends Construct {
  constructor(scope: Construct, id: string, props: IstioTrafficProps) {
    super(scope, id);
    const { name, service, port, gateway, timeoutSeconds, retries } = props;
    const to = (subset: string, weight: number) => ({ destination: { host: service, subset, port: { number: port } }, weight });
    defineObject<VirtualService>(this, 'virtual-service', {
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { name: props.virtualService },
      spec: {
        hosts: [...(gateway?.hosts ?? []), service],
        ...(gateway === undefined ? {} : { gateways: [...gateway.gateways, 'mesh'] }),
        http: [
          {
            name: PRIMARY_ROUTE,
            route: [to('stable', 100), to('canary', 0)],
            ...(timeoutSeconds === undefined ? {} : { timeout: `${timeoutSeconds}s` }),
            ...(retries === undefined
              ? {}
              : {
                  retries: {
                    attempts: retries.attempts,
                    perTryTimeout: `${retries.perTryTimeoutSeconds}s`,
                    retryOn: 'connect-failure,refused-stream,unavailable',
                  },
                }),
          },
        ],
      },
    });
    defineObject<DestinationRule>(this, 'destination-rule', {
      apiVersion: 'networking.istio.io/v1',
      kind: 'DestinationRule',
      metadata: { name: props.destinationRule },
      // Argo Rollouts adds each version's hash to its subset; until then both are all pods of the workload.
      spec: { host: service, subsets: ['stable', 'canary'].map((subset) => ({ name: subset, labels: { app: name } })) },
    });
  }
}

/** The strategy of a Rollout that these objects serve. */
export function istioTrafficRouting({ virtualService, destinationRule }: Pick<IstioTrafficProps, 'virtualService' | 'destinationRule'>) {
  return {
    istio: {
      virtualService: { name: virtualService, routes: [PRIMARY_ROUTE] },
      destinationRule: { name: destinationRule, stableSubsetName: 'stable', canarySubsetName: 'canary' },
    },
  };
}
