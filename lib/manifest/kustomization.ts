/**
 * Renders a kustomization from local files, object by object as `kubectl kustomize` does.
 *
 * Where kustomize would refuse to render anything, this says why and renders the rest: somebody who checks a repository wants to
 * hear of all that waits in it. What needs the network or a program (remote bases, Helm charts, plugins) is said, not guessed.
 */
import { posix } from 'node:path';
import { BUILT_IN } from './built-in-field-specs';
import { isFileLocation, type Document, type Problem } from './document';
import { Field } from './field';
import type { Transformers } from './field-specs';
import { absorb, generate, hashOf } from './generated-objects';
import { withKnownKeys } from './kustomization-keys';
import { isRemote, type KustomizationFiles } from './kustomization-files';
import { applyPatches, type Report } from './kustomization-patches';
import { applyTransformers, reporting } from './kustomization-steps';
import { type Plugin, pluginsOf, runBuiltIn } from './kustomization-plugins';
import { Kustomized, sameId } from './kustomized';
import { declareVariable, substituteVariables, type Variable } from './kustomize-variables';
import { followNames } from './name-references';
import { Traced } from './traced';
import { extended, merged } from './transformers';

export interface Rendered {
  readonly documents: readonly Document[];
  /** As in a `Reading`: known to exist, not to be judged. */
  readonly unjudged: readonly Document[];
  readonly problems: readonly Problem[];
  /** The folders whose kustomizations took part, its own included. */
  readonly folders: ReadonlySet<string>;
}

/** More than this is no repository but an attack: bases that list bases twice double at every level. */
const MOST_OBJECTS = 20_000;

export function renderKustomization(folder: string, files: KustomizationFiles): Rendered {
  return new Rendering(files).render(folder);
}

/** What a kustomization has gathered so far. Components work on the same one, bases on one of their own. */
export interface Gathered {
  objects: Kustomized[];
  transformers: Transformers;
  readonly variables: Variable[];
}

/** A kustomization file that was read. */
export interface Kustomization {
  readonly folder: string;
  readonly root: Field;
  readonly document: Document;
}

class Rendering {
  private readonly problems: Problem[] = [];
  private readonly folders = new Set<string>();
  private readonly unjudged = new Set<Kustomized>();
  private count = 0;

  constructor(private readonly files: KustomizationFiles) {}

  render(folder: string): Rendered {
    const gathered: Gathered = { objects: [], transformers: BUILT_IN, variables: [] };
    this.accumulate(folder, gathered, []);
    const { objects, transformers, variables } = gathered;
    for (const object of objects) {
      const name = object.needsHash ? object.root.at('metadata')?.map?.get('name') : undefined;
      if (name === undefined) continue;
      const hash = hashOf(object);
      object.rememberId();
      name.value = `${name.text ?? ''}-${hash}`;
    }
    followNames(objects, transformers.nameReference);
    for (const { field, document } of substituteVariables(objects, variables, transformers.varReference))
      this.report(document, field.path, `the variable ${field.at('name').text ?? ''} stands for a field that is not there`);
    for (const { root } of objects)
      for (const value of root.at('metadata', 'annotations')?.map?.values() ?? [])
        if (value.value !== null && value.text !== undefined) value.value = value.text;
    const kept = objects.filter(({ root }) => root.textAt('metadata', 'annotations', 'config.kubernetes.io/local-config') !== 'true');
    const document = (object: Kustomized): Document => documentOf(object, folder);
    return {
      documents: kept.filter((object) => !this.unjudged.has(object)).map(document),
      unjudged: kept.filter((object) => this.unjudged.has(object)).map(document),
      problems: this.problems,
      folders: this.folders,
    };
  }

  private accumulate(folder: string, gathered: Gathered, above: readonly string[]): void {
    const kustomization = this.read(folder);
    if (kustomization === undefined) return;
    this.folders.add(folder);
    const { root, document } = kustomization;
    const path = [...above, folder];
    for (const field of [...root.at('resources').items, ...root.at('bases').items]) this.addResource(field, kustomization, gathered, path);
    for (const field of root.at('configurations').items)
      for (const { content } of this.files.read(posix.join(folder, field.string ?? ''), 'kubectl').documents)
        gathered.transformers = extended(gathered.transformers, new Field(content));
    this.sayWhatIsLeftOut(kustomization);
    this.generate(kustomization, gathered);
    for (const plugin of pluginsOf(kustomization, 'generators', this.files)) this.runGenerator(plugin, kustomization, gathered);
    for (const field of root.at('components').items) this.addFolder(field, kustomization, gathered, path);
    applyTransformers(kustomization, gathered, this.files, this.report);
    for (const plugin of pluginsOf(kustomization, 'transformers', this.files)) this.runTransformer(plugin, kustomization, gathered);
    gathered.variables.push(...root.at('vars').items.map((field) => declareVariable(field, document, gathered.objects)));
  }

  private addResource(field: Field, kustomization: Kustomization, gathered: Gathered, above: readonly string[]): void {
    const reference = field.string ?? '';
    const path = posix.join(kustomization.folder, reference);
    if (!this.files.has(path)) {
      const base: Gathered = { objects: [], transformers: BUILT_IN, variables: [] };
      this.addFolder(field, kustomization, base, above);
      gathered.objects.push(...base.objects);
      gathered.variables.push(...base.variables);
      gathered.transformers = merged(gathered.transformers, base.transformers);
      return;
    }
    const reading = this.files.read(path, 'kustomize');
    for (const document of [...reading.documents, ...reading.unjudged]) {
      const object = new Kustomized(Traced.of(document.content, document));
      if (object.kind === '' || object.name === '') {
        this.report(document, '', 'is listed as a resource and is no object: it has no kind or no name');
        continue;
      }
      if (++this.count > MOST_OBJECTS) return;
      if (this.count === MOST_OBJECTS)
        this.report(kustomization.document, field.path, `renders more than ${MOST_OBJECTS} objects; the rest is left out`);
      if (reading.unjudged.includes(document)) this.unjudged.add(object);
      gathered.objects.push(object);
    }
  }

