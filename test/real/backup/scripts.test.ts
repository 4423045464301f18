import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  etcdBackupScripts,
  mysqlBackupScripts,
  mysqlRestoreDrillScripts,
  mysqlRestoreScripts,
} from '../../../lib/constructs/scripts/scripts';
import { describeWith, systemPath } from '../tools';
import { cleanUp, configMapVolume } from './pod';

const sets = { mysqlBackupScripts, mysqlRestoreDrillScripts, mysqlRestoreScripts, etcdBackupScripts };

describeWith(['shellcheck', 'bash'], 'the scripts', () => {
  afterAll(cleanUp);

  test.each(Object.entries(sets))('%s pass shellcheck, and source only what is beside them', (_, scripts) => {
    const folder = configMapVolume(scripts);
    const files = Object.keys(scripts).map((file) => join(folder, file));
    const said = spawnSync('shellcheck', ['-x', '-P', 'SCRIPTDIR', ...files], { env: { PATH: systemPath }, encoding: 'utf8' });
    expect(said.stdout + said.stderr).toBe('');
    expect(said.status).toBe(0);
  });

  test('fail with the first part that fails, each for itself: a reader of one file need not know who sources it', () => {
    for (const text of Object.values(sets).flatMap((scripts) => Object.values(scripts))) expect(text).toMatch(/^set -Eeuo pipefail$/m);
  });

  test('hold every script of the folder somewhere', () => {
    const held = new Set(Object.values(sets).flatMap((scripts) => Object.keys(scripts)));
    expect([...held].sort()).toEqual(
      readdirSync('lib/constructs/scripts')
        .filter((file) => file.endsWith('.sh'))
        .sort(),
    );
  });

  test('use in the client’s image nothing that it lacks', () => {
    // Amazon Linux without find, gzip, openssl, awk or jq. Encryption of etcd's snapshots says itself that it needs another image.
    const texts = ['upload.sh', 's3.sh', 'step.sh', 'manifest.sh', 'finish-backup.sh', 'etcd-describe.sh'].map(
      (file) => etcdBackupScripts[file] ?? '',
    );
    const texts2 = ['fetch.sh', 'report.sh'].map((file) => mysqlRestoreDrillScripts[file] ?? '');
    const code = [...texts, ...texts2].join('\n').replace(/^\s*#.*$/gm, '');
    expect(code).toContain('sha256sum');
    expect(code.match(/(^|[|;&(]\s*|\$\()(find|gzip|openssl|g?awk|jq|xargs|python3?|curl)\b/gm)).toBeNull();
  });
});
