/**
 * The whole nginx.conf of a BlogWeb, from typed routes.
 *
 * It replaces the image's own, so that it is known what runs: the two presets differ in the port, in `user` and in where
 * nginx may write. Every value was judged by the construct before it comes here and holds nothing that nginx reads as
 * syntax; `quoted` refuses anything else.
 */

/** Where nginx writes below the unprivileged preset, whose root file system is read-only. */
export const SCRATCH = '/tmp';
const DOCUMENT_ROOT = '/usr/share/nginx/html';
export const HEALTH_PATH = '/healthz';

const STATIC_SITE = ['    location / {', '      try_files $uri $uri/ =404;', '    }', '    error_page 404 /404.html;'];

export interface NginxConfig {
  readonly port: number;
  /** Runs as root and switches its workers to `nginx`, or as a plain user throughout. */
  readonly preset: 'root-minimal' | 'unprivileged';
  readonly backends: readonly NginxBackend[];
  /** Largest request body, in mebibytes. */
  readonly maxBodyMebibytes: number;
}

export interface NginxBackend {
  /** Path prefix, such as `/api`. */
  readonly path: string;
  /** The Service's DNS name: also sent as Host, because a mesh routes by it. */
  readonly host: string;
  readonly port: number;
  readonly connectTimeoutSeconds: number;
  readonly readTimeoutSeconds: number;
}

export function nginxConfig(config: NginxConfig): string {
  const unprivileged = config.preset === 'unprivileged';
  const lines = [
    ...(unprivileged ? [] : ['user nginx;']),
    'worker_processes auto;',
    'error_log /dev/stderr warn;',
    `pid ${unprivileged ? SCRATCH : '/var/run'}/nginx.pid;`,
    '',
    'events {',
    '  worker_connections 1024;',
    '}',
    '',
    'http {',
    '  include /etc/nginx/mime.types;',
    '  default_type application/octet-stream;',
    '  access_log /dev/stdout;',
    '  sendfile on;',
    '  server_tokens off;',
    '  gzip on;',
    '  gzip_types text/css text/plain application/javascript application/json image/svg+xml;',
    `  client_max_body_size ${config.maxBodyMebibytes}m;`,
    ...(unprivileged ? ['client', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(temporaryPath) : []),
    '',
    '  server {',
    `    listen ${config.port} default_server;`,
    '    server_name _;',
    `    root ${DOCUMENT_ROOT};`,
    '    index index.html;',
    '    # Behind a tunnel or an ingress this port is not the one that visitors see.',
    '    absolute_redirect off;',
    '',
    `    location = ${HEALTH_PATH} {`,
    '      access_log off;',
    '      default_type text/plain;',
    '      return 200 "ok\\n";',
    '    }',
    '',
    ...(config.backends.some(({ path }) => path === '/') ? [] : STATIC_SITE),
    ...config.backends.flatMap((backend) => ['', ...location(backend)]),
    '  }',
    '}',
  ];
  return `${lines.join('\n')}\n`;
}

function temporaryPath(kind: string): string {
  return `  ${kind === 'client' ? 'client_body' : kind}_temp_path ${SCRATCH}/${kind}_temp;`;
}

/** The prefix itself and everything below it, and nothing that merely begins alike. */
function location(backend: NginxBackend): string[] {
  const path = backend.path.replace(/\/+$/, '');
  const body = [
    `proxy_pass http://${word(backend.host)}:${backend.port};`,
    'proxy_http_version 1.1;',
    'proxy_set_header Connection "";',
    `proxy_set_header Host ${word(backend.host)};`,
    'proxy_set_header X-Real-IP $remote_addr;',
    'proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;',
    'proxy_set_header X-Forwarded-Host $host;',
    'proxy_set_header X-Forwarded-Proto $http_x_forwarded_proto;',
    `proxy_connect_timeout ${backend.connectTimeoutSeconds}s;`,
    `proxy_send_timeout ${backend.readTimeoutSeconds}s;`,
    `proxy_read_timeout ${backend.readTimeoutSeconds}s;`,
  ].map((line) => `      ${line}`);
  if (path === '') return ['    location / {', ...body, '    }'];
  return [`    location = ${word(path)} {`, ...body, '    }', `    location ${word(`${path}/`)} {`, ...body, '    }'];
}

/** A word of nginx's syntax that stands for itself. */
function word(text: string): string {
  if (!/^[A-Za-z0-9._~/*-]+$/.test(text))
    throw new Error(`${JSON.stringify(text)} cannot stand in an nginx configuration: use letters, digits and . _ ~ / * -`);
  return text;
}
