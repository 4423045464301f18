import {
  comparisonsIn,
  type Comparison,
  type Expression,
  matchesPattern,
  parsePromql,
  type Selector,
  selectorsIn,
} from '../resources/promql';
import { type AlertRule, alertRules } from '../resources/prometheus-rule';
import type { Resources } from '../resources/resources';
import { type Context, type Lesson, violation, type Violation } from './lesson';

/**
 * A comparison that also fires where there is nothing to compare.
 *
 * `selector` is the instant vector, such as `mysql_up{job="mysql"}`; `comparison` what is wrong with it, such as `== 0`.
 */
export function orAbsent(selector: string, comparison: string): string {
  return `${selector} ${comparison} or absent(${selector})`;
}

const UP_METRIC = /^(\w+_)?up$|^probe_success$/;
const ABSENT = new Set(['absent', 'absent_over_time']);
const AGGREGATIONS = new Set([
  'count',
  'sum',
  'avg',
  'min',
  'max',
  'group',
  'count_values',
  'topk',
  'bottomk',
  'quantile',
  'stddev',
  'stdvar',
]);
const DATABASE = /mysql|mariadb|postgres|pgsql|mongo|database|\bdb\b|xtradb|galera/i;
const DATABASE_PORT = /:(3306|33060|5432|27017)\b/;

export const alertOnWrongSignal: Lesson = {
  id: 'alert-on-wrong-signal',
  title: 'an alert on an up metric also fires when the metric is absent, and asks the thing itself',
  section: 'Monitoring',
  severity: 'warning',
  incident: {
    symptom: '“MySQL down” while MySQL runs, or silence while it does not: the exporter was cut off by a network policy',
    cause:
      '`mysql_up == 0` says that the exporter answers and its database does not; when the exporter is gone there is no sample, a comparison of nothing is nothing, and no alert fires. A TCP probe of the port says nothing about the server behind it',
    source: 'Kustomize labels and Cilium entities, problem 2; prometheus.io, Query functions, absent()',
  },
  remedy:
    'add `or absent(…)` with the same labels, or a second alert on absent(…) whose text says that the exporter is silent, not that the database is down',
  confirm: [
    "curl -s 'http://localhost:9090/api/v1/query' --data-urlencode 'query=absent(mysql_up{job=\"mysql-exporter\"})'",
    'kubectl logs deployment/<exporter> --tail=20',
  ],
  limits:
    'Looks at alerts that fire when up, *_up or probe_success is low. An alert over all targets at once (an aggregation of up without labels) has nothing that could be absent, and is left alone. Recording rules are not alerts. Alerts of Grafana are not read.',
  bad: [
    {
      yaml: `apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: mysql, namespace: monitoring}
spec:
  groups:
    - name: mysql
      rules:
        - alert: MySQLDown
          expr: mysql_up == 0 # <- here
          for: 1m
        - alert: ExporterDown
          expr: sum by (job) (up{job="mysql-exporter"}) < 1 # <- here
        - alert: BlogDown
          expr: avg_over_time(probe_success{job="blog"}[5m]) < 0.9 # <- here
`,
    },
    {
      yaml: `apiVersion: v1
kind: ConfigMap
metadata: {name: prometheus-alert-rules, namespace: monitoring}
data:
  rules.yml: | # <- here
    groups:
      - name: mysql
        rules:
          - alert: MySQLDown
            expr: mysql_up{namespace="blog-system"} != 1
`,
    },
    {
      yaml: `apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: mysql, namespace: monitoring}
spec:
  groups:
    - name: mysql
      rules:
        - alert: MySQLDown
          expr: probe_success{job="tcp", instance="mysql-service:3306"} == 0 or absent(probe_success{job="tcp", instance="mysql-service:3306"}) # <- here
        - alert: RedisAbsentForAnotherJob
          expr: absent(redis_up{job="b"})
        - alert: RedisDown
          expr: redis_up{job="a"} == 0 # <- here
`,
    },
  ],
  good: [
    {
      yaml: `apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: mysql, namespace: monitoring}
spec:
  groups:
    - name: mysql
      rules:
        - alert: MySQLDown
          expr: mysql_up{job="mysql"} == 0 or absent(mysql_up{job="mysql"})
        - alert: RedisDown
          expr: redis_up == 0
        - alert: RedisExporterSilent
          expr: absent(redis_up) or absent_over_time(redis_up[10m])
        - record: job:mysql_up:min
          expr: min by (job) (mysql_up == 0)
`,
    },
    {
      yaml: `apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: general, namespace: monitoring}
spec:
  groups:
    - name: general.rules
      rules:
        - alert: TargetDown
          expr: 100 * (count(up == 0) BY (cluster, job, namespace, service) / count(up) BY (cluster, job, namespace, service)) > 10
        - alert: KubeAPIDown
          expr: absent(up{job="apiserver"} == 1)
        - alert: ReplicationLag
          expr: mysql_slave_lag_seconds > 30 and on (instance) mysql_up == 1
        - alert: Backlog
          expr: queue_set_up < 5
        - alert: WebDown
          expr: (probe_success{job="web"} or on() vector(0)) == 0
        - alert: Watchdog
          expr: vector(1)
`,
    },
  ],
  *violations({ resources }: Context): Iterable<Violation> {
    const alerts = alertRules(resources).flatMap((rule) => {
      const expression = parsePromql(rule.expression);
      return expression === undefined ? [] : [{ rule, expression }];
    });
    const absences = new Absences(alerts.map(({ expression }) => expression));
    const tcpJobs = tcpProbeJobs(resources);
    for (const { rule, expression } of alerts) {
      const lows = [...comparisonsIn(expression)].filter(firesWhenLow);
      const open = lows.flatMap((comparison) => unaccompanied(comparison, expression, absences));
      if (open.length > 0) yield alone(rule, open);
      const probe = lows.flatMap(({ operand }) => selectorsOf(operand)).find((selector) => isTcpProbeOfDatabase(rule, selector, tcpJobs));
      if (probe !== undefined) yield portOnly(rule);
    }
  },
};

