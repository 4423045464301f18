/** Declared connections: what a stranger's own construct needs, and what nobody may declare. */
import { App, Chart } from 'cdk8s';
import { Connections, type ConnectionsProps } from '../../lib/constructs/connections';
import type { PodPort } from '../../lib/constructs/flows';
import { Isolation } from '../../lib/constructs/isolation';
import { MysqlExporter } from '../../lib/constructs/mysql-exporter';
import { MysqlBackup } from '../../lib/constructs/mysql-backup';
import { Peer } from '../../lib/constructs/peer';
import { SecretRef } from '../../lib/constructs/secret-ref';
import { Was } from '../../lib/constructs/was';
import { at, blogChart, errorsOf, objectOf } from './blog';

const IMAGE = 'registry.example/was:1.0.0';

/** Two workloads of somebody else's making. */
function parties(props: Partial<ConnectionsProps> | object = {}) {
  const chart = blogChart();
  const shop = new Connections(chart, { name: 'shop', ports: [{ number: 8080 }, { number: 5353, protocol: 'UDP' }], ...props });
  const cache = new Connections(chart, { name: 'cache', ports: [{ number: 6379 }] });
  for (const connections of [shop, cache]) new Isolation(chart, `${connections.name}-isolation`, { connections });
  return { chart, shop, cache };
}

/** What a policy allows in one direction, without the DNS server, Prometheus and istiod. */
function rules(chart: Chart, name: string, direction: 'ingress' | 'egress'): unknown[] {
  const list = at(objectOf(chart, 'CiliumNetworkPolicy', `${name}-isolation`), 'spec', direction);
  return (Array.isArray(list) ? list : []).filter((rule) => !/k8s-app|istiod|prometheus/.test(JSON.stringify(rule)));
}

const from = (app: string, port: string, protocol = 'TCP') => ({
  fromEndpoints: [{ matchLabels: { app, 'k8s:io.kubernetes.pod.namespace': 'blog-system' } }],
  toPorts: [{ ports: [{ port, protocol }] }],
});
const to = (app: string, port: string, protocol = 'TCP') => ({
  toEndpoints: [{ matchLabels: { app, 'k8s:io.kubernetes.pod.namespace': 'blog-system' } }],
  toPorts: [{ ports: [{ port, protocol }] }],
});

