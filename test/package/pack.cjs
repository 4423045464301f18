// Builds and packs once for all test files; they find the tarball in the environment.
const { execFileSync } = require('node:child_process');
const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

module.exports = () => {
  const folder = mkdtempSync(join(tmpdir(), 'packed-'));
  execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
  const printed = execFileSync('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], { encoding: 'utf8' });
  process.env.TARBALL = join(folder, printed.trim());
};