function alone(rule: AlertRule, open: readonly Selector[]): Violation {
  const [first] = open;
  const metric = first?.metric ?? '';
  const exporter = metric === 'up' || metric === 'probe_success' ? 'the target' : 'the exporter';
  const text = first === undefined ? '' : selectorText(first);
  const prefix = rule.isExact ? '' : `its alert ${rule.name} `;
  return violation(
    rule.resource,
    rule.field,
    `${prefix}compares ${metric} and has no absent() beside it: when ${exporter} is gone there is no sample to compare, and the alert ${rule.name} stays silent`,
    {
      fix: { description: `write \`${orAbsent(text, '== 0')}\`, or add an alert on \`absent(${text})\` that says so` },
    },
  );
}

function portOnly(rule: AlertRule): Violation {
  const prefix = rule.isExact ? '' : `its alert ${rule.name} `;
  return violation(
    rule.resource,
    rule.field,
    `${prefix}takes a TCP probe for the database: the port answers while the server refuses every query, and a policy that stops the probe looks like a database that is down`,
    {
      fix: { description: 'alert on the exporter’s own metric, such as mysql_up, and on its absence' },
    },
  );
}

/** Whether the alert is about the value being low: `up == 1` and `> 0` only pick what runs. */
function firesWhenLow({ operand, operator, value }: Comparison): boolean {
  switch (operator) {
    case '==':
      return value === 0;
    case '!=':
      return value === 1;
    case '<':
    case '<=':
      // An up metric is 0 or 1; one that is compared with more is another metric, unless it is a sum of many.
      return value <= 1 || operand.kind !== 'selector';
    default:
      return false;
  }
}