describe('a connection', () => {
  test('stands in both policies, whichever side declares it', () => {
    for (const declare of [
      ({ shop, cache }: ReturnType<typeof parties>) => shop.allowTo(cache),
      ({ shop, cache }: ReturnType<typeof parties>) => cache.allowFrom(shop),
    ]) {
      const tree = parties();
      declare(tree);
      expect(rules(tree.chart, 'shop', 'egress')).toEqual([to('cache', '6379')]);
      expect(rules(tree.chart, 'cache', 'ingress')).toEqual([from('shop', '6379')]);
      expect(rules(tree.chart, 'cache', 'egress')).toEqual(rules(tree.chart, 'shop', 'ingress'));
    }
  });

  test('means the target’s first port, or the one that is named', () => {
    const { chart, shop, cache } = parties();
    cache.allowTo(shop).allowTo(shop, { number: 5353, protocol: 'UDP' });
    expect(rules(chart, 'shop', 'ingress')).toEqual([
      { ...from('cache', '8080'), toPorts: [{ ports: [{ port: '8080', protocol: 'TCP' }, { port: '5353', protocol: 'UDP' }] }] }, // prettier-ignore
    ]);
  });

  test('is written once, however often it is declared', () => {
    const { chart, shop, cache } = parties();
    shop.allowTo(cache).allowTo(cache, 6379);
    cache.allowFrom(shop);
    expect(rules(chart, 'shop', 'egress')).toEqual([to('cache', '6379')]);
  });

  test('reaches a workload of another chart and namespace by both', () => {
    const { chart, shop } = parties();
    const other = new Chart(chart, 'other', { namespace: 'other' });
    const was = new Was(other, 'was', { image: IMAGE });
    shop.allowTo(was);
    expect(at(rules(chart, 'shop', 'egress'), 0, 'toEndpoints', 0, 'matchLabels')).toEqual({
      app: 'was',
      'k8s:io.kubernetes.pod.namespace': 'other',
    });
    expect(rules(other, 'was', 'ingress')).toEqual([from('shop', '8080')]);
  });

  test('lets Prometheus read another port of a server, when it is declared as one', () => {
    const chart = blogChart();
    const was = new Was(chart, 'was', { image: IMAGE, morePorts: { management: 8081 } });
    was.connections.allowFrom(Peer.pods({ namespace: 'tools', labels: { app: 'scraper' } }), 8081);
    expect(errorsOf(chart)).toEqual([]);
    expect(rules(chart, 'was', 'ingress')).toMatchObject([{ toPorts: [{ ports: [{ port: '8081' }] }] }]);
  });

  test.each([
    ['pods', Peer.pods({ namespace: 'a', labels: {} }), { toEndpoints: [{ matchLabels: { 'k8s:io.kubernetes.pod.namespace': 'a' } }] }],
    ['an entity', Peer.entity('kube-apiserver'), { toEntities: ['kube-apiserver'] }],
    ['a range', Peer.cidr('203.0.113.0/24'), { toCIDR: ['203.0.113.0/24'] }],
    ['a range with holes', Peer.cidr('2001:db8::/32', '2001:db8:1::/48'), { toCIDRSet: [{ cidr: '2001:db8::/32', except: ['2001:db8:1::/48'] }] }],
    ['a name', Peer.fqdn('api.example.com'), { toFQDNs: [{ matchName: 'api.example.com' }] }],
    ['a pattern of names', Peer.fqdn('*.example.com'), { toFQDNs: [{ matchPattern: '*.example.com' }] }],
  ])('leads to %s outside of the app', (_, peer, expected) => {
    const { chart, shop } = parties();
    shop.allowTo(peer, 443);
    expect(errorsOf(chart)).toEqual([]);
    expect(rules(chart, 'shop', 'egress')).toEqual([{ ...expected, toPorts: [{ ports: [{ port: '443', protocol: 'TCP' }] }] }]);
  }); // prettier-ignore
});

