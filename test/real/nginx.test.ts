// The synthesized nginx.conf of both presets, served by a real nginx with just the rights that the manifest grants.
//
// Each run has a network of its own, so that port 80 is free and below the first port for everybody. The configuration is changed only
// where the official image differs from this machine: see `adapted`.
import { execFile } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { BlogWeb } from '../../lib/constructs/blog-web';
import { SCRATCH } from '../../lib/constructs/nginx-config';
import { Was } from '../../lib/constructs/was';
import { at, blogChart, objectOf } from '../constructs/blog';
import { describeWith } from './tools';

const PROGRAMS = ['nginx', 'setpriv', 'unshare', 'ip'];
/** Debian's plain user, in the place of the image's `nginx`. */
const WORKER = 'www-data';

interface Answer {
  readonly status: number;
  readonly body: string;
}

interface Session {
  readonly health: Answer | null;
  readonly answers: Readonly<Record<string, Answer | null>>;
  readonly log: string;
}

function synthesized(preset: 'root-minimal' | 'unprivileged') {
  const chart = blogChart();
  const was = new Was(chart, 'was', { image: 'example.org/was:v1', serviceName: 'was-service' });
  new BlogWeb(chart, 'web', { image: 'example.org/web:v1', preset, backends: { '/api': was } });
  const podSpec = at(objectOf(chart, 'Rollout', 'web'), 'spec', 'template', 'spec');
  const added = at(podSpec, 'containers', 0, 'securityContext', 'capabilities', 'add');
  return {
    config: String(at(objectOf(chart, 'ConfigMap', 'web-nginx-config'), 'data', 'nginx.conf')),
    container: at(podSpec, 'containers', 0),
    podSpec,
    capabilities: Array.isArray(added) ? added.map((capability) => String(capability).toLowerCase()) : [],
  };
}

/**
 * The configuration on this machine: folders below `root`, the stub backend's address (not its Host) for the Service, Debian's user, and
 * the caches where the official image has them compiled in.
 */
function adapted(config: string, root: string): string {
  const caches = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `  ${kind}_temp_path ${root}/cache/${kind}_temp;`);
  return config
    .replaceAll(`${SCRATCH}/`, `${root}/scratch/`)
    .replaceAll('/usr/share/nginx/html', `${root}/html`)
    .replaceAll('/var/run/', `${root}/run/`)
    .replaceAll('http://was-service:8080', 'http://127.0.0.1:8000')
    .replace('user nginx;', `user ${WORKER};`)
    .replace('http {', config.includes('_temp_path') ? 'http {' : `http {\n${caches.join('\n')}`);
}

let root = '';

/** Everything belongs to root, as in an image; only the scratch folder belongs to the plain user, as an emptyDir with fsGroup does. */
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'nginx-'));
  chmodSync(root, 0o755);
  for (const folder of ['html', 'scratch', 'run', 'cache']) mkdirSync(join(root, folder));
  writeFileSync(join(root, 'html', 'about.html'), 'a static file\n');
  writeFileSync(join(root, 'log'), '');
  chmodSync(join(root, 'log'), 0o666);
  // Whatever the umask is: an image's site can be read by everybody.
  chmodSync(join(root, 'html'), 0o755);
  chmodSync(join(root, 'html', 'about.html'), 0o644);
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

async function serve(config: string, rights: readonly string[], port: number): Promise<Session> {
  const file = join(root, 'nginx.conf');
  writeFileSync(file, adapted(config, root));
  const command = [
    'setpriv',
    '--no-new-privs',
    '--inh-caps=-all',
    ...rights,
    'nginx',
    '-e',
    '/dev/stderr',
    '-c',
    file,
    '-g',
    'daemon off;',
  ];
  const session = JSON.stringify({ command, log: join(root, 'log'), port, paths: ['/about.html', '/api/posts?page=2', '/missing'] });
  const inside = 'ip link set lo up && exec "$0" "$1" "$2"';
  const script = join(__dirname, 'nginx-session.mjs');
  const { stdout } = await promisify(execFile)('unshare', ['-n', 'sh', '-c', inside, process.execPath, script, session]);
  const outcome: Session = JSON.parse(stdout);
  return outcome;
}

const bounding = (capabilities: readonly string[]) => `--bounding-set=${['-all', ...capabilities.map((name) => `+${name}`)].join(',')}`;

function expectServed({ health, answers }: Session): void {
  expect(health).toEqual({ status: 200, body: 'ok\n' });
  expect(answers['/about.html']).toEqual({ status: 200, body: 'a static file\n' });
  expect(answers['/missing']?.status).toBe(404);
  const proxied = answers['/api/posts?page=2'];
  expect(proxied?.status).toBe(200);
  expect(JSON.parse(proxied?.body ?? 'null')).toEqual({
    url: '/api/posts?page=2',
    httpVersion: '1.1',
    host: 'was-service',
    connection: null,
  });
}

if (process.getuid?.() === 0) describeWith(PROGRAMS, 'a real nginx', realNginx);
else describe.skip('a real nginx (skipped: only root can take capabilities away)', realNginx);

function realNginx(): void {
  describe('as root with the capabilities of the root-minimal preset', () => {
    const { config, container, capabilities } = synthesized('root-minimal');

    test('serves its health, a static file and a backend that sees HTTP/1.1 and its own name', async () => {
      expect(at(container, 'securityContext')).toMatchObject({ allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } });
      expect(capabilities).toHaveLength(4);
      expectServed(await serve(config, [bounding(capabilities)], 80));
    });

    test.each([
      ['net_bind_service', /\[emerg\] .*bind\(\) to 0\.0\.0\.0:80 failed \(13: Permission denied\)/],
      ['chown', /\[emerg\] .*chown\(".*\/cache\/client_body_temp", \d+\) failed \(1: Operation not permitted\)/],
      ['setgid', /\[emerg\] .*setgid\(\d+\) failed \(1: Operation not permitted\)/],
      ['setuid', /\[emerg\] .*setuid\(\d+\) failed \(1: Operation not permitted\)/],
    ])('fails without %s, as the incident says', async (removed, complaint) => {
      expect(capabilities).toContain(removed);
      const session = await serve(config, [bounding(capabilities.filter((name) => name !== removed))], 80);
      expect(session.health).toBeNull();
      expect(session.log).toMatch(complaint);
    });
  });

  describe('as the plain user of the unprivileged preset', () => {
    const { config, container, podSpec, capabilities } = synthesized('unprivileged');
    const user = Number(at(podSpec, 'securityContext', 'runAsUser'));
    const rights = [`--reuid=${user}`, `--regid=${user}`, '--clear-groups', bounding([])];

    test('serves the same on port 8080 and writes nowhere but into its scratch folder', async () => {
      expect(user).toBeGreaterThan(0);
      expect(capabilities).toEqual([]);
      expect(at(container, 'securityContext', 'readOnlyRootFilesystem')).toBe(true);
      chownSync(join(root, 'scratch'), user, user);
      expectServed(await serve(config, rights, 8080));
    });

    test('fails to start without a scratch folder that it may write to', async () => {
      const session = await serve(config, rights, 8080);
      expect(session.health).toBeNull();
      expect(session.log).toMatch(/\[emerg\] .*\(13: Permission denied\)/);
    });
  });
}
