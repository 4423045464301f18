/**
 * The verdicts against a scheduler and a controller that are played plainly: pod by pod, node by node, choosing at random.
 *
 * Whatever was said to fit never gets stuck, and whatever was said to be pending always does.
 */
import { Cluster } from '../../lib/facts/cluster';
import type { NodeFacts } from '../../lib/facts/cluster-facts';
import { Resources } from '../../lib/resources/resources';
import { exactly } from '../../lib/scheduling/replica-counts';
import { scheduleUpdate } from '../../lib/scheduling/update-schedule';
import { stagesOf } from '../../lib/scheduling/update-plan';
import { Random } from '../network/random';

interface Spread {
  readonly topologyKey: string;
  readonly maxSkew: number;
  readonly minDomains?: number;
  readonly nodeTaintsPolicy?: string;
  readonly matchLabelKeys?: readonly string[];
}

interface Scenario {
  readonly nodes: readonly NodeFacts[];
  readonly kind: 'Rollout' | 'Deployment';
  readonly replicas: number;
  readonly strategy: object;
  readonly spread: readonly Spread[];
  readonly apart?: string;
  readonly together?: string;
}

interface Pod {
  readonly revision: 'stable' | 'canary';
  readonly node?: NodeFacts;
}

const HOSTNAME = 'kubernetes.io/hostname';
const HASH = 'rollouts-pod-template-hash';

function scenarioOf(random: Random): Scenario {
  const nodes = random
    .some(4, () => 0)
    .map((_, index): NodeFacts => ({
      name: `w${index}`,
      labels: { [HOSTNAME]: `w${index}`, ...(random.chance(0.85) ? { zone: random.pick(['a', 'b']) } : {}) },
      ...(random.chance(0.3) ? { taints: [{ key: 'dedicated', effect: 'NoSchedule' as const }] } : {}),
      ...(random.chance(0.3) ? { allocatable: { pods: 1 + random.below(3) } } : {}),
    }));
  const surge = random.below(3);
  const bounds = { maxSurge: surge, maxUnavailable: surge === 0 ? 1 : random.below(2) };
  const steps = random.some(2, () => ({ setWeight: random.pick([10, 30, 50, 80]) }));
  const routed = { trafficRouting: { istio: {} }, dynamicStableScale: random.chance(0.4), steps };
  const isRollout = random.chance(0.7);
  const spread = (): Spread => ({
    topologyKey: random.pick([HOSTNAME, 'zone']),
    maxSkew: 1 + random.below(2),
    ...(random.chance(0.4) ? { nodeTaintsPolicy: 'Honor' } : {}),
    ...(random.chance(0.2) ? { minDomains: 1 + random.below(3) } : {}),
    ...(random.chance(0.2) ? { matchLabelKeys: [HASH] } : {}),
  });
  return {
    nodes,
    kind: isRollout ? 'Rollout' : 'Deployment',
    replicas: 1 + random.below(4),
    strategy: isRollout
      ? random.pick<object>([{ canary: { ...bounds, steps } }, { canary: routed }, { blueGreen: {} }])
      : { rollingUpdate: bounds },
    spread: random.chance(0.7) ? random.some(2, spread) : [],
    ...(random.chance(0.25) ? { apart: random.pick([HOSTNAME, 'zone']) } : {}),
    ...(random.chance(0.15) ? { together: random.pick([HOSTNAME, 'zone']) } : {}),
  };
}

function manifestOf({ kind, replicas, strategy, spread, apart, together }: Scenario): object {
  const labelSelector = { matchLabels: { app: 'web' } };
  const terms = (topologyKey: string | undefined): object =>
    topologyKey === undefined ? {} : { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey, labelSelector }] };
  return {
    apiVersion: kind === 'Rollout' ? 'argoproj.io/v1alpha1' : 'apps/v1',
    kind,
    metadata: { name: 'web', namespace: 'blog' },
    spec: {
      replicas,
      strategy,
      selector: labelSelector,
      template: {
        metadata: { labels: { app: 'web' } },
        spec: {
          affinity: { podAntiAffinity: terms(apart), podAffinity: terms(together) },
          topologySpreadConstraints: spread.map((rule) => ({ ...rule, whenUnsatisfiable: 'DoNotSchedule', labelSelector })),
          containers: [{ name: 'web', image: 'web:1' }],
        },
      },
    },
  };
}

