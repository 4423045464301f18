// Builds the tarball and looks at it as npm and TypeScript would, in every way that a user may resolve it.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'package-'));
try {
  execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
  const [{ filename, size, unpackedSize, entryCount }] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
      stdio: ['ignore', 'pipe', 'ignore'],
      encoding: 'utf8',
    }),
  );
  console.log(`${filename}: ${kilobytes(size)} packed, ${kilobytes(unpackedSize)} unpacked, ${entryCount} files`);
  const tarball = join(folder, filename);
  execFileSync('npx', ['--no-install', 'publint', '--strict', tarball], { stdio: 'inherit' });
  execFileSync('npx', ['--no-install', 'attw', '--no-emoji', tarball], { stdio: 'inherit' });
} catch (error) {
  // The tool has said what is wrong.
  if (error.status === undefined) throw error;
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}

function kilobytes(bytes) {
  return `${Math.round(bytes / 1000)} kB`;
}
