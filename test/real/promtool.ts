// Prometheus itself evaluates the rules: which alerts fire, given series and a moment.
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dump } from 'js-yaml';
import { systemPath } from './tools';

/** As in a PrometheusRule's spec. */
export type RuleGroups = readonly Readonly<Record<string, unknown>>[];

export interface AlertCase {
  readonly groups: RuleGroups;
  /** Series by name, in promtool's notation: `1x60` is 61 times 1, `0+60x10` counts up, `_x5` is five times nothing. One value a minute. */
  readonly series: Readonly<Record<string, string>>;
  /** When to look, from the beginning of the series: `26h`, `10m`. */
  readonly at: string;
  readonly alert: string;
}

/** Null where so many alerts of that name fire at that moment; else what promtool says. */
export function unlessFiring(given: AlertCase, firing: number): Promise<string | null> {
  const selector = `ALERTS{alertname=${JSON.stringify(given.alert)},alertstate="firing"}`;
  const samples = firing === 0 ? [] : [{ labels: '{}', value: firing }];
  return promtool(given.groups, {
    rule_files: ['rules.yaml'],
    evaluation_interval: '1m',
    tests: [
      {
        interval: '1m',
        input_series: Object.entries(given.series).map(([series, values]) => ({ series, values })),
        promql_expr_test: [{ expr: `count(${selector})`, eval_time: given.at, exp_samples: samples }],
      },
    ],
  });
}

function promtool(groups: RuleGroups, tests: unknown): Promise<string | null> {
  const folder = mkdtempSync(join(tmpdir(), 'promtool-'));
  writeFileSync(join(folder, 'rules.yaml'), dump({ groups }));
  writeFileSync(join(folder, 'tests.yaml'), dump(tests));
  return new Promise((resolve) => {
    execFile('promtool', ['test', 'rules', 'tests.yaml'], { cwd: folder, env: { PATH: systemPath } }, (error, output, messages) => {
      rmSync(folder, { recursive: true });
      resolve(error === null ? null : output + messages);
    });
  });
}
