/** What reading a policy needs beside its own text. */
import type { Resources } from '../resources/resources';
import type { Selectors } from './selector';

export interface RuleReader {
  readonly resources: Resources;
  readonly selectors: Selectors;
  /** Minor version of Cilium. */
  readonly version: string;
  readonly clusterName: string;
  /** `policy-default-local-cluster`. */
  readonly defaultLocalCluster: boolean;
  /** Another engine than Cilium: NetworkPolicy means what Kubernetes says. */
  readonly isOtherEngine: boolean;
}
