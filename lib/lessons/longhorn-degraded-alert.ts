import type { Field } from '../manifest/field';
import { LONGHORN_PROVISIONER } from '../resources/longhorn';
import { comparisonsIn, type Expression, parsePromql, type Selector, selectorsIn } from '../resources/promql';
import { type AlertRule, alertRules } from '../resources/prometheus-rule';
import type { Resource } from '../resources/resource';
import type { Resources } from '../resources/resources';
import { workloadOf } from '../resources/workload';
import { type Context, type Lesson, violation, type Violation } from './lesson';

/** True for each volume that lacks a replica or all of them, with the metrics of older Longhorn (a number) and newer (a label). */
export const DEGRADED_VOLUMES = 'longhorn_volume_robustness{state=~"degraded|faulted"} == 1 or longhorn_volume_robustness{state=""} >= 2';

/** True for each disk on which Longhorn can place no replica. */
export const UNSCHEDULABLE_DISKS = 'longhorn_disk_status{condition="schedulable"} == 0';

const ROBUSTNESS = 'longhorn_volume_robustness';
const DISK = /^longhorn_(disk|node)_(status|storage_\w+|usage_\w+|capacity_\w+|reservation_\w+)$/;

export const longhornDegradedAlert: Lesson = {
  id: 'longhorn-degraded-alert',
  title: 'an alert watches the robustness of Longhorn volumes',
  section: 'Monitoring',
  severity: 'warning',
  incident: {
    symptom: 'volumes are degraded for weeks, until a second disk fails and one of them is faulted',
    cause:
      'a degraded volume serves as before: only Longhorn’s own metric tells that a replica is missing, or that no disk takes a new one',
    source: 'CI/CD troubleshooting guide, 7.3; longhorn.io, Longhorn Metrics for Monitoring, Alert Rule Examples',
  },
  remedy: 'alert on longhorn_volume_robustness being degraded or faulted, and on disks that are not schedulable',
  confirm: [
    'kubectl get volumes.longhorn.io -n longhorn-system',
    "curl -s 'http://localhost:9090/api/v1/query?query=longhorn_volume_robustness'",
  ],
  limits:
    'Longhorn counts as in use when the manifests have a class of its provisioner, a claim of such a class, one of its objects or its chart. Rules of another repository and of Grafana are not seen. In newer versions the metric carries the state as a label; rules for either form are accepted.',
  bad: [
    {
      yaml: `apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: longhorn}
provisioner: driver.longhorn.io # <- here
parameters: {numberOfReplicas: "2"}
`,
    },
    {
      yaml: `apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: mysql-pvc, namespace: blog}
spec:
  accessModes: [ReadWriteOnce]
  storageClassName: fast # <- here
  resources: {requests: {storage: 5Gi}}
`,
      cluster: { storageClasses: [{ name: 'fast', provisioner: 'driver.longhorn.io' }] },
    },
    {
      yaml: `apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: longhorn}
provisioner: driver.longhorn.io
parameters: {numberOfReplicas: "2"}
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: longhorn, namespace: monitoring}
spec:
  groups:
    - name: longhorn
      rules:
        - alert: Faulted
          expr: longhorn_volume_robustness == 3 # <- here
        - alert: DiskUnschedulable
          expr: longhorn_disk_status{condition="schedulable"} == 0
`,
    },
    {
      yaml: `apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: longhorn}
provisioner: driver.longhorn.io # <- here
parameters: {numberOfReplicas: "2"}
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: longhorn, namespace: monitoring}
spec:
  groups:
    - name: longhorn
      rules:
        - alert: Degraded
          expr: longhorn_volume_robustness{state="degraded"} == 1
`,
    },
  ],
  good: [
    {
      yaml: `apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: longhorn}
provisioner: driver.longhorn.io
parameters: {numberOfReplicas: "2"}
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: longhorn, namespace: monitoring}
spec:
  groups:
    - name: longhorn
      rules:
        - alert: Degraded
          expr: 'longhorn_volume_robustness{state=~"degraded|faulted"} == 1 or longhorn_volume_robustness{state=""} >= 2'
        - alert: DiskUnschedulable
          expr: longhorn_disk_status{condition="schedulable"} == 0
`,
    },
    {
      yaml: `apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: longhorn}
provisioner: driver.longhorn.io
parameters: {numberOfReplicas: "2"}
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: longhorn, namespace: monitoring}
spec:
  groups:
    - name: longhorn
      rules:
        - alert: Warning
          expr: longhorn_volume_robustness == 2
        - alert: Critical
          expr: longhorn_volume_robustness == 3
        - alert: StorageWarning
          expr: (longhorn_disk_usage_bytes / longhorn_disk_capacity_bytes) * 100 > 70
`,
    },
    {
      yaml: `apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: local-path}
provisioner: rancher.io/local-path
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: mysql-pvc, namespace: blog}
spec:
  accessModes: [ReadWriteOnce]
  storageClassName: local-path
  resources: {requests: {storage: 5Gi}}
`,
    },
  ],
  *violations({ resources, cluster }: Context): Iterable<Violation> {
    const longhornClasses = (cluster.facts.storageClasses ?? [])
      .filter(({ provisioner }) => provisioner === LONGHORN_PROVISIONER)
      .map(({ name }) => name);
    const use = usesOf(resources, new Set(['longhorn', ...longhornClasses]));
    if (use === undefined) return;
    const alerts = alertRules(resources).flatMap((rule) => {
      const expression = parsePromql(rule.expression);
      return expression === undefined ? [] : [{ rule, expression }];
    });
    const robust = alerts.filter(({ expression }) => reads(expression, ({ metric }) => metric === ROBUSTNESS));
    const fix = { description: `add an alert on \`${DEGRADED_VOLUMES}\`, and one on \`${UNSCHEDULABLE_DISKS}\`` };
    if (robust.length === 0) {
      const doubt =
        'and no alert of these manifests reads longhorn_volume_robustness: a volume that lost a replica looks as before, until it loses the last';
      yield violation(use.resource, use.field, `${use.what}, ${doubt}`, { fix });
      return;
    }
    const [first] = robust;
    if (first !== undefined && robust.every(({ expression }) => asksForFaultedOnly(expression))) {
      yield faultedOnly(first.rule, fix.description);
    } else if (!alerts.some(({ expression }) => reads(expression, ({ metric }) => DISK.test(metric)))) {
      yield violation(
        use.resource,
        use.field,
        `${use.what}, and no alert of these manifests looks at its disks: when none is schedulable, a lost replica is not replaced`,
        {
          severity: 'info',
          fix: { description: `add an alert on \`${UNSCHEDULABLE_DISKS}\`` },
        },
      );
    }
  },
};

