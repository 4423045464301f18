/**
 * The app: takes the cluster, judges everything at synth, and writes all or nothing.
 *
 * It replaces the stock synth, which resolves and validates the whole app once for each chart; here everything is walked
 * once. File names, order and bytes are the stock ones.
 */
import { App, type AppProps, type Chart, Names, YamlOutputType } from 'cdk8s';
import { Cluster } from '../facts/cluster';
import { resolveDependencies } from '../kube/dependencies';
import { inSynthOrder } from '../kube/synth-order';
import { writeYaml } from '../kube/yaml-writer';
import { Resource } from '../resources/resource';
import { type Built, documentOf, guard } from './guard';
import { publish } from './output-folder';
import { flowsOf, setCluster } from './platform';

export interface PlatformAppProps extends AppProps {
  /** What is known of the cluster that the manifests are for. @default - nothing: lessons that need facts are skipped */
  readonly cluster?: Cluster;
  /** Where warnings go. @default - standard error */
  readonly onWarning?: (text: string) => void;
}

interface Build {
  readonly built: readonly Built[];
  /** In the order of their files. */
  readonly charts: readonly Chart[];
  /** Whether the files' names begin with that order. */
  readonly numbered: boolean;
}

export class PlatformApp extends App {
  readonly cluster: Cluster;
  private readonly onWarning: (text: string) => void;
  private readonly recordsMetadata: boolean;

  constructor({ cluster = new Cluster(), onWarning = (text) => process.stderr.write(`${text}\n`), ...props }: PlatformAppProps = {}) {
    super(props);
    this.cluster = cluster;
    this.recordsMetadata = props.recordConstructMetadata ?? process.env.CDK8S_RECORD_CONSTRUCT_METADATA === 'true';
    this.onWarning = onWarning;
    setCluster(this, cluster);
  }

  /**
   * Writes the manifests, if no lesson finds an error in them.
   * @throws Error with every finding of severity error and every wrong prop, at once; nothing is written then
   */
  override synth(): void {
    publish(this.outdir, this.files(this.build()));
  }

  /**
   * The manifests as one YAML text.
   * @throws Error like synth
   */
  override synthYaml(): string {
    return writeYaml(this.build().built.map(({ content }) => content));
  }

  private build(): Build {
    const constructs = this.node.findAll();
    const errors = constructs.flatMap((construct) => construct.node.validate().map((error) => `${construct.node.path}: ${error}`));
    const numbered = resolveDependencies(constructs);
    const ordered = inSynthOrder(this, constructs);
    const built = ordered.flatMap(({ chart, objects }) => objects.map((object): Built => ({ chart, object, content: object.toJson() })));
    const judged = guard(built, constructs, this.cluster, errors, flowsOf(this).all);
    for (const warning of judged.warnings) this.onWarning(warning);
    return { built: judged.built, charts: ordered.map(({ chart }) => chart), numbered };
  }

  private files({ built, charts, numbered }: Build): ReadonlyMap<string, string> {
    const contents = new Map<string, unknown[]>();
    const add = (file: string, content?: unknown): void => {
      const list = contents.get(file) ?? [];
      if (content !== undefined) list.push(content);
      contents.set(file, list);
    };
    const names = new Map(
      charts.map((chart, index) => [chart, `${numbered ? `${String(index).padStart(4, '0')}-` : ''}${Names.toDnsLabel(chart)}`]),
    );
    const byChart = [YamlOutputType.FILE_PER_CHART, YamlOutputType.FOLDER_PER_CHART_FILE_PER_RESOURCE].includes(this.yamlOutputType);
    if (this.yamlOutputType === YamlOutputType.FILE_PER_APP && charts.length > 0) add('app');
    if (this.yamlOutputType === YamlOutputType.FILE_PER_CHART) for (const chart of charts) add(names.get(chart) ?? '');
    for (const { chart, object, content } of built) {
      const chartName = byChart ? (names.get(chart) ?? '') : 'app';
      const objectName = `${object.kind}.${object.metadata.name ?? ''}`.replace(/[^0-9a-zA-Z-_.]/g, '');
      add(fileName(this.yamlOutputType, chartName, objectName), content);
    }
    const files = new Map([...contents].map(([file, list]) => [file + this.outputFileExtension, writeYaml(list)]));
    if (this.recordsMetadata) files.set('construct-metadata.json', metadataOf(built));
    return files;
  }
}

function fileName(type: YamlOutputType, chartName: string, objectName: string): string {
  switch (type) {
    case YamlOutputType.FILE_PER_APP:
    case YamlOutputType.FILE_PER_CHART:
      return chartName;
    case YamlOutputType.FILE_PER_RESOURCE:
      return objectName;
    case YamlOutputType.FOLDER_PER_CHART_FILE_PER_RESOURCE:
      return `${chartName}/${objectName}`;
  }
}

/**
 * The construct paths by object name, in the stock format, where the last of several objects of one name has it. Those are also there
 * by everything they are called, which is how the plugin for cdk8s-cli asks for them.
 */
function metadataOf(built: readonly Built[]): string {
  const times = new Map<string, number>();
  for (const { object } of built) times.set(object.name, (times.get(object.name) ?? 0) + 1);
  const paths = built.flatMap((each): [string, { path: string }][] => {
    const { object } = each;
    const { path } = object.node;
    if (times.get(object.name) === 1) return [[object.name, { path }]];
    return [
      [object.name, { path }],
      [new Resource(documentOf(each)).toString(), { path }],
    ];
  });
  return JSON.stringify({ version: '1.0.0', resources: Object.fromEntries(paths) });
}
