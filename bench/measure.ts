/** What a bench says: figures of one run on one machine, of which only the ratios travel. */
export interface Bench {
  readonly name: string;
  /** What is compared with what. */
  readonly description: string;
  readonly rows: () => Iterable<Row>;
}

/** A line of the table, by column. */
export type Row = Readonly<Record<string, string | number>>;

/** Seconds of the fastest of several runs: whatever else the machine does only ever adds. */
export function seconds(work: () => unknown, runs = 1): number {
  const times = Array.from({ length: runs }, () => {
    const start = process.hrtime.bigint();
    work();
    return Number(process.hrtime.bigint() - start) / 1e9;
  });
  return Math.min(...times);
}

export function rounded(figure: number): number {
  return Number(figure.toPrecision(3));
}

export function ratio(a: number, b: number): string {
  return `${(a / b).toFixed(2)} ×`;
}
