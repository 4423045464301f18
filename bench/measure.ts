import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** What a bench says: figures of one run on one machine, of which only the ratios travel. */
export interface Bench {
  readonly name: string;
  /** What is compared with what. */
  readonly description: string;
  readonly rows: () => Iterable<Row>;
}

/** A line of the table, by column. */
export type Row = Readonly<Record<string, string | number>>;

/** Seconds of processor time, of this process alone: what else the machine does hardly counts. The least of several runs. */
export function seconds(work: () => unknown, runs = 1): number {
  const times = Array.from({ length: runs }, () => {
    const start = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1e6;
  });
  return Math.min(...times);
}

/** Megabytes that the result of some work keeps alive, garbage aside. */
export function megabytes(work: () => unknown): number {
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  // Held in a list, so that it is not collected before it was measured.
  const held = [work()];
  collectGarbage();
  const after = process.memoryUsage().heapUsed;
  held.pop();
  return (after - before) / 2 ** 20;
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc()');
}

export function rounded(figure: number): number {
  return Number(figure.toPrecision(3));
}

export function ratio(a: number, b: number): string {
  return `${(a / b).toFixed(2)} ×`;
}
