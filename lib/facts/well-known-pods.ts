/** Where components run, and how their pods are labelled, when they are installed as their makers tell. */
import type { PodsFacts } from './cluster-facts';

/** CoreDNS of kubeadm. */
export const DNS_PODS: PodsFacts = { namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } };

export const ISTIOD_PODS: PodsFacts = { namespace: 'istio-system', labels: { app: 'istiod' } };

/** The gateway of Istio's own profiles and chart. */
export const ISTIO_GATEWAY_PODS: PodsFacts = { namespace: 'istio-system', labels: { istio: 'ingressgateway' } };

/** The Prometheus of the operator's chart. */
export const PROMETHEUS_PODS: PodsFacts = { namespace: 'monitoring', labels: { 'app.kubernetes.io/name': 'prometheus' } };

/** The controller of ingress-nginx's own chart. */
export const INGRESS_NGINX_PODS: PodsFacts = { namespace: 'ingress-nginx', labels: { 'app.kubernetes.io/name': 'ingress-nginx' } };

/** @returns undefined for a class whose controller is installed in many ways */
export function podsOfIngressClass(ingressClass: string): PodsFacts | undefined {
  switch (ingressClass) {
    case 'nginx':
      return INGRESS_NGINX_PODS;
    case 'traefik':
      return { namespace: 'traefik', labels: { 'app.kubernetes.io/name': 'traefik' } };
    default:
      return undefined;
  }
}
