/** The flows that are needed as a table for people; what is not allowed stands out, and is explained below. */
import type { Cluster } from '../facts/cluster';
import type { PodsFacts } from '../facts/cluster-facts';
import { type Endpoint, endpointText } from '../network/endpoint';
import type { MatrixRow } from '../network/flow-matrix';
import { flowText } from '../network/flow-text';
import { flowsToPods } from '../network/known-flows';
import type { Purpose } from '../network/need';
import { ROLLOUTS_CONTROLLER } from '../network/needs-analysis';
import { REPO_SERVER } from '../network/needs-gitops';
import type { FlowVerdict, Network } from '../network/network';
import type { UnknownSource } from '../network/unknown-sources';
import { append } from '../manifest/append';
import { lineText } from './place';
import { printable } from './printable';
import { counted } from './tally';

const PURPOSES: Readonly<Record<Purpose, string>> = {
  route: 'visitors',
  connection: 'connection',
  analysis: 'canary analysis',
  'api-server': 'webhooks and APIs',
  scrape: 'metrics',
  telemetry: 'sidecar telemetry',
  mesh: 'sidecar control',
  dns: 'names',
  probe: 'probes',
};

export function matrixText(rows: readonly MatrixRow[], network: Network): string {
  if (rows.length === 0) return 'nothing here is seen to need a flow\n';
  const name = namesOf(network.cluster);
  let before = '';
  const lines = rows.map((row) => {
    const from = name(row.from);
    const shown = from === before ? '' : from;
    before = from;
    return [shown, targetText(row, name), portsText(row), PURPOSES[row.purpose], verdictText(row)].map(printable);
  });
  const explained = rows.filter(({ verdict }) => verdict !== 'allow').map((row) => explanation(row, network));
  return `${[table([['FROM', 'TO', 'PORT', 'FOR', 'VERDICT'], ...lines]), summary(rows), ...explained].join('\n\n')}\n`;
}

/** Which flows are missing from the table, and which fact would tell them. */
export function unknownSourcesText(sources: readonly UnknownSource[]): string {
  const lines = sources.map(({ fact, words, resources: [first, ...more] }) => {
    const whose = `${first?.toString() ?? ''}${more.length === 0 ? '' : ` and ${more.length} more`}`;
    return `not shown: who comes in by ${whose}; ${words} is not known${fact === undefined ? ' here' : `: name it in the facts, under ${fact}`}`;
  });
  return lines.map(printable).join('\n');
}

type Name = (endpoint: Endpoint) => string;

/** What the facts name is called by its role. */
function namesOf({ facts, dns, mesh, meshControlPlane }: Cluster): Name {
  const roles: readonly (readonly [string, PodsFacts])[] = [
    ...(facts.ingressControllers ?? []).map((controller) => [`ingress controller ${controller.class}`, controller] as const),
    ...(mesh?.gateways ?? []).map((gateway) => [`gateway ${Object.values(gateway.labels).join(' ')}`, gateway] as const),
    ...(facts.prometheus === undefined ? [] : [['Prometheus', facts.prometheus] as const]),
    ['DNS', dns],
    ['mesh control plane', meshControlPlane],
    ['Argo Rollouts', ROLLOUTS_CONTROLLER],
    ['Argo CD', REPO_SERVER],
  ];
  const known = new Map([...roles].reverse().map(([role, { namespace, labels }]) => [keyOf(namespace, labels), `${role} (${namespace})`]));
  return (endpoint) => {
    if (endpoint.kind === 'entity' && endpoint.entity === 'host') return 'the node (entity:host)';
    return (endpoint.kind === 'pods' ? known.get(keyOf(endpoint.namespace, endpoint.labels)) : undefined) ?? endpointText(endpoint);
  };
}

function keyOf(namespace: string, labels: PodsFacts['labels']): string {
  return JSON.stringify([namespace, labels]);
}

/** The pods, and the Service that leads to them. */
function targetText({ to, flows }: MatrixRow, name: Name): string {
  if (to.kind !== 'service') return name(to);
  const pods = flows.flatMap(({ flow }) => flowsToPods(flow)).map((flow) => flow.to);
  // Pods that nothing describes are best known by their Service.
  if (pods.length === 0 || pods.some(({ kind }) => kind === 'pods')) return name(to);
  return `${[...new Set(pods.map(name))].join(', ')} by Service ${to.service.name}`;
}

function portsText({ flows }: MatrixRow): string {
  const ports = new Map<string, string[]>();
  for (const { flow } of flows) {
    const behind = [...new Set(flowsToPods(flow).map(({ port }) => port))].filter((port) => port !== flow.port);
    const text = behind.length === 0 ? String(flow.port) : `${flow.port} (pod ${behind.join(', ')})`;
    append(ports, text, flow.protocol);
  }
  const byProtocol = new Map<string, string[]>();
  for (const [port, protocols] of ports) append(byProtocol, protocols.join('+'), port);
  return [...byProtocol].map(([protocols, numbers]) => `${protocols} ${numbers.join(', ')}`).join('; ');
}

function verdictText({ verdict, purpose, flows }: MatrixRow): string {
  const [first] = flows;
  if (first === undefined) return verdict;
  const { egress, ingress } = first.flow;
  const [reason] = egress.because;
  if (reason?.effect === 'no-backends') return 'UNKNOWN: no pods';
  if (reason?.effect === 'no-such-port') return 'DENY: no such port';
  // A DNS rule is there to be seen by the proxy.
  const isPartial = purpose !== 'dns' && (egress.l7 !== undefined || ingress.l7 !== undefined);
  if (verdict === 'allow') return isPartial ? 'allow, in part' : 'allow';
  const sides = (['egress', 'ingress'] as const).filter((side) => first.flow[side].verdict === verdict);
  return `${verdict.toUpperCase()}${sides.length === 0 ? '' : ` by ${sides.join(' and ')}`}`;
}

function summary(rows: readonly MatrixRow[]): string {
  const flows = rows.flatMap((row) => row.flows);
  const count = (verdict: FlowVerdict['verdict']): number => flows.filter(({ flow }) => flow.verdict === verdict).length;
  const [denied, unknown] = [count('deny'), count('unknown')];
  const bad = [...(denied === 0 ? [] : [`${denied} denied`]), ...(unknown === 0 ? [] : [`${unknown} unknown`])];
  return `${counted(flows.length, 'flow')}: ${bad.length === 0 ? 'all allowed' : `${count('allow')} allowed, ${bad.join(', ')}`}`;
}

function explanation({ flows }: MatrixRow, network: Network): string {
  const [first] = flows;
  if (first === undefined) return '';
  const { resource, path, words } = first.need.source;
  return `${flowText(first.flow, network)}  needed: ${words} (${lineText(resource.locate(path))})`.split('\n').map(printable).join('\n');
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<number[]>((most, row) => row.map((cell, column) => Math.max(cell.length, most[column] ?? 0)), []);
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
