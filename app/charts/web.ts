/** The blog itself: pages from Hugo, and the way to the API. */
import { Chart } from 'cdk8s';
import { BlogWeb, type IServed } from 'cdk8s-hindsight';
import type { Construct } from 'constructs';
import images from '../images.json';

export class Web extends Chart {
  constructor(scope: Construct, api: IServed) {
    super(scope, 'web', { namespace: 'blog-system' });
    new BlogWeb(this, 'web', {
      image: images.web,
      imagePullSecrets: ['ghcr-secret'],
      // The image is made for port 80 and for nginx's own way of giving its workers another user.
      preset: 'root-minimal',
      host: 'blog.jiminhome.shop',
      ingressName: 'blog-ingress',
      backends: { '/api': api },
      autoscaling: { min: 2, max: 5 },
      serviceName: 'web-service',
    });
  }
}
