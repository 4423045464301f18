// kubectl, without a server, reads every file that the app writes.
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { loadAll } from 'js-yaml';
import { describeWith } from './tools';

const dist = join(__dirname, '..', '..', 'dist');

describeWith(['kubectl'], 'kubectl', () => {
  const files = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.yaml'));

  test('has files to read', () => expect(files.length).toBeGreaterThan(0));

  test.each(files)('reads every object of %s', async (file) => {
    const path = join(dist, file);
    const args = ['label', '--local', '-f', path, 'read=by-kubectl', '-o', 'name'];
    // A path where nothing is: the user's own configuration must not matter, and a device can be a file on some machines.
    const env = { ...process.env, KUBECONFIG: join(__dirname, 'no-kubeconfig') };
    const { stdout } = await promisify(execFile)('kubectl', args, { env });
    const objects = loadAll(readFileSync(path, 'utf8')).filter((object) => object !== null);
    expect(stdout.trim().split('\n')).toHaveLength(objects.length);
  });
});