function faultedOnly(rule: AlertRule, description: string): Violation {
  return violation(
    rule.resource,
    rule.field,
    `${rule.isExact ? '' : `its alert ${rule.name} `}asks for faulted volumes only: when it fires the data is out of reach, and the degraded state before it went unseen`,
    {
      fix: { description },
    },
  );
}

interface Use {
  readonly resource: Resource;
  readonly field: Field;
  readonly what: string;
}

/** The clearest sign that Longhorn is in use: a class before its chart, that before its objects, those before a claim. */
function usesOf(resources: Resources, classes: ReadonlySet<string>): Use | undefined {
  const signs = resources.all.flatMap((resource) => {
    const sign = signOf(resource, classes);
    return sign === undefined ? [] : [sign];
  });
  return signs.reduce<(Use & { readonly rank: number }) | undefined>(
    (best, sign) => (best === undefined || sign.rank < best.rank ? sign : best),
    undefined,
  );
}

function signOf(resource: Resource, classes: ReadonlySet<string>): (Use & { readonly rank: number }) | undefined {
  const provisioner = resource.at('provisioner');
  if (resource.kind === 'StorageClass' && provisioner.string === LONGHORN_PROVISIONER) {
    return { resource, field: provisioner, what: 'provisions volumes of Longhorn', rank: 0 };
  }
  const chart = chartOf(resource);
  if (chart !== undefined) return { resource, field: chart, what: 'installs Longhorn', rank: 1 };
  if (resource.group === 'longhorn.io') return { resource, field: resource.at('kind'), what: 'is an object of Longhorn', rank: 2 };
  const claimed = claimedClass(resource).find((field) => classes.has(field.text ?? ''));
  return claimed === undefined ? undefined : { resource, field: claimed, what: 'keeps its data in Longhorn', rank: 3 };
}

function chartOf(resource: Resource): Field | undefined {
  const spec = resource.at('spec');
  const sources =
    resource.kind === 'Application' ? [spec.at('source'), ...spec.at('sources').items].map((source) => source.at('chart')) : [];
  const release = resource.kind === 'HelmRelease' ? [spec.at('chart', 'spec', 'chart')] : [];
  return [...sources, ...release].find((chart) => chart.text === 'longhorn');
}

function claimedClass(resource: Resource): readonly Field[] {
  if (resource.kind === 'PersistentVolumeClaim') return [resource.at('spec', 'storageClassName')];
  if (workloadOf(resource) === undefined) return [];
  return resource.at('spec', 'volumeClaimTemplates').items.map((claim) => claim.at('spec', 'storageClassName'));
}

function reads(expression: Expression, isWanted: (selector: Selector) => boolean): boolean {
  return [...selectorsIn(expression)].some(({ selector }) => isWanted(selector));
}

/** `== 3` in older versions; the label state="faulted" in newer ones. */
function asksForFaultedOnly(expression: Expression): boolean {
  const asks = [...comparisonsIn(expression)].filter(({ operand }) => reads(operand, ({ metric }) => metric === ROBUSTNESS));
  return (
    asks.length > 0 &&
    asks.every(({ operand, operator, value }) => {
      const states = [...selectorsIn(operand)].flatMap(({ selector }) => selector.matchers.filter(({ label }) => label === 'state'));
      if (states.length > 0) return states.every((state) => state.operator === '=' && state.value === 'faulted');
      return (operator === '==' && value === 3) || (operator === '>' && value >= 2) || (operator === '>=' && value > 2);
    })
  );
}
