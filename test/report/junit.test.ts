import type { Report } from '../../lib/check/finding';
import { junit } from '../../lib/report/junit';
import { DEPLOYMENT, reported } from './reported';

const INJECT = 'sidecar-annotation-misplaced';

function first(change: object): Report {
  const report = reported({ 'web.yaml': DEPLOYMENT }, [INJECT]);
  return { ...report, findings: report.findings.slice(0, 1).map((finding) => ({ ...finding, fix: undefined, ...change })) };
}

test('a finding is a failed case in the suite of its file', () => {
  expect(junit(first({ message: 'it is so' }))).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="hindsight" tests="1" failures="1" errors="0" skipped="0">
  <testsuite name="web.yaml" tests="1" failures="1" errors="0" skipped="0">
    <testcase classname="web.yaml" name="${INJECT}: it is so" file="web.yaml" line="7"><failure type="error" message="it is so">web.yaml:7:30: error: it is so</failure></testcase>
  </testsuite>
</testsuites>
`);
});

test('what is below the threshold passes and is told nevertheless', () => {
  const warning = first({ severity: 'warning', message: 'it is so' });
  expect(junit(warning)).toContain('failures="0" errors="0"');
  expect(junit(warning)).toContain('<system-out>web.yaml:7:30: warning: it is so</system-out>');
  expect(junit(warning, { failOn: 'warning' })).toContain('<failure type="warning"');
});

test('what XML cannot hold does not break it', () => {
  const text = junit(first({ message: 'a <b> & "c" \'d\'\n\u0000\u001b\ud800 end', location: { construct: 'shop/"web"' } }));
  expect(text).toContain('name="shop/&quot;web&quot;"');
  expect(text).toContain('message="a &lt;b&gt; &amp; &quot;c&quot; &apos;d&apos;&#10;\ufffd\ufffd\ufffd end"');
});

test('what was suppressed, not read and not judged are skipped cases', () => {
  const known = DEPLOYMENT.replace('"false"', `"false" # hindsight-ignore ${INJECT}: it is known`);
  const report = reported({ 'bad.yaml': 'a: [', 'web.yaml': known }, [INJECT]);
  const text = junit({ ...report, skipped: [{ lesson: 'x', needs: ['nodes'], resources: 2 }] });
  expect(text).toContain('<testsuites name="hindsight" tests="3" failures="0" errors="0" skipped="3">');
  for (const reason of ['suppressed: it is known', 'is not valid YAML', 'needs facts: nodes'])
    expect(text).toContain(`<skipped message="${reason}`);
});

test('nothing found is one case that passes', () => {
  expect(junit(reported({ 'web.yaml': DEPLOYMENT }, []))).toContain('tests="1" failures="0"');
});
