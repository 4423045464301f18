/** What stands behind a BlogWeb, by path: judged, connected, and as nginx reaches it. */
import { Duration } from 'cdk8s';
import { type Connections, type IConnectable, isConnectable } from './connections';
import type { Input, PropNames } from './input';
import { HEALTH_PATH, type NginxBackend } from './nginx-config';

/** A workload with a Service in front of it, such as `Was`. */
export interface IServed extends IConnectable {
  readonly serviceName: string;
  readonly servicePort: number;
}

export interface Backend {
  readonly target: IServed;
  /** @default 5 seconds */
  readonly connectTimeout?: Duration;
  /** Between two reads of an answer. @default 60 seconds */
  readonly readTimeout?: Duration;
}

const BACKEND_PROPS: PropNames<Backend> = { target: true, connectTimeout: true, readTimeout: true };

/** Declares the connections to the backends and says how nginx reaches them. */
export function nginxBackends(
  input: Input,
  connections: Connections,
  backends: Readonly<Record<string, IServed | Backend>>,
): NginxBackend[] {
  const taken = new Map<string, string>([[HEALTH_PATH, 'the health check']]);
  return Object.entries(backends).flatMap(([path, given]) => {
    const prop = `backends.${JSON.stringify(path)}`;
    const flaw = pathFlaw(path, taken);
    if (flaw !== undefined) input.reject('backends path', path, flaw);
    taken.set(path.replace(/\/+$/, ''), `the backend of ${path}`);
    const backend: Backend = isConnectable(given) ? { target: given } : given;
    if (!isServed(backend)) {
      input.reject(prop, given, 'give a construct with a Service, such as Was, or { target } with one');
      return [];
    }
    input.known(backend, BACKEND_PROPS, prop);
    if (flaw !== undefined) return [];
    const { target, connectTimeout = Duration.seconds(5), readTimeout = Duration.seconds(60) } = backend;
    connections.allowTo(target, undefined, `proxies ${path}`);
    const { namespace } = target.connections;
    return [
      {
        path,
        host: namespace === connections.namespace ? target.serviceName : `${target.serviceName}.${namespace}.svc`,
        port: input.port(`${prop}.target.servicePort`, target.servicePort),
        connectTimeoutSeconds: input.seconds(`${prop}.connectTimeout`, connectTimeout),
        readTimeoutSeconds: input.seconds(`${prop}.readTimeout`, readTimeout),
      },
    ];
  });
}

/** What nginx would not take, or never match: it looks at paths after it has joined slashes and resolved dots. */
function pathFlaw(path: string, taken: ReadonlyMap<string, string>): string | undefined {
  if (!/^\/[A-Za-z0-9._~/-]*$/.test(path)) return 'begin with / and use letters, digits and . _ ~ / -';
  if (/\/\/|\/\.{1,2}(\/|$)/.test(path)) return 'no request comes with // or a folder of dots: write the path as it is then';
  const other = taken.get(path.replace(/\/+$/, ''));
  return other === undefined ? undefined : `it is the path of ${other} already: give another`;
}

function isServed(backend: Backend | null): boolean {
  return typeof backend === 'object' && backend !== null && isConnectable(backend.target) && typeof backend.target.serviceName === 'string';
}
