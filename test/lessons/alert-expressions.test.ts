/** The expressions that lessons offer are PromQL, and the lessons take them for the mend. */
import { alertOnWrongSignal, orAbsent } from '../../lib/lessons/alert-on-wrong-signal';
import { backupFreshnessAlert, staleBackupExpression } from '../../lib/lessons/backup-freshness-alert';
import type { Lesson } from '../../lib/lessons/lesson';
import { DEGRADED_VOLUMES, longhornDegradedAlert, UNSCHEDULABLE_DISKS } from '../../lib/lessons/longhorn-degraded-alert';
import { parsePromql } from '../../lib/resources/promql';
import { reportOf } from './told';

const expressions: readonly (readonly [Lesson, readonly string[]])[] = [
  [alertOnWrongSignal, [orAbsent('mysql_up{job="mysql"}', '== 0')]],
  [backupFreshnessAlert, [staleBackupExpression('blog', 'mysql-backup', 93600)]],
  [longhornDegradedAlert, [DEGRADED_VOLUMES, UNSCHEDULABLE_DISKS]],
];

function ruleOf(texts: readonly string[]): string {
  const rules = texts.map((expr, index) => ({ alert: `Alert${index}`, expr }));
  const spec = JSON.stringify({ groups: [{ name: 'offered', rules }] });
  return `apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata: {name: offered, namespace: monitoring}\nspec: ${spec}\n`;
}

test.each(expressions)('$id accepts its own expressions', (lesson, texts) => {
  for (const text of texts) expect(parsePromql(text)).toBeDefined();
  const incident = lesson === alertOnWrongSignal ? '' : `---\n${lesson.bad[0]?.yaml ?? ''}`;
  expect(reportOf(lesson, ruleOf(texts) + incident).findings).toEqual([]);
});

test('an alert in a ConfigMap is named in the message, since its line is not pointed at', () => {
  const [finding] = reportOf(alertOnWrongSignal, alertOnWrongSignal.bad[1]?.yaml ?? '').findings;
  expect(finding?.path).toBe('/data/rules.yml');
  expect(finding?.message).toContain('its alert MySQLDown compares mysql_up');
});

test('an expression that is no PromQL, such as one of a template, is left alone', () => {
  expect(reportOf(alertOnWrongSignal, ruleOf(['mysql_up{{ .selector }} == 0'])).findings).toEqual([]);
});
