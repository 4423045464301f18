/** `hindsight.config.yaml`: settings from text, or everything that is wrong with them, each with its line. */
import { type Document, isFileLocation, type Problem } from '../manifest/document';
import { Field } from '../manifest/field';
import { globMatcher } from '../manifest/glob';
import { nearestName } from '../manifest/nearest-name';
import { readYaml } from '../manifest/yaml';
import { NO_SETTINGS, type Override, type Setting, type Settings } from './settings';

export interface Config extends Settings {
  /** The file with the cluster's facts, by the name that the configuration gives it. @default - none */
  readonly cluster?: string;
}

export interface ParsedConfig {
  /** @default - there are problems */
  readonly config?: Config;
  /** In the order of their lines. */
  readonly problems: readonly Problem[];
}

const SETTINGS: readonly Setting[] = ['off', 'info', 'warning', 'error'];
const KEYS = ['lessons', 'overrides', 'cluster'];
const OVERRIDE_KEYS = ['files', 'lessons'];

/**
 * @param file its name, for problems
 * @param pathOf the path of a file, as seen from the folder of the configuration: what its globs are about. @default - the file's name
 */
export function parseConfig(
  text: string,
  file: string,
  lessonIds: readonly string[],
  pathOf: (name: string) => string = (name) => name,
): ParsedConfig {
  const { documents, unjudged, problems } = readYaml(text, file, 'kustomize');
  if (problems.length > 0) return { problems };
  const [document, second] = [...documents, ...unjudged];
  if (document === undefined) return { config: NO_SETTINGS, problems: [] };
  const reader = new ConfigReader(document, file, lessonIds, pathOf);
  if (second !== undefined)
    return { problems: [{ file, line: lineOf(second, ''), message: 'holds a second document: a configuration is one' }] };
  const config = reader.read();
  return reader.problems.length === 0
    ? { config, problems: [] }
    : { problems: reader.problems.sort((a, b) => (a.line ?? 0) - (b.line ?? 0)) };
}

class ConfigReader {
  readonly problems: Problem[] = [];

  constructor(
    private readonly document: Document,
    private readonly file: string,
    private readonly lessonIds: readonly string[],
    private readonly pathOf: (name: string) => string,
  ) {}

  read(): Config {
    const root = new Field(this.document.content);
    if (!root.isMap) this.wrong(root, 'the configuration is no map of keys such as lessons and cluster');
    this.knownKeys(root, KEYS);
    const cluster = root.at('cluster');
    if (cluster.isPresent && (cluster.string ?? '') === '') this.wrong(cluster, 'cluster is no path of a file with facts');
    const overrides = root.at('overrides');
    if (overrides.isSet && !overrides.isList) this.wrong(overrides, 'overrides is no list of files and lessons');
    return {
      lessons: this.lessons(root.at('lessons')),
      overrides: overrides.items.map((override) => this.override(override)),
      cluster: cluster.string,
    };
  }

  private lessons(field: Field): Readonly<Record<string, Setting>> {
    if (field.isSet && !field.isMap) this.wrong(field, 'lessons is no map of lessons to off, info, warning or error');
    const lessons = new Map<string, Setting>();
    for (const [id, setting] of field.entries) {
      const chosen = SETTINGS.find((one) => one === setting.value);
      if (!this.lessonIds.includes(id)) this.wrong(setting, `no lesson is called "${id}"${meant(id, this.lessonIds)}`);
      else if (chosen === undefined)
        this.wrong(setting, `${id} is ${told(setting.value)}; choose off, info, warning or error${meant(setting.text ?? '', SETTINGS)}`);
      else lessons.set(id, chosen);
    }
    return Object.fromEntries(lessons);
  }

  private override(field: Field): Override {
    if (!field.isMap) this.wrong(field, 'an override is no map of files and lessons');
    this.knownKeys(field, OVERRIDE_KEYS);
    const files = field.at('files');
    if (field.isMap && files.items.length === 0) this.wrong(files, 'an override needs files, a list of globs');
    if (field.isMap && !field.at('lessons').isSet) this.wrong(field, 'an override needs lessons');
    const matchers = files.items.map((glob) => this.matcher(glob));
    const matches = (name: string): boolean => {
      const path = this.pathOf(name);
      return matchers.some((matcher) => matcher(path));
    };
    return { matches, lessons: this.lessons(field.at('lessons')) };
  }

  /** As in `.gitignore`, a glob without a slash is a name at any depth, and a folder stands for all that is in it. */
  private matcher(field: Field): (path: string) => boolean {
    const glob = (field.string ?? '').replace(/^\.\//, '').replace(/\/$/, '');
    const file = globMatcher(glob, 'folder');
    const below = globMatcher(`${glob}/**`, 'folder');
    if (glob === '' || file === undefined || below === undefined) {
      this.wrong(field, `${told(field.value)} is no glob of files, or one with too many stars`);
      return () => false;
    }
    if (glob.includes('/')) return (path) => file(path) || below(path);
    return (path) => path.split('/').some((name) => file(name));
  }

  private knownKeys(field: Field, keys: readonly string[]): void {
    for (const [key, { path }] of field.entries)
      if (!keys.includes(key))
        this.wrong(new Field(undefined, path), `"${key}" is no key here; there are ${keys.join(', ')}${meant(key, keys)}`);
  }

  private wrong({ path }: Field, message: string): void {
    this.problems.push({ file: this.file, line: lineOf(this.document, path), message });
  }
}

function meant(written: string, names: readonly string[]): string {
  const nearest = nearestName(written, names);
  return nearest === undefined ? '' : `; did you mean ${nearest}?`;
}

function told(value: unknown): string {
  return value === null || value === undefined ? 'empty' : JSON.stringify(value);
}

function lineOf(document: Document, path: string): number | undefined {
  const location = document.origin?.(path)?.key ?? document.locate(path);
  return isFileLocation(location) ? location.line : undefined;
}
