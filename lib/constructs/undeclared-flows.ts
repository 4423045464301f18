/**
 * Shows which connections the rendered policies let through although nobody declared them.
 *
 * The insight: an isolated workload's policy is exactly its declared connections, so that only a patch of it, or a policy
 * from other hands in the same app, can open more. Where there is neither there is nothing to ask. What such a policy
 * opens is what it lets through and the declared policies alone would not. Workloads without isolation are nobody's promise.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Cluster } from '../facts/cluster';
import type { Document } from '../manifest/document';
import { Field } from '../manifest/field';
import { reasonText } from '../network/flow-text';
import { infrastructureOf } from '../network/infrastructure';
import { knownFlows, POLICY_KINDS } from '../network/known-flows';
import { Network } from '../network/network';
import { openings } from '../network/openings';
import { type Resource } from '../resources/resource';
import { Resources } from '../resources/resources';
import type { Workload } from '../resources/workload';
import { connectionMend } from './connection-mend';
import type { Connections } from './connections';
import type { Built } from './guard';
import { Isolation } from './isolation';

/** A policy that follows from declared connections, and what was rendered of it. */
interface Rendered {
  readonly connections: Connections;
  readonly path: string;
  readonly content: unknown;
  /** The manifest without patches. */
  readonly declared: unknown;
  readonly isChanged: boolean;
}

/**
 * @param resources what was built, and what exists
 * @returns a text for each undeclared connection, a few for each rule that opens more
 */
export function undeclaredFlows(built: readonly Built[], resources: Resources, cluster: Cluster): string[] {
  const rendered = built.flatMap(renderedOf);
  const asDeclared = new Set(rendered.flatMap(({ isChanged, content }) => (isChanged ? [] : [content])));
  const own = new Set(resources.all);
  const suspects = POLICY_KINDS.flatMap(([group, kind]) => resources.ofKind(group, kind)).filter(
    (policy) => own.has(policy) && !asDeclared.has(policy.document.content),
  );
  const network = suspects.length === 0 && rendered.every(({ isChanged }) => !isChanged) ? undefined : knownFlows(resources, cluster)?.network; // prettier-ignore
  if (network === undefined) return [];
  const meant = new Network(meantResources(resources, rendered, new Set(suspects), cluster), cluster);
  const ends = isolatedEnds(rendered, resources);
  const asked = { network, meant, suspects: new Set(suspects), restricted: [...ends.keys()], infrastructure: infrastructureOf(cluster) };
  const opened = openings(asked).map((opening) => {
    const place = opening.by[0]?.policy?.document.source ?? '';
    const rules = opening.by.map(reasonText).join('; ');
    return `${place}: ${opening.from} to ${opening.to} on ${opening.port} is possible and not declared: ${rules}; ${connectionMend(opening, ends)}`;
  });
  return [...leftOpen(rendered, resources, network, meant), ...opened];
}

function renderedOf({ object, content }: Built): Rendered[] {
  const isolation = object.node.scope;
  if (!(isolation instanceof Isolation)) return [];
  const declared = {
    ...Object.fromEntries(new Field(content).entries.map(([key, { value }]) => [key, value])),
    spec: isolation.declared(),
  };
  const isChanged = !isDeepStrictEqual(new Field(content).at('spec').value, declared.spec);
  return [{ connections: isolation.connections, path: object.node.path, content, declared, isChanged }];
}

/** Everything as it is, but for policies: those that were declared, and those that other hands keep in the cluster. */
function meantResources(resources: Resources, rendered: readonly Rendered[], suspects: ReadonlySet<Resource>, cluster: Cluster): Resources {
  const declared = rendered.filter(({ isChanged }) => isChanged).map(({ declared: content, path }): Document => ({ content, source: path, locate: () => ({ construct: path }) })); // prettier-ignore
  const others = resources.all.filter((resource) => !suspects.has(resource)).map(({ document }) => document);
  return new Resources([...others, ...declared], cluster.existing);
}

/** The workloads that the declared policies are about; pods in the network of their node have no policy. */
function isolatedEnds(rendered: readonly Rendered[], resources: Resources): ReadonlyMap<Workload, Connections> {
  return new Map(
    rendered.flatMap(({ connections }) =>
      workloadsOf(connections, resources).map((workload): [Workload, Connections] => [workload, connections]),
    ),
  );
}

function workloadsOf({ namespace, labels }: Connections, resources: Resources): readonly Workload[] {
  return resources.workloadsLabelled(namespace, labels).filter(({ hostNetwork }) => !hostNetwork);
}

/** Where a patch took away what denies by default, so that no single rule opens anything. */
function leftOpen(rendered: readonly Rendered[], resources: Resources, network: Network, meant: Network): string[] {
  return rendered
    .filter(({ isChanged }) => isChanged)
    .flatMap(({ connections, path }) =>
      workloadsOf(connections, resources)
        .slice(0, 1)
        .flatMap((workload) =>
          (['egress', 'ingress'] as const)
            .filter((direction) => network.restricted({ kind: 'workload', workload }, direction) === 'no')
            .filter((direction) => meant.restricted({ kind: 'workload', workload }, direction) !== 'no')
            .map((direction) => {
              const what = direction === 'egress' ? 'sends' : 'receives';
              return `${path}: nothing restricts what ${connections.namespace}/${connections.name} ${what}, since a patch took that out of its policy: connections that nobody declared are possible with everybody; take back the patch of the ${direction} rules`;
            }),
        ),
    );
}
