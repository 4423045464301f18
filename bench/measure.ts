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

export function rounded(figure: number): number {
  return Number(figure.toPrecision(3));
}

export function ratio(a: number, b: number): string {
  return `${(a / b).toFixed(2)} ×`;
}
