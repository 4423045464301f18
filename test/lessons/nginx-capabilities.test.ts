import { missingCapabilities, nginxCapabilities } from '../../lib/lessons/nginx-capabilities';
import { listenPortsIn } from '../../lib/resources/nginx';
import { mended, reportOf, told } from './told';

function pod(container: string, podLevel = ''): string {
  return `apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: blog}\nspec: {${podLevel}containers: [{name: nginx, ${container}}]}\n`;
}

test('needs NET_BIND_SERVICE only for a low port', () => {
  expect(missingCapabilities(['ALL'], [], [80])).toEqual(['NET_BIND_SERVICE', 'CHOWN', 'SETUID', 'SETGID']);
  expect(missingCapabilities(['ALL'], [], [8080])).toEqual(['CHOWN', 'SETUID', 'SETGID']);
  expect(missingCapabilities(['SETGID'], [], [80])).toEqual(['SETGID']);
  expect(missingCapabilities(['ALL'], ['ALL'], [80])).toEqual([]);
  expect(missingCapabilities([], [], [80])).toEqual([]);
});

test('reads the ports of listen directives', () => {
  const ports = listenPortsIn(
    'listen 80;\nlisten [::]:8080 default_server;\n# listen 90;\nlisten 127.0.0.1:81;\nlisten localhost;\nlisten unix:/run/x;',
  );
  expect(ports).toEqual([80, 8080, 81, 80]);
});

test('fails root without its capabilities, and adds them to what is there', () => {
  const yaml = pod('image: "nginx:1.27", securityContext: {capabilities: {drop: [ALL], add: [CHOWN]}}');
  const { findings } = reportOf(nginxCapabilities, yaml);
  expect(findings.map(({ severity, path }) => [severity, path])).toEqual([
    ['error', '/spec/containers/0/securityContext/capabilities/add'],
  ]);
  expect(findings[0]?.message).toBe(
    'Pod blog/web: container nginx runs nginx (its image says so) as root without NET_BIND_SERVICE, SETUID, SETGID: it dies at its start with "Operation not permitted"',
  );
  const after = mended(yaml, findings);
  expect(JSON.stringify(after[0]?.content)).toContain('"add":["CHOWN","NET_BIND_SERVICE","SETUID","SETGID"]');
  expect(told(nginxCapabilities, after)).toEqual([]);
});

test('fails root that adds nothing at the nearest existing parent, and writes the list', () => {
  const yaml = pod('image: "nginx:1.27", securityContext: {capabilities: {drop: [ALL]}}');
  const { findings } = reportOf(nginxCapabilities, yaml);
  expect(findings.map(({ path }) => path)).toEqual(['/spec/containers/0/securityContext/capabilities']);
  expect(told(nginxCapabilities, mended(yaml, findings))).toEqual([]);
});

test('warns of a plain user on a low port, and opens the port to the pod', () => {
  const yaml = pod('image: "nginx:1.27", ports: [{containerPort: 80}]', 'securityContext: {runAsUser: 101}, ');
  const { findings } = reportOf(nginxCapabilities, yaml);
  expect(findings.map(({ severity, path }) => [severity, path])).toEqual([['warning', '/spec/containers/0/ports/0/containerPort']]);
  expect(told(nginxCapabilities, mended(yaml, findings))).toEqual([]);
});

test('offers no edit where the pod shares the network of its node', () => {
  const yaml = pod('image: "nginx:1.27", ports: [{containerPort: 80}]', 'hostNetwork: true, securityContext: {runAsUser: 101}, ');
  expect(reportOf(nginxCapabilities, yaml).findings.map(({ fix }) => fix?.edits)).toEqual([undefined]);
});