/** The up metrics of a comparison that nothing answers for when they are absent. */
function unaccompanied({ operand, around }: Comparison, whole: Expression, absences: Absences): readonly Selector[] {
  if (around.some((name) => ABSENT.has(name))) return [];
  if (readsVectorInstead(operand) || readsVectorInstead(whole)) return [];
  return [...selectorsIn(operand, around)].flatMap(({ selector, around: functions }) => {
    if (!UP_METRIC.test(selector.metric) || functions.some((name) => ABSENT.has(name))) return [];
    const isOverAll = selector.matchers.length === 0 && selector.metric === 'up' && functions.some((name) => AGGREGATIONS.has(name));
    if (isOverAll) return [];
    return absences.answer(selector) ? [] : [selector];
  });
}

/** `… or vector(0)` puts a number where there is none. */
function readsVectorInstead(expression: Expression): boolean {
  if (expression.kind !== 'binary') return false;
  const isVector = expression.operator === 'or' && expression.right.kind === 'call' && expression.right.name === 'vector';
  return isVector || readsVectorInstead(expression.left) || readsVectorInstead(expression.right);
}

/** All series that some alert asks absent() for, by metric and job: most name one. */
class Absences {
  private readonly byMetric = new Map<string, Map<string, Selector[]>>();

  constructor(expressions: readonly Expression[]) {
    for (const expression of expressions) {
      for (const { selector, around } of selectorsIn(expression)) {
        if (!around.some((name) => ABSENT.has(name))) continue;
        const byJob = this.byMetric.get(selector.metric) ?? new Map<string, Selector[]>();
        this.byMetric.set(selector.metric, byJob);
        const job = jobOf(selector);
        const list = byJob.get(job);
        if (list === undefined) byJob.set(job, [selector]);
        else list.push(selector);
      }
    }
  }

  answer(compared: Selector): boolean {
    const byJob = this.byMetric.get(compared.metric);
    if (byJob === undefined) return false;
    const job = jobOf(compared);
    const candidates = job === '' ? [...byJob.values()].flat() : [...(byJob.get(job) ?? []), ...(byJob.get('') ?? [])];
    return candidates.some((absence) => mayAnswer(absence, compared));
  }
}

/** Empty where it names none, or more than one. */
function jobOf({ matchers }: Selector): string {
  return matchers.find(({ label, operator }) => label === 'job' && operator === '=')?.value ?? '';
}

/** Whether an absent() is about these series: no label of theirs says otherwise. */
function mayAnswer(absence: Selector, compared: Selector): boolean {
  return absence.matchers.every(({ label, operator, value }) => {
    const other = compared.matchers.find((matcher) => matcher.label === label);
    if (other === undefined || operator !== '=' || (other.operator !== '=' && other.operator !== '=~')) return true;
    return other.operator === '=' ? other.value === value : (matchesPattern(other.value, value) ?? true);
  });
}

function selectorsOf(expression: Expression): readonly Selector[] {
  return [...selectorsIn(expression)].map(({ selector }) => selector);
}

/** The jobs of Probe objects that only open a TCP connection. */
function tcpProbeJobs(resources: Resources): ReadonlySet<string> {
  const probes = resources
    .ofKind('monitoring.coreos.com', 'Probe')
    .filter((probe) => (probe.at('spec', 'module').text ?? '').startsWith('tcp'));
  return new Set(probes.map((probe) => probe.at('spec', 'jobName').text ?? probe.name));
}

function isTcpProbeOfDatabase({ name }: AlertRule, { metric, matchers }: Selector, tcpJobs: ReadonlySet<string>): boolean {
  if (metric !== 'probe_success') return false;
  const values = matchers.filter(({ operator }) => operator === '=' || operator === '=~').map(({ value }) => value);
  const isOfDatabase = [name, ...values].some((text) => DATABASE.test(text) || DATABASE_PORT.test(text));
  const isTcp = values.some((value) => /\btcp/i.test(value) || DATABASE_PORT.test(value) || tcpJobs.has(value));
  return isOfDatabase && isTcp;
}

function selectorText({ metric, matchers }: Selector): string {
  return matchers.length === 0
    ? metric
    : `${metric}{${matchers.map(({ label, operator, value }) => `${label}${operator}"${value}"`).join(', ')}}`;
}
