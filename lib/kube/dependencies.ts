/**
 * Turns dependencies between constructs into dependencies between charts and between objects, as cdk8s does.
 *
 * The order of files and objects follows from these; the work is proportional to the constructs and the dependencies
 * declared between them.
 */
import { ApiObject, Chart } from 'cdk8s';
import type { IConstruct } from 'constructs';

/**
 * @param constructs the app's whole tree
 * @returns whether charts depend on each other, in which case their files are numbered
 */
export function resolveDependencies(constructs: readonly IConstruct[]): boolean {
  let dependent = false;
  for (const chart of constructs.filter((construct) => Chart.isChart(construct))) {
    for (const inner of chart.node.children.filter((child) => Chart.isChart(child))) {
      chart.node.addDependency(inner);
      dependent = true;
    }
  }
  for (const [source, target] of declared(constructs)) {
    const [from, to] = [Chart.of(source), Chart.of(target)];
    if (from === to) continue;
    from.node.addDependency(to);
    dependent = true;
  }
  for (const [source, target] of declared(constructs)) {
    const targets = objectsBelow(target);
    for (const from of objectsBelow(source)) for (const to of targets) if (from !== to) from.node.addDependency(to);
  }
  return dependent;
}

function declared(constructs: readonly IConstruct[]): [IConstruct, IConstruct][] {
  return constructs.flatMap((source) => source.node.dependencies.map((target): [IConstruct, IConstruct] => [source, target]));
}

/** The objects below a construct, without those of charts inside of it. */
function objectsBelow(construct: IConstruct): ApiObject[] {
  const chart = Chart.of(construct);
  return construct.node.findAll().filter((each): each is ApiObject => ApiObject.isApiObject(each) && each.chart === chart);
}
