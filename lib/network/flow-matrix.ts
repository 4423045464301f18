/**
 * What is needed, in the order of an architecture diagram: visitors come in, each workload follows whoever calls it, and
 * behind them stand those that watch.
 */
import { append } from '../manifest/append';
import { type Endpoint, endpointText } from './endpoint';
import { flowsToPods, type JudgedNeed } from './known-flows';
import type { Purpose } from './need';
import type { Verdict } from './verdict';

/** One arrow: flows between the same ends for the same purpose that fare alike, such as lookups over UDP and TCP. */
export interface MatrixRow {
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly purpose: Purpose;
  readonly verdict: Verdict;
  readonly flows: readonly JudgedNeed[];
}

/** Of a group that is told of by purpose, and of the rows within each. */
const ORDER: readonly Purpose[] = ['route', 'connection', 'analysis', 'api-server', 'scrape', 'telemetry', 'mesh', 'dns', 'probe'];

export function matrixRows(judged: readonly JudgedNeed[]): readonly MatrixRow[] {
  const groups = new Map<string, JudgedNeed[]>();
  for (const one of expected(judged)) append(groups, endpointKey(one.need.from), one);
  return inOrder(groups).flatMap((group) => rowsOf(group));
}

/** Without those ports of telemetry that are closed while another is open: one is enough. */
function expected(judged: readonly JudgedNeed[]): readonly JudgedNeed[] {
  const ends = ({ need }: JudgedNeed): string => `${endpointKey(need.from)} ${endpointKey(need.to)}`;
  const isTelemetry = ({ need }: JudgedNeed): boolean => need.purpose === 'telemetry';
  const isOpen = ({ flow }: JudgedNeed): boolean => flow.verdict !== 'deny';
  const open = new Set(judged.filter((one) => isTelemetry(one) && isOpen(one)).map(ends));
  return judged.filter((one) => !isTelemetry(one) || isOpen(one) || !open.has(ends(one)));
}

function rowsOf(group: readonly JudgedNeed[]): MatrixRow[] {
  const rows = new Map<string, JudgedNeed[]>();
  for (const one of [...group].sort((a, b) => rank(a) - rank(b))) {
    const { to, purpose } = one.need;
    const { verdict, egress, ingress } = one.flow;
    const isAlike = purpose === 'dns' || purpose === 'telemetry' || purpose === 'probe';
    const port = isAlike ? '' : `${one.need.protocol} ${one.need.port}`;
    append(rows, `${endpointKey(to)} ${purpose} ${verdict} ${egress.verdict} ${ingress.verdict} ${port}`, one);
  }
  return [...rows.values()].flatMap((flows) => {
    const [first] = flows;
    return first === undefined ? [] : [{ ...first.need, verdict: first.flow.verdict, flows }];
  });
}

function rank({ need }: JudgedNeed): number {
  return ORDER.indexOf(need.purpose);
}

/** Those that bring visitors first, then workloads along their connections, then everybody else by what they do. */
function inOrder(groups: ReadonlyMap<string, readonly JudgedNeed[]>): readonly (readonly JudgedNeed[])[] {
  const keys = [...groups.keys()].sort();
  const group = (key: string): readonly JudgedNeed[] => groups.get(key) ?? [];
  const first = (key: string): number => Math.min(...group(key).map(rank));
  const entries = keys.filter((key) => group(key).some(({ need }) => need.purpose === 'route'));
  const workloads = keys.filter((key) => group(key)[0]?.need.from.kind === 'workload');
  const others = keys.filter((key) => !entries.includes(key) && !workloads.includes(key)).sort((a, b) => first(a) - first(b));
  const called = new Set([...groups.values()].flat().flatMap(({ flow }) => flowsToPods(flow).map(({ to }) => endpointKey(to))));
  const starts = [...workloads.filter((key) => !called.has(key)), ...workloads];
  const seen = new Set<string>();
  for (const start of [...entries, ...starts, ...others]) visit(start, groups, seen);
  const placed = new Set([...entries, ...others]);
  return [...entries, ...[...seen].filter((key) => groups.has(key) && !placed.has(key)), ...others].map(group);
}

/** Adds whoever can be reached along connections, the nearest first. */
function visit(start: string, groups: ReadonlyMap<string, readonly JudgedNeed[]>, seen: Set<string>): void {
  if (seen.has(start)) return;
  seen.add(start);
  const queue = [start];
  for (let at = 0; at < queue.length; at++) {
    for (const { need, flow } of groups.get(queue[at] ?? '') ?? []) {
      if (need.purpose !== 'route' && need.purpose !== 'connection') continue;
      for (const key of flowsToPods(flow).map(({ to }) => endpointKey(to))) {
        if (seen.has(key)) continue;
        seen.add(key);
        queue.push(key);
      }
    }
  }
}

/** Workloads of different kinds may have one name. */
function endpointKey(endpoint: Endpoint): string {
  return endpoint.kind === 'workload' ? `${endpointText(endpoint)} ${endpoint.workload.kind}` : endpointText(endpoint);
}
