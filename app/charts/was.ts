/** The board's API: Spring Boot in front of MySQL. */
import { Chart } from 'cdk8s';
import { type IDatabase, Was } from 'cdk8s-hindsight';
import type { Construct } from 'constructs';
import images from '../images.json';

export class Api extends Chart {
  readonly was: Was;

  constructor(scope: Construct, database: IDatabase) {
    super(scope, 'was', { namespace: 'blog-system' });
    this.was = new Was(this, 'was', {
      image: images.was,
      imagePullSecrets: ['ghcr-secret'],
      database,
      autoscaling: { min: 2, max: 10 },
      serviceName: 'was-service',
      virtualServiceName: 'was-retry-timeout',
    });
  }
}
