/** Where components run, and how their pods are labelled, when they are installed as their makers tell. */
import type { PodsFacts } from './cluster-facts';

/** CoreDNS of kubeadm. */
export const DNS_PODS: PodsFacts = { namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } };

export const ISTIOD_PODS: PodsFacts = { namespace: 'istio-system', labels: { app: 'istiod' } };

/** The Prometheus of the operator's chart. */
export const PROMETHEUS_PODS: PodsFacts = { namespace: 'monitoring', labels: { 'app.kubernetes.io/name': 'prometheus' } };

/** @returns undefined for a class whose controller is installed in many ways */
export function podsOfIngressClass(ingressClass: string): PodsFacts | undefined {
  switch (ingressClass) {
    case 'nginx':
      return { namespace: 'ingress-nginx', labels: { 'app.kubernetes.io/name': 'ingress-nginx' } };
    case 'traefik':
      return { namespace: 'traefik', labels: { 'app.kubernetes.io/name': 'traefik' } };
    default:
      return undefined;
  }
}
