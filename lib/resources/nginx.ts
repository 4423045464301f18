/** Which containers run nginx, and the ports that it listens on. */
import type { Container } from './container';
import type { Resources } from './resources';
import type { Workload } from './workload';

/** Programs that carry nginx in their name and are something else. */
const NOT_A_SERVER = /exporter|ingress|controller|operator|gateway|reload|agent|init|amplify|unit/;

/** What shows that a container runs nginx. @returns undefined when nothing does */
export function nginxSignOf(container: Container): string | undefined {
  const command = container.at('command');
  if (NOT_A_SERVER.test(container.imageName)) return undefined;
  const started = container.commandLine.some((word) => /(^|[\s/;&])(nginx|openresty)(\s|$)/.test(word));
  if (started) return 'its command';
  const startsSomethingElse = command.isSet && !(command.strings[0] ?? '').endsWith('.sh');
  if (startsSomethingElse || (container.isInit && !container.isSidecar)) return undefined;
  if (/(^|[-_])(nginx|openresty)($|[-_])/.test(container.imageName)) return 'its image';
  if (/^nginx$|^nginx-server$/.test(container.name)) return 'its name';
  return container.at('volumeMounts').items.some((mount) => mount.at('mountPath').string?.startsWith('/etc/nginx') === true)
    ? 'its mount under /etc/nginx'
    : undefined;
}

/** Whether nothing but the image says the user, and the image is known to run as a plain one. */
export function isUnprivilegedImage(container: Container): boolean {
  return /unprivileged|nonroot|rootless|bitnami\/|bitnamilegacy\/|cgr\.dev\/|chainguard\//.test(container.image);
}

/** Whether it is the official image, which starts as root and listens on 80. */
export function isOfficialImage(container: Container): boolean {
  return container.imageName === 'nginx' && !isUnprivilegedImage(container);
}

/** The ports that nginx binds: from the configuration that is mounted, else as the container declares them, else the image's own. */
export function listenPortsOf(container: Container, workload: Workload, resources: Resources): readonly number[] | undefined {
  const configured = configurationsOf(container, workload, resources).flatMap(listenPortsIn);
  if (configured.length > 0) return [...new Set(configured)];
  const declared = container.ports.filter(({ protocol }) => protocol === 'TCP').map(({ number }) => number);
  if (declared.length > 0) return declared;
  return isOfficialImage(container) ? [80] : undefined;
}

/** The declared texts of ConfigMaps that are mounted under /etc/nginx. */
function configurationsOf(container: Container, workload: Workload, resources: Resources): readonly string[] {
  const mounts = container.at('volumeMounts').items.filter((mount) => mount.at('mountPath').string?.startsWith('/etc/nginx') === true);
  return mounts.flatMap((mount) => {
    const volume = workload.volumes.find((candidate) => candidate.at('name').string === mount.at('name').string);
    const name = volume?.at('configMap', 'name').text;
    const configMap = name === undefined ? undefined : resources.find('', 'ConfigMap', workload.namespace, name);
    const only = mount.at('subPath').text;
    const files = configMap?.at('data').entries ?? [];
    return files.flatMap(([key, text]) => (only === undefined || only === key ? (text.string ?? []) : []));
  });
}

/** The ports of the `listen` directives of a configuration; an address alone means 80. */
export function listenPortsIn(configuration: string): readonly number[] {
  const directives = configuration.matchAll(/^[^#\n]*?\blisten\s+([^\s;]+)/gm);
  return [...directives].flatMap(([, address = '']) => {
    if (address.startsWith('unix:') || address.includes('$')) return [];
    const port = /^(?:.*:)?(\d+)$/.exec(address)?.[1];
    return [port === undefined ? 80 : Number(port)];
  });
}
