/**
 * What the containers of a workload run, and where it was written: a command line, the text behind `sh -c`, or a
 * script that a ConfigMap brings.
 */
import type { Field } from '../manifest/field';
import type { Container } from './container';
import type { Resource } from './resource';
import type { Resources } from './resources';
import { parseShell, type ShellList } from './shell';
import { inlineScript, isShell, outcomesOf, programOf, type RunCommand, type ShellOptions, withOptions } from './shell-outcome';
import type { Workload } from './workload';

export interface Script {
  readonly container: Container;
  /** Where the text stands: the workload, or the ConfigMap. */
  readonly resource: Resource;
  readonly field: Field;
  /** As written; of a command line without a shell, undefined. */
  readonly text?: string;
  readonly commands: readonly RunCommand[];
}

/** Images whose entrypoint is the program itself, so that arguments alone are a command line. */
const ENTRYPOINTS: Readonly<Record<string, string>> = {
  'aws-cli': 'aws',
  rclone: 'rclone',
  mc: 'mc',
  s5cmd: 's5cmd',
  restic: 'restic',
};

const NO_OPTIONS: ShellOptions = { errexit: false, pipefail: false };

/** The scripts of all containers, in the order in which they start. */
export function scriptsOf(workload: Workload, resources: Resources): readonly Script[] {
  return resources.view(Scripts).of(workload);
}

/** What was read once: many lessons ask about the same job, and many jobs mount the same scripts. */
class Scripts {
  private readonly known = new Map<Workload, readonly Script[]>();
  private readonly parsed = new Map<string, ShellList>();

  constructor(private readonly resources: Resources) {}

  of(workload: Workload): readonly Script[] {
    const known = this.known.get(workload);
    if (known !== undefined) return known;
    const scripts = workload.allContainers.flatMap((container) => {
      const mounts = new Mounts(workload, container, this.resources, (text) => this.parse(text));
      return scriptsOfContainer(workload, container, mounts);
    });
    this.known.set(workload, scripts);
    return scripts;
  }

  private parse(text: string): ShellList {
    const known = this.parsed.get(text);
    if (known !== undefined) return known;
    const list = parseShell(text);
    this.parsed.set(text, list);
    return list;
  }
}

function scriptsOfContainer(workload: Workload, container: Container, mounts: Mounts): readonly Script[] {
  const fields = [...container.at('command').items, ...container.at('args').items].filter(({ string }) => string !== undefined);
  const words = fields.map(({ string }) => string ?? '');
  const [first] = words;
  if (first === undefined) return [];
  const { resource } = workload;
  const inline = isShell(first) ? inlineScript(words) : undefined;
  const field = inline === undefined ? undefined : fields[inline.index];
  if (inline !== undefined && field !== undefined) {
    const script = scriptAt(container, { resource, field }, inline.options, mounts);
    return [script, ...calledFrom(script, container, mounts)];
  }
  const path = isShell(first) ? words.slice(1).find((word) => word.includes('/')) : first;
  const file = path === undefined ? undefined : mounts.find(path);
  if (path !== undefined && file !== undefined) {
    const flags = isShell(first) ? words.slice(1, words.indexOf(path)) : shebangOf(file);
    const script = scriptAt(container, file, withOptions(NO_OPTIONS, flags), mounts);
    return [script, ...calledFrom(script, container, mounts)];
  }
  return isShell(first) ? [] : [commandLine(resource, container, words)];
}

function scriptAt(container: Container, { resource, field }: TextField, options: ShellOptions, mounts: Mounts): Script {
  const text = field.string ?? '';
  const sources = (path: string): ShellList | undefined => {
    const file = mounts.beside(resource, path)?.field.string;
    return file === undefined ? undefined : mounts.parse(file);
  };
  return { container, resource, field, text, commands: outcomesOf(mounts.parse(text), options, sources) };
}

