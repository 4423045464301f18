/**
 * Addresses in configuration that a workload mounts: nginx, data sources, scrape targets, properties.
 *
 * A configuration may mention many hosts that nobody connects to, so only those count that cannot be anything else: what
 * nginx passes requests to, and names of declared Services.
 */
import type { Field } from '../manifest/field';
import type { Container } from '../resources/container';
import type { Resource } from '../resources/resource';
import type { Resources } from '../resources/resources';
import type { Workload } from '../resources/workload';
import type { Address, FoundAddress } from './need';
import { addressesOf, hostPorts, plainHost, urlsIn } from './needs-address';
import type { HostNames } from './needs-host';

interface ConfigFile {
  readonly resource: Resource;
  readonly name: string;
  readonly field: Field;
  readonly container: Container;
}

export function configAddresses(workload: Workload, resources: Resources, hosts: HostNames): FoundAddress[] {
  return mountedFiles(workload, resources).flatMap((file) => {
    const found = addressesInConfiguration(file.field.string ?? '', workload, hosts);
    return found.map((address) => ({ ...address, source: sourceOf(file, address) }));
  });
}

/** The addresses in the text of a configuration that a workload reads. */
export function addressesInConfiguration(configuration: string, { namespace }: Workload, hosts: HostNames): Address[] {
  const text = withoutComments(configuration);
  const named = [...urlsIn(text), ...targetsIn(text), ...hostLinesIn(text)];
  return [...nginxAddresses(text), ...named.filter(({ host }) => hosts.service(host, namespace) !== undefined)];
}

/** What nginx sends requests to. A name that an upstream of the same file has is that upstream. */
export function nginxAddresses(text: string): Address[] {
  const upstreams = new Map<string, Address[]>();
  for (const [, name = '', body = ''] of text.matchAll(/\bupstream\s+(\S+)\s*\{([^}]*)\}/g)) {
    upstreams.set(
      name,
      [...body.matchAll(/\bserver\s+([^\s;]+)/g)].flatMap(([, server = '']) => authority(server, 80)),
    );
  }
  const passed = [...text.matchAll(/\b(proxy|grpc|fastcgi|uwsgi|scgi)_pass\s+([^\s;]+)/g)];
  const variables = new Map(
    [...text.matchAll(/\bset\s+\$(\w+)\s+["']?([^\s"';]+)["']?\s*;/g)].map(([, name = '', value = '']) => [name, value]),
  );
  return passed.flatMap(([, , target = '']) => {
    const expanded = target.replaceAll(/\$\{?(\w+)\}?/g, (whole: string, name: string) => variables.get(name) ?? whole);
    const [, scheme, rest = ''] = /^(?:([a-z]+):\/\/)?(.*)$/.exec(expanded) ?? [];
    const upstream = upstreams.get(rest.split('/')[0] ?? '');
    if (upstream !== undefined) return upstream;
    return scheme === undefined ? authority(rest, undefined) : addressesOf(expanded.split('$')[0] ?? '');
  });
}

function authority(text: string, port: number | undefined): Address[] {
  const withPort = hostPorts(text);
  if (withPort.length > 0) return withPort;
  const host = plainHost(text);
  return host === undefined || port === undefined ? [] : [{ host, port }];
}

/** `host:port` as a word of its own, as scrape targets and broker lists are written. */
function targetsIn(text: string): Address[] {
  return [...text.matchAll(/(?<![\w./:@-])[a-zA-Z0-9][-a-zA-Z0-9.]*:\d{2,5}(?![\w./:-])/g)].flatMap(([target]) => hostPorts(target));
}

/** `host: mysql` and `redis.host=redis`, with the port of a line close by that begins alike. */
function hostLinesIn(text: string): Address[] {
  const lines = text.split('\n');
  return lines.flatMap((line, index): Address[] => {
    const [, before = '', value = ''] =
      /^(|.*[\s."'{,])(?:host|hostname|server|db_host|address)["']?\s*[:=]\s*["']?([-a-zA-Z0-9.]+)["']?\s*[,}]?\s*$/i.exec(line) ?? [];
    const host = plainHost(value);
    // The name of an instance is its own.
    if (host === undefined || /\binstance\.$/i.test(before)) return [];
    const around = lines.slice(Math.max(0, index - 2), index + 3);
    const [port] = around.flatMap((other) => portAfter(before, other));
    return [{ host, port }];
  });
}

/** The port that a line gives to what its neighbour names the host of. */
function portAfter(before: string, line: string): number[] {
  const [, own = '', port = ''] = /^(|.*[\s."'{,])(?:db_)?port["']?\s*[:=]\s*["']?(\d{2,5})["']?/i.exec(line) ?? [];
  return port !== '' && indented(own) === indented(before) ? [Number(port)] : [];
}

/** Where an element of a list begins, its first key stands behind a dash. */
function indented(before: string): string {
  return before.replace(/^(\s*)- /, '$1  ');
}

/** Lines of comments, and what follows a `#` on a line. */
function withoutComments(text: string): string {
  return text
    .split('\n')
    .filter((line) => !/^\s*(#|\/\/|;|<!--)/.test(line))
    .map((line) => line.replace(/\s#.*$/, ''))
    .join('\n');
}

function mountedFiles(workload: Workload, resources: Resources): ConfigFile[] {
  const files: ConfigFile[] = [];
  const seen = new Set<unknown>();
  for (const container of workload.allContainers) {
    const mounted = new Set(container.at('volumeMounts').items.map((mount) => mount.at('name').string));
    for (const volume of workload.volumes.filter((candidate) => mounted.has(candidate.at('name').string))) {
      for (const source of [volume.at('configMap'), ...volume.at('projected', 'sources').items.map((item) => item.at('configMap'))]) {
        const resource = resources.find('', 'ConfigMap', workload.namespace, source.at('name').string ?? '');
        const keys = new Set(source.at('items').items.map((item) => item.at('key').string));
        for (const [name, field] of resource?.at('data').entries ?? []) {
          if (resource === undefined || seen.has(field.path + resource.name) || (keys.size > 0 && !keys.has(name))) continue;
          seen.add(field.path + resource.name);
          files.push({ resource, name, field, container });
        }
      }
    }
  }
  return files;
}

function sourceOf({ resource, name, field, container }: ConfigFile, { host, port }: Address): FoundAddress['source'] {
  return {
    resource,
    path: field.path,
    words: `${name}, which container ${container.name} mounts, names ${host}${port === undefined ? '' : `:${port}`}`,
  };
}
