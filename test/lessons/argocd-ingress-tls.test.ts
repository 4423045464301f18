import { ARGOCD_INGRESS_ANNOTATIONS, argocdIngressTls } from '../../lib/lessons/argocd-ingress-tls';
import { mended, reportOf } from './told';

const INGRESS = argocdIngressTls.bad[0]?.yaml ?? '';

test('an Ingress without either annotation fails at its metadata, and is mended by both', () => {
  const { findings } = reportOf(argocdIngressTls, INGRESS);
  expect(findings.map(({ severity, path }) => [severity, path])).toEqual([['error', '/metadata']]);
  const documents = mended(INGRESS, findings);
  expect(documents[0]?.content).toMatchObject({ metadata: { annotations: ARGOCD_INGRESS_ANNOTATIONS } });
  expect(reportOf(argocdIngressTls, documents).findings).toEqual([]);
});

test('half of the pair is a warning, whichever half', () => {
  for (const index of [1, 2]) {
    expect(reportOf(argocdIngressTls, argocdIngressTls.bad[index]?.yaml ?? '').findings.map(({ severity }) => severity)).toEqual([
      'warning',
    ]);
  }
});

test('an Ingress whose controller is not known is skipped, not passed', () => {
  const { findings, skipped } = reportOf(argocdIngressTls, INGRESS.replace('  ingressClassName: nginx\n', ''));
  expect(findings).toEqual([]);
  expect(skipped).toEqual([{ lesson: 'argocd-ingress-tls', needs: ['ingressControllers'], resources: 1 }]);
});

test('plain HTTP behind a gateway is a warning where nothing tells how the server runs', () => {
  const yaml = (argocdIngressTls.bad[5]?.yaml ?? '').split('---\n')[1] ?? '';
  expect(reportOf(argocdIngressTls, yaml).findings.map(({ severity, path }) => [severity, path])).toEqual([
    ['warning', '/spec/http/0/route/0/destination/port'],
  ]);
});
