/**
 * What every construct may ask of the app it stands in.
 *
 * The root of the tree carries the cluster and the declared flows, so that a construct finds both by its scope. Below
 * another root (a test's chart, a stock `App`) nothing is known of the cluster and the flows are kept at that root.
 */
import { Chart } from 'cdk8s';
import type { IConstruct } from 'constructs';
import { Cluster } from '../facts/cluster';
import { Flows } from './flows';

const CLUSTER = Symbol.for('cdk8s-hindsight.cluster');
const FLOWS = Symbol.for('cdk8s-hindsight.flows');

/** Gives the app's root its cluster. */
export function setCluster(root: IConstruct, cluster: Cluster): void {
  Object.defineProperty(root, CLUSTER, { value: cluster });
}

/** The cluster that a construct will run in; one of which nothing is known when its app declares none. */
export function clusterOf(scope: IConstruct): Cluster {
  const cluster: unknown = Reflect.get(scope.node.root, CLUSTER);
  return cluster instanceof Cluster ? cluster : new Cluster();
}

/** The flows declared in the app. */
export function flowsOf(scope: IConstruct): Flows {
  const root = scope.node.root;
  const existing: unknown = Reflect.get(root, FLOWS);
  if (existing instanceof Flows) return existing;
  const flows = new Flows();
  Object.defineProperty(root, FLOWS, { value: flows });
  return flows;
}

/** The namespace that the objects of a construct land in. */
export function namespaceOf(scope: IConstruct): string {
  return Chart.of(scope).namespace ?? 'default';
}