describe('connections that nobody may declare', () => {
  type Tree = ReturnType<typeof parties>;
  const forced = (value: unknown): never => value as never;

  test.each<[string, (tree: Tree) => unknown, RegExp]>([
    ['itself', ({ shop }) => shop.allowTo(shop), /^connections is "blog-system\/shop": a workload reaches itself without a policy: remove/],
    ['a port that the target does not serve', ({ shop, cache }) => shop.allowTo(cache, 6380), /^connections port is "6380\/TCP": it is no port of blog-system\/cache, which serves 6379\/TCP: give one of its ports/],
    ['a port of its own that it does not serve', ({ shop }) => shop.allowFrom(Peer.entity('cluster'), 9090), /^connections port is "9090\/TCP": it is no port of blog-system\/shop, which serves 8080\/TCP, 5353\/UDP/],
    ['a served port by another protocol', ({ shop, cache }) => shop.allowTo(cache, { number: 6379, protocol: 'UDP' }), /^connections port is "6379\/UDP": it is no port of/],
    ['a port out of range', ({ shop, cache }) => shop.allowTo(cache, 65536), /^connections port is 65536: give a whole number from 1 to 65535/],
    ['a fraction of a port', ({ shop, cache }) => shop.allowTo(cache, 80.5), /^connections port is 80\.5: /],
    ['another protocol', ({ shop, cache }) => shop.allowTo(cache, forced({ number: 6379, protocol: 'tcp' })), /^connections port protocol is "tcp": give 'TCP' or 'UDP'/],
    ['a peer on no port', ({ shop }) => shop.allowTo(Peer.entity('world')), /^connections is "entity:world": it declares no port of its own: say which/],
    ['visitors by name', ({ shop }) => shop.allowFrom(Peer.fqdn('example.org')), /^connections is "fqdn:example\.org": names are known only of destinations: give Peer\.cidr/],
    ['an entity that does not exist', ({ shop }) => shop.allowTo(Peer.entity(forced('internet')), 443), /^connections is .*"internet".*: Cilium knows no such entity: give one of all, world/],
    ['a range that is none', ({ shop }) => shop.allowTo(Peer.cidr('10.0.0.0'), 443), /^connections is .*"10\.0\.0\.0".*: it is no range of addresses: give one such as/],
    ['a hole outside of its range', ({ shop }) => shop.allowTo(Peer.cidr('10.0.0.0/8', '192.168.0.0/16'), 443), /: its exception "192\.168\.0\.0\/16" is no range inside of it: remove it/],
    ['a name with a space', ({ shop }) => shop.allowTo(Peer.fqdn('api example.com'), 443), /: it is no DNS name: give one such as api\.example\.com/],
    ['a URL for a name', ({ shop }) => shop.allowTo(Peer.fqdn('https://api.example.com'), 443), /: it is no DNS name/],
    ['pods of no namespace', ({ shop }) => shop.allowTo(Peer.pods(forced({ labels: { app: 'x' } })), 443), /: it names no namespace: give { namespace, labels }/],
    ['pods of no labels', ({ shop }) => shop.allowTo(Peer.pods(forced({ namespace: 'a' })), 443), /: it has no labels: give { namespace, labels }/],
    ['pods whose labels are null', ({ shop }) => shop.allowTo(Peer.pods(forced({ namespace: 'a', labels: null })), 443), /: it has no labels: give { namespace, labels }/],
    ['pods with a label that none can have', ({ shop }) => shop.allowTo(Peer.pods({ namespace: 'a', labels: { app: 'a b' } }), 443), /: no pod can have the label "app": "a b": use letters/],
    ['nobody', ({ shop }) => shop.allowTo(forced(undefined), 443), /^connections is undefined: give a workload of this app, or one of Peer\.pods/],
    ['a host as text', ({ shop }) => shop.allowTo(forced('db.example.org'), 443), /^connections is "db\.example\.org": give a workload/],
  ])('fails on %s', (_, declare, message) => {
    const tree = parties();
    declare(tree);
    expect(errorsOf(tree.chart)).toEqual([expect.stringMatching(message)]);
    expect(rules(tree.chart, 'shop', 'egress').filter((rule) => JSON.stringify(rule) !== '{}')).toEqual([]);
  }); // prettier-ignore

  test('fails on a workload of another app, telling what to write instead', () => {
    const { chart, shop } = parties();
    const other = new Was(new Chart(new App(), 'other', { namespace: 'other' }), 'was', { image: IMAGE });
    shop.allowTo(other);
    expect(errorsOf(chart)).toEqual([
      'connections is "other/was": it stands in another app, whose policies are not written here: give Peer.pods({"namespace":"other","labels":{"app":"was"}})',
    ]);
  });

  test.each<[string, readonly PodPort[], RegExp]>([
    ['a port out of range', [{ number: 0 }], /^connections\.ports\[0\] is 0: give a whole number from 1 to 65535/],
    [
      'a port twice',
      [{ number: 80 }, { number: 80, protocol: 'TCP' }],
      /^connections\.ports\[1\] is "80\/TCP": it is listed before: remove it/,
    ],
  ])('fails on a workload with %s', (_, ports, message) => {
    expect(errorsOf(parties({ ports }).chart)).toEqual([expect.stringMatching(message)]);
  });

  test('fails on a workload whose name its pods could not carry', () => {
    expect(errorsOf(parties({ name: 'My Shop' }).chart)).toEqual([
      expect.stringMatching(/^connections\.name is "My Shop": use at most 63/),
    ]);
  });

  test('fails at once, and with the construct’s path, where nothing could stand in for what is missing', () => {
    const password = SecretRef.of('mysql-exporter-secret', 'password');
    const none: object = {};
    const database = forced(none);
    expect(() => new MysqlExporter(blogChart(), 'exporter', { database, password })).toThrow(
      'blog/exporter: database is no construct with connections: give a Mysql',
    );
    expect(() => new MysqlBackup(blogChart(), 'backup', { database, bucket: 'shop', region: 'eu-west-1' })).toThrow(
      'blog/backup: database is no construct with connections: give a Mysql',
    );
  });
});
