/** Istio's policies of one namespace, found by the pods that they select, without looking at each policy for each pod. */
import { containsLabels } from './label-selector';
import type { Resource } from './resource';
import type { Workload } from './workload';

export class SelectedPolicies {
  /** Those without a selector, which mean every pod. */
  readonly wide: Resource[] = [];
  private readonly byLabel = new Map<string, { readonly policy: Resource; readonly order: number }[]>();
  private count = 0;

  add(policy: Resource): void {
    const [first] = Object.entries(policy.at('spec', 'selector', 'matchLabels').texts);
    if (first === undefined) {
      this.wide.push(policy);
      return;
    }
    const key = first.join('=');
    const entry = { policy, order: this.count++ };
    const known = this.byLabel.get(key);
    if (known === undefined) this.byLabel.set(key, [entry]);
    else known.push(entry);
  }

  /** Those whose selector matches the pods, in the order in which they were added. */
  selecting(workload: Workload): readonly Resource[] {
    const candidates = Object.entries(workload.podLabels).flatMap((label) => this.byLabel.get(label.join('=')) ?? []);
    return candidates
      .filter(({ policy }) => containsLabels(workload.podLabels, policy.at('spec', 'selector', 'matchLabels').texts))
      .sort((a, b) => a.order - b.order)
      .map(({ policy }) => policy);
  }
}
