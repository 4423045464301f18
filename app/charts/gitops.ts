/** Argo CD: who may look at it from outside, and what it keeps in step with Git. */
import { Chart } from 'cdk8s';
import { ArgoCdIngress, GitOpsApplication } from 'cdk8s-hindsight';
import type { Construct } from 'constructs';

export class GitOps extends Chart {
  constructor(scope: Construct) {
    super(scope, 'gitops', { namespace: 'argocd' });
    new ArgoCdIngress(this, 'argocd-server-ingress', { host: 'argocd.jiminhome.shop' });
    new GitOpsApplication(this, 'blog-system', {
      repository: 'https://github.com/wlals2/k8s-manifests.git',
      path: 'dist',
      namespace: 'blog-system',
    });
  }
}
