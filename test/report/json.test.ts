import type { Report } from '../../lib/check/finding';
import { judge } from '../../lib/check/judge';
import { Cluster } from '../../lib/facts/cluster';
import { sidecarAnnotationMisplaced } from '../../lib/lessons/sidecar-annotation-misplaced';
import { json } from '../../lib/report/json';
import { Resources } from '../../lib/resources/resources';
import { constructDocument } from './construct-document';
import { DEPLOYMENT, reported } from './reported';

const INJECT = 'sidecar-annotation-misplaced';

const FINDING = {
  lesson: INJECT,
  severity: 'error',
  message:
    "Deployment blog/web: sidecar.istio.io/inject stands outside of the pod template's metadata, where the injection webhook does not look: it has no effect",
  resource: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'blog', name: 'web' },
  path: '/metadata/annotations/sidecar.istio.io~1inject',
  location: { file: 'web.yaml', line: 7, column: 30, endLine: 7, endColumn: 37 },
  related: [],
  fix: { description: 'move it to /spec/template/metadata/annotations/sidecar.istio.io~1inject' },
};

function parsed(report: Report): { readonly findings: readonly object[] } {
  const content: { readonly findings: readonly object[] } = JSON.parse(json(report));
  return content;
}

test('the shape is the promised one', () => {
  const report = reported({ 'web.yaml': DEPLOYMENT, 'bad.yaml': 'a: [' }, [INJECT]);
  expect(JSON.parse(json(report))).toEqual({
    version: 1,
    findings: [FINDING],
    suppressed: [],
    skipped: [],
    problems: [{ file: 'bad.yaml', line: 2, message: expect.stringContaining('is not valid YAML') }],
    summary: { files: 2, documents: 1, errors: 1, warnings: 0, infos: 0, suppressed: 0 },
  });
});

test('a suppressed finding is told like any other, with its reason', () => {
  const report = reported({ 'web.yaml': DEPLOYMENT.replace('"false"', `"false" # hindsight-ignore ${INJECT}: it is known`) }, [INJECT]);
  const { findings, suppressed, summary } = JSON.parse(json(report));
  expect({ findings, suppressed }).toEqual({ findings: [], suppressed: [{ ...FINDING, reason: 'it is known' }] });
  expect(summary).toEqual({ files: 1, documents: 1, errors: 0, warnings: 0, infos: 0, suppressed: 1 });
});

test('the same files give the same bytes in whatever order they come', () => {
  const files = { 'a.yaml': DEPLOYMENT, 'b.yaml': DEPLOYMENT.replaceAll('web', 'was') };
  const turned = Object.fromEntries(Object.entries(files).reverse());
  expect(json(reported(turned))).toBe(json(reported(files)));
});

test('what is no object of Kubernetes has no resource; a text has no path', () => {
  const { findings, suppressed, skipped, problems, summary } = reported({ 'web.yaml': DEPLOYMENT }, [INJECT]);
  const [finding] = findings;
  if (finding === undefined) throw new Error('nothing was found');
  const text = new Resources([{ content: ['FROM nginx'], source: 'Dockerfile', locate: () => finding.location }]).others[0];
  const report = { findings: [{ ...finding, resource: text ?? finding.resource, path: '/0' }], suppressed, skipped, problems, summary };
  const { findings: told } = parsed(report);
  expect(told[0]).toMatchObject({ resource: null, path: null });
});

test('the location of a construct is its path', () => {
  const report = judge(new Resources([constructDocument('shop/web', DEPLOYMENT)]), new Cluster(), [sidecarAnnotationMisplaced]);
  expect(parsed(report).findings[0]).toMatchObject({ location: { construct: 'shop/web' } });
});
