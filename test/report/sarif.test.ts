import schema from '@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json';
import Ajv from 'ajv-draft-04';
import addFormats from 'ajv-formats';
import type { Log, Run } from 'sarif';
import type { Report } from '../../lib/check/finding';
import { judge } from '../../lib/check/judge';
import { Cluster } from '../../lib/facts/cluster';
import { lessons } from '../../lib/lessons';
import { lessonPage } from '../../lib/report/lesson-page';
import { sarif } from '../../lib/report/sarif';
import { Resources } from '../../lib/resources/resources';
import { constructDocument } from './construct-document';
import { DEPLOYMENT, reported } from './reported';

const INJECT = 'sidecar-annotation-misplaced';

const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false });
addFormats(ajv);
const isValid = ajv.compile(schema);

function runOf(report: Report, folder?: string): Run {
  const log: Log = JSON.parse(sarif(report, { folder }));
  isValid(log);
  expect(isValid.errors ?? []).toEqual([]);
  const [run] = log.runs;
  if (run === undefined) throw new Error('there is no run');
  return run;
}

test('the validator refuses what is no SARIF', () => {
  expect(isValid({ version: '2.1.0', runs: [{ results: [] }] })).toBe(false);
});

test('a finding is a result at its region, with the object that it is about and a fingerprint', () => {
  const { results = [] } = runOf(reported({ 'apps/web 1.yaml': DEPLOYMENT }, [INJECT]), 'clusters/prod');
  expect(results).toEqual([
    {
      ruleId: INJECT,
      ruleIndex: 0,
      level: 'error',
      message: { text: expect.stringMatching(/^Deployment blog\/web: .*\nMend: move it to /) },
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: 'clusters/prod/apps/web%201.yaml' },
            region: { startLine: 7, startColumn: 30, endLine: 7, endColumn: 37 },
          },
          logicalLocations: [{ fullyQualifiedName: 'Deployment blog/web', kind: 'resource' }],
        },
      ],
      partialFingerprints: { 'hindsightFinding/v1': expect.stringMatching(/^[0-9a-f]{32}$/) },
    },
  ]);
});

test('the fingerprint stays when the finding moves, and differs from every other', () => {
  const printsOf = (yaml: string): unknown[] =>
    (runOf(reported({ 'web.yaml': yaml }, [INJECT])).results ?? []).map(
      ({ partialFingerprints }) => partialFingerprints?.['hindsightFinding/v1'],
    );
  const [print] = printsOf(DEPLOYMENT);
  expect(printsOf(`# moved\n\n${DEPLOYMENT}`)).toEqual([print]);
  const several = printsOf([DEPLOYMENT, DEPLOYMENT.replaceAll('name: web', 'name: was'), DEPLOYMENT].join('---\n'));
  expect(new Set(several).size).toBe(3);
  expect(several).toContain(print);
});

test('rules are the lessons, with their pages', () => {
  const lesson = lessons.find(({ id }) => id === INJECT);
  const { tool } = runOf(reported({ 'web.yaml': DEPLOYMENT }, [INJECT]));
  expect(tool.driver.rules).toEqual([
    expect.objectContaining({
      id: INJECT,
      shortDescription: { text: lesson?.title },
      help: { text: expect.stringContaining(lesson?.remedy ?? 'no remedy'), markdown: lesson === undefined ? '' : lessonPage(lesson) },
      defaultConfiguration: { level: 'error' },
      properties: { tags: ['kubernetes', 'mesh'], precision: 'high', 'problem.severity': 'error' },
    }),
  ]);
});

test('the bad examples of all lessons give a valid log', () => {
  for (const { id, bad } of lessons)
    for (const { yaml, cluster } of bad) {
      const report = reported({ 'example.yaml': yaml }, undefined, { cluster: new Cluster(cluster) });
      const { results = [], tool } = runOf(report);
      expect({ id, rules: results.map(({ ruleIndex = -1 }) => tool.driver.rules?.[ruleIndex]?.id) }).toEqual({
        id,
        rules: results.map(({ ruleId }) => ruleId),
      });
    }
});

test('what is suppressed says by what; what was not read and not judged is notified', () => {
  const known = DEPLOYMENT.replace('"false"', `"false" # hindsight-ignore ${INJECT}: it is known`);
  const report = reported({ 'a b.yaml': 'a: [', 'web.yaml': known }, [INJECT]);
  const { results, invocations } = runOf({ ...report, skipped: [{ lesson: 'x', needs: ['nodes'], resources: 2 }] });
  expect(results?.map(({ suppressions }) => suppressions)).toEqual([[{ kind: 'inSource', justification: 'it is known' }]]);
  expect(invocations?.[0]?.toolExecutionNotifications).toEqual([
    {
      level: 'warning',
      message: { text: expect.stringContaining('is not valid YAML') },
      locations: [{ physicalLocation: { artifactLocation: { uri: 'a%20b.yaml' }, region: { startLine: 2 } } }],
    },
    { level: 'note', message: { text: 'x could not judge 2 resources for want of nodes' } },
  ]);
});

test('a construct is a logical location', () => {
  const report = judge(new Resources([constructDocument('shop/web', DEPLOYMENT)]), new Cluster(), lessons.filter(({ id }) => id === INJECT)); // prettier-ignore
  expect(runOf(report).results?.[0]?.locations).toEqual([
    {
      logicalLocations: [
        { fullyQualifiedName: 'shop/web', kind: 'object' },
        { fullyQualifiedName: 'Deployment blog/web', kind: 'resource' },
      ],
    },
  ]);
});