/** A program that runs without a shell: its status is the container's. */
function commandLine(resource: Resource, container: Container, words: readonly string[]): Script {
  const entrypoint = container.at('command').isSet ? undefined : ENTRYPOINTS[container.imageName];
  const run = entrypoint === undefined || words[0] === entrypoint ? words : [entrypoint, ...words];
  const command = { kind: 'simple' as const, words: run, assignments: [], redirections: [], substitutions: [], line: 1 };
  const field = container.at('args').isSet ? container.at('args') : container.at('command');
  return { container, resource, field, commands: [{ command, stage: 0, stages: 1, pipeline: [programOf(run)], outcome: 'kept' }] };
}

/** The mounted scripts that a script runs or sources, once each. */
function calledFrom(script: Script, container: Container, mounts: Mounts): readonly Script[] {
  const found: Script[] = [];
  const queue = [script];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    for (const { command } of next.commands) {
      const words = programPath(command.words);
      const file = words === undefined ? undefined : mounts.beside(next.resource, words.path);
      if (
        words === undefined ||
        file === undefined ||
        found.some(({ field, resource }) => resource === file.resource && field.path === file.field.path)
      )
        continue;
      const called = scriptAt(container, file, withOptions(NO_OPTIONS, words.flags ?? shebangOf(file)), mounts);
      found.push(called);
      queue.push(called);
    }
  }
  return found;
}

/** The file that a command runs: itself, or what follows a shell or a dot. */
function programPath(words: readonly string[]): { readonly path: string; readonly flags?: readonly string[] } | undefined {
  const at = words.findIndex((word) => isShell(word) || word === '.' || word === 'source');
  if (at < 0) return words[0]?.includes('/') === true ? { path: words[0] } : undefined;
  const file = words.findIndex((word, index) => index > at && word.includes('/'));
  const path = words[file];
  return path === undefined ? undefined : { path, flags: words.slice(at + 1, file) };
}

function shebangOf({ field }: TextField): readonly string[] {
  const [first = ''] = (field.string ?? '').split('\n', 1);
  return first.startsWith('#!') ? first.trim().split(/\s+/).slice(1) : [];
}

/** A text, and the object that it stands in. */
interface TextField {
  readonly resource: Resource;
  readonly field: Field;
}

/** The files that a container finds in mounted ConfigMaps. */
class Mounts {
  constructor(
    private readonly workload: Workload,
    private readonly container: Container,
    private readonly resources: Resources,
    readonly parse: (text: string) => ShellList,
  ) {}

  find(path: string): TextField | undefined {
    for (const mount of this.container.at('volumeMounts').items) {
      const mountPath = (mount.at('mountPath').string ?? '').replace(/\/+$/, '');
      const subPath = mount.at('subPath').string;
      if (mountPath === '' || (subPath === undefined ? !path.startsWith(`${mountPath}/`) : path !== mountPath)) continue;
      const volume = this.workload.volumes.find((candidate) => candidate.at('name').string === mount.at('name').string);
      if (volume === undefined) continue;
      const file = this.inVolume(volume, subPath ?? path.slice(mountPath.length + 1));
      if (file !== undefined) return file;
    }
    return undefined;
  }

  /** As `find`; a path that a script computes, such as `$here/step.sh`, is looked for beside the script. */
  beside(script: Resource, path: string): TextField | undefined {
    if (!path.startsWith('$') && !path.startsWith('.')) return this.find(path);
    const field = script.kind === 'ConfigMap' ? script.at('data', path.split('/').at(-1) ?? '') : undefined;
    return field?.string === undefined ? undefined : { resource: script, field };
  }

  private inVolume(volume: Field, file: string): TextField | undefined {
    const sources = [volume.at('configMap'), ...volume.at('projected', 'sources').items.map((source) => source.at('configMap'))];
    for (const source of sources) {
      const name = source.at('name').string;
      const configMap = name === undefined ? undefined : this.resources.find('', 'ConfigMap', this.workload.namespace, name);
      if (configMap === undefined) continue;
      const item = source.at('items').items.find((candidate) => candidate.at('path').string === file);
      const field = configMap.at('data', item?.at('key').string ?? file);
      if (field.string !== undefined) return { resource: configMap, field };
    }
    return undefined;
  }
}
