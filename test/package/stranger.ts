/** A project of somebody else: a folder with files, packages from the registry, and the packed tarball. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const root = join(__dirname, '../..');

export class Stranger {
  private readonly folder = mkdtempSync(join(tmpdir(), 'stranger-'));

  /** Writes the files, and installs what package.json among them names, with the tarball. */
  constructor(files: Readonly<Record<string, string>>) {
    const { TARBALL: tarball } = process.env;
    if (tarball === undefined) throw new Error('no tarball was packed; run the tests with `npm run test:package`');
    for (const [name, text] of Object.entries(files)) this.write(name, text);
    this.run('npm', 'install', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error', tarball);
  }

  write(name: string, text: string): void {
    const file = join(this.folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  read(name: string): string {
    return readFileSync(join(this.folder, name), 'utf8');
  }

  /**
   * Runs a program, of the project's packages first.
   * @returns everything it printed
   * @throws Error with everything it printed, when it fails
   */
  run(program: string, ...programArguments: readonly string[]): string {
    const { status, stdout } = spawnSync('bash', ['-c', '"$@" 2>&1', 'bash', program, ...programArguments], {
      cwd: this.folder,
      encoding: 'utf8',
      env: { ...environment(), PATH: `${join(this.folder, 'node_modules/.bin')}:${process.env.PATH ?? ''}` },
    });
    if (status !== 0) throw new Error(`${[program, ...programArguments].join(' ')} failed\n${stdout}`);
    return stdout;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** A file of the project that `cdk8s init typescript-app` makes. */
export function templateFile(name: string): string {
  const variables: Readonly<Record<string, string>> = {
    $base: 'stranger',
    cdk8s_core_version: '2.70.0',
    cdk8s_plus_version: '2.4.0',
    constructs_version: '10.3.0',
    cdk8s_cli_spec: '^2.200.0',
  };
  return readFileSync(join(root, 'node_modules/cdk8s-cli/templates/typescript-app', name), 'utf8').replace(
    /\{\{\s*(\S+)\s*\}\}/g,
    (_, variable: string) => variables[variable] ?? '',
  );
}

/** Without what npm and Jest tell the programs that they run. */
function environment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(npm_|JEST_|NODE_ENV|NODE_OPTIONS|TEST_TOTALS|INIT_CWD)/.test(name));
  return { ...Object.fromEntries(own), CDK8S_CHECK_UPGRADE: 'false', NO_COLOR: '1' };
}
