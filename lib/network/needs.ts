/**
 * What everything declared needs to reach, inferred from what it says: environments, scripts, mounted configuration,
 * monitors, routes, webhooks. Each need says what it was inferred from.
 *
 * The rule of all inferences here: rather miss a need than invent one. A name counts when a declared Service has it, or when
 * it stands where only an address to connect to can stand.
 */
import type { Cluster } from '../facts/cluster';
import { Mesh } from '../facts/mesh';
import type { Resources } from '../resources/resources';
import { scriptsOf } from '../resources/scripts';
import type { Workload } from '../resources/workload';
import { type Endpoint, endpointText } from './endpoint';
import type { FoundAddress, Need } from './need';
import { analysisJobs, analysisNeeds } from './needs-analysis';
import { argumentAddresses } from './needs-arguments';
import { apiServerNeeds } from './needs-api-server';
import { configAddresses } from './needs-config';
import { environmentAddresses } from './needs-environment';
import { gitOpsNeeds } from './needs-gitops';
import { HostNames } from './needs-host';
import { knownPods } from './needs-known-pods';
import { meshNeeds } from './needs-mesh';
import { monitoringNeeds } from './needs-monitoring';
import { probeNeeds } from './needs-probes';
import { routeNeeds } from './needs-routes';
import { scriptAddresses } from './needs-script';
import { bucketAddresses } from './needs-storage';

/** All needs, each flow once, with the first of its sources. */
export function needs(resources: Resources, cluster: Cluster): readonly Need[] {
  const hosts = new HostNames(resources, cluster);
  const mesh = new Mesh(resources, cluster);
  const connections = [
    ...[...resources.workloads, ...analysisJobs(resources)].flatMap((workload) => workloadNeeds(workload, resources, hosts)),
    ...monitoringNeeds(resources, cluster, hosts),
    ...routeNeeds(resources, cluster),
    ...apiServerNeeds(resources),
    ...analysisNeeds(resources, hosts),
    ...gitOpsNeeds(resources, hosts),
    ...meshNeeds(resources, cluster, mesh),
    ...probeNeeds(resources, mesh),
  ];
  const flows = once(connections);
  return once([...flows, ...dnsNeeds(flows, resources, cluster)]);
}

/** What the pods of one workload connect to by themselves. */
function workloadNeeds(workload: Workload, resources: Resources, hosts: HostNames): Need[] {
  const scripts = scriptsOf(workload, resources);
  const found = [
    ...workload.allContainers.flatMap((container) => [
      ...environmentAddresses(workload, container, resources),
      ...argumentAddresses(workload, container, resources),
      ...bucketAddresses(workload, container, scripts, resources),
    ]),
    ...scriptAddresses(workload, scripts, resources, hosts),
    ...configAddresses(workload, resources, hosts),
  ];
  const from: Endpoint = { kind: 'workload', workload };
  const asksProxy = usesProxy(workload);
  return found.flatMap((address): Need[] => {
    const to = hosts.resolve(address, workload.namespace);
    if (to === undefined || (asksProxy && to.endpoint.kind === 'fqdn' && isWeb(address))) return [];
    return [{ from, to: to.endpoint, port: to.port, protocol: to.protocol, purpose: 'connection', source: address.source, name: to.name }];
  });
}

/** A proxy connects and looks names up in its clients' stead. */
function usesProxy({ allContainers }: Workload): boolean {
  return allContainers.some(({ env }) => env.some(({ name }) => /^(https?|all)_proxy$/i.test(name)));
}

function isWeb({ scheme, port }: FoundAddress): boolean {
  return scheme === 'http' || scheme === 'https' || port === 80 || port === 443;
}

/** Whoever uses a name looks it up: over UDP, and over TCP when the answer is long. */
function dnsNeeds(flows: readonly Need[], resources: Resources, cluster: Cluster): Need[] {
  const servers = knownPods(cluster.dns, resources);
  return flows.flatMap(({ from, name, source }): Need[] => {
    if (name === undefined || from.kind !== 'workload' || usesOtherDns(from.workload)) return [];
    const words = `${source.words}, a name that has to be looked up`;
    return servers.flatMap((to) =>
      (['UDP', 'TCP'] as const).map((protocol): Need => ({ from, to, port: 53, protocol, purpose: 'dns', source: { ...source, words } })),
    );
  });
}

/** Its own name servers, or those of its node. */
function usesOtherDns({ podSpec, hostNetwork }: Workload): boolean {
  const policy = podSpec.at('dnsPolicy').string ?? 'ClusterFirst';
  return policy === 'None' || policy === 'Default' || (hostNetwork && policy !== 'ClusterFirstWithHostNet');
}

function once(all: readonly Need[]): Need[] {
  const known = new Map<string, Need>();
  for (const need of all) {
    const kind = need.from.kind === 'workload' ? need.from.workload.kind : '';
    const key = `${kind} ${endpointText(need.from)} ${endpointText(need.to)} ${need.protocol} ${need.port}`;
    if (!known.has(key)) known.set(key, need);
  }
  return [...known.values()];
}
