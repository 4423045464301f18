/** The policies that take effect, as rules; and those that never do. */
import type { Cluster } from '../facts/cluster';
import type { Resource } from '../resources/resource';
import type { Resources } from '../resources/resources';
import { ciliumRules } from './cilium-rules';
import { ciliumRejections } from './cilium-sanitize';
import { kubernetesRule } from './kubernetes-rules';
import { networkPolicyRejections } from './network-policy-validation';
import type { PolicyRule } from './policy-rule';
import type { Rejection } from './rejection';
import type { RuleReader } from './rule-reader';
import { Selectors } from './selector';

export interface EnforcedPolicies {
  readonly rules: readonly PolicyRule[];
  readonly rejected: readonly RejectedPolicy[];
}

export interface RejectedPolicy {
  readonly policy: Resource;
  readonly rejections: readonly Rejection[];
}

export function enforcedPolicies(resources: Resources, { facts }: Cluster, version: string): EnforcedPolicies {
  const isOtherEngine = facts.network?.engine === 'other';
  const reader: RuleReader = {
    resources,
    selectors: new Selectors(),
    version,
    clusterName: facts.network?.clusterName ?? 'default',
    defaultLocalCluster: facts.network?.defaultLocalCluster ?? false,
    isOtherEngine,
  };
  const rules: PolicyRule[] = [];
  const rejected: RejectedPolicy[] = [];
  const cilium = isOtherEngine
    ? []
    : ['CiliumNetworkPolicy', 'CiliumClusterwideNetworkPolicy'].flatMap((kind) => resources.ofKind('cilium.io', kind));
  for (const policy of cilium) {
    const rejections = ciliumRejections(policy, version);
    // One bad rule is enough: the policy is lost as a whole, unless a setting says otherwise.
    const isRejected = rejections.some(({ unless }) => unless === undefined);
    if (rejections.length > 0) rejected.push({ policy, rejections });
    if (!isRejected) rules.push(...ciliumRules(policy, rejections.length === 0 ? 'yes' : 'maybe', reader));
  }
  for (const policy of resources.ofKind('networking.k8s.io', 'NetworkPolicy')) {
    const rejections = [...networkPolicyRejections(policy)];
    if (rejections.length > 0) rejected.push({ policy, rejections });
    else rules.push(kubernetesRule(policy, reader));
  }
  return { rules, rejected };
}
