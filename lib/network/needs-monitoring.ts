/** What Prometheus needs to reach: the targets of ServiceMonitors, PodMonitors and Probes. */
import type { Cluster } from '../facts/cluster';
import { containsLabels } from '../resources/label-selector';
import { monitoredNamespaces, ScrapeTargets } from '../resources/scrape-targets';
import type { Resource } from '../resources/resource';
import type { Resources } from '../resources/resources';
import type { Service } from '../resources/service';
import type { Workload } from '../resources/workload';
import type { Endpoint } from './endpoint';
import type { Need } from './need';
import { addressesOf, hostPorts } from './needs-address';
import type { HostNames } from './needs-host';
import { knownPods } from './needs-known-pods';

const GROUP = 'monitoring.coreos.com';

export function* monitoringNeeds(resources: Resources, cluster: Cluster, hosts: HostNames): Iterable<Need> {
  const scrapers = knownPods(cluster.facts.prometheus, resources);
  if (scrapers.length === 0) return;
  const targets = resources.view(ScrapeTargets);
  // What Prometheus does not pick up, nobody scrapes.
  const { serviceMonitorSelector = {}, podMonitorSelector = {}, probeSelector = {} } = cluster.facts.prometheus ?? {};
  for (const monitor of resources.ofKind(GROUP, 'ServiceMonitor'))
    if (containsLabels(monitor.labels, serviceMonitorSelector)) yield* serviceMonitorNeeds(monitor, scrapers, targets, resources);
  for (const monitor of resources.ofKind(GROUP, 'PodMonitor'))
    if (containsLabels(monitor.labels, podMonitorSelector)) yield* podMonitorNeeds(monitor, scrapers, targets);
  for (const probe of resources.ofKind(GROUP, 'Probe'))
    if (containsLabels(probe.labels, probeSelector)) yield* probeNeeds(probe, scrapers, resources, hosts);
}

/** Prometheus finds the pods behind a Service and scrapes them directly. */
function* serviceMonitorNeeds(
  monitor: Resource,
  scrapers: readonly Endpoint[],
  targets: ScrapeTargets,
  resources: Resources,
): Iterable<Need> {
  for (const service of targets.services(monitor.at('spec', 'selector'), monitoredNamespaces(monitor))) {
    for (const endpoint of monitor.at('spec', 'endpoints').items) {
      for (const workload of resources.backendsOf(service)) {
        const port = scrapedPort(endpoint.at('port').text, endpoint.at('targetPort').value, service, workload);
        if (port === undefined) continue;
        const words = `${monitor.toString()} has Prometheus scrape the pods of ${service.resource.toString()}`;
        yield* scrapes(scrapers, workload, port, { resource: monitor, path: endpoint.path, words });
      }
    }
  }
}

function* podMonitorNeeds(monitor: Resource, scrapers: readonly Endpoint[], targets: ScrapeTargets): Iterable<Need> {
  for (const workload of targets.pods(monitor.at('spec', 'selector'), monitoredNamespaces(monitor))) {
    for (const endpoint of monitor.at('spec', 'podMetricsEndpoints').items) {
      const port = podPort(workload, endpoint.at('port').text) ?? endpoint.at('portNumber').number;
      if (port === undefined) continue;
      const words = `${monitor.toString()} has Prometheus scrape ${workload.toString()}`;
      yield* scrapes(scrapers, workload, port, { resource: monitor, path: endpoint.path, words });
    }
  }
}

/** A Probe asks its prober, and the prober asks the targets. */
function* probeNeeds(probe: Resource, scrapers: readonly Endpoint[], resources: Resources, hosts: HostNames): Iterable<Need> {
  const url = probe.at('spec', 'prober', 'url');
  const [address] = [...hostPorts(url.string ?? ''), ...addressesOf(`http://${url.string ?? ''}`)];
  const prober = address === undefined ? undefined : hosts.resolve(address, probe.namespace);
  if (prober === undefined) return;
  const asking = { resource: probe, path: url.path, words: `${probe.toString()} has Prometheus ask the prober ${url.string ?? ''}` };
  for (const from of scrapers) yield { from, to: prober.endpoint, port: prober.port, protocol: 'TCP', purpose: 'scrape', source: asking };
  if (prober.endpoint.kind !== 'service') return;
  const probers = resources.backendsOf(prober.endpoint.service);
  for (const target of probe.at('spec', 'targets', 'staticConfig', 'static').items) {
    for (const found of [...addressesOf(target.string ?? ''), ...hostPorts(target.string ?? '')].slice(0, 1)) {
      const to = hosts.resolve(found, probe.namespace);
      const source = { resource: probe, path: target.path, words: `${probe.toString()} has its prober ask ${found.host}` };
      for (const workload of to === undefined ? [] : probers)
        if (to !== undefined)
          yield {
            from: { kind: 'workload', workload },
            to: to.endpoint,
            port: to.port,
            protocol: to.protocol,
            purpose: 'scrape',
            source,
            name: to.name,
          };
    }
  }
}

function* scrapes(scrapers: readonly Endpoint[], workload: Workload, port: number, source: Need['source']): Iterable<Need> {
  for (const from of scrapers) yield { from, to: { kind: 'workload', workload }, port, protocol: 'TCP', purpose: 'scrape', source };
}

function scrapedPort(port: string | undefined, targetPort: unknown, service: Service, workload: Workload): number | undefined {
  if (typeof targetPort === 'number') return targetPort;
  if (typeof targetPort === 'string') return podPort(workload, targetPort);
  const offered = service.ports.find(({ name }) => name === port);
  return offered === undefined ? undefined : service.podPort(offered, workload);
}

function podPort(workload: Workload, name: string | undefined): number | undefined {
  return workload.allContainers.flatMap(({ ports }) => ports).find((port) => port.name === name)?.number;
}
