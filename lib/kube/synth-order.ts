/**
 * The order in which cdk8s writes charts and objects, without a graph where nothing depends on anything.
 *
 * cdk8s builds a graph of the whole app, and another one of each chart. Only dependencies make its order differ from that of the tree.
 */
import { ApiObject, type App, Chart, DependencyGraph } from 'cdk8s';
import type { IConstruct } from 'constructs';

export interface ChartObjects {
  readonly chart: Chart;
  /** Without those of charts inside of it. */
  readonly objects: readonly ApiObject[];
}

/**
 * Every chart with its objects, dependencies first.
 * @param constructs the app's tree, parents first, its dependencies resolved
 */
export function inSynthOrder(app: App, constructs: readonly IConstruct[]): ChartObjects[] {
  const dependent = constructs.filter(({ node }) => node.dependencies.length > 0);
  const inTree = constructs.filter((construct) => Chart.isChart(construct));
  const charts = dependent.length > 0 || inTree.some(isNumbered) ? app.charts : inTree;
  const intertwined = new Set<IConstruct>(dependent.flatMap(({ node }) => node.scopes));
  const objects = new Map<Chart, ApiObject[]>(inTree.map((chart) => [chart, []]));
  for (const construct of constructs) if (ApiObject.isApiObject(construct)) objects.get(construct.chart)?.push(construct);
  return charts.map((chart) => ({ chart, objects: intertwined.has(chart) ? sorted(chart) : (objects.get(chart) ?? []) }));
}

/** cdk8s keeps constructs by path in an object, where whole numbers come first. */
function isNumbered({ node }: IConstruct): boolean {
  return /^\d+$/.test(node.path);
}

function sorted(chart: Chart): ApiObject[] {
  return new DependencyGraph(chart.node)
    .topology()
    .filter((construct): construct is ApiObject => ApiObject.isApiObject(construct) && construct.chart === chart);
}
