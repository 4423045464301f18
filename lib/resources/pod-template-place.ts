/** Where each kind that runs pods keeps its pod template; a Pod is its own. */
const PLACES: ReadonlyMap<string, { readonly group: string; readonly template: readonly string[] }> = new Map([
  ['Deployment', { group: 'apps', template: ['spec', 'template'] }],
  ['StatefulSet', { group: 'apps', template: ['spec', 'template'] }],
  ['DaemonSet', { group: 'apps', template: ['spec', 'template'] }],
  ['ReplicaSet', { group: 'apps', template: ['spec', 'template'] }],
  ['ReplicationController', { group: '', template: ['spec', 'template'] }],
  ['Rollout', { group: 'argoproj.io', template: ['spec', 'template'] }],
  ['Job', { group: 'batch', template: ['spec', 'template'] }],
  ['CronJob', { group: 'batch', template: ['spec', 'jobTemplate', 'spec', 'template'] }],
  ['Pod', { group: '', template: [] }],
]);

/** The steps to the pod template. @returns undefined for kinds that run no pods */
export function templateStepsOf(group: string, kind: string): readonly string[] | undefined {
  const place = PLACES.get(kind);
  return place?.group === group ? place.template : undefined;
}