/** Whether this node takes a pod, read off the documentation rule by rule. */
function takes(scenario: Scenario, pods: readonly Pod[], revision: Pod['revision'], node: NodeFacts): boolean {
  const placed = pods.filter((pod) => pod.node !== undefined);
  const value = (of: NodeFacts | undefined, key: string): string | undefined => of?.labels?.[key];
  const isTainted = (of: NodeFacts): boolean => (of.taints ?? []).length > 0;
  if (isTainted(node)) return false;
  if (placed.filter((pod) => pod.node === node).length >= Number(node.allocatable?.['pods'] ?? Infinity)) return false;
  const keys = scenario.spread.map(({ topologyKey }) => topologyKey);
  if (keys.some((key) => value(node, key) === undefined)) return false;
  for (const { topologyKey, maxSkew, minDomains = 1, nodeTaintsPolicy, matchLabelKeys } of scenario.spread) {
    const counted = scenario.nodes.filter(
      (each) => keys.every((key) => value(each, key) !== undefined) && !(nodeTaintsPolicy === 'Honor' && isTainted(each)),
    );
    const matching = placed.filter((pod) => matchLabelKeys === undefined || scenario.kind !== 'Rollout' || pod.revision === revision);
    const inDomain = (domain: string | undefined): number =>
      matching.filter((pod) => pod.node !== undefined && counted.includes(pod.node) && value(pod.node, topologyKey) === domain).length;
    const domains = new Set(counted.map((each) => value(each, topologyKey)));
    const fewest = domains.size < minDomains || domains.size === 0 ? 0 : Math.min(...[...domains].map(inDomain));
    if (inDomain(value(node, topologyKey)) + 1 - fewest > maxSkew) return false;
  }
  const { apart, together } = scenario;
  if (apart !== undefined && value(node, apart) !== undefined && placed.some((pod) => value(pod.node, apart) === value(node, apart)))
    return false;
  if (together === undefined) return true;
  if (value(node, together) === undefined) return false;
  const isFirst = placed.every((pod) => value(pod.node, together) === undefined);
  return isFirst || placed.some((pod) => value(pod.node, together) === value(node, together));
}

/** One course with every choice made at random. @returns whether it ends with all that was asked for */
function ends(scenario: Scenario, random: Random): boolean {
  const [workload] = new Resources([documentOf(scenario)]).workloads;
  if (workload === undefined) throw new Error('no workload');
  const controllers = [
    exactly({ stable: scenario.replicas, canary: 0 }),
    ...stagesOf(workload, scenario.replicas).flatMap((stage) => stage.controllers),
  ];
  let pods: Pod[] = [];
  for (const controller of controllers) {
    for (;;) {
      const waiting = pods.filter(({ node }) => node === undefined);
      const choices = waiting.flatMap((pod) =>
        scenario.nodes.filter((node) => takes(scenario, pods, pod.revision, node)).map((node) => ({ pod, node })),
      );
      const choice = choices[random.below(choices.length)];
      if (choice !== undefined) {
        pods = pods.map((pod) => (pod === choice.pod ? { ...pod, node: choice.node } : pod));
        continue;
      }
      const of = (revision: Pod['revision']) => pods.filter((pod) => pod.revision === revision);
      const sizeOf = (revision: Pod['revision']) => ({
        wanted: of(revision).length,
        available: of(revision).filter(({ node }) => node !== undefined).length,
      });
      const asked = controller(sizeOf('stable'), sizeOf('canary'));
      if (asked.stable === of('stable').length && asked.canary === of('canary').length) break;
      for (const revision of ['stable', 'canary'] as const) pods = scaled(pods, revision, asked[revision], random);
    }
    if (pods.some(({ node }) => node === undefined)) return false;
  }
  return true;
}

/** As a ReplicaSet does: what waits goes first, then what stands where most pods are. */
function scaled(pods: readonly Pod[], revision: Pod['revision'], count: number, random: Random): Pod[] {
  const rank = (pod: Pod): number => (pod.node === undefined ? Infinity : pods.filter(({ node }) => node === pod.node).length);
  const own = pods.filter((pod) => pod.revision === revision).map((pod) => ({ pod, rank: rank(pod), tie: random.next() }));
  own.sort((a, b) => (a.rank === b.rank ? b.tie - a.tie : b.rank - a.rank));
  const gone = new Set(own.slice(0, Math.max(0, own.length - count)).map(({ pod }) => pod));
  const added = Array.from({ length: Math.max(0, count - own.length) }, (): Pod => ({ revision }));
  return [...pods.filter((pod) => !gone.has(pod)), ...added];
}

function documentOf(scenario: Scenario) {
  const location = { file: 'example.yaml', line: 1, column: 1, endLine: 1, endColumn: 1 };
  return { content: manifestOf(scenario), source: 'example.yaml', locate: () => location };
}

test('what fits never gets stuck, what is pending always does, and what is unknown may do either', () => {
  const random = new Random(20260122);
  const verdicts = { fits: 0, pending: 0, unknown: 0 };
  for (let round = 0; round < 1000; round++) {
    const scenario = scenarioOf(random);
    const resources = new Resources([documentOf(scenario)]);
    const [workload] = resources.workloads;
    const verdict =
      workload === undefined ? undefined : scheduleUpdate(workload, new Cluster({ nodes: scenario.nodes }), resources)?.verdict;
    if (verdict === undefined) throw new Error('no verdict');
    verdicts[verdict]++;
    const courses = Array.from({ length: 12 }, () => ends(scenario, random));
    const contradicts = verdict === 'fits' ? courses.includes(false) : verdict === 'pending' && courses.includes(true);
    if (contradicts) throw new Error(`${verdict} is wrong of ${JSON.stringify(scenario)}`);
  }
  // Each of the three is worth being said.
  expect(verdicts.fits).toBeGreaterThan(100);
  expect(verdicts.pending).toBeGreaterThan(100);
  expect(verdicts.unknown).toBeGreaterThan(4);
});