  /** A base or a component. */
  private addFolder(field: Field, kustomization: Kustomization, gathered: Gathered, above: readonly string[]): void {
    const reference = field.string ?? '';
    const folder = posix.join(kustomization.folder, reference).replace(/(?<=.)\/$/, '');
    const where = [kustomization.document, field.path] as const;
    if (this.files.kustomizationOf(folder) !== undefined) {
      if (above.includes(folder)) this.report(...where, `${reference} leads back to this kustomization`);
      else if (this.count < MOST_OBJECTS) this.accumulate(folder, gathered, above);
    } else if (isRemote(reference))
      this.report(...where, `${reference} is on another host and is not read; the rest is rendered without it`);
    else this.report(...where, `${reference} does not exist, or holds no kustomization; the rest is rendered without it`);
  }

  private read(folder: string): Kustomization | undefined {
    const file = this.files.kustomizationOf(folder);
    if (file === undefined) return undefined;
    const reading = this.files.read(file, 'kubectl');
    const [document] = [...reading.documents, ...reading.unjudged];
    if (document === undefined) return undefined;
    const known = withKnownKeys(document);
    return { folder, document: known, root: new Field(known.content) };
  }

  private sayWhatIsLeftOut({ root, document }: Kustomization): void {
    const leftOut: Readonly<Record<string, string>> = {
      helmCharts: 'Helm charts are not rendered; what they contain is not checked',
      helmChartInflationGenerator: 'Helm charts are not rendered; what they contain is not checked',
      openapi: 'its own OpenAPI schema is not read; lists of custom resources are replaced by patches, not merged',
    };
    for (const [key, message] of Object.entries(leftOut)) if (root.at(key).isSet) this.report(document, root.at(key).path, message);
  }

  private generate(kustomization: Kustomization, gathered: Gathered): void {
    const { root, document } = kustomization;
    for (const kind of ['ConfigMap', 'Secret'] as const)
      for (const field of root.at(kind === 'ConfigMap' ? 'configMapGenerator' : 'secretGenerator').items)
        this.generateOne(kind, field, root.at('generatorOptions'), document, kustomization.folder, gathered);
  }

  private generateOne(
    kind: 'ConfigMap' | 'Secret',
    field: Field,
    options: Field,
    document: Document,
    folder: string,
    { objects }: Gathered,
  ): void {
    reporting(this.report, document, () => {
      const generated = generate(kind, field, options, document, (path) => this.files.bytes(posix.join(folder, path)));
      const { id } = generated.object;
      const old = objects.find(({ ids }) => ids.some((known) => sameId(known, id)));
      if (old !== undefined && generated.behavior !== 'create') absorb(old, generated);
      else if (old === undefined && generated.behavior !== 'create')
        this.report(document, field.path, `there is no ${kind} ${generated.object.name} to ${generated.behavior}`);
      else objects.push(generated.object);
    });
  }

  private runGenerator({ root, document, named }: Plugin, kustomization: Kustomization, gathered: Gathered): void {
    const kind = root.at('apiVersion').string === 'builtin' ? root.at('kind').string : undefined;
    if (kind !== 'ConfigMapGenerator' && kind !== 'SecretGenerator') {
      this.report(kustomization.document, named.path, 'a generator plugin is not run; what it makes is not checked');
      return;
    }
    const values = ({ entries }: Field): Record<string, unknown> => Object.fromEntries(entries.map(([key, { value }]) => [key, value]));
    const { name, namespace } = values(root.at('metadata'));
    const flat = new Field({ name, namespace, ...values(root) });
    this.generateOne(
      kind === 'ConfigMapGenerator' ? 'ConfigMap' : 'Secret',
      flat,
      new Field(undefined),
      document,
      kustomization.folder,
      gathered,
    );
  }

  /** A transformer of kustomize's own, configured by itself instead of by a key of the kustomization. */
  private runTransformer({ root, document, named }: Plugin, kustomization: Kustomization, gathered: Gathered): void {
    const isBuiltIn = root.at('apiVersion').string === 'builtin';
    if (isBuiltIn && runBuiltIn(root, document, gathered.objects, gathered.transformers)) return;
    if (isBuiltIn && root.at('kind').string === 'PatchTransformer') {
      const asPatches = { ...kustomization, document, root: new Field({ patches: [root.value] }) };
      gathered.objects = applyPatches(gathered.objects, asPatches, this.files, 'before', (at, _, message) => this.report(at, '', message));
      return;
    }
    this.report(kustomization.document, named.path, 'a transformer plugin is not run; what it changes is not seen');
  }

  private readonly report: Report = (document, pointer, message) => {
    const location = document.locate(pointer);
    const problem = { file: document.source, line: isFileLocation(location) ? location.line : undefined, message, path: pointer };
    if (!this.problems.some(({ file, line, message: known }) => file === problem.file && line === problem.line && known === message))
      this.problems.push(problem);
  };
}

function documentOf({ root }: Kustomized, folder: string): Document {
  return {
    content: root.content,
    source: root.source.document.source,
    locate: (pointer) => root.locate(pointer),
    origin: (pointer) => root.origin(pointer),
    applied: { kustomization: folder },
  };
}
