import { constructDocument } from './construct-document';
import { judge } from '../../lib/check/judge';
import { Cluster } from '../../lib/facts/cluster';
import { lessons } from '../../lib/lessons';
import { pretty } from '../../lib/report/pretty';
import { Resources } from '../../lib/resources/resources';
import { DEPLOYMENT, type Files, reported } from './reported';

const INJECT = 'sidecar-annotation-misplaced';

function shown(files: Files, ids?: readonly string[]): string {
  return pretty(reported(files, ids), { sources: new Map(Object.entries(files)) });
}

test('findings are told by file, each with its line of code, a marker below it, the mend, and a summary at the end', () => {
  expect(shown({ 'apps/web.yaml': DEPLOYMENT }, [INJECT])).toBe(`apps/web.yaml
  7:30  error  Deployment blog/web: sidecar.istio.io/inject stands outside of the pod template's metadata, where the injection webhook does not look: it has no effect  ${INJECT}
    7 |     sidecar.istio.io/inject: "false"
      |                              ^^^^^^^
      mend: move it to /spec/template/metadata/annotations/sidecar.istio.io~1inject

1 error in 1 file, 1 document
`);
});

test('the marker stands below its value behind wide characters and tabs', () => {
  const file = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: blog, annotations: {note: 사이드카,\tsidecar.istio.io/inject: "false"}}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: "web:1.0"}]}}
`;
  const lines = shown({ 'web.yaml': file }, [INJECT]).split('\n');
  expect(lines[3]).toBe(`      | ${' '.repeat(59)}${'\u3000'.repeat(4)} \t${' '.repeat(25)}^^^^^^^`);
});

test('what a manifest smuggles in for the terminal is spelled out', () => {
  const file = DEPLOYMENT.replace('"false"', '"fal\u202ese"');
  const text = shown({ 'a\u001b[2J.yaml': file }, [INJECT]);
  expect(text).not.toMatch(/[\u001b\u202e]/);
  expect(text).toContain('"fal\\u202ese"');
  expect(text).toContain('a\\u001b[2J.yaml');
});

test('colour comes only when it is asked for', () => {
  const report = reported({ 'web.yaml': DEPLOYMENT }, [INJECT]);
  expect(pretty(report)).not.toContain('\u001b');
  expect(pretty(report, { colour: true })).toContain('\u001b[31merror\u001b[39m');
});

test('long lines are cut around what is meant', () => {
  const file = DEPLOYMENT.replace('"false"', `"false" # ${'x'.repeat(500)}`)
    .replace('    sidecar', `    {${' '.repeat(300)}sidecar`)
    .replace(/"false" .*/, '"false"}');
  const code = shown({ 'web.yaml': file.replace('  annotations:\n    {', '  annotations: {') }, [INJECT]).split('\n');
  expect(code[2]).toMatch(/^ {4}6 \| … +sidecar\.istio\.io\/inject: "false"}$/);
  expect(code[2]?.indexOf('"false"')).toBe(code[3]?.indexOf('^'));
});

test('what was not read, not judged and suppressed is said', () => {
  const accepted = DEPLOYMENT.replace('"false"', `"false" # hindsight-ignore ${INJECT}: it is known`);
  const text = shown({ 'bad.yaml': 'a: [', 'web.yaml': accepted });
  expect(text).toContain('not read\n  bad.yaml:');
  expect(text).toContain('; 1 suppressed\n');
});

test('nothing found is said with what was looked at', () => {
  expect(shown({ 'web.yaml': DEPLOYMENT }, [])).toBe('no findings in 1 file, 1 document\n');
});

test('a finding in constructs is told by their path', () => {
  const report = judge(new Resources([constructDocument('shop/web/deployment', DEPLOYMENT)]), new Cluster(), lessons.filter(({ id }) => id === INJECT)); // prettier-ignore
  expect(pretty(report)).toContain('shop/web/deployment\n  error  Deployment blog/web: ');
});
