/**
 * Leads visitors to Argo CD, with both halves of TLS always together.
 *
 * Either ingress-nginx passes TLS through to a server that speaks TLS, or a mesh gateway ends it in front of a server
 * that was told to speak plain HTTP. Half of either is a 502 or a redirect loop.
 */
import { Construct } from 'constructs';
import type { Gateway, VirtualService } from '../../imports/istio';
import type { ConfigMap, Ingress } from '../../imports/kubernetes';
import { ISTIO_GATEWAY_PODS } from '../facts/well-known-pods';
import { defineObject } from '../kube/define';
import { ARGOCD_INGRESS_ANNOTATIONS, INSECURE_SERVER } from '../lessons/argocd-ingress-tls';
import { Input, type PropNames } from './input';
import { clusterOf } from './platform';

export interface ArgoCdIngressProps {
  /** Host of Argo CD. */
  readonly host: string;
  /** Who leads visitors in. @default - ingress-nginx, with TLS passed through */
  readonly via?: ArgoCdGateway;
  /** IngressClass, without `via`. Its controller must be started with `--enable-ssl-passthrough`. @default 'nginx' */
  readonly ingressClass?: string;
  /** Name of the Ingress, or of the gateway's objects. @default - the construct's id */
  readonly name?: string;
  /** Name of Argo CD's server Service. @default 'argocd-server' */
  readonly serviceName?: string;
}

/** A gateway of the mesh that ends TLS. */
export interface ArgoCdGateway {
  /** Labels of the gateway's pods. @default - the first gateway of the cluster facts */
  readonly gateway?: Readonly<Record<string, string>>;
  /** Secret with the host's certificate, in the gateway's namespace. */
  readonly tlsSecret: string;
}

export class ArgoCdIngress extends Construct {
  readonly name: string;

  constructor(scope: Construct, id: string, props: ArgoCdIngressProps) {
    super(scope, id);
    const input = new Input(this);
    input.known(props, ARGO_CD_INGRESS_PROPS);
    const { host, via, ingressClass, name = id, serviceName = 'argocd-server' } = props;
    this.name = input.dnsLabel('name', name);
    const place = { host: input.host('host', host), service: input.serviceName('serviceName', serviceName) };
    if (via === undefined) {
      this.passThrough(input, place, input.objectName('ingressClass', ingressClass ?? 'nginx'));
    } else {
      if (ingressClass !== undefined)
        input.reject('ingressClass', ingressClass, 'a gateway of the mesh leads visitors in: remove it, or via');
      this.endTls(input, place, via);
    }
  }

  private passThrough(input: Input, { host, service }: Place, ingressClass: string): void {
    if (clusterOf(this).ingressController(ingressClass)?.sslPassthrough === false) {
      input.reject(
        'ingressClass',
        ingressClass,
        'its controller runs without --enable-ssl-passthrough: start it with that flag, or use `via`',
      );
    }
    defineObject<Ingress>(this, 'ingress', {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: this.name, annotations: { ...ARGOCD_INGRESS_ANNOTATIONS } },
      spec: {
        ingressClassName: ingressClass,
        rules: [
          { host, http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: service, port: { number: 443 } } } }] } },
        ],
      },
    });
  }

  private endTls(input: Input, { host, service }: Place, via: ArgoCdGateway): void {
    input.known(via, GATEWAY_PROPS, 'via');
    const credentialName = input.objectName('via.tlsSecret', via.tlsSecret);
    if (via.gateway !== undefined && Object.keys(via.gateway).length === 0)
      input.reject('via.gateway', via.gateway, 'it would select every pod of the mesh: give the labels of the gateway, or leave it out');
    const selector = via.gateway ?? clusterOf(this).mesh?.gateways?.[0]?.labels ?? ISTIO_GATEWAY_PODS.labels;
    defineObject<Gateway>(this, 'gateway', {
      apiVersion: 'networking.istio.io/v1',
      kind: 'Gateway',
      metadata: { name: this.name },
      spec: {
        selector: { ...selector },
        servers: [{ hosts: [host], port: { name: 'https', number: 443, protocol: 'HTTPS' }, tls: { mode: 'SIMPLE', credentialName } }],
      },
    });
    defineObject<VirtualService>(this, 'virtual-service', {
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { name: this.name },
      spec: { hosts: [host], gateways: [this.name], http: [{ route: [{ destination: { host: service, port: { number: 80 } } }] }] },
    });
    // Read by the server when it starts: restart it after the first sync.
    defineObject<ConfigMap>(this, 'parameters', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: 'argocd-cmd-params-cm',
        labels: { 'app.kubernetes.io/name': 'argocd-cmd-params-cm', 'app.kubernetes.io/part-of': 'argocd' },
      },
      data: { ...INSECURE_SERVER },
    });
  }
}

const ARGO_CD_INGRESS_PROPS: PropNames<ArgoCdIngressProps> = { host: true, via: true, ingressClass: true, name: true, serviceName: true };
const GATEWAY_PROPS: PropNames<ArgoCdGateway> = { gateway: true, tlsSecret: true };

interface Place {
  readonly host: string;
  readonly service: string;
}
