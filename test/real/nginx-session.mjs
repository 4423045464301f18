// Runs one nginx with a stub backend beside it, in whatever network it is started in, and tells what visitors get.
// Input: {command, log, port, paths} as JSON; output: {healthy, answers, log} as JSON.
import { spawn } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { createServer, get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const { command, log, port, paths } = JSON.parse(process.argv[2]);

const backend = createServer(({ url, httpVersion, headers }, response) =>
  response.end(JSON.stringify({ url, httpVersion, host: headers.host, connection: headers.connection ?? null })),
);
await new Promise((resolve) => backend.listen(8000, '127.0.0.1', resolve));

// A file: what nginx reaches as /dev/stderr has to be something that can be opened again.
const output = openSync(log, 'a');
const nginx = spawn(command[0], command.slice(1), { detached: true, stdio: ['ignore', output, output] });
const ended = new Promise((resolve) => nginx.once('exit', resolve));

const answerTo = (path) =>
  new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path, timeout: 1000 }, async (response) => {
      const parts = await response.setEncoding('utf8').toArray();
      resolve({ status: response.statusCode, body: parts.join('') });
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(null));
  });

let health = null;
for (let tries = 0; tries < 100 && health === null; tries += 1) {
  health = await answerTo('/healthz');
  if (health === null && readFileSync(log, 'utf8').includes('[emerg]')) break;
  if (health === null) await sleep(50);
}
// A second look, for a worker that answers although another one died.
health = await answerTo('/healthz');
const answers = {};
if (health !== null) for (const path of paths) answers[path] = await answerTo(path);
try {
  process.kill(-nginx.pid, 'SIGKILL');
} catch {
  // It ended by itself.
}
await ended;
process.stdout.write(JSON.stringify({ health, answers, log: readFileSync(log, 'utf8') }));
process.exit(0);
