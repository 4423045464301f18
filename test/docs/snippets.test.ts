/** What the documentation shows compiles, runs, and does what the text around it says. */
import { readdirSync, readFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from 'js-yaml';
import ts from 'typescript';
import { parseClusterFacts } from '../../lib/facts/parse';
import { terminal } from '../cli/terminal';

const root = join(__dirname, '../..');
const pages = ['README.md', ...readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)]; // prettier-ignore

interface Snippet {
  /** Page and line. */
  readonly place: string;
  readonly language: string;
  readonly text: string;
}

const snippets = pages.flatMap((page): Snippet[] => {
  const lines = readFileSync(join(root, page), 'utf8').split('\n');
  const fences = lines.flatMap((line, index) => (/^ *```/.test(line) ? [index] : []));
  return fences
    .filter((_, nth) => nth % 2 === 0)
    .map((start, nth) => ({
      place: `${page}:${start + 1}`,
      language: (lines[start] ?? '').trim().slice(3),
      text: `${lines.slice(start + 1, fences[nth * 2 + 1]).join('\n')}\n`,
    }));
});
const programs = snippets.filter(({ language }) => language === 'ts');
const of = (page: string, language: string): readonly Snippet[] =>
  snippets.filter((snippet) => snippet.place.startsWith(`${page}:`) && snippet.language === language);

/** What a fragment takes for granted: the names of the text around it. */
const AROUND: Readonly<Record<string, string>> = {
  text: 'declare const text: string;',
  yaml: 'declare const yaml: string;',
  app: "declare const app: import('cdk8s-hindsight').PlatformApp;",
  chart: "declare const chart: import('cdk8s').Chart;",
  cluster: "declare const cluster: import('cdk8s-hindsight').Cluster;",
  api: "declare const api: import('cdk8s-hindsight').Was;",
  db: "declare const db: import('cdk8s-hindsight').Mysql;",
  database: "declare const database: import('cdk8s-hindsight').Mysql;",
  Testing: "import { Testing } from 'cdk8s';",
  MysqlExporter: "import { MysqlExporter } from 'cdk8s-hindsight';",
  SecretRef: "import { SecretRef } from 'cdk8s-hindsight';",
  expect: "import 'cdk8s-hindsight/jest';",
};

function completed(text: string): string {
  const missing = Object.entries(AROUND).filter(
    ([name]) => new RegExp(`\\b${name}\\b`).test(text) && !new RegExp(`(const |import [^;]*)\\b${name}\\b`).test(text),
  );
  return `${missing.map(([, line]) => line).join(' ')} export {};\n${text}`;
}

describe('TypeScript', () => {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (file) => ts.sys.readFile(file)) as {
    config: { compilerOptions: object };
  };
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  const texts = new Map(programs.map(({ text }, index) => [join(root, `snippet-${index}.ts`), completed(text)]));
  const host = ts.createCompilerHost(options);
  const program = ts.createProgram({
    rootNames: [...texts.keys()],
    options,
    host: {
      ...host,
      fileExists: (file) => texts.has(file) || host.fileExists(file),
      readFile: (file) => texts.get(file) ?? host.readFile(file),
      getSourceFile: (file, ...rest) => {
        const text = texts.get(file);
        return text === undefined ? host.getSourceFile(file, ...rest) : ts.createSourceFile(file, text, ts.ScriptTarget.ES2022);
      },
    },
  }); // prettier-ignore

  test.each(programs.map(({ place }, index) => [place, index] as const))('%s compiles, strictly', (_, index) => {
    const file = program.getSourceFile(join(root, `snippet-${index}.ts`));
    const diagnostics = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
    expect(diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))).toEqual([]);
  });

  const apps = programs.filter(({ text }) => text.includes('app.synth()'));

  test('has whole apps among it', () => {
    expect(apps.map(({ place }) => place.split(':')[0])).toEqual(['README.md', 'docs/api.md']);
  });

  test.each(apps.map(({ place, text }) => [place, text] as const))('%s synthesizes, without an error and with no acceptance in vain', (_, text) => {
    const folder = mkdtempSync(join(tmpdir(), 'snippet-'));
    const told: string[] = [];
    const write = jest.spyOn(process.stderr, 'write').mockImplementation((line) => told.push(String(line)) > 0);
    process.env.CDK8S_OUTDIR = folder;
    try {
      const { outputText } = ts.transpileModule(text, { compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 } });
      // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call -- the documentation is the program
      new Function('require', 'exports', outputText)(require, {});
      expect(readFileSync(join(folder, 'shop.k8s.yaml'), 'utf8')).toContain('kind: CiliumNetworkPolicy\n');
      expect(told.filter((line) => line.includes('unused-suppression'))).toEqual([]);
    } finally {
      write.mockRestore();
      delete process.env.CDK8S_OUTDIR;
      rmSync(folder, { recursive: true });
    }
  }); // prettier-ignore
});

describe('YAML and JSON', () => {
  const data = snippets.filter(({ language }) => language === 'yaml' || language === 'json');

  test.each(data.map(({ place, text }) => [place, text] as const))('%s can be read', (_, text) => {
    expect(typeof load(text)).toBe('object');
  });

  test('the facts of README.md are facts', () => {
    const facts = of('README.md', 'yaml').find(({ text }) => text.startsWith('nodes:'));
    expect(parseClusterFacts(facts?.text ?? '', 'cluster.yaml')).toMatchObject({ problems: [] });
  });
});

describe('the command line of README.md', () => {
  /** The file whose line 30 README.md tells of: somebody's exporter, and the policy that it shows. */
  function exporter(): string {
    const policy = of('README.md', 'yaml').find(({ text }) => text.includes('"world"'))?.text.split('\n').slice(1) ?? []; // prettier-ignore
    const head = ['apiVersion: cilium.io/v2', 'kind: CiliumNetworkPolicy', 'metadata: {name: mysql-exporter-isolation, namespace: blog-system}', 'spec:', '  endpointSelector: {matchLabels: {app: mysql-exporter}}']; // prettier-ignore
    const comments = Array.from({ length: 27 - head.length }, () => '#');
    return [...comments, ...head, ...policy.map((line) => (line === '' ? '' : `  ${line}`))].join('\n');
  }

  test('finds what "before" shows, in these words', async () => {
    const shell = terminal();
    shell.write({ 'mysql-exporter.yaml': exporter() });
    const { out, exitCode } = await shell.run('check', '.');
    const shown = of('README.md', '').find(({ text }) => text.startsWith('$ npx hindsight check .'))?.text.split('\n').slice(1).filter((line) => line !== '') ?? []; // prettier-ignore
    expect(shown.length).toBeGreaterThan(3);
    for (const line of shown) expect(out).toContain(`${line}\n`);
    expect(exitCode).toBe(1);
  });

  const commands = of('README.md', 'sh').flatMap(({ text }) => text.split('\n').filter((line) => line.startsWith('npx hindsight ')));

  test('has commands to try', () => {
    expect(commands.length).toBeGreaterThan(5);
  });

  /** The platform's own files, under the shorter names of README.md. */
  const asShown = (file: string) => readFileSync(file, 'utf8').replaceAll('blog-system', 'blog').replaceAll('mysql-service', 'mysql');

  test.each(commands)('%s', async (command) => {
    const shell = terminal();
    const dist = join(root, 'dist');
    const manifests = readdirSync(dist).filter((name) => name.endsWith('.yaml')).map((name): [string, string] => [name, asShown(join(dist, name))]); // prettier-ignore
    const flows = asShown(join(root, 'app/flows.yaml'));
    const facts = of('README.md', 'yaml').find(({ text }) => text.startsWith('nodes:'))?.text ?? '';
    shell.write({ ...Object.fromEntries(manifests), 'flows.yaml': flows, 'cluster.yaml': facts });
    const argv = command.replace(/ #.*/, '').trim().split(/\s+/).slice(2);
    const { exitCode, error } = await shell.run(...argv);
    expect(error).not.toMatch(/unknown|usage/i);
    expect(exitCode).toBeLessThan(2);
  });
});
