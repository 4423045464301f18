/** What Argo CD needs: the repositories of its Applications. */
import type { Field } from '../manifest/field';
import type { Resources } from '../resources/resources';
import type { Need } from './need';
import { addressesOf } from './needs-address';
import type { HostNames } from './needs-host';
import { knownPods } from './needs-known-pods';

/** Who fetches, as Argo CD's manifests and chart install it. */
export const REPO_SERVER = { namespace: 'argocd', labels: { 'app.kubernetes.io/name': 'argocd-repo-server' } };

/** Of Applications beside Argo CD in its usual namespace: of another one nobody knows whose they are. */
export function* gitOpsNeeds(resources: Resources, hosts: HostNames): Iterable<Need> {
  for (const application of resources.ofKind('argoproj.io', 'Application')) {
    if (application.namespace !== REPO_SERVER.namespace) continue;
    for (const url of repositoriesOf(application.at('spec'))) {
      for (const address of addressesOf(url.string ?? '')) {
        const to = hosts.resolve(address, application.namespace);
        if (to === undefined) continue;
        const source = {
          resource: application,
          path: url.path,
          words: `${application.toString()} has Argo CD fetch from ${address.host}`,
        };
        for (const from of knownPods(REPO_SERVER, resources))
          yield { from, to: to.endpoint, port: to.port, protocol: to.protocol, purpose: 'connection', source, name: to.name };
      }
    }
  }
}

function repositoriesOf(spec: Field): Field[] {
  return [spec.at('source'), ...spec.at('sources').items].map((source) => source.at('repoURL'));
}
