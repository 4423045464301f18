/** Alerts that Prometheus evaluates: each says how grave it is, what it means and what to do. */
import type { Construct } from 'constructs';
import type { PrometheusRule } from '../../imports/prometheus-operator';
import { defineObject } from '../kube/define';
import { labelsForPrometheus } from '../lessons/monitor-selects-nothing';
import { clusterOf } from './platform';

export interface Alert {
  readonly name: string;
  /** PromQL; it fires for each series of its answer. */
  readonly expression: string;
  /** How long it must hold, as Prometheus writes durations. */
  readonly for: string;
  /** `critical` wakes somebody up. */
  readonly severity: 'critical' | 'warning';
  readonly summary: string;
  /** What to do, for whoever is woken up. */
  readonly runbook: string;
}

/** Defines a PrometheusRule that the cluster's Prometheus picks up. */
export function defineAlerts(scope: Construct, name: string, alerts: readonly Alert[]): void {
  defineObject<PrometheusRule>(scope, 'alerts', {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name, labels: { ...labelsForPrometheus(clusterOf(scope).facts.prometheus, 'PrometheusRule') } },
    spec: { groups: [{ name, rules: alerts.map(ruleOf) }] },
  });
}

function ruleOf(alert: Alert): NonNullable<NonNullable<NonNullable<PrometheusRule['spec']>['groups']>[number]['rules']>[number] {
  return {
    alert: alert.name,
    expr: alert.expression,
    for: alert.for,
    labels: { severity: alert.severity },
    annotations: { summary: alert.summary, runbook: alert.runbook },
  };
}

/** A PromQL selector: a metric with its labels, quoted. */
export function series(metric: string, labels: Readonly<Record<string, string>>): string {
  return `${metric}{${Object.entries(labels)
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`)
    .join(', ')}}`;
}
