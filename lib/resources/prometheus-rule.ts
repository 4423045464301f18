/**
 * Alerting rules, wherever people keep them: PrometheusRule and VMRule objects, rule files in ConfigMaps and beside
 * manifests, and the values of the Prometheus charts.
 */
import { load } from 'js-yaml';
import { Field } from '../manifest/field';
import type { Resource } from './resource';
import type { Resources } from './resources';

export interface AlertRule {
  readonly name: string;
  readonly expression: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly resource: Resource;
  /** The expression's field; of a rule in a ConfigMap, the key that holds the rule file. */
  readonly field: Field;
  /** Whether the field holds the expression and nothing else. */
  readonly isExact: boolean;
}

/** All alerting rules; recording rules are none. */
export function alertRules(resources: Resources): readonly AlertRule[] {
  return [
    ...ruleObjects(resources).flatMap((resource) => rulesOf(resource, resource.at('spec', 'groups'))),
    ...resources.ofKind('', 'ConfigMap').flatMap(rulesInConfigMap),
    ...resources.others.flatMap(rulesInFile),
    ...resources.ofKind('argoproj.io', 'Application').flatMap(rulesInApplication),
    ...resources.ofKind('helm.toolkit.fluxcd.io', 'HelmRelease').flatMap((release) => rulesInValues(release, release.at('spec', 'values'))),
  ];
}

/** The objects that hold rules. */
function ruleObjects(resources: Resources): readonly Resource[] {
  return [...resources.ofKind('monitoring.coreos.com', 'PrometheusRule'), ...resources.ofKind('operator.victoriametrics.com', 'VMRule')];
}

function rulesOf(resource: Resource, groups: Field, whole?: Field): readonly AlertRule[] {
  return groups.items.flatMap((group) =>
    group.at('rules').items.flatMap((rule) => {
      const name = rule.at('alert').text;
      const expression = rule.at('expr').text;
      if (name === undefined || expression === undefined) return [];
      return [
        { name, expression, labels: rule.at('labels').texts, resource, field: whole ?? rule.at('expr'), isExact: whole === undefined },
      ];
    }),
  );
}

function rulesInConfigMap(configMap: Resource): readonly AlertRule[] {
  return configMap.at('data').entries.flatMap(([, field]) => {
    const text = field.string ?? '';
    // Most ConfigMaps hold something else, which need not be parsed.
    if (!/^\s*(-\s+)?['"]?alert['"]?:/m.test(text)) return [];
    return rulesOf(configMap, new Field(parsed(text)).at('groups'), field);
  });
}

function parsed(text: string): unknown {
  try {
    return load(text);
  } catch {
    return undefined;
  }
}

/** A Prometheus rule file, or the values of kube-prometheus-stack or prometheus. */
function rulesInFile(file: Resource): readonly AlertRule[] {
  return [...rulesOf(file, file.at('groups')), ...rulesInValues(file, file.root)];
}

function rulesInApplication(application: Resource): readonly AlertRule[] {
  const sources = [application.at('spec', 'source'), ...application.at('spec', 'sources').items];
  return sources.flatMap((source) => rulesInValues(application, source.at('helm', 'valuesObject')));
}

function rulesInValues(resource: Resource, values: Field): readonly AlertRule[] {
  const maps = [values.at('additionalPrometheusRulesMap'), values.at('kube-prometheus-stack', 'additionalPrometheusRulesMap')];
  const files = [values.at('serverFiles'), values.at('prometheus', 'serverFiles')];
  return [
    ...maps.flatMap((map) => map.entries.flatMap(([, entry]) => rulesOf(resource, entry.at('groups')))),
    ...values.at('additionalPrometheusRules').items.flatMap((entry) => rulesOf(resource, entry.at('groups'))),
    ...files.flatMap((map) => map.entries.flatMap(([, entry]) => rulesOf(resource, entry.at('groups')))),
  ];
}
