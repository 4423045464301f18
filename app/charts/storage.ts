/** Volumes that are written twice, once on each worker, and that outlive their claims. The chart's own class, `longhorn`, stays as it is: a class never changes. */
import { Chart } from 'cdk8s';
import { LonghornStorage } from 'cdk8s-hindsight';
import type { Construct } from 'constructs';

export class Storage extends Chart {
  constructor(scope: Construct) {
    super(scope, 'storage', { namespace: 'longhorn-system' });
    new LonghornStorage(this, 'longhorn-retain', { isDefault: false });
  }
}
