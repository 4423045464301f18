import { endpointText } from '../../lib/network/endpoint';
import { readDestination, readPeer, readPort } from '../../lib/network/peer-syntax';
import { pod, Scenario, TWO_NAMESPACES } from './scenario';

const SERVICE =
  '---\napiVersion: v1\nkind: Service\nmetadata: {name: pg, namespace: a}\nspec: {selector: {app: db}, ports: [{name: sql, port: 80, targetPort: 5432}]}\n';
const TWIN =
  '---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: twin, namespace: a}\nspec: {template: {spec: {containers: []}}}\n';
const { resources } = new Scenario(TWO_NAMESPACES + SERVICE + TWIN + pod('a', 'twin', 'app: twin')).network;

test.each([
  ['a/web', 'a/web'],
  ['a/Pod/web', 'a/web'],
  ['a/pod/web', 'a/web'],
  ['a/Service/pg', 'a/Service/pg'],
  ['a/pg', 'a/Service/pg'],
  ['a/Deployment/twin', 'a/twin'],
  ['entity:world', 'entity:world'],
  ['10.0.0.0/8', '10.0.0.0/8'],
  ['192.0.2.1', '192.0.2.1'],
  ['2001:db8::1', '2001:db8::1'],
  ['fqdn:api.example.org', 'fqdn:api.example.org'],
  ['fqdn:pg.a.svc.cluster.local', 'a/Service/pg'],
])('%s names %s', (text, expected) => {
  const peer = readPeer(text, resources);
  expect('endpoint' in peer && endpointText(peer.endpoint)).toBe(expected);
});

test.each([
  ['web', 'cannot read "web": use namespace/name, namespace/Kind/name, entity:NAME, an address, a CIDR or fqdn:HOST'],
  ['a/b/c/d', 'cannot read "a/b/c/d": use namespace/name, namespace/Kind/name, entity:NAME, an address, a CIDR or fqdn:HOST'],
  ['a/none', 'a/none is not among the manifests: namespace a has web, db, twin, twin'],
  ['z/none', 'z/none is not among the manifests: no workload of namespace z is there'],
  ['a/twin', 'a/twin is ambiguous: use a/Deployment/twin or a/Pod/twin'],
  ['a/Service/none', 'there is no Service a/none among the manifests: namespace a has pg'],
  ['z/Service/none', 'there is no Service z/none among the manifests'],
  [
    'entity:mars',
    'unknown entity "mars": use all, world, cluster, host, init, ingress, unmanaged, remote-node, health, none, kube-apiserver',
  ],
  ['fqdn:a b', '"a b" is no host name'],
])('fails to read %s', (text, problem) => {
  expect(readPeer(text, resources)).toEqual({ problem });
});

test.each([
  ['a/db:5432', { peer: 'a/db', port: '5432', protocol: 'TCP' }],
  ['a/db:53/udp', { peer: 'a/db', port: '53', protocol: 'UDP' }],
  ['a/Service/pg:sql', { peer: 'a/Service/pg', port: 'sql', protocol: 'TCP' }],
  ['10.0.0.0/8:443', { peer: '10.0.0.0/8', port: '443', protocol: 'TCP' }],
  ['entity:world:443', { peer: 'entity:world', port: '443', protocol: 'TCP' }],
  ['[2001:db8::1]:443', { peer: '2001:db8::1', port: '443', protocol: 'TCP' }],
  ['a/db:8/ICMP', { peer: 'a/db', port: '8', protocol: 'ICMP' }],
])('%s is a destination', (text, expected) => {
  expect(readDestination(text)).toEqual(expected);
});

test.each([
  ['a/db', 'cannot read "a/db": a destination is B:PORT or B:PORT/PROTOCOL'],
  ['entity:world', 'cannot read "entity:world": a destination is B:PORT or B:PORT/PROTOCOL'],
  ['a/db:80/HTTP', 'unknown protocol HTTP: use TCP, UDP, SCTP, ICMP, ICMPv6'],
])('fails to read the destination %s', (text, problem) => {
  expect(readDestination(text)).toEqual({ problem });
});

test.each([
  ['a/Service/pg', 'sql', { number: 80 }],
  ['a/db', 'pg', { number: 5432 }],
  ['a/db', '3306', { number: 3306 }],
  ['a/db', 'mysql', { problem: 'the destination has no TCP port named mysql' }],
  ['a/db', '70000', { problem: 'port 70000 is greater than 65535' }],
])('the port of %s called %s', (text, port, expected) => {
  const peer = readPeer(text, resources);
  expect('endpoint' in peer && readPort(port, peer.endpoint, 'TCP')).toEqual(expected);
});

test.each([
  ['ICMP', 'EchoRequest is no type of ICMP: use its number, such as 8 for echo'],
  ['ICMPv6', 'EchoRequest is no type of ICMPv6: use its number, such as 128 for echo'],
] as const)('fails to read a type of %s by name', (protocol, problem) => {
  const peer = readPeer('a/db', resources);
  expect('endpoint' in peer && readPort('EchoRequest', peer.endpoint, protocol)).toEqual({ problem });
});
