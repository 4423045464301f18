import { comparisonsIn, matchesPattern, mayRead, parsePromql, selectorsIn } from '../../lib/resources/promql';

function selectors(text: string): string[] {
  const expression = parsePromql(text);
  return expression === undefined
    ? ['no PromQL']
    : [...selectorsIn(expression)].map(({ selector, around }) => [...around, selector.metric].join(' > '));
}

function comparisons(text: string): string[] {
  const expression = parsePromql(text);
  return expression === undefined
    ? ['no PromQL']
    : [...comparisonsIn(expression)].map(
        ({ operand, operator, value }) => `${[...selectorsIn(operand)].map(({ selector }) => selector.metric).join()} ${operator} ${value}`,
      );
}

test.each([
  ['mysql_up == 0', ['mysql_up']],
  ['mysql_up{job="x"} == 0 or absent(mysql_up{job="x"})', ['mysql_up', 'absent > mysql_up']],
  ['sum by (job) (up) / count without(pod) (up{a=~"b|c", d!="e"}) > 0.5', ['sum > up', 'count > up']],
  ['100 * (count(up == 0) BY (job, namespace) / count(up) BY (job, namespace)) > 10', ['count > up', 'count > up']],
  ['rate(x_total[5m] offset 1h) > 1 and on(pod) group_left(node) kube_pod_info', ['rate > x_total', 'kube_pod_info']],
  ['max_over_time(up[10m:1m]) < 1', ['max_over_time > up']],
  ['{__name__="up", job="a"} == 0', ['up']],
  ['time() - kube_cronjob_status_last_successful_time{cronjob="b"} > 26 * 3600 # a comment', ['kube_cronjob_status_last_successful_time']],
  ['x @ end() == 1', ['x']],
  ['-x ^ 2 < 1', ['x']],
  ['by (', ['no PromQL']],
  ['mysql_up ==', ['no PromQL']],
  ['{{ .Values.expr }}', ['no PromQL']],
  ['('.repeat(5000), ['no PromQL']],
])('series of %.60s', (text, expected) => {
  expect(selectors(text)).toEqual(expected);
});

test.each([
  ['mysql_up == 0', ['mysql_up == 0']],
  ['0 == mysql_up', ['mysql_up == 0']],
  ['1 > sum(up)', ['up < 1']],
  ['a == 0 or b < bool 1 and c > 1h', ['a == 0', 'b < 1', 'c > 3600']],
  ['count(up == 0) > 2', ['up > 2', 'up == 0']],
  ['a > b', []],
])('comparisons of %s', (text, expected) => {
  expect(comparisons(text)).toEqual(expected);
});

test.each([
  ['mysql-backup.*', 'mysql-backup-29', true],
  ['(a|b)-backup', 'b-backup', true],
  ['mysql', 'mysql-backup', false],
  ['(a+)+$', 'aaaa', undefined],
  ['[a-z]+', 'abc', undefined],
])('the pattern %s on %s', (pattern, text, expected) => {
  expect(matchesPattern(pattern, text)).toBe(expected);
});

test.each([
  ['x{a="1"}', true],
  ['x{a="2"}', false],
  ['x{a!="1"}', false],
  ['x{a=~"1|2"}', true],
  ['x{a!~"1.*"}', false],
  ['x{a=~"[0-9]"}', true],
  ['x{a!~"[0-9]"}', true],
  ['x{other="1"}', true],
])('%s may read a series with a="1": %s', (text, expected) => {
  const expression = parsePromql(text);
  expect(expression?.kind === 'selector' && mayRead(expression, { a: '1' })).toBe(expected);
});
