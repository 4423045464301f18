import type { Report } from '../../lib/check/finding';
import { github } from '../../lib/report/github';
import { DEPLOYMENT, reported } from './reported';

const INJECT = 'sidecar-annotation-misplaced';

function first(report: Report, change: object): Report {
  return { ...report, findings: report.findings.slice(0, 1).map((finding) => ({ ...finding, ...change })) };
}

test('a finding is a command with its place as GitHub sees it from the root', () => {
  const report = reported({ 'web.yaml': DEPLOYMENT }, [INJECT]);
  expect(github(report, { folder: 'apps' })).toMatch(
    /^::error file=apps\/web\.yaml,line=7,endLine=7,col=30,endColumn=36,title=sidecar-annotation-misplaced::Deployment blog\/web: .*%0AMend: move it to .*\n$/,
  );
});

test('what would end a property or a message is escaped', () => {
  const report = reported({ 'a,b:c%.yaml': DEPLOYMENT }, [INJECT]);
  expect(github(first(report, { message: '100%: a, b\r\nc ::error::', fix: undefined }))).toBe(
    `::error file=a%2Cb%3Ac%25.yaml,line=7,endLine=7,col=30,endColumn=36,title=${INJECT}::100%25: a, b%0D%0Ac ::error::\n`,
  );
});

test('columns are left out over several lines; infos are notices; constructs have no file', () => {
  const report = reported({ 'web.yaml': DEPLOYMENT }, [INJECT]);
  const location = { file: 'web.yaml', line: 1, column: 3, endLine: 2, endColumn: 1 };
  expect(github(first(report, { message: 'm', fix: undefined, severity: 'info', location }))).toBe(
    `::notice file=web.yaml,line=1,endLine=2,title=${INJECT}::m\n`,
  );
  expect(github(first(report, { message: 'm', fix: undefined, severity: 'warning', location: { construct: 'shop/web' } }))).toBe(
    `::warning title=${INJECT}::shop/web: m\n`,
  );
});

test('what was not read is a warning', () => {
  expect(github(reported({ 'bad.yaml': 'a: [' }))).toMatch(/^::warning file=bad\.yaml,line=2,title=not read::is not valid YAML: /);
});

test('nothing found is nothing said', () => {
  expect(github(reported({ 'web.yaml': DEPLOYMENT }, []))).toBe('');
});
