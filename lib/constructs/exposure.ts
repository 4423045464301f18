/** Leads visitors of a host to a workload: through an Ingress, or through the gateways of the mesh. */
import { Construct } from 'constructs';
import type { Ingress } from '../../imports/kubernetes';
import { INGRESS_NGINX_PODS, ISTIO_GATEWAY_PODS, podsOfIngressClass } from '../facts/well-known-pods';
import { defineObject } from '../kube/define';
import type { Connections } from './connections';
import { Peer } from './peer';
import { clusterOf } from './platform';

export interface IngressExposureProps {
  /** Name of the Ingress. */
  readonly name: string;
  readonly hosts: readonly string[];
  /** IngressClass that serves it. */
  readonly ingressClass: string;
  readonly service: string;
  readonly servicePort: number;
  /** Secret with the certificate, when the ingress ends TLS. @default - plain HTTP: TLS ends further out */
  readonly tlsSecret?: string;
  /** Who is reached. */
  readonly connections: Connections;
}

export class IngressExposure extends Construct {
  constructor(
    scope: Construct,
    id: string,
    { name, hosts, ingressClass, service, servicePort, tlsSecret, connections }: IngressExposureProps,
  ) {
    super(scope, id);
    const backend = { service: { name: service, port: { number: servicePort } } };
    defineObject<Ingress>(this, 'ingress', {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name },
      spec: {
        ingressClassName: ingressClass,
        ...(tlsSecret === undefined ? {} : { tls: [{ hosts: [...hosts], secretName: tlsSecret }] }),
        rules: hosts.map((host) => ({ host, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } })),
      },
    });
    const controller = clusterOf(this).ingressController(ingressClass);
    const reason = `visitors of ${hosts.join(', ')}`;
    if (controller?.hostNetwork === true) {
      // A pod in the node's network is a node to everybody else: this one or another.
      connections.allowFrom(Peer.entity('host'), undefined, reason).allowFrom(Peer.entity('remote-node'), undefined, reason);
    } else {
      // A class says who serves it by convention alone; one of a cluster's own is most often another name for ingress-nginx.
      const pods = controller ?? podsOfIngressClass(ingressClass) ?? INGRESS_NGINX_PODS;
      connections.allowFrom(Peer.pods(pods), undefined, reason);
    }
  }
}

/** Lets the mesh's gateways reach a workload. */
export function allowFromGateways(scope: Construct, connections: Connections, hosts: readonly string[]): void {
  const gateways = clusterOf(scope).mesh?.gateways ?? [ISTIO_GATEWAY_PODS];
  for (const gateway of gateways) connections.allowFrom(Peer.pods(gateway), undefined, `visitors of ${hosts.join(', ')}`);
}
