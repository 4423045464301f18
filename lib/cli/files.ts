/**
 * The files to check, from the disk.
 *
 * Git's view of a checkout is taken over: what it ignores is left out, and its remotes are facts. What a kustomization names is read
 * wherever it is, but judged only where somebody asked for it.
 */
import { readFileSync, statSync, type Stats } from 'node:fs';
import { join, posix, relative, resolve, sep } from 'node:path';
import type { Problem } from '../manifest/document';
import { Field } from '../manifest/field';
import { isKustomizationFile, pathsNamedBy } from '../manifest/kustomization-files';
import type { Repository } from '../manifest/repository';
import { LARGEST_FILE, textOf, tooLarge } from '../manifest/text';
import { readYaml } from '../manifest/yaml';
import { checkoutOf, type Checkout, walk } from './checkout';
import { reasonOf } from './setup';
import { realPath } from './write';

export const STANDARD_INPUT = '<stdin>';

export interface FilesRead {
  /** By name, relative to the working folder. */
  readonly files: ReadonlyMap<string, string | Uint8Array>;
  /** Those to judge; the others serve kustomizations. */
  readonly asked: ReadonlySet<string>;
  readonly problems: readonly Problem[];
  readonly repository: Repository;
  /** Arguments that name nothing, or nothing that can be read. */
  readonly wrong: readonly string[];
}

/** @param standardInput what `-` stands for */
export function readFiles(paths: readonly string[], cwd: string, standardInput?: () => Uint8Array): FilesRead {
  return new FileReader(cwd, paths.length === 0 ? ['.'] : paths, standardInput).read();
}

class FileReader {
  private readonly files = new Map<string, string | Uint8Array>();
  private readonly asked = new Set<string>();
  private readonly problems: Problem[] = [];
  private readonly wrong: string[] = [];
  private readonly checkout: Checkout | undefined;
  private readonly cwd: string;

  constructor(
    cwd: string,
    private readonly paths: readonly string[],
    private readonly standardInput?: () => Uint8Array,
  ) {
    this.cwd = realPath(cwd);
    const first = paths.find((path) => path !== '-');
    this.checkout = checkoutOf(cwd) ?? (first === undefined ? undefined : checkoutOf(resolve(cwd, first)));
  }

  read(): FilesRead {
    const all = this.checkout === undefined ? [] : walk(this.checkout.root, this.checkout).files;
    const found = new Set(all);
    for (const path of this.paths) this.add(path, all);
    this.readSupport();
    const { checkout } = this;
    const names = checkout === undefined ? [...this.files.keys()] : [...found].map((file) => this.nameOf(file));
    return {
      files: this.files,
      asked: this.asked,
      problems: this.problems,
      wrong: this.wrong,
      repository: {
        remotes: checkout?.remotes ?? [],
        files: new Set(names),
        folder: checkout === undefined ? '' : slashed(relative(checkout.root, this.cwd)),
      },
    };
  }

  private add(path: string, all: readonly string[]): void {
    if (path === '-') {
      if (this.standardInput === undefined) return;
      this.files.set(STANDARD_INPUT, this.standardInput());
      this.asked.add(STANDARD_INPUT);
      return;
    }
    const absolute = resolve(this.cwd, path);
    const stats = statsOf(absolute);
    if (stats === undefined) this.wrong.push(`${path}: no such file or folder, or it cannot be read`);
    else if (stats.isDirectory()) this.addFolder(path, realPath(absolute), all);
    else if (!this.readFile(absolute, true)) this.wrong.push(`${path}: cannot be read`);
  }

  private addFolder(path: string, folder: string, all: readonly string[]): void {
    const isPartOfCheckout = this.checkout !== undefined && isWithin(folder, this.checkout.root) && !this.checkout.ignores(folder, true);
    const walked = walk(folder, isPartOfCheckout ? this.checkout : undefined);
    if (walked.unreadable.includes(folder)) {
      this.wrong.push(`${path}: cannot be read`);
      return;
    }
    for (const unreadable of walked.unreadable)
      this.problems.push({ file: this.nameOf(unreadable), message: 'is a folder that cannot be read' });
    const isWhole = folder === this.checkout?.root;
    for (const file of isWhole ? all : walked.files) if (isOfInterest(file) && !walked.linked.has(file)) this.readFile(file, true);
  }

  /** @returns whether the file could be read */
  private readFile(file: string, isAsked: boolean): boolean {
    const name = this.nameOf(file);
    if (isAsked) this.asked.add(name);
    if (this.files.has(name)) return true;
    try {
      const { size } = statSync(file);
      if (size > LARGEST_FILE) this.problems.push(tooLarge(name, size));
      else this.files.set(name, readFileSync(file));
      return true;
    } catch (error) {
      this.asked.delete(name);
      this.problems.push({ file: name, message: `cannot be read (${reasonOf(error)})` });
      return false;
    }
  }

  /** What kustomizations name and nobody has read yet: bases elsewhere, files for generators. */
  private readSupport(): void {
    const queue = [...this.files.keys()].filter(isKustomizationFile);
    const seen = new Set(queue);
    for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
      const data = this.files.get(name);
      const text = data === undefined ? undefined : textOf(data, name);
      if (typeof text !== 'string') continue;
      const reading = readYaml(text, name);
      const [document] = [...reading.documents, ...reading.unjudged];
      for (const path of pathsNamedBy(new Field(document?.content)))
        for (const file of this.support(resolve(this.cwd, posix.dirname(name), path))) {
          const next = this.nameOf(file);
          if (!isKustomizationFile(next) || seen.has(next)) continue;
          seen.add(next);
          queue.push(next);
        }
    }
  }

  /** Reads a file, or the kustomization of a folder; nothing outside of the checkout. @returns what it read */
  private support(path: string): string[] {
    if (this.checkout !== undefined && !isWithin(path, this.checkout.root)) return [];
    const stats = statsOf(path);
    if (stats === undefined) return [];
    const files = stats.isDirectory()
      ? ['kustomization.yaml', 'kustomization.yml', 'Kustomization'].map((name) => join(path, name))
      : [path];
    return files.filter((file) => statsOf(file)?.isFile() === true && this.readFile(file, false));
  }

  private nameOf(file: string): string {
    return slashed(relative(this.cwd, file));
  }
}

/** Manifests, and the files around them that lessons read. */
function isOfInterest(file: string): boolean {
  const name = posix.basename(slashed(file));
  return (
    /\.(?:ya?ml|json)$/i.test(name) ||
    /^(?:Dockerfile|Containerfile)\b|\.Dockerfile$/i.test(name) ||
    name === '.runner' ||
    isKustomizationFile(name)
  );
}

function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

function isWithin(path: string, folder: string): boolean {
  const real = realPath(path);
  return real === folder || real.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

function slashed(path: string): string {
  return sep === '/' ? path : path.replaceAll(sep, '/');
}
